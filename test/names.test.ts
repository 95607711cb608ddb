import { describe, expect, it } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import { adam, type Confusion, classificationReport, type Label, type NetworkOptions } from '../src/index.js';
import { readCsv } from '../src/io/csv.js';
import { createNetwork, loadNetwork } from './build.js';
import { joinSections, jsonOf, sectionsOf } from './saved-files.js';

const CLASSES = ['setosa', 'versicolor', 'virginica'];
const COLUMNS = ['petal length', 'petal width'];
const OPTIONS: NetworkOptions = { inputs: 2, layers: [{ units: 3, activation: 'softmax' }], seed: 1 };
const NAMED = { ...OPTIONS, classes: CLASSES, columns: COLUMNS };
const inputs = [[1.4, 0.2], [4.7, 1.4], [6, 2.5], [1.3, 0.3], [4.5, 1.5], [5.9, 2.1]]; // biome-ignore format: a table
const names = ['setosa', 'versicolor', 'virginica', 'setosa', 'versicolor', 'virginica'];
const labels = [0, 1, 2, 0, 1, 2];
const TRAINING = { epochs: 400, standardize: true, optimizer: adam({ learningRate: 0.05 }) } as const;

const CSV = ['length,width,species', ...inputs.map((row, i) => `${row},${names[i]}`)].join('\n');

/** Texts that would be run, or change what is shown, if they were not escaped. */
const HOSTILE = ['</script><script>alert(1)', '"; DROP TABLE x; --', '\u001b[31m\u202e\ud800=cmd()'];

describe('names of classes and columns', () => {
  it('are given at create, and targets may be names', async () => {
    const net = await createNetwork(NAMED);
    expect(net.classes).toEqual(CLASSES);
    expect(net.columns).toEqual(COLUMNS);
    expect(Object.isFrozen(net.classes)).toBe(true);
    const same = await createNetwork(OPTIONS);
    expect(same.classes).toBeUndefined();
    await net.fit({ inputs, targets: names }, TRAINING);
    await same.fit({ inputs, targets: labels }, TRAINING);
    expect(net.predict(inputs)).toEqual(same.predict(inputs));
    expect(net.classify(inputs)).toEqual(names);
    expect(same.classify(inputs)).toEqual(labels);
    expect((await net.evaluate({ inputs, targets: names })).accuracy).toBe(1);
    expect(net.trainBatch(inputs, names)).toBe(same.trainBatch(inputs, labels));
  });

  it('come with the data that readCsv returns, and a second order of the classes is refused', async () => {
    const data = readCsv(CSV, { target: 'species', labels: true });
    const net = await createNetwork(OPTIONS);
    await net.fit(data, TRAINING);
    expect(net.classes).toEqual(CLASSES);
    expect(net.columns).toEqual(['length', 'width']);
    expect(net.classify(data.inputs)).toEqual(names);
    expect((await net.evaluate(data)).accuracy).toBe(1);
    const other = readCsv(CSV, { target: 'species', labels: CLASSES.toReversed() });
    await expect(net.evaluate(other)).rejects.toThrow(
      'data.classes[0]: got "virginica", want "setosa", as this network or its data have it',
    );
    const swapped = { inputs, targets: labels, columns: ['width', 'length'] };
    await expect(net.fit(swapped, { epochs: 1 })).rejects.toThrow(
      'data.columns[0]: got "width", want "length", as this network or its data have it',
    );
    const streamed = await createNetwork(OPTIONS);
    await streamed.fitStream(() => [data]);
    expect(streamed.classes).toEqual(CLASSES);
    const timed = await createNetwork(OPTIONS);
    await timed.trainFor(data, 0.01);
    expect(timed.columns).toEqual(['length', 'width']);
    const { mean } = await crossValidate(OPTIONS, data, { ...TRAINING, folds: 2 });
    expect(mean.accuracy).toBeGreaterThan(0);
  });

  it('are in the file, hostile ones too, and can be changed', async () => {
    const net = await createNetwork({ ...OPTIONS, classes: HOSTILE, columns: ['', HOSTILE[0]] });
    const loaded = await loadNetwork(await net.save());
    expect(loaded.classes).toEqual(HOSTILE);
    expect(loaded.columns).toEqual(['', HOSTILE[0]]);
    expect(await loaded.save()).toEqual(await net.save());
    loaded.classes = CLASSES;
    loaded.columns = undefined;
    expect(jsonOf(await loaded.save(), 'names')).toEqual({ classes: CLASSES });
    loaded.classes = undefined;
    expect(sectionsOf(await loaded.save()).some(({ name }) => name === 'names')).toBe(false);
    expect(() => net.trainBatch(inputs, ['x'])).toThrow(
      'y[0]: got "x", want the name of a class: "</script><script>alert(1)", "\\"; DROP TABLE x; --", "\\u001b[31m\\u202e\\ud800=cmd()"',
    );
  });

  it('errors name columns', async () => {
    const net = await createNetwork(NAMED);
    expect(() => net.predict([[1, 2], [1, Number.NaN]])).toThrow(
      'x[1][1] (row 1, column "petal width"): got NaN, want a finite number',
    ); // biome-ignore format: a table
    expect(() => net.predict(Float32Array.of(Number.NaN, 1))).toThrow('x[0] (row 0, column "petal length"): got NaN');
  });

  it.each<[string, object, string]>([
    ['too few classes', { classes: ['a', 'b'] }, 'classes: got 2 names, want 3'],
    ['a class twice', { classes: ['a', 'b', 'a'] }, 'classes[2]: got "a", as at 0, want different names'],
    ['a class without a name', { classes: ['a', 'b', ''] }, 'classes[2]: got "", want a name'],
    ['a number', { classes: ['a', 'b', 3] }, 'classes[2]: got 3, want a string'],
    ['a text', { classes: 'abc' }, 'classes: got "abc", want an array of 3 names'],
    ['a long name', { columns: ['a', 'b'.repeat(1001)] }, 'columns[1]: got 1001 characters, want at most 1000'],
    ['too many columns', { columns: ['a', 'b', 'c'] }, 'columns: got 3 names, want 2'],
    ['classes of numbers', { classes: CLASSES, task: 'numbers', layers: [{ units: 3, activation: 'linear' }] }, 'classes: got names of classes for a network that learns numbers'], // biome-ignore format: a table
  ])('%s are refused at create, by setters, in data and in files', async (_, options, message) => {
    await expect(createNetwork({ ...OPTIONS, ...options })).rejects.toThrow(message);
    if ('task' in options) return;
    const net = await createNetwork(OPTIONS);
    expect(() => Object.assign(net, options)).toThrow(message);
    await expect(net.fit({ inputs, targets: labels, ...options }, { epochs: 1 })).rejects.toThrow(`data.${message}`);
    const bytes = new TextEncoder().encode(JSON.stringify(options));
    const file = joinSections([
      ...sectionsOf(await net.save()),
      { name: 'names', type: 'json', required: false, bytes },
    ]);
    await expect(loadNetwork(file)).rejects.toThrow(`load: names.${message}`);
  });

  it.each<[string, unknown[], string]>([
    ['an unknown name', [...names.slice(1), 'rose'], 'data.targets[5]: got "rose", want the name of a class: "setosa", "versicolor", "virginica"'], // biome-ignore format: a table
    ['a number among names', [...names.slice(1), 2], 'data.targets[5]: got 2, want the name of a class'],
  ])('%s is refused', async (_, targets, message) => {
    const net = await createNetwork(NAMED);
    await expect(net.evaluate({ inputs, targets: targets as string[] })).rejects.toThrow(message);
    const nameless = await createNetwork(OPTIONS);
    await expect(nameless.evaluate({ inputs, targets: names })).rejects.toThrow(
      'data.targets[0]: got "setosa", want a number: Network.create({ classes: [...] }) lets names of classes be labels',
    );
  });

  it('of the validation must be those of the training data, and of the network', async () => {
    const named = { inputs, targets: labels, classes: CLASSES };
    const reversed = { inputs, targets: labels, classes: CLASSES.toReversed() };
    const swapped = { inputs, targets: labels, columns: COLUMNS.toReversed() };
    const other = (kind: string, got: string, wanted: string) =>
      `options.validation.${kind}[0]: got "${got}", want "${wanted}", as this network or its data have it`;
    const classes = other('classes', 'virginica', 'setosa');
    const columns = other('columns', 'petal width', 'petal length');
    for (const [options, data, validation, message] of [
      [OPTIONS, named, reversed, classes],
      [NAMED, { inputs, targets: labels }, reversed, classes],
      [OPTIONS, { ...named, columns: COLUMNS }, swapped, columns],
      [NAMED, { inputs, targets: labels }, swapped, columns],
    ] as const) {
      const net = await createNetwork(options);
      const before = await net.save({ training: true });
      await expect(net.fit(data, { epochs: 1, validation })).rejects.toThrow(message);
      expect(() => net.train(data, { epochs: 1, validation })).toThrow(message);
      await expect(net.replayTo(1, data, { epochs: 1, validation })).rejects.toThrow(message);
      const part = message.replace('options.validation', 'source: part 0');
      const streamed = net.fitStream(() => [data], { validation });
      // with a stream, the validation is read before the parts, so the message has the two names exchanged
      const swap = (text: string) => text.replace(/got (.*), want (.*), as/, 'got $2, want $1, as');
      await expect(streamed).rejects.toThrow(options === NAMED ? message : swap(part));
      expect(await net.save({ training: true })).toEqual(before);
    }
    // names in the training data also apply to the labels of the validation
    const net = await createNetwork(OPTIONS);
    const { last } = await net.fit(named, { ...TRAINING, validation: { inputs, targets: names } });
    expect([last!.validation!.accuracy, last!.validation!.classes]).toEqual([1, CLASSES]);
    // names that only the validation has are accepted
    await (await createNetwork(OPTIONS)).fit({ inputs, targets: labels }, { epochs: 1, validation: named });
  });

  it('that the function of a learning rate changes are refused too', async () => {
    const net = await createNetwork(OPTIONS);
    const data = { inputs, targets: labels, classes: [...CLASSES] };
    const learningRate = () => {
      data.classes = CLASSES.toReversed();
      return 0.1;
    };
    const validation = { inputs, targets: labels, classes: CLASSES };
    await expect(net.fit(data, { epochs: 1, validation, optimizer: adam({ learningRate }) })).rejects.toThrow(
      'options.validation.classes[0]: got "setosa", want "virginica", as this network or its data have it',
    );
  });

  it('that the network gets between the call of train and its first report are refused if labels have others', async () => {
    const net = await createNetwork(NAMED);
    const training = net.train({ inputs, targets: names }, { epochs: 1 });
    net.classes = CLASSES.toReversed();
    await expect(training.next()).rejects.toThrow('data.classes[0]: got "setosa", want "virginica", as this network');
    // labels that are numbers are accepted: they mean the classes that the network has when training begins
    const numbered = net.train({ inputs, targets: labels }, { epochs: 1 });
    net.classes = CLASSES;
    expect((await numbered.next()).value).toMatchObject({ epoch: 0 });
    await numbered.return();
  });

  it('are those of every fold of crossValidate, with the metrics', async () => {
    const data = { inputs, targets: names, classes: CLASSES, columns: COLUMNS };
    const classWeights = { setosa: 1, versicolor: 2, virginica: 3 };
    const { folds } = await crossValidate(OPTIONS, data, { folds: 2, epochs: 2, classWeights });
    for (const { validation, history } of folds) {
      expect([validation.classes, history.last!.validation!.classes]).toEqual([CLASSES, CLASSES]);
    }
    const linear: NetworkOptions = { inputs: 2, layers: [{ units: 1, activation: 'linear' }] };
    const numbers = { inputs, targets: [0.5, 1, 2, 3, 4, 5], classes: ['a', 'b'] };
    await expect(crossValidate(linear, numbers, { folds: 2 })).rejects.toThrow(
      'data.classes: got names of classes for a network that learns numbers',
    );
  });

  it('are as many as the task needs, so that the file can be loaded', async () => {
    const one: NetworkOptions = { inputs: 2, layers: [{ units: 1 }], classes: ['no', 'yes'] };
    const net = await createNetwork(one);
    expect(() => {
      net.task = 'labels';
    }).toThrow('task: got 2 names, want 1 for a network that learns labels');
    const labelled = await createNetwork({ ...one, task: 'labels', classes: ['yes'] });
    expect(() => {
      labelled.task = undefined;
    }).toThrow('task: got 1 name, want 2 for a network that learns classes');
    const marks = { inputs, targets: [0, 1, 1, 0, 1, 1] };
    const unnamed = await createNetwork({ ...one, task: 'labels', classes: undefined });
    await expect(unnamed.fit({ ...marks, classes: ['no', 'yes'] }, { epochs: 1 })).rejects.toThrow(
      'data.classes: got 2 names, want 1 for a network that learns labels',
    );
    await unnamed.fit({ ...marks, classes: ['yes'] }, { epochs: 1 });
    await labelled.fit({ ...marks, classes: ['yes'] }, { epochs: 1 });
    await expect(labelled.fit({ ...marks, classes: ['no', 'yes'] }, { epochs: 1 })).rejects.toThrow(
      'data.classes: got 2 names, want 1',
    );
    for (const each of [unnamed, labelled]) expect((await loadNetwork(await each.save())).classes).toEqual(['yes']);
  });

  it('and standardised targets exclude each other', async () => {
    const scale = { means: [0, 0, 0], deviations: [1, 1, 1] };
    const linear: NetworkOptions = { inputs: 2, layers: [{ units: 3, activation: 'linear' }] };
    const net = await createNetwork({ ...linear, classes: CLASSES });
    const before = await net.save();
    const message =
      'got names of classes for a network that learns numbers, want classes or labels (net.task), or none';
    expect(() => net.setTargetStandardization(scale)).toThrow(`setTargetStandardization: ${message}`);
    expect(await net.save()).toEqual(before);
    net.classes = undefined;
    net.setTargetStandardization(scale);
    expect(() => {
      net.classes = CLASSES;
    }).toThrow(`classes: ${message}`);
    expect((await loadNetwork(await net.save())).task).toBe('numbers');
  });

  it('numbers have no classes', async () => {
    const net = await createNetwork({
      inputs: 1,
      layers: [{ units: 1, activation: 'linear' }],
      classes: ['no', 'yes'],
    });
    await expect(net.fit({ inputs: [1, 2], targets: [0.5, 3] }, { epochs: 1 })).rejects.toThrow(
      'data.classes: got names of classes for a network that learns numbers, want classes or labels (net.task), or none',
    );
  });

  it('numbers in a stream have no classes: they are refused before the first step, also those of a later part', async () => {
    const create = (classes?: string[]) =>
      createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], classes });
    const numbers = { inputs: [1, 2], targets: [0.5, 3] };
    const marks = { inputs: [1, 2], targets: [0, 1] };
    const refused = (part: number) =>
      `source: part ${part}.classes: got names of classes for a network that learns num`;
    const named = await create(['no', 'yes']);
    const before = await named.save({ training: true });
    await expect(named.fitStream(() => [numbers])).rejects.toThrow(refused(0));
    expect(await named.save({ training: true })).toEqual(before);
    await expect(named.fitStream(() => [marks, numbers])).rejects.toThrow(refused(1));
    const given = await create();
    await expect(given.fitStream(() => [{ ...numbers, classes: ['no', 'yes'] }])).rejects.toThrow(refused(0));
    const other = await create();
    other.task = 'numbers';
    await expect(other.fitStream(() => [{ ...marks, classes: ['no', 'yes'] }])).rejects.toThrow(refused(0));
    expect(other.classes).toBeUndefined();
    // the targets are all equal, so only at the end of the epoch is it clear that they are numbers and not labels
    const constant = await create(['no', 'yes']);
    await expect(constant.fitStream(() => [{ inputs: [1, 2], targets: [1, 1] }])).rejects.toThrow(
      'source: classes: got names of classes for a network that learns numbers',
    );
    const streamed = await create(['no', 'yes']);
    await streamed.fitStream(() => [marks]);
    expect(streamed.task).toBe('classes');
  });
});

describe('the names of classes', () => {
  it('come with the metrics, for classes and for labels', async () => {
    const net = await createNetwork({ ...NAMED, task: 'classes' });
    const result = await net.evaluate({ inputs, targets: labels });
    expect(result.classes).toEqual(CLASSES);
    const report = classificationReport(result);
    expect(report.classes.map(({ name }) => name)).toEqual(CLASSES);
    const nameless = classificationReport(result.confusion!);
    expect(nameless).toEqual({ ...report, classes: report.classes.map(({ name: _, ...metrics }) => metrics) });
    const marked = await createNetwork({ inputs: 1, layers: [{ units: 2 }], task: 'labels', classes: ['a', 'b'] });
    const { byLabel, classes } = await marked.evaluate({ inputs: [1], targets: [[1, 0]] });
    expect([byLabel!.map(({ name }) => name), classes]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect('classes' in (await (await createNetwork(OPTIONS)).evaluate({ inputs, targets: labels }))).toBe(false);
  });

  it.each([
    [{ confusion: [[1]], classes: ['a', 'b'] }, 'classes: got 2 names, want 1'],
    [{ confusion: undefined, classes: ['a'] }, 'confusion: got undefined, want an array of rows of counts'],
    [null, 'confusion: got undefined, want an array of rows of counts'],
  ])('classificationReport refuses %j', (result, message) => {
    expect(() => classificationReport(result as Confusion)).toThrow(message);
  });
});

describe('classify', () => {
  const sigmoid = (units: number, options: Partial<NetworkOptions> = {}) =>
    createNetwork({ inputs: 1, layers: [{ units, activation: 'sigmoid', initializer: { weights: Array.from({ length: units }, (_, k) => k + 1) } }], ...options }); // biome-ignore format: one idea

  it('gives probabilities of classes that add up to 1', async () => {
    const net = await createNetwork(NAMED);
    await net.fit({ inputs, targets: names }, TRAINING);
    const outputs = net.predict(inputs);
    for (const [i, { label, probabilities }] of net.classify(inputs, { probabilities: true }).entries()) {
      expect(label).toBe(names[i]);
      expect(probabilities).toEqual(outputs.subarray(3 * i, 3 * i + 3));
    }
  });

  it('of two classes has a threshold', async () => {
    const net = await sigmoid(1, { task: 'classes', classes: ['no', 'yes'] });
    const x = [-1, -0.1, 0, 0.1, 1];
    expect(net.classify(x)).toEqual(['no', 'no', 'no', 'yes', 'yes']);
    expect(net.classify(x, { threshold: 0.6 })).toEqual(['no', 'no', 'no', 'no', 'yes']);
    expect(net.classify(x, { threshold: 0.4 })).toEqual(['no', 'yes', 'yes', 'yes', 'yes']);
    const [{ probabilities }] = net.classify([1], { probabilities: true });
    const p = net.predict([1])[0];
    expect(probabilities).toEqual(Float32Array.of(1 - p, p));
    const targets = ['no', 'no', 'yes', 'yes', 'yes'];
    const rows = [0, 0, 1, 1, 1];
    for (const threshold of [0.4, 0.5, 0.6]) {
      const answers = net.classify(x, { threshold });
      const right = answers.filter((answer, i) => answer === targets[i]).length;
      expect((await net.evaluate({ inputs: x, targets: rows }, { threshold })).correct).toBe(right);
    }
  });

  it('of two outputs takes the larger one, or a threshold for the second', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 2, activation: 'softmax', initializer: { weights: [0, 1] } }], task: 'classes' }); // biome-ignore format: one idea
    expect(net.classify([-1, 0, 1])).toEqual([0, 0, 1]);
    expect(net.classify([-1, 0, 1], { threshold: 0.4 })).toEqual([0, 1, 1]);
  });

  it('of labels gives all that a sample has', async () => {
    const net = await sigmoid(3, { task: 'labels', classes: ['a', 'b', 'c'] });
    expect(net.classify<Label[]>([1, -1])).toEqual([['a', 'b', 'c'], []]);
    expect(net.classify<Label[]>([0.5], { threshold: 0.7 })).toEqual([['b', 'c']]);
    expect(net.classify<Label[]>([0.5], { threshold: [0.5, 0.9, 0.5] })).toEqual([['a', 'c']]);
    const [{ label, probabilities }] = net.classify<Label[]>([0], { probabilities: true });
    expect(label).toEqual([]);
    expect(probabilities).toEqual(Float32Array.of(0.5, 0.5, 0.5));
    net.classes = undefined;
    expect(net.classify<Label[]>([1])).toEqual([[0, 1, 2]]);
  });

  it('of targets -1 and 1 has its threshold at 0, and no probabilities', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'tanh', initializer: { weights: [1] } }], cost: 'hinge', task: 'classes', classes: ['no', 'yes'] }); // biome-ignore format: one idea
    expect(net.classify([-0.1, 0.1])).toEqual(['no', 'yes']);
    expect(() => net.classify([1], { probabilities: true })).toThrow(
      'options.probabilities: got true for tanh outputs, want outputs of softmax, sigmoid, hardSigmoid',
    );
  });

  it('refuses what it cannot do', async () => {
    const unknown = await sigmoid(1);
    expect(() => unknown.classify([1])).toThrow(
      'classify: got a network whose task is not known, want training before',
    );
    const numbers = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], task: 'numbers' });
    expect(() => numbers.classify([1])).toThrow('classify: got a network that learns numbers, want one that learns');
    const net = await createNetwork({ ...OPTIONS, task: 'classes' });
    expect(() => net.classify(inputs, { threshold: 0.5 })).toThrow('options.threshold: got one for 3 classes');
    expect(() => net.classify(inputs, { probability: true } as never)).toThrow('options: got the unknown key');
    expect(() => net.classify(inputs, { probabilities: 1 } as never)).toThrow(
      'options.probabilities: got 1, want true',
    );
    expect(() => net.classify([[1, null]] as never)).toThrow('x[0][1] (row 0, column 1): got null');
    net.dispose();
    expect(() => net.classify(inputs)).toThrow('Network: got a call after dispose()');
  });
});
