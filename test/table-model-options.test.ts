import { describe, expect, it } from 'vitest';
import { adam, type EpochReport, sgd } from '../src/index.js';
import { Table, TableModel, type TableModelOptions } from '../src/tabular.js';

// The options of TableModel.fit: their effects, when they are read, and which values are refused.

/** Two clouds that a line separates, with a date, a boolean, a category and a weight of every row. */
const rows = Array.from({ length: 60 }, (_, i) => ({
  x: (i % 2 ? 2 : -2) + Math.sin(i),
  noise: Math.cos(7 * i),
  color: ['red', 'green', 'blue'][i % 3],
  weight: i % 4,
  side: i % 2 ? 'right' : 'left',
}));
const QUICK = { target: 'side', epochs: 3 } as const;

const bytesOf = async (data: Table | readonly object[], options: TableModelOptions) => {
  const model = await TableModel.fit(data, options);
  const bytes = await model.save({ training: true });
  model.dispose();
  return Buffer.from(bytes).toString('hex');
};

describe('weights', () => {
  const left = rows.filter(({ weight }) => weight > 0);
  const weights = rows.map(({ weight }) => weight);
  const inputs = ['x', 'noise', 'color'];

  it.each<[string, TableModelOptions]>([
    ['by default', QUICK],
    ['without validation', { ...QUICK, validation: false }],
    ['with class weights', { ...QUICK, classWeights: { left: 2 } }],
  ])('are a column, which is no input, or an array: rows of weight 0 are left out, %s', async (_, options) => {
    const wanted = await bytesOf(left, { ...options, inputs, weights: left.map(({ weight }) => weight) });
    expect(await bytesOf(rows, { ...options, weights: 'weight' })).toBe(wanted);
    expect(await bytesOf(Table.fromRecords(rows), { ...options, weights: 'weight' })).toBe(wanted);
    expect(await bytesOf(rows, { ...options, inputs, weights })).toBe(wanted);
    expect(await bytesOf(rows, { ...options, inputs, weights: Float64Array.from(weights) })).toBe(wanted);
    expect(await bytesOf(left, { ...options, inputs })).not.toBe(wanted);
  });

  it('are those of the held-back rows and of the column in validation rows of their own', async () => {
    const [training, validation] = [rows.slice(0, 40), rows.slice(40)];
    const costOf = async (own: Table | readonly object[]) => {
      const model = await TableModel.fit(training, { ...QUICK, inputs, weights: 'weight', validation: own });
      return model.history?.last?.validation?.cost;
    };
    const wanted = await costOf(validation);
    expect(await costOf(Table.fromRecords(validation))).toBe(wanted);
    expect(await costOf(validation.filter(({ weight }) => weight > 0))).toBe(wanted);
    const without = validation.map(({ weight: _, ...row }) => row);
    expect(await costOf(without)).not.toBe(wanted);
    expect(await costOf(Table.fromRecords(without))).toBe(await costOf(without));
  });

  it.each<[unknown, string]>([
    ['wait', 'options.weights: got "wait", want a column of the table, or an array of 60 numbers'],
    ['color', 'options.weights: got "color", a column of the kind category, want a column of numbers'],
    ['x', 'column "x"[0]: got -2, want a finite number from 0 up'],
    [[1, 2], 'options.weights: got 2 numbers, want 60'],
    [weights.map(() => 0), 'options.weights: got 0 for every row, want a weight above 0 for one or more'],
    [{ left: 2 }, 'options.weights: got an object (Object), want an array of 60 numbers'],
  ])('%j are refused', async (given, message) => {
    await expect(TableModel.fit(rows, { ...QUICK, weights: given as string })).rejects.toThrow(message);
  });

  it('of a missing value are refused', async () => {
    const missing = rows.map((row, i) => ({ ...row, weight: i === 7 ? null : 1 }));
    await expect(TableModel.fit(missing, { ...QUICK, weights: 'weight' })).rejects.toThrow(
      'column "weight"[7]: got NaN, want a finite number from 0 up',
    );
  });
});

describe('what ends training', () => {
  it('monitor is watched instead of the cost', async () => {
    const model = await TableModel.fit(rows, { target: 'side', monitor: 'rocAuc', patience: 2, epochs: 100 });
    const { history } = model;
    expect(history?.stopped).toBe('earlyStopping');
    // the ROC AUC is 1 from the first epochs on, while the cost still falls
    const last = history?.last?.validation;
    expect(last?.rocAuc).toBe(1);
    const byCost = await TableModel.fit(rows, { target: 'side', patience: 2, epochs: 100 });
    expect(byCost.history?.length).toBeGreaterThan(history?.length as number);
  });

  it('stopAt ends training at a cost, and trainingMetrics are in the reports', async () => {
    const reports: EpochReport[] = [];
    const model = await TableModel.fit(rows, {
      target: 'side',
      stopAt: 0.2,
      trainingMetrics: true,
      onEpoch: (report) => {
        reports.push(report);
      },
    });
    expect(model.history?.stopped).toBe('stopAt');
    expect(reports.map(({ cost }) => cost <= 0.2)).toEqual(reports.map((_, i) => i === reports.length - 1));
    expect(reports[0].training?.accuracy).toBeTypeOf('number');
  });

  it('a batch larger than the table is the table', async () => {
    const options = { target: 'side', epochs: 4 } as const;
    expect(await bytesOf(rows, { ...options, batchSize: 2 ** 31 - 1 })).toBe(
      await bytesOf(rows, { ...options, batchSize: 48 }),
    );
    const model = await TableModel.fit(rows, { target: 'side', batchSize: 2 ** 31 - 1 });
    expect(model.history?.length).toBeLessThanOrEqual(4000);
  });

  const few = rows.slice(0, 12);
  it.each<[object, readonly object[], string]>([
    [{ patience: 3 }, few, 'options.patience: got one for 12 rows, want none, or options.validation: of fewer than 20'],
    [{ monitor: 'accuracy' }, few, 'options.monitor: got one for 12 rows, want none, or options.validation: of fewer'],
    [{ monitor: 'cost', validation: false }, rows, 'options.monitor: got one without validation, want none, or rows'],
    [
      { monitor: 'r2' },
      rows,
      'options.monitor: got "r2", want one of cost, accuracy, balancedAccuracy, macroF1, rocAuc',
    ],
    [
      { monitor: 'topKAccuracy' },
      rows,
      'options.monitor: got "topKAccuracy", want one of cost, accuracy, balancedAccuracy, macroF1, rocAuc',
    ],
    [
      { monitor: 'acuracy' },
      rows,
      'want one of cost, accuracy, balancedAccuracy, macroF1, rocAuc: did you mean accuracy?',
    ],
    [{ stopAt: 'soon' }, rows, 'options.stopAt: got "soon", want a finite number'],
  ])('%j is refused', async (options, data, message) => {
    await expect(TableModel.fit(data, { target: 'side', ...options } as TableModelOptions)).rejects.toThrow(message);
  });

  it('validation rows of their own serve a small table too', async () => {
    const model = await TableModel.fit(few, { target: 'side', patience: 3, epochs: 5, validation: rows.slice(12) });
    expect(model.history?.last?.validation?.samples).toBe(48);
  });
});

it('data and options are read at the call: nothing that is changed afterwards has an effect', async () => {
  const make = () => ({
    data: rows.map((row) => ({ ...row })),
    options: {
      target: ['side'],
      inputs: ['x', 'color', 'noise'],
      encodings: { color: { as: 'ordinal' as const, order: ['red', 'green', 'blue'] } },
      hidden: [5, 4],
      epochs: 4,
      optimizer: { ...sgd({ learningRate: 0.1 }) },
      classWeights: { left: 2 } as Record<string, number>,
      weights: rows.map(({ weight }) => weight + 1),
      validation: rows.slice(0, 9).map((row) => ({ ...row })),
      network: { batchSize: 8 },
    },
  });
  const fixed = make();
  const wanted = await bytesOf(fixed.data, fixed.options);
  const { data, options } = make();
  const fitting = TableModel.fit(data, options);
  for (const row of [...data, ...options.validation]) Object.assign(row, { x: 99, side: 'up', color: 'black' });
  options.target[0] = 'x';
  options.inputs[0] = 'side';
  options.encodings.color.order.reverse();
  options.hidden.fill(9);
  Object.assign(options.optimizer, { learningRate: 5 });
  options.classWeights.left = 77;
  options.weights.fill(-1);
  options.network.batchSize = 0;
  options.epochs = 1;
  const model = await fitting;
  expect(Buffer.from(await model.save({ training: true })).toString('hex')).toBe(wanted);
  // later changes have no effect on the encoder either
  options.encodings.color.order.length = 0;
  expect(Buffer.from(await model.save({ training: true })).toString('hex')).toBe(wanted);
});

it.each<[string, (model: TableModel) => unknown]>([
  ['fit', () => TableModel.fit(rows, QUICK, { epochs: 2 } as never)],
  ['load', async (model) => TableModel.load(await model.save(), {}, 'model.bin' as never)],
  ['predict', (model) => (model.predict as (...all: unknown[]) => unknown).call(model, rows, {}, 3)],
  ['evaluate', (model) => model.evaluate(rows, {}, 3 as never)],
  ['importance', (model) => model.importance(rows, {}, 3 as never)],
  ['save', (model) => model.save({}, 'model.bin' as never)],
])('%s refuses an argument that it does not take', async (name, call) => {
  const model = await TableModel.fit(rows, QUICK);
  await expect((async () => call(model))()).rejects.toThrow(
    new RegExp(`^(TableModel\\.)?${name}: argument \\d: got .+, want none`),
  );
});

it('save takes the options of Network.save: training can resume with the same bits', async () => {
  const optimizer = adam({ learningRate: 0.02 });
  const model = await TableModel.fit(rows, { ...QUICK, optimizer });
  const same = await TableModel.load(await model.save({ training: true }));
  const data = model.encoder.encode(rows);
  for (const each of [model, same]) await each.network.fit(data, { epochs: 2 });
  expect(await same.save()).toEqual(await model.save());
  await expect(model.save({ trainings: true } as never)).rejects.toThrow('options: got the unknown key "trainings"');
  await expect(model.save('m.bin' as never)).rejects.toThrow('options: got "m.bin", want an object');
});
