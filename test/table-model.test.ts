import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { adam, type EpochReport, lbfgs, Network } from '../src/index.js';
import { Encoder, Table, TableModel, type TableModelOptions } from '../src/tabular.js';

const penguins = Table.fromCsv(readFileSync(new URL('../bench/data/penguins.csv', import.meta.url), 'utf8'));

/** Two clouds that a line separates, with a column that says nothing. */
const clouds = Array.from({ length: 60 }, (_, i) => ({
  x: (i % 2 ? 2 : -2) + Math.sin(i),
  noise: Math.cos(7 * i),
  side: i % 2 ? 'right' : 'left',
}));

/** Houses whose price is near 17,000 and depends on the size and the street. */
const houses = Array.from({ length: 80 }, (_, i) => ({
  size: 20 + ((13 * i) % 80),
  street: i % 3 ? 'main' : 'back',
  price: 15_000 + 50 * ((13 * i) % 80) + (i % 3 ? 300 : 0),
}));

const QUICK = { epochs: 60, patience: 10 } as const;

describe('classes', () => {
  it('gets names, probabilities and the metrics of classes out of a table with missing values', async () => {
    const { training, test } = penguins.split({ test: 0.2, stratify: 'Species', seed: 1 });
    const model = await TableModel.fit(training, { target: 'Species', ...QUICK });
    expect(model.task).toBe('classes');
    expect(model.classes).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
    expect(model.targets).toEqual(['Species']);
    expect(model.columns).not.toContain('Species');

    const evaluation = await model.evaluate(test);
    expect(evaluation.accuracy).toBeGreaterThan(0.95);
    expect(evaluation.confusion).toHaveLength(3);
    expect(evaluation.classes).toEqual(model.classes);
    expect(evaluation.targets).toEqual(['Species']);

    const predictions = model.predict(test);
    expect(predictions).toHaveLength(test.rows);
    const truth = test.toRecords().map((record) => record.Species);
    const right = predictions.filter(({ value }, row) => value === truth[row]).length;
    expect(right).toBe(evaluation.correct);
    for (const { value, probabilities = {} } of predictions) {
      expect(Object.keys(probabilities)).toEqual(model.classes);
      const all = Object.values(probabilities);
      expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
      expect(probabilities[value as string]).toBe(Math.max(...all));
    }
    model.dispose();
  });

  it('predicts the same for a table, for records and for one record, which need no target', async () => {
    const model = await TableModel.fit(clouds, { target: 'side', ...QUICK });
    const records = clouds.slice(0, 5).map(({ x, noise }) => ({ x, noise }));
    const predictions = model.predict(records);
    expect(predictions.map(({ value }) => value)).toEqual(['left', 'right', 'left', 'right', 'left']);
    expect(model.predict(Table.fromRecords(records))).toEqual(predictions);
    expect(records.map((record) => model.predict(record))).toEqual(predictions);
    expect(model.predict([])).toEqual([]);
    model.dispose();
  });

  it('predicts the second of two classes above the threshold, as evaluate does', async () => {
    const model = await TableModel.fit(clouds, { target: 'side', ...QUICK });
    const [first] = model.predict(clouds);
    const p = first.probabilities?.right as number;
    expect(model.predict(clouds[0], { threshold: p / 2 }).value).toBe('right');
    expect(model.predict(clouds[0], { threshold: (1 + p) / 2 }).value).toBe('left');
    const threshold = 1e-9;
    const { confusion = [] } = await model.evaluate(clouds, { threshold });
    const right = model.predict(clouds, { threshold }).filter(({ value }) => value === 'right').length;
    expect(confusion[0][1] + confusion[1][1]).toBe(right);
    model.dispose();
  });

  it.each([
    [[true, false], 'boolean', [true, false]],
    [[0, 1], 'number', ['0', '1']],
    [[-1, 1], 'number', ['-1', '1']],
    [['no', 'yes'], 'category', ['no', 'yes']],
  ])('learns a column of %j, of the kind %s, as two classes', async (values, kind, expected) => {
    const table = Table.fromRecords(clouds.map(({ x, side }) => ({ x, y: values[Number(side === 'right')] })));
    expect(table.column('y').kind).toBe(kind);
    const model = await TableModel.fit(table, { target: 'y', ...QUICK });
    expect(model.task).toBe('classes');
    const values2 = model.predict([{ x: -2 }, { x: 2 }]).map(({ value }) => value);
    expect(values2).toEqual(kind === 'boolean' ? values : expected);
    // evaluate can take the training table itself
    expect((await model.evaluate(table)).accuracy).toBe(1);
    model.dispose();
  });

  it('learns other numbers as classes only if it is told to', async () => {
    const table = Table.fromRecords(clouds.map(({ x, side }) => ({ x, y: side === 'right' ? 7 : 3 })));
    const numbers = await TableModel.fit(table, { target: 'y', ...QUICK });
    expect(numbers.task).toBe('numbers');
    const classes = await TableModel.fit(table, { target: 'y', task: 'classes', ...QUICK });
    expect(classes.classes).toEqual(['3', '7']);
    expect(classes.predict({ x: -2 }).value).toBe('3');
    numbers.dispose();
    classes.dispose();
  });

  it('learns 0 and 1 as numbers if it is told to', async () => {
    const table = Table.fromRecords(clouds.map(({ x, side }) => ({ x, y: Number(side === 'right') })));
    const model = await TableModel.fit(table, { target: 'y', task: 'numbers', ...QUICK });
    expect(model.predict({ x: 2 })).toEqual({ value: expect.closeTo(1, 0) });
    expect((await model.evaluate(table)).r2).toBeGreaterThan(0.5);
    model.dispose();
  });

  it('has names that no network could have, and names that are properties of objects', async () => {
    const long = 'a'.repeat(1001);
    const table = Table.fromRecords(
      clouds.map(({ x, side }) => ({ ['__proto__']: x, y: side === 'right' ? long : '__proto__' })),
      { kinds: { y: 'category' } },
    );
    const model = await TableModel.fit(table, { target: 'y', ...QUICK });
    expect(model.network.classes).toBeUndefined();
    const [{ value, probabilities = {} }] = model.predict(table);
    expect(value).toBe('__proto__');
    expect(Object.keys(probabilities)).toEqual(['__proto__', long]);
    model.dispose();
  });
});

describe('numbers', () => {
  it('speaks the units of the table: the price is near 17,000, and the error is small beside its deviation', async () => {
    const model = await TableModel.fit(houses, { target: 'price', hidden: [16], seed: 2 });
    expect(model.task).toBe('numbers');
    expect(model.classes).toBeUndefined();
    const { value } = model.predict({ size: 60, street: 'main' });
    expect(Math.abs((value as number) - 17_300)).toBeLessThan(300);
    const { r2 = 0, meanAbsoluteError, costUnits, byOutput, targets } = await model.evaluate(houses);
    expect(r2).toBeGreaterThan(0.95);
    expect(meanAbsoluteError).toBeLessThan(250);
    expect(costUnits).toBe('standardized');
    expect(byOutput).toHaveLength(1);
    expect(targets).toEqual(['price']);
    const errors = model
      .predict(houses)
      .map((prediction, i) => Math.abs((prediction.value as number) - houses[i].price));
    expect(errors.reduce((sum, e) => sum + e, 0) / 80).toBeCloseTo(meanAbsoluteError as number, 2);
    model.dispose();
  });

  it('predicts several numbers by column', async () => {
    const both = houses.map((house) => ({ ...house, tax: house.price / 100 }));
    const model = await TableModel.fit(both, { target: ['price', 'tax'], inputs: ['size', 'street'], ...QUICK });
    expect(model.predict({ size: 60, street: 'main' })).toEqual({
      value: { price: expect.any(Number), tax: expect.any(Number) },
    });
    const { byOutput, targets } = await model.evaluate(both);
    expect(byOutput).toHaveLength(2);
    expect(targets).toEqual(['price', 'tax']);
    model.dispose();
  });
});

describe('labels', () => {
  it.each([
    ['booleans', true, false],
    ['0 and 1', 1, 0],
  ])('learns several columns of %s, and predicts true or false for each', async (_, yes, no) => {
    const table = Table.fromRecords(
      clouds.map(({ x }) => ({ x, isPositive: x > 0 ? yes : no, isLarge: Math.abs(x) > 2 ? yes : no })),
    );
    const model = await TableModel.fit(table, { target: ['isPositive', 'isLarge'], epochs: 300, validation: false });
    expect(model.task).toBe('labels');
    expect(model.predict({ x: 2.9 })).toEqual({
      value: { isPositive: true, isLarge: true },
      probabilities: { isPositive: expect.closeTo(1, 0), isLarge: expect.closeTo(1, 0) },
    });
    expect(model.predict({ x: -1.2 }).value).toEqual({ isPositive: false, isLarge: false });
    const evaluation = await model.evaluate(table);
    expect(evaluation.labelAccuracy).toBeGreaterThan(0.9);
    expect(evaluation.byLabel).toHaveLength(2);
    expect(evaluation.classes).toEqual(['isPositive', 'isLarge']);
    model.dispose();
  });
});

describe('training', () => {
  it('gives equal models for equal seeds, and others for other seeds', async () => {
    const bytes = async (seed: number) => {
      const model = await TableModel.fit(clouds, { target: 'side', seed, ...QUICK });
      const saved = await model.save();
      model.dispose();
      return Buffer.from(saved).toString('hex');
    };
    const first = await bytes(3);
    expect(await bytes(3)).toBe(first);
    expect(await bytes(4)).not.toBe(first);
  });

  it('passes reports on, and ends early with the best weights', async () => {
    const reports: EpochReport[] = [];
    const onEpoch = (report: EpochReport) => void reports.push(report);
    const model = await TableModel.fit(houses, { target: 'price', epochs: 2000, patience: 3, onEpoch });
    expect(model.history?.stopped).toBe('earlyStopping');
    expect(reports).toHaveLength(model.history?.length as number);
    expect(reports[0].validation?.samples).toBe(16);
    expect(model.history?.best?.epoch).toBe(reports.length - 4);
    model.dispose();
  });

  it('holds back rows by number, from the end, by groups or by the values of a column', async () => {
    const rows = clouds.map((row, i) => ({ ...row, patient: `p${i % 12}`, place: i % 3 ? 'here' : 'there' }));
    const samplesOf = async (validation: TableModelOptions['validation'], inputs?: string[]) => {
      const model = await TableModel.fit(rows, { target: 'side', epochs: 2, validation, inputs });
      return { samples: model.history?.last?.validation?.samples, columns: model.columns };
    };
    const all = ['x', 'noise', 'patient', 'place'];
    expect(await samplesOf(7)).toEqual({ samples: 7, columns: all });
    expect(await samplesOf({ count: 7, from: 'end' })).toEqual({ samples: 7, columns: all });
    expect(await samplesOf({ share: 0.1, stratify: false })).toEqual({ samples: 6, columns: all });
    expect(await samplesOf({ share: 0.2, stratify: 'place', seed: 4 })).toEqual({ samples: 12, columns: all });
    // whole groups of 5, whose column is no input unless it is asked for
    const grouped = { share: 0.2, group: 'patient' } as const;
    expect(await samplesOf(grouped)).toEqual({ samples: 10, columns: ['x', 'noise', 'place'] });
    expect(await samplesOf(grouped, ['x', 'patient'])).toEqual({ samples: 10, columns: ['x', 'patient'] });
    const { training, validation } = Table.fromRecords(rows).holdBack('where', grouped, { seed: 1, classes: 'side' });
    const [known, held] = [training, validation].map(
      ({ table }) => new Set(table.toRecords().map((row) => row.patient)),
    );
    expect([known.size, held.size, new Set([...known, ...held]).size]).toEqual([10, 2, 12]);
    // with weights, which go with their rows
    const weights = rows.map((_, i) => i % 5);
    const model = await TableModel.fit(rows, { target: 'side', epochs: 2, weights, validation: { count: 9 } });
    expect(model.history?.last?.validation?.samples).toBe(9);
    expect(model.history?.last?.samples).toBe(48 - 9);
  });

  it('refuses true and false where the training data have texts such as yes and no', async () => {
    const rows = clouds.map((row, i) => ({ ...row, garden: i % 3 ? 'yes' : 'no' }));
    const model = await TableModel.fit(Table.fromRecords(rows, { kinds: { garden: 'category' } }), {
      target: 'side',
      epochs: 2,
    });
    expect(() => model.predict({ x: 1, noise: 0, garden: true })).toThrow(
      'data[0], column "garden": got true, want a text, as in the training data: "no", "yes"',
    );
    expect(model.predict({ x: 1, noise: 0, garden: 'perhaps' }).value).toMatch(/left|right/);
    // categories that booleans stand for
    const flags = rows.map(({ garden, ...row }) => ({ ...row, garden: garden === 'yes' }));
    const other = await TableModel.fit(Table.fromRecords(flags, { kinds: { garden: 'category' } }), {
      target: 'side',
      epochs: 2,
    });
    expect(other.predict({ x: 1, noise: 0, garden: true })).toEqual(other.predict({ x: 1, noise: 0, garden: 'true' }));
  });

  it('has a history if it was fitted, and none if it was loaded', async () => {
    const model = await TableModel.fit(clouds, { target: 'side', epochs: 2 });
    // tsc checks that it cannot be undefined
    const reports: number = model.history.length;
    expect(reports).toBe(2);
    const loaded = await TableModel.load(await model.save());
    // @ts-expect-error: possibly undefined
    expect(() => loaded.history.length).toThrow(TypeError);
  });

  it('draws the rows of each class in its share, and keeps a class of one row for training', async () => {
    const rows = [...clouds, { x: 0.5, noise: 0, side: 'rare' }];
    for (const validation of [0.2, { share: 0.2 }, 12]) {
      const { history, classes } = await TableModel.fit(rows, { target: 'side', epochs: 1, validation });
      const counts = history?.last?.validation?.confusion?.map((row) => row.reduce((sum, n) => sum + n));
      expect([classes, counts]).toEqual([
        ['left', 'rare', 'right'],
        [6, 0, 6],
      ]);
    }
  });

  it('fits its inputs on the rows that it trains on, not on those that are held back', async () => {
    const validation = { share: 0.2, from: 'end' } as const;
    const rows = Array.from({ length: 50 }, (_, i) => ({
      x: i < 40 ? i : 1e6,
      gap: i % 5 === 0 ? null : i < 40 ? i : 1e6,
      late: i < 45 ? i : null,
      day: new Date(Date.UTC(2025, i < 40 ? 0 : 5, 1 + (i % 28))),
      zone: i < 40 ? ['north', 'south'][i % 2] : 'west',
      y: 2 * i,
    }));
    const options = { target: 'y', missing: 'median', epochs: 1 } as const;
    const model = await TableModel.fit(rows, { ...options, validation });
    const known = Encoder.fit(Table.fromRecords(rows.slice(0, 40)), { target: 'y', missing: 'median' });
    expect(model.encoder.toJSON()).toEqual(known.toJSON());
    expect(model.encoder.inputs).not.toContain('zone=west');
    expect(model.encoder.inputs).not.toContain('late missing');
    expect(model.history.last?.validation?.samples).toBe(10);
    const own = await TableModel.fit(rows.slice(0, 40), { ...options, validation: rows.slice(40) });
    expect(own.encoder.toJSON()).toEqual(known.toJSON());

    const empty = rows.map((row, i) => ({ x: row.x, y: row.y, last: i < 40 ? null : i }));
    await expect(TableModel.fit(empty, { ...options, validation })).rejects.toThrow(
      'column "last": got no values in the training data, want one or more',
    );
  });

  it('learns the rows that it trains on when the others are far away', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ x: i < 40 ? i : 1e6, y: i }));
    const model = await TableModel.fit(rows, { target: 'y', validation: { share: 0.2, from: 'end' }, epochs: 200 });
    const { r2 } = await model.evaluate(rows.slice(0, 40));
    expect(r2).toBeGreaterThan(0.9);
  });

  it('knows a class that only held-back rows have', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ x: i, kind: i < 40 ? ['a', 'b'][i % 2] : 'c' }));
    const model = await TableModel.fit(rows, { target: 'kind', validation: { share: 0.2, from: 'end' }, epochs: 1 });
    expect(model.classes).toEqual(['a', 'b', 'c']);
    expect(Object.keys(model.predict({ x: 1 }).probabilities ?? {})).toEqual(['a', 'b', 'c']);
  });

  it('says that an ordinal category of held-back rows is unknown if missing values are refused', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ x: i < 40 ? ['a', 'b'][i % 2] : 'c', y: i }));
    const options = { target: 'y', encodings: { x: 'ordinal' }, epochs: 1 } as const;
    const validation = { share: 0.2, from: 'end' } as const;
    await expect(TableModel.fit(rows, { ...options, validation, missing: 'refuse' })).rejects.toThrow(
      'row 0, column "x": got a category that the training rows do not have, want one of theirs, or options.missing',
    );
    const model = await TableModel.fit(rows, { ...options, validation });
    expect(model.history.last?.validation?.samples).toBe(10);
  });

  it('names options.validation in errors about its rows', async () => {
    const fit = (validation: Table | readonly object[]) =>
      TableModel.fit(clouds, { target: 'side', epochs: 1, validation });
    const refuses = async (validation: Table | readonly object[], type: typeof TypeError, message: string) => {
      const error = await fit(validation).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(type);
      expect((error as Error).message.slice(0, message.length)).toBe(message);
    };
    const row = { x: 1, noise: 0, side: 'left' };
    await refuses([], RangeError, 'options.validation: got no records, want');
    await refuses([row, 7 as unknown as object], TypeError, 'options.validation[1]: got 7, want');
    await refuses([{ x: 1, side: 'left' }], RangeError, 'options.validation: got records of');
    await refuses([row, { ...row, x: 'one' }], RangeError, 'options.validation[1], column "x": got');
    await refuses([{ ...row, side: 'middle' }], RangeError, 'options.validation, row 0, column "side": got "middle"');
    await refuses([{ ...row, side: null }], RangeError, 'options.validation, missing values: got 1 in "side", want');
    const table = Table.fromRecords([row], { kinds: { x: 'category' } });
    await refuses(table, RangeError, 'options.validation, column "x": got the kind category, want number');
    await refuses(table.without(['noise']), RangeError, 'options.validation, column "x"');
    await refuses(table.without(['x']), RangeError, 'options.validation: got no column "x", want');
    const weighted = (validation: Table | readonly object[]) =>
      TableModel.fit(
        clouds.map((cloud) => ({ ...cloud, w: 1 })),
        { target: 'side', epochs: 1, weights: 'w', validation },
      );
    const rows = clouds.slice(0, 4).map((cloud, i) => ({ ...cloud, w: i % 2 ? -1 : 1 }));
    await expect(weighted(rows)).rejects.toThrow(
      'options.validation, column "w"[1]: got -1, want a finite number from',
    );
    const texts = Table.fromRecords(rows.map((given) => ({ ...given, w: 'heavy' })));
    await expect(weighted(texts)).rejects.toThrow(
      'options.validation: got "w", a column of the kind category, want a column of numbers',
    );
    const none = clouds.slice(0, 4).map((cloud) => ({ ...cloud, w: 0 }));
    await expect(weighted(none)).rejects.toThrow('options.validation: weights: got 0 for every sample, want a weight');
    const labels = Array.from({ length: 40 }, (_, i) => ({ x: i, a: i % 2, b: Number(i % 3 === 0) }));
    const wrong = Table.fromRecords([{ x: 1, a: 2, b: 0 }]);
    await expect(TableModel.fit(labels, { target: ['a', 'b'], epochs: 1, validation: wrong })).rejects.toThrow(
      'options.validation: got "a" with 2 in row 0, want only 0 and 1',
    );
  });

  it('leaves out validation rows of weight 0', async () => {
    const rows = clouds.map((cloud, i) => ({ ...cloud, w: 1 + (i % 3) }));
    const held = clouds.slice(0, 20).map((cloud, i) => ({ ...cloud, w: i % 4 }));
    const options: TableModelOptions = { target: 'side', weights: 'w', epochs: 3 };
    const all = await TableModel.fit(rows, { ...options, validation: held });
    const counted = await TableModel.fit(rows, { ...options, validation: held.filter(({ w }) => w > 0) });
    expect(all.history.last?.validation?.samples).toBe(15);
    expect(all.history.last?.validation).toEqual(counted.history.last?.validation);
  });

  it('warns of validation rows in other units, by the columns and the numbers of the table', async () => {
    const options: TableModelOptions = { target: 'price', epochs: 1 };
    const grams = houses.map(({ size, price, ...house }) => ({ ...house, size: 1000 * size, price }));
    const { history } = await TableModel.fit(houses, { ...options, validation: grams });
    const sizes = houses.map(({ size }) => size);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / 80;
    const deviation = Math.sqrt(sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / 80);
    expect(history.warnings).toEqual([
      `options.validation: do not fit the training data (column "size": 20000 to 99000 for ${mean.toPrecision(3)} ± ${deviation.toPrecision(3)}), want the same units in both`,
    ]);
    const cents = houses.map((house) => ({ ...house, price: 100 * house.price }));
    const other = await TableModel.fit(houses, { ...options, validation: cents });
    expect(other.history.warnings).toEqual([
      expect.stringMatching(/^options\.validation: do not fit the training data \(column "price": 1500000 to /),
    ]);
    // rows of weight 0 do not count
    const weighted = grams.map((house, i) => ({ ...house, w: i % 2 }));
    const again = await TableModel.fit(
      houses.map((house) => ({ ...house, w: 1 })),
      { ...options, weights: 'w', validation: weighted },
    );
    expect(again.history.warnings[0]).toContain(
      'options.validation: do not fit the training data (column "size": 21000',
    );
    expect((await TableModel.fit(houses, { ...options, validation: houses })).history.warnings).toEqual([]);
  });

  it('adds ways out to the errors of all asynchronous calls', async () => {
    const model = await TableModel.fit(clouds, { target: 'side', epochs: 1 });
    const file = await model.save();
    // biome-ignore lint/suspicious/noExplicitAny: options that do not compile
    const wrong = (options: object) => options as any;
    const calls: [() => Promise<unknown>, string][] = [
      [() => TableModel.load(file, wrong({ thread: 2 })), 'did you mean threads?'],
      [() => TableModel.load(wrong([...file])), 'Uint8Array.from(bytes)'],
      [() => model.evaluate(clouds, wrong({ treshold: 0.3 })), 'did you mean threshold?'],
      [() => model.importance(clouds, wrong({ repeat: 2 })), 'did you mean repeats?'],
      [() => model.save(wrong({ precison: 'f16' })), 'did you mean precision?'],
      [() => Table.fromCsvStream(['x\n1\n'], wrong({ delimeter: ';' })), 'did you mean delimiter?'],
    ];
    for (const [call, way] of calls) await expect(call()).rejects.toThrow(way);
  });

  it('takes validation rows as a table or as records, and none at all', async () => {
    const validation = clouds.slice(40);
    const options: TableModelOptions = { target: 'side', epochs: 3, patience: 3 };
    const byRecords = await TableModel.fit(clouds.slice(0, 40), { ...options, validation });
    const byTable = await TableModel.fit(clouds.slice(0, 40), {
      ...options,
      validation: Table.fromRecords(validation),
    });
    expect(byRecords.history?.last?.validation).toEqual(byTable.history?.last?.validation);
    expect(byRecords.history?.last?.validation?.samples).toBe(20);
    const without = await TableModel.fit(clouds, { target: 'side', epochs: 3, validation: false });
    expect(without.history?.last?.validation).toBeUndefined();
    expect(without.history).toHaveLength(3);
  });

  it('can be aborted', async () => {
    const controller = new AbortController();
    const call = TableModel.fit(clouds, {
      target: 'side',
      signal: controller.signal,
      onEpoch: () => controller.abort(new Error('enough')),
    });
    await expect(call).rejects.toThrow('enough');
  });

  it('hands its options to the network', async () => {
    const model = await TableModel.fit(clouds, {
      target: 'side',
      hidden: [5, 4],
      activation: 'tanh',
      dropout: 0.25,
      l2: 0.5,
      optimizer: adam({ learningRate: 0.02 }),
      batchSize: 7,
      epochs: 2,
      network: { batchSize: 9 },
      seed: 11,
    });
    const { layers, l2, seed, optimizer, steps } = model.network;
    expect(layers.map(({ units }) => units)).toEqual([5, 4, 2]);
    expect(layers.map(({ activation }) => activation)).toEqual(['tanh', 'tanh', 'softmax']);
    expect(l2).toBe(0.5);
    expect(seed).toBe(11);
    expect(optimizer).toMatchObject({ name: 'adam', learningRate: 0.02 });
    expect(steps).toBe(2 * Math.ceil(48 / 7));
    expect(model.network.columns).toEqual(['x', 'noise']);
    model.dispose();
  });

  it('trains on full batches with an optimizer that needs them', async () => {
    const model = await TableModel.fit(houses, { target: 'price', optimizer: lbfgs(), patience: 20 });
    expect(model.network.optimizer.name).toBe('lbfgs');
    expect((await model.evaluate(houses)).r2).toBeGreaterThan(0.95);
    model.dispose();
  });

  it('gives the memory back if training fails', async () => {
    const dispose = vi.spyOn(Network.prototype, 'dispose');
    const call = TableModel.fit(clouds, { target: 'side', classWeights: [1, 2, 3] });
    await expect(call).rejects.toThrow(/classWeights/);
    expect(dispose).toHaveBeenCalledTimes(1);
    dispose.mockRestore();
  });
});

describe('wrong arguments', () => {
  const fit = (options: object, data: unknown = clouds) => TableModel.fit(data as Table, options as TableModelOptions);
  it.each([
    [() => fit({}), 'options.target: got undefined, want the name of the column to be learned'],
    [() => fit({ target: 'sid' }), 'options.target: got "sid", want one of "x", "noise", "side"'],
    [() => fit({ target: 'side', hiden: [3] }), 'options: got the unknown key "hiden"'],
    [() => fit({ target: 'side', hidden: 3 }), 'options.hidden: got 3, want an array of the widths'],
    [() => fit({ target: 'side', hidden: [3, 0] }), 'options.hidden[1]: got 0, want an integer from 1 to 65536'],
    [() => fit({ target: 'side', validation: 1.5 }), 'options.validation: got 1.5, want a share above 0 and below 1'],
    [() => fit({ target: 'side', validation: 60 }), 'options.validation: got 60, want a share above 0 and below 1, or'],
    [() => fit({ target: 'side', validation: 'all' }), 'options.validation: got "all", want a share'],
    [
      () => fit({ target: 'side', validation: { part: 1 } }),
      'options.validation: got the unknown key "part", want share',
    ],
    [() => fit({ target: 'side', validation: { group: 'x' } }), 'options.validation: got neither share nor count'],
    [
      () => fit({ target: 'side', validation: { count: 60 } }),
      'options.validation.count: got 60, want a number of rows',
    ],
    [
      () => fit({ target: 'side', validation: { share: 0.001 } }),
      'options.validation.share: got 0.001 of 60 rows, want',
    ],
    [
      () => fit({ target: 'side', validation: { share: 0.2, group: 'y' } }),
      'options.validation.group: got "y", want one',
    ],
    [
      () => fit({ target: 'side', validation: { share: 0.2, group: 'side' } }),
      'group: got the target "side", want another',
    ],
    [
      () => fit({ target: 'side', validation: { share: 0.2, stratify: 'x' } }),
      'stratify: got "x", with 60 different values',
    ],
    [() => fit({ target: 'side', validation: { share: 0.2, from: 'end', group: 'x' } }), 'got group and from together'],
    [
      () =>
        fit(
          { target: 'id', task: 'classes', validation: 5 },
          clouds.map((row, i) => ({ ...row, id: Math.min(i, 57) })),
        ),
      'options.target: got "id", with 58 different values in 60 rows, want values that repeat: 5 rows or more must have the value of another row',
    ],
    [() => fit({ target: 'side', validation: false, patience: 3 }), 'options.patience: got one without validation'],
    [() => fit({ target: 'side', batchSize: 'all' }), 'options.batchSize: got "all", want an integer from 1 to'],
    [() => fit({ target: 'side', optimizer: null }), 'options.optimizer: got null, want an optimizer'],
    [() => fit({ target: 'side', patience: 0 }), 'options.patience: got 0, want an integer from 1 to'],
    [() => fit({ target: 'side', epochs: 1.5 }), 'options.epochs: got 1.5, want an integer from 1 to'],
    [() => fit({ target: 'side', activation: 'softmax' }), 'options.activation: got "softmax", want one of linear'],
    [() => fit({ target: 'side', dropout: 1 }), 'options.dropout: got 1, want a number from 0 to below 1'],
    [() => fit({ target: 'side', l2: -1 }), 'options.l2: got -1, want a number from 0 up'],
    [() => fit({ target: 'side', hidden: [], dropout: 0.1 }), 'options.dropout: got dropout without a hidden layer'],
    [() => fit({ target: 'side', hidden: [], activation: 'relu' }), 'options.activation: got activation without a'],
    [() => fit({ target: 'side', task: 'numbers' }), 'options.task: got "numbers" for "side", a column of the kind'],
    [() => fit({ target: 'side', task: 'labels' }), 'options.task: got "labels" for the column "side" alone'],
    [() => fit({ target: ['x', 'noise'], task: 'classes' }), 'options.task: got "classes" for 2 targets, want one'],
    [() => fit({ target: ['x', 'side'] }), 'options.target: got "x" (number), "side" (category), want one category'],
    [
      () =>
        fit({ target: 'side' }, [
          { x: 1, side: 'a' },
          { x: 2, side: 'a' },
        ]),
      'with the class "a" alone, want two',
    ],
    [
      () =>
        fit({ target: 'side' }, [
          { x: 1, side: 'a' },
          { x: 2, side: null },
          { x: 3, side: 'b' },
        ]),
      'in targets',
    ],
    [() => fit({ target: 'side', network: { thread: 2 } }), 'options.network: got the unknown key "thread"'],
    [() => fit({ target: 'side', onEpoch: 1 }), 'options.onEpoch: got 1, want a function'],
    [() => fit({ target: 'side', seed: -1 }), 'options.seed: got -1'],
    [() => fit({ target: 'side' }, 'a.csv'), 'got "a.csv"'],
  ])('%# refuses with a message: %s', async (call, message) => {
    await expect(call()).rejects.toThrow(message);
  });

  it('refuses a threshold for numbers and for three classes', async () => {
    const model = await TableModel.fit(houses, { target: 'price', epochs: 1 });
    expect(() => model.predict(houses, { threshold: 0.5 })).toThrow(
      'options.threshold: got one for a model that learns',
    );
    expect(() => model.predict(houses, { threshhold: 0.5 } as object)).toThrow('the unknown key "threshhold"');
    model.dispose();
  });

  it('cannot be made with new, and is frozen', async () => {
    const Any = TableModel as unknown as new () => TableModel;
    expect(() => new Any()).toThrow('want await TableModel.fit(table, options)');
    const model = await TableModel.fit(clouds, { target: 'side', epochs: 1 });
    expect(Object.isFrozen(model)).toBe(true);
    expect(String(model)).toMatch(/^TableModel of "side" from 2 columns: Network 2-/);
    expect(JSON.stringify([model])).toBe(JSON.stringify([String(model)]));
    expect(() => structuredClone(model)).toThrow('TableModel.load(await model.save()) makes a copy');
    model.dispose();
    expect(() => model.predict(clouds)).toThrow();
  });
});

describe('files', () => {
  const cases: [string, TableModelOptions, object[]][] = [
    ['classes', { target: 'side', ...QUICK }, clouds],
    ['numbers', { target: 'price', ...QUICK }, houses],
    ['labels', { target: ['a', 'b'], ...QUICK }, clouds.map(({ x }) => ({ x, a: x > 0, b: x > 1 }))],
  ];
  it.each(cases)(
    'a model of %s predicts the same bits after save and load, and saves the same bytes',
    async (_, options, data) => {
      const model = await TableModel.fit(data, options);
      const bytes = await model.save();
      const loaded = await TableModel.load(bytes);
      expect(loaded.history).toBeUndefined();
      expect(loaded.task).toBe(model.task);
      expect(loaded.classes).toEqual(model.classes);
      expect(loaded.predict(data)).toEqual(model.predict(data));
      expect(await loaded.evaluate(data)).toEqual(await model.evaluate(data));
      expect(Buffer.from(await loaded.save()).equals(Buffer.from(bytes))).toBe(true);
    },
  );

  it('Network.load reads the file, and the encoder stays in the file that the network saves', async () => {
    const model = await TableModel.fit(clouds, { target: 'side', ...QUICK });
    const net = await Network.load(await model.save());
    const inputs = model.encoder.encodeInputs(clouds);
    expect(net.predict(inputs)).toEqual(model.network.predict(inputs));
    expect(net.classes).toEqual(['left', 'right']);
    const again = await TableModel.load(await net.save());
    expect(again.predict(clouds)).toEqual(model.predict(clouds));
  });

  it('refuses files without an encoder, with one that does not fit, and damaged ones', async () => {
    const net = await Network.create({ inputs: 2, layers: [{ units: 1 }] });
    await expect(TableModel.load(await net.save())).rejects.toThrow(
      'load: got a network without an encoder, want a file of model.save(): Network.load reads this one',
    );
    const old = new URL('golden-saved/version-1-training.simdprop', import.meta.url);
    await expect(TableModel.load(new Uint8Array(readFileSync(old)))).rejects.toThrow('a network without an encoder');

    const { withEncoder } = await import('../src/applications/model-file.js');
    const other = Encoder.fit(Table.fromRecords(clouds), { target: 'side' });
    await expect(TableModel.load(await withEncoder(await net.save(), other))).rejects.toThrow(
      'load: got an encoder of 2 inputs and 2 outputs (classes), want 2 inputs and 1 output',
    );
    const forged = { toJSON: () => ({ version: 1, inputs: [{ column: 'x', kind: 'number' }], targets: [] }) };
    await expect(TableModel.load(await withEncoder(await net.save(), forged as never))).rejects.toThrow(
      /^load: encoder/,
    );
    const bytes = await (await TableModel.fit(clouds, { target: 'side', epochs: 1 })).save();
    bytes[bytes.length >> 1] ^= 1;
    await expect(TableModel.load(bytes)).rejects.toThrow('damaged');
  });
});
