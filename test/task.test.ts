import { describe, expect, it, test } from 'vitest';
import type { DataSet, Evaluation, Monitor, NetworkOptions, Targets, Task, TrainOptions } from '../src/index.js';
import { type Network, sgd } from '../src/index.js';
import { buildName, createNetwork, loadNetwork } from './build.js';
import { randomNumbers } from './random-numbers.js';
import { editJson } from './saved-files.js';

// The task of a network is decided once and then kept. Evaluations have the metrics of this task and no others.

const still: TrainOptions = { epochs: 1, optimizer: sgd({ learningRate: 1e-30 }) };

/** A network of one input whose outputs are chosen by the test: the weights are 0, and the biases are the outputs. */
function options(outputs: number, more: Partial<NetworkOptions> & { activation?: 'linear' | 'tanh' | 'softmax' } = {}) {
  const { activation, ...others } = more;
  return { inputs: 1, layers: [{ units: outputs, activation }], ...others } satisfies NetworkOptions;
}

function dataOf(targets: Targets, samples: number): DataSet {
  return { inputs: Float32Array.from({ length: samples }, (_, i) => i / samples), targets };
}

const f = (...values: number[]) => Float32Array.from(values);

/** A network, the targets of three samples, and the task that they decide. */
const DECISIONS: [string, NetworkOptions, Targets, Task][] = [
  ['class labels', options(3), Uint8Array.of(0, 1, 2), 'classes'],
  ['class labels of one output', options(1, { activation: 'linear' }), Int32Array.of(0, 1, 1), 'classes'],
  ['one-hot rows', options(2, { activation: 'linear' }), f(1, 0, 0, 1, 1, 0), 'classes'],
  ['one-hot rows of doubles', options(2), Float64Array.of(1, 0, 0, 1, 1, 0), 'classes'],
  ['one-hot rows of -1 and 1', options(2, { activation: 'tanh' }), f(1, -1, -1, 1, 1, -1), 'classes'],
  ['0 and 1 for one output', options(1), f(0, 1, 1), 'classes'],
  ['-1 and 1 for one output', options(1, { activation: 'tanh' }), f(-1, 1, 1), 'classes'],
  ['0 alone for a sigmoid', options(1), f(0, 0, 0), 'classes'],
  ['1 alone for hinge', options(1, { activation: 'linear', cost: 'hinge' }), f(1, 1, 1), 'classes'],
  ['shares', options(2, { activation: 'softmax' }), f(0.5, 0.5, 0.1, 0.9, 1, 0), 'classes'],
  ['shares', options(2, { activation: 'softmax', cost: 'kullbackLeibler' }), f(0.5, 0.5, 0.1, 0.9, 1, 0), 'classes'],
  ['a row of two ones', options(2), f(1, 0, 0, 1, 1, 1), 'labels'],
  ['a row without ones', options(2, { activation: 'linear' }), f(1, 0, 0, 1, 0, 0), 'labels'],
  ['a row without ones, of -1 and 1', options(2, { activation: 'tanh' }), f(1, -1, -1, 1, -1, -1), 'labels'],
  ['rows of two ones for hinge', options(2, { activation: 'tanh', cost: 'hinge' }), f(1, 1, 1, 1, 1, 1), 'labels'],
  ['zeros for sigmoids', options(2), f(0, 0, 0, 0, 0, 0), 'labels'],
  ['numbers', options(1, { activation: 'linear' }), f(0, 1, 0.5), 'numbers'],
  ['-1, 0 and 1', options(1, { activation: 'linear' }), f(0, 1, -1), 'numbers'],
  ['one number alone', options(1, { activation: 'linear' }), f(1, 1, 1), 'numbers'],
  ['rows of one number alone', options(2, { activation: 'linear' }), f(0, 0, 0, 0, 0, 0), 'numbers'],
  ['probabilities', options(1), f(0, 1, 0.3), 'numbers'],
  ['counts', { inputs: 1, layers: [{ units: 1, activation: 'softplus' }], cost: 'poisson' }, f(0, 1, 1), 'numbers'],
];

describe('the task', () => {
  it.each(DECISIONS)('is decided by %s (%j, %j): %s', async (_, network, targets, task) => {
    const data = dataOf(targets, 3);
    for (const train of [
      (net: Network) => net.fit(data, { epochs: 1 }),
      (net: Network) => net.train(data, { epochs: 1 }).next(),
      (net: Network) => net.trainFor(data, 1),
      (net: Network) => net.fitStream(() => [data]),
    ]) {
      const net = await createNetwork(network);
      expect(net.task).toBeUndefined();
      expect((await net.evaluate(data)).task).toBe(task);
      expect(net.task).toBeUndefined();
      await train(net);
      expect(net.task).toBe(task);
      expect((await net.evaluate(data)).task).toBe(task);
    }
  });

  it('is the one given at create', async () => {
    const net = await createNetwork(options(1, { activation: 'linear', task: 'numbers' }));
    expect(net.task).toBe('numbers');
    await net.fit(dataOf(f(0, 1, 1), 3), { epochs: 1 });
    expect((await net.evaluate(dataOf(f(0, 1, 1), 3))).task).toBe('numbers');
    await net.fit(dataOf(f(0, 0.25, 1), 3), { epochs: 1 });
  });

  it('is decided by all targets of the call: those held back, those of the validation, those of every part', async () => {
    const [rows, one] = [f(1, 0, 0, 1, 1, 0, 0, 1, 1, 0), f(1, 1)];
    const all = dataOf(f(...rows, ...one), 6);
    for (const train of [
      (net: Network) => net.fit(all, { epochs: 1, validationSplit: { share: 0.2, from: 'end' } }),
      (net: Network) => net.fit(dataOf(rows, 5), { epochs: 1, validation: dataOf(one, 1) }),
      (net: Network) => net.fitStream(() => [dataOf(rows, 5), dataOf(one, 1)]),
      (net: Network) => net.fitStream(() => [dataOf(rows, 5)], { validation: dataOf(one, 1) }),
    ]) {
      const net = await createNetwork(options(2));
      await train(net);
      expect(net.task).toBe('labels');
    }
  });

  it('of a stream is decided before its first validation, and not by a part of an epoch', async () => {
    const net = await createNetwork(options(2));
    const parts = () => [dataOf(f(1, 0), 1), dataOf(f(1, 1), 1)];
    await net.fitStream(parts, { onBatch: () => false });
    expect(net.task).toBeUndefined();
    const [report] = await net.fitStream(parts, { validation: dataOf(f(0, 1), 1) });
    expect(report.validation?.task).toBe('labels');
  });

  it('is not decided by single batches', async () => {
    const net = await createNetwork(options(2));
    net.trainBatch(f(0.5), f(1, 0));
    net.forward(f(0.5));
    net.backward(f(0, 1));
    net.applyGradients();
    expect(net.task).toBeUndefined();
  });

  it('is not decided by a call that is refused', async () => {
    const net = await createNetwork(options(2));
    const data = dataOf(f(1, 0, 0, 1), 2);
    await expect(net.fit(data, { epochs: 1, earlyStopping: {} })).rejects.toThrow(/validation/);
    await expect(net.fit(data, { epochs: 1, classWeights: [1, -2] })).rejects.toThrow(/classWeights\[1\]/);
    await expect(net.trainFor(data, 1, { batchSize: 0 })).rejects.toThrow(/batchSize/);
    expect(net.task).toBeUndefined();
  });

  it('can be changed, or decided anew', async () => {
    const net = await createNetwork(options(1));
    await net.fit(dataOf(f(0, 1, 1), 3), { epochs: 1 });
    net.task = 'numbers';
    expect((await net.evaluate(dataOf(f(0, 1, 0.5), 3))).r2).toBeTypeOf('number');
    net.task = undefined;
    let refusals = 0;
    await net.fit(dataOf(f(0, 1, 1), 3), {
      epochs: 1,
      onEpoch: () => {
        expect(() => {
          net.task = 'numbers';
        }).toThrow(/^task: got a new one while this network is being trained by fit, want it before or after$/);
        refusals++;
      },
    });
    expect(refusals).toBe(1);
    expect(net.task).toBe('classes');
  });

  it.each<[object, RegExp]>([
    [
      options(1, { task: 'regression' as Task }),
      /^task: got "regression", want one of classes, labels, numbers(: did you mean numbers\?)?$/,
    ],
    [options(1, { task: 3 as unknown as Task }), /^task: got 3, want one of classes, labels, numbers$/],
    [
      options(2, { activation: 'softmax', task: 'labels' }),
      /^task: got "labels" with the cost "categoricalCrossEntropy", want "classes" or "numbers": its targets add up to 1/,
    ],
    [
      options(1, { activation: 'tanh', cost: 'hinge', task: 'numbers' }),
      /^task: got "numbers" with the cost "hinge", want "classes" or "labels": its targets are -1 and 1$/,
    ],
  ])('%j is refused', async (network, message) => {
    await expect(createNetwork(network as NetworkOptions)).rejects.toThrow(message);
    const { task, ...others } = network as NetworkOptions;
    const net = await createNetwork(others);
    expect(() => {
      net.task = task;
    }).toThrow(message);
    expect(net.task).toBeUndefined();
  });
});

describe('a file keeps the task', () => {
  it.each(DECISIONS)('decided by %s (%j, %j): %s', async (_, network, targets, task) => {
    const net = await createNetwork(network);
    expect((await loadNetwork(await net.save())).task).toBeUndefined();
    const data = dataOf(targets, 3);
    await net.fit(data, still);
    for (const training of [true, false]) {
      const loaded = await loadNetwork(await net.save({ training }));
      expect(loaded.task).toBe(task);
      expect(await loaded.evaluate(data)).toEqual(await net.evaluate(data));
      expect(await loaded.save({ training })).toEqual(await net.save({ training }));
    }
  });

  it('also a given task before the first targets, and whether targets are -1 and 1', async () => {
    const given = await loadNetwork(await (await createNetwork(options(2, { task: 'labels' }))).save());
    expect(given.task).toBe('labels');
    const net = await createNetwork(options(1, { activation: 'tanh' }));
    await net.fit(dataOf(f(-1, 1), 2), still);
    const loaded = await loadNetwork(await net.save());
    // targets of 1 alone could be of the kind 0 and 1; the network has kept that its targets are -1 and 1
    expect(await loaded.evaluate(dataOf(f(1, 1), 2))).toEqual(await net.evaluate(dataOf(f(1, 1), 2)));
    await expect(loaded.evaluate(dataOf(f(0, 1), 2))).rejects.toThrow('data.targets[0] (row 0): got 0, want -1 or 1');
  });

  it.each<[object, RegExp]>([
    [
      { task: 'class' },
      /^load: task\.task: got "class", want one of classes, labels, numbers: did you mean classes\?$/,
    ],
    [{ task: 3 }, /^load: task\.task: got 3, want one of/],
    [{ task: 'labels' }, /^load: task\.task: got "labels" with the cost "categoricalCrossEntropy", want "classes" or/],
    [{ isSigned: 1 }, /^load: task\.isSigned: got 1, want true or false$/],
    [
      { task: 'numbers', isSigned: true },
      /^load: task\.isSigned: got true, want false for the task numbers and the cost categoricalCrossEntropy$/,
    ],
    [
      { threshold: 1 },
      /^load: task: got the unknown key "threshold", want task, isSigned, or the file was saved by a newer/,
    ],
  ])('and refuses %j', async (change, message) => {
    const net = await createNetwork(options(2, { activation: 'softmax' }));
    await net.fit(dataOf(Uint8Array.of(0, 1), 2), still);
    const file = editJson(await net.save(), 'task', (goal) => Object.assign(goal, change));
    await expect(loadNetwork(file)).rejects.toThrow(message);
    // a checkpoint of a training that monitors a metric that its task does not have
    const data = dataOf(Uint8Array.of(0, 1), 2);
    const files: Uint8Array[] = [];
    const watching = { epochs: 2, validation: data, earlyStopping: { monitor: 'accuracy' as const } };
    await net.fit(data, {
      ...still,
      ...watching,
      onEpoch: async () => void files.push(await net.save({ training: true })),
    });
    expect((await loadNetwork(files[0])).task).toBe('classes');
    const forged = editJson(files[0], 'task', (goal) => Object.assign(goal, { task: 'numbers' }));
    await expect(loadNetwork(forged)).rejects.toThrow(
      /earlyStopping\.monitor: got "accuracy" for a network that learns numbers, want one of cost, meanAbs/,
    );
  });
});

/**
 * A network, targets of two samples for a first fit, targets of one sample that do not go with them, and the message.
 */
const CONTRADICTIONS: [string, NetworkOptions, Targets, Targets, string][] = [
  [
    'labels for numbers',
    options(1, { activation: 'linear' }),
    f(0.5, 2),
    Uint8Array.of(1),
    ': got Uint8Array of 1 bytes, want rows in a Float32Array or Float64Array: this network learns numbers (net.task)',
  ],
  [
    'a number for two classes',
    options(1),
    f(0, 1),
    f(-1),
    // the cost refuses this target, whatever the task is
    "[0]: got -1, want 0 to 1 for binaryCrossEntropy: activation: 'linear' on the last layer learns other numbers",
  ],
  [
    'a number for two classes',
    options(1, { activation: 'linear' }),
    f(0, 1),
    f(0.25),
    '[0] (row 0): got 0.25, want 0 or 1: this network learns classes (net.task)',
  ],
  [
    '0 for -1 and 1',
    options(1, { activation: 'tanh' }),
    f(-1, 1),
    f(0),
    '[0] (row 0): got 0, want -1 or 1: this network learns classes (net.task)',
  ],
  [
    '-1 for 0 and 1',
    options(1, { activation: 'tanh' }),
    f(0, 1),
    f(-1),
    '[0] (row 0): got -1, want 0 or 1: this network learns classes (net.task)',
  ],
  [
    'class labels for -1 and 1',
    options(1, { activation: 'tanh' }),
    f(-1, 1),
    Uint8Array.of(0),
    ': got Uint8Array of 1 bytes, want rows of -1 and 1, which this network has learnt: class labels stand for 0 and 1',
  ],
  [
    'a row of two ones for classes',
    options(2),
    f(1, 0, 0, 1),
    f(1, 1),
    ', row 0: got 2 ones, want 1: this network learns classes (net.task); rows with any number of ones need the task "labels"',
  ],
  [
    'a row without ones for classes',
    options(2, { activation: 'linear' }),
    Uint8Array.of(0, 1),
    f(0, 0),
    ', row 0: got 0 ones, want 1: this network learns classes (net.task); rows with any number of ones need the task "labels"',
  ],
  [
    'a number for labels',
    options(2, { activation: 'linear' }),
    f(1, 1, 0, 1),
    f(1, 0.5),
    '[1] (row 0): got 0.5, want 0 or 1: this network learns labels (net.task)',
  ],
];

describe('targets that contradict the task are refused', () => {
  it.each(CONTRADICTIONS)('%s', async (_, network, first, targets, end) => {
    const net = await createNetwork(network);
    await net.fit(dataOf(first, 2), still);
    const data = dataOf(targets, 1);
    const before = await net.save({ training: true });
    const right = dataOf(first, 2);
    await expect(net.evaluate(data)).rejects.toThrow(`data.targets${end}`);
    await expect(net.fit(data, { epochs: 1 })).rejects.toThrow(`data.targets${end}`);
    await expect(net.fit(right, { epochs: 1, validation: data })).rejects.toThrow(`options.validation.targets${end}`);
    expect(() => net.train(data, { epochs: 1 })).toThrow(`data.targets${end}`);
    await expect(net.fitStream(() => [data])).rejects.toThrow(`source: part 0.targets${end}`);
    const validated = net.fitStream(() => [right], { validation: data });
    await expect(validated).rejects.toThrow(`options.validation.targets${end}`);
    await expect(net.trainFor(data, 1)).rejects.toThrow(`data.targets${end}`);
    expect(() => net.trainBatch(data.inputs, targets)).toThrow(`y${end}`);
    expect(await net.save({ training: true })).toEqual(before);
    net.forward(data.inputs);
    expect(() => net.backward(targets)).toThrow(`y${end}`);
    // a network whose task was given as an option refuses the same targets
    const told = await createNetwork({ ...network, task: net.task });
    if (targets instanceof Float32Array && end.includes('0 or 1')) {
      await expect(told.evaluate(dataOf(f(...targets, ...targets.map(() => 0.75)), 2))).rejects.toThrow(
        /want (0|-1) or 1|0 to 1/,
      );
    }
  });

  it('in the second part of a stream, in either order', async () => {
    const [numbers, labels] = [dataOf(f(0.5, 2), 2), dataOf(Uint8Array.of(0, 1), 2)];
    for (const parts of [
      [numbers, labels],
      [labels, numbers],
    ]) {
      const net = await createNetwork(options(1, { activation: 'linear' }));
      await expect(net.fitStream(() => parts)).rejects.toThrow(
        /^source: part 1\.targets: got \w+ of \d bytes, want class labels for all data of a call, or rows of numbers for all$/,
      );
      expect(net.task).toBeUndefined();
      const [data, validation] = parts;
      await expect(net.fit(data, { epochs: 1, validation })).rejects.toThrow(
        /^options\.validation\.targets: got .*, want class/,
      );
      expect(net.task).toBeUndefined();
    }
    const told = await createNetwork(options(1, { activation: 'tanh', task: 'classes' }));
    await expect(told.fitStream(() => [dataOf(f(0, 1), 2), dataOf(f(-1, 1), 2)])).rejects.toThrow(
      /^source: part 1\.targets\[0\] \(row 0\): got -1, want 0 or 1/,
    );
  });

  it('class labels after rows of -1 and 1, because labels stand for 0 and 1, except with hinge', async () => {
    const parts = [dataOf(Uint8Array.of(0, 1), 2), dataOf(f(-1, 1), 2)];
    const net = await createNetwork(options(1, { activation: 'tanh' }));
    await expect(net.fitStream(() => parts)).rejects.toThrow(
      /^source: part 1\.targets: got .*, want class labels for all/,
    );
    const hinge = await createNetwork(options(1, { activation: 'tanh', cost: 'hinge' }));
    await hinge.fitStream(() => parts);
    expect(hinge.task).toBe('classes');
    const file = editJson(await hinge.save(), 'task', (goal) => Object.assign(goal, { isSigned: false }));
    await expect(loadNetwork(file)).rejects.toThrow(
      /^load: task\.isSigned: got false, want true for the task classes and the cost hinge$/,
    );
  });

  it('but rows of one number alone are classes if there are also class labels', async () => {
    const net = await createNetwork(options(1, { activation: 'linear' }));
    await net.fit(dataOf(Uint8Array.of(0, 1), 2), { epochs: 1, validation: dataOf(f(1, 1), 2) });
    expect(net.task).toBe('classes');
  });

  it('but other forms of the same targets are accepted', async () => {
    const net = await createNetwork(options(2));
    await net.fit(dataOf(f(1, 0, 0, 1), 2), { epochs: 1 });
    await net.fit(dataOf(Uint8Array.of(0, 1), 2), { epochs: 1, validation: dataOf(Float64Array.of(0, 1), 1) });
    const labels = await createNetwork(options(2));
    await labels.fit(dataOf(f(1, 1, 0, 1), 2), { epochs: 1 });
    // one label for each sample; with binaryCrossEntropy, probabilities too
    await labels.fit(dataOf(Uint8Array.of(0, 1), 2), { epochs: 1, validation: dataOf(f(0.25, 0.75), 1) });
    const numbers = await createNetwork(options(1, { activation: 'linear' }));
    await numbers.fit(dataOf(f(3, 4), 2), { epochs: 1 });
    await numbers.fit(dataOf(f(0, 1), 2), { epochs: 1, validation: dataOf(f(-1), 1) });
    expect([net.task, labels.task, numbers.task]).toEqual(['classes', 'labels', 'numbers']);
  });
});

describe('each task has its own metrics only', () => {
  const keys = (evaluation: Evaluation) => Object.keys(evaluation).sort();

  it('in evaluations and in reports', async () => {
    const cases: [NetworkOptions, Targets, string[]][] = [
      [
        options(1),
        f(0, 1, 1),
        ['accuracy', 'balancedAccuracy', 'confusion', 'correct', 'cost', 'macroF1', 'samples', 'task'],
      ],
      [
        options(2),
        f(0, 1, 1, 1, 0, 0),
        ['byLabel', 'cost', 'exactMatch', 'labelAccuracy', 'macroF1', 'microF1', 'samples', 'task'],
      ],
      [
        options(1, { activation: 'linear' }),
        f(0, 1, 2),
        ['byOutput', 'cost', 'meanAbsoluteError', 'meanSquaredError', 'r2', 'samples', 'task'],
      ],
    ];
    for (const [network, targets, wanted] of cases) {
      const net = await createNetwork(network);
      const data = dataOf(targets, 3);
      expect(keys(await net.evaluate(data))).toEqual(wanted);
      const { last } = await net.fit(data, { epochs: 1, validation: data });
      expect(keys(last!.validation!)).toEqual(wanted);
      expect(last!.validation).toEqual(await net.evaluate(data));
    }
  });

  it.each<[NetworkOptions, Targets, object, RegExp]>([
    [
      options(1),
      f(0.5),
      { rocAuc: true },
      /^options\.rocAuc: got true for a network that learns numbers, want classes or labels/,
    ],
    [
      options(2),
      f(0.5, 0.5),
      { topK: 1 },
      /^options\.topK: got 1 for a network that learns numbers, want classes \(net\.task\)$/,
    ],
    [
      options(2),
      f(1, 1),
      { topK: 1 },
      /^options\.topK: got 1 for a network that learns labels, want classes \(net\.task\)$/,
    ],
    [
      options(1),
      f(0.5),
      { threshold: 1 },
      /^options\.threshold: got one for a network that learns numbers, want classes or/,
    ],
    [
      options(3),
      Uint8Array.of(1),
      { threshold: 1 },
      /^options\.threshold: got one for 3 classes, want two classes, or labels$/,
    ],
    [
      options(1),
      f(1),
      { threshold: [0.5] },
      /^options\.threshold: got an array of 1, want a number from 0 to 1: 0.5 alone$/,
    ],
    [
      options(1, { activation: 'linear', task: 'classes' }),
      f(1),
      { threshold: 1e39 },
      /^options\.threshold: got 1e\+39, want a number that is finite in 32 bits$/,
    ],
    [
      options(2),
      f(1, 1),
      { threshold: 'low' },
      /^options\.threshold: got "low", want a number, or an array of 2, one for each output$/,
    ],
    [options(1), f(1), { threshold: 1.5 }, /^options\.threshold: got 1\.5, want a number from 0 to 1$/],
    [options(1), f(1), { threshold: -0.5 }, /^options\.threshold: got -0\.5, want a number from 0 to 1$/],
    [
      options(2, { activation: 'softmax' }),
      Uint8Array.of(1),
      { threshold: 50 },
      /^options\.threshold: got 50, want a number from 0 to 1$/,
    ],
    [options(2), f(1, 1), { threshold: [0.5, 2] }, /^options\.threshold\[1\]: got 2, want a number from 0 to 1$/],
    [options(2), f(1, 1), { threshold: 2 }, /^options\.threshold: got 2, want a number from 0 to 1$/],
    [
      options(1, { activation: 'tanh', task: 'classes' }),
      f(-1),
      { threshold: -2 },
      /^options\.threshold: got -2, want a number from -1 to 1$/,
    ],
    [options(2), f(1, 1), { threshold: [1] }, /^options\.threshold: got 1 number, want 2, one for each output$/],
    [options(2), f(1, 1), { threshold: [1, 2, 3] }, /^options\.threshold: got 3 numbers, want 2, one for each output$/],
    [
      options(2),
      f(1, 1),
      { threshold: [1, Number.NaN] },
      /^options\.threshold\[1\]: got NaN, want a number from 0 to 1$/,
    ],
    [
      options(2),
      f(1, 1),
      { threshold: new Array(2) },
      /^options\.threshold\[0\]: got undefined, want a number from 0 to 1$/,
    ],
  ])('%j with %j refuses %j', async (network, targets, given, message) => {
    const net = await createNetwork(network);
    await expect(net.evaluate(dataOf(targets, 1), given)).rejects.toThrow(message);
  });

  it('labels: counted by hand', async () => {
    // the outputs are 0.9, 0.2, 0.6 for every sample
    const biases = f(0.9, 0.2, 0.6);
    const layers = [{ units: 3, activation: 'linear' as const, initializer: { weights: new Float32Array(3), biases } }];
    const net = await createNetwork({ inputs: 1, layers });
    const data = dataOf(f(1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0), 4);
    // 1 0 1 is predicted for every sample; of the labels of the samples, 3, 2, 1 and 2 are right
    const evaluation = await net.evaluate(data);
    expect(evaluation).toMatchObject({ task: 'labels', exactMatch: 0.25, labelAccuracy: 8 / 12 });
    // label 0: predicted 4 times, 3 of them rightly; label 1: never predicted, occurs once; label 2: predicted 4 times,
    // 2 of them rightly
    expect(evaluation.byLabel).toEqual([
      { precision: 0.75, recall: 1, f1: 6 / 7, support: 3, predicted: 4 },
      { precision: 0, recall: 0, f1: 0, support: 1, predicted: 0 },
      { precision: 0.5, recall: 1, f1: 4 / 6, support: 2, predicted: 4 },
    ]);
    expect(evaluation.microF1).toBe(10 / 14);
    expect(evaluation.macroF1).toBeCloseTo((6 / 7 + 4 / 6) / 3, 15);
    // 0 0 1, then 1 1 1
    expect((await net.evaluate(data, { threshold: [1, 1, 0.5] })).exactMatch).toBe(0);
    expect((await net.evaluate(data, { threshold: 0.1 })).exactMatch).toBe(0.25);
  });

  it('-1 and 1: outputs above 0 mean 1, with any targets of an evaluation', async () => {
    const initializer = { weights: f(1), biases: f(-0.5) };
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'tanh', initializer }] });
    await net.fit({ inputs: f(0, 1), targets: f(-1, 1) }, still);
    const inputs = f(0, 0.4, 0.6, 0.9);
    const evaluation = await net.evaluate({ inputs, targets: f(-1, -1, 1, 1) });
    expect(evaluation).toMatchObject({ task: 'classes', correct: 4 });
    // all outputs are below 1/2
    expect((await net.evaluate({ inputs, targets: f(1, 1, 1, 1) })).correct).toBe(2);
    expect((await net.evaluate({ inputs, targets: f(1, 1, 1, 1) }, { threshold: 0.3 })).correct).toBe(1);
    const labels = await createNetwork({
      inputs: 1,
      layers: [{ units: 2, activation: 'tanh', initializer: { weights: f(1, -1), biases: f(-0.5, 0.7) } }],
    });
    const rows = f(-1, 1, -1, 1, 1, 1, 1, -1);
    expect(await labels.evaluate({ inputs, targets: rows })).toMatchObject({
      task: 'labels',
      exactMatch: 1,
      labelAccuracy: 1,
    });
  });

  it('a threshold is for outputs, not for targets', async () => {
    const net = await createNetwork(options(1, { activation: 'linear' }));
    net.layers[0].setWeights(f(0));
    const data = { inputs: f(0, 1, 2), targets: f(0, 1, 1) };
    const confusionAt = async (threshold: number) => (await net.evaluate(data, { threshold })).confusion;
    expect(await confusionAt(1.5)).toEqual([Uint32Array.of(1, 0), Uint32Array.of(2, 0)]);
    expect(await confusionAt(-0.5)).toEqual([Uint32Array.of(0, 1), Uint32Array.of(0, 2)]);
    const labels = await createNetwork(options(2, { activation: 'linear' }));
    const rows = { inputs: f(0, 1), targets: f(0, 1, 1, 1) };
    expect((await labels.evaluate(rows, { threshold: 1.5 })).byLabel!.map(({ support }) => support)).toEqual([1, 2]);
  });

  it('a threshold for two outputs applies to the second one; without a threshold, the larger output counts', async () => {
    const initializer = { weights: f(-1, 1), biases: f(0.9, 0) };
    const net = await createNetwork({ inputs: 1, layers: [{ units: 2, activation: 'linear', initializer }] });
    const data = { inputs: f(0.1, 0.4, 0.5, 0.8), targets: Uint8Array.of(0, 0, 1, 1) };
    expect((await net.evaluate(data)).confusion).toEqual([Uint32Array.of(2, 0), Uint32Array.of(0, 2)]);
    expect((await net.evaluate(data, { threshold: 0.7 })).confusion).toEqual([
      Uint32Array.of(2, 0),
      Uint32Array.of(1, 1),
    ]);
    expect((await net.evaluate(data, { threshold: 0.3 })).confusion).toEqual([
      Uint32Array.of(1, 1),
      Uint32Array.of(0, 2),
    ]);
  });
});

describe('early stopping', () => {
  const random = randomNumbers(3);
  const inputs = Float32Array.from({ length: 80 }, () => 2 * random() - 1);
  const cases: [Task, number, Float32Array, readonly Monitor[]][] = [
    [
      'classes',
      1,
      inputs.map((x) => Number(x + random() > 0.5)),
      ['cost', 'accuracy', 'balancedAccuracy', 'macroF1', 'rocAuc'],
    ],
    [
      'labels',
      2,
      Float32Array.from({ length: 160 }, (_, i) => Number(inputs[i >> 1] * (i % 2 ? 1 : -1) + random() > 0.5)),
      ['cost', 'exactMatch', 'labelAccuracy', 'microF1', 'macroF1', 'rocAuc'],
    ],
    ['numbers', 1, inputs.map((x) => x + random()), ['cost', 'meanAbsoluteError', 'meanSquaredError', 'r2']],
  ];
  const falling = ['cost', 'meanAbsoluteError', 'meanSquaredError'];

  it.each(cases)('watches every metric of %s, and no other', async (task, outputs, targets, monitors) => {
    const layers = [
      { units: 3, activation: 'tanh' as const },
      { units: outputs, activation: 'linear' as const },
    ];
    const network: NetworkOptions = { inputs: 1, layers, seed: 4 };
    const data: DataSet = { inputs, targets };
    const fit = { epochs: 30, batchSize: 8, optimizer: sgd({ learningRate: 0.3 }) };
    for (const monitor of monitors) {
      const net = await createNetwork(network);
      const earlyStopping = { monitor, patience: 40 };
      const reports = [...(await net.fit(data, { ...fit, validationSplit: 0.5, earlyStopping }))];
      expect(net.task).toBe(task);
      const values = reports.map(({ validation }) => validation![monitor]!);
      const best = falling.includes(monitor) ? Math.min(...values) : Math.max(...values);
      expect(reports.at(-1)!.bestEpoch).toBe(values.indexOf(best));
    }
    const others = cases.flatMap(([, , , each]) => each).filter((name) => !monitors.includes(name));
    const wanted = monitors.join(', ').replace('Accuracy, macroF1, rocAuc', 'Accuracy, macroF1, topKAccuracy, rocAuc');
    const net = await createNetwork(network);
    for (const monitor of others) {
      await expect(net.fit(data, { epochs: 1, validationSplit: 0.5, earlyStopping: { monitor } })).rejects.toThrow(
        `options.earlyStopping.monitor: got "${monitor}" for a network that learns ${task}, want one of ${wanted} (net.task)`,
      );
    }
    for (const monitor of ['topKAccuracy', 'loss', 'samples'] as unknown as Monitor[]) {
      await expect(net.fit(data, { epochs: 1, validationSplit: 0.5, earlyStopping: { monitor } })).rejects.toThrow(
        monitor === 'topKAccuracy' && task === 'classes' ? /topK: got undefined for one output/ : /monitor: got "/,
      );
    }
    expect(net.task).toBeUndefined();
  });
});

// with fused multiply-add, the second product is not rounded to infinity, so infinity - 9e76 is not NaN
test.skipIf(buildName === 'relaxed')('outputs that are not finite are named, and no metric counts them', async () => {
  // the outputs are x, infinity - infinity and 0: the second is NaN for large x
  const initializer = { weights: f(1, 0, 3e38, -3e38, 0, 0) };
  const layers = [{ units: 3, activation: 'linear' as const, initializer }];
  const net = await createNetwork({ inputs: 2, layers, cost: 'meanAbsoluteError', batchSize: 2 });
  const inputs = f(1, 0, 1, 0, 1, 0, 3e38, 3e38, 1, 0);
  expect(() => net.predict(inputs)).toThrow(
    /^x, row 3: got NaN at output 1, want finite outputs: the weights or the in/,
  );
  for (const [targets, network] of [
    [Uint8Array.of(1, 0, 2, 0, 1), net],
    [f(...Array.from({ length: 15 }, (_, i) => i % 2)), net],
    [f(...Array.from({ length: 15 }, (_, i) => i)), net],
  ] as const) {
    const message =
      /^data, row 3: got NaN at output 1, want finite outputs: the weights or the inputs of this row are too large$/;
    await expect(network.evaluate({ inputs, targets })).rejects.toThrow(message);
    await expect(network.evaluate({ inputs, targets })).rejects.toThrow(RangeError);
    const few = targets.length === 5 ? targets.subarray(0, 3) : targets.subarray(0, 9);
    expect((await network.evaluate({ inputs: inputs.subarray(0, 6), targets: few })).samples).toBe(3);
  }
  const infinite = await createNetwork({
    inputs: 2,
    layers: [{ units: 1, activation: 'linear', initializer: { weights: f(3e38, 0) } }],
  });
  await expect(infinite.evaluate({ inputs, targets: f(0, 1, 1, 0, 1) })).rejects.toThrow(
    /^data, row 3: got Infinity at output 0, want/,
  );
});

test.skipIf(buildName === 'relaxed')(
  'a validation names outputs that are not finite; with ignoreNonFinite, it counts them as wrong',
  async () => {
    const weights = f(1, 0, 3e38, -3e38);
    const layers = [{ units: 2, activation: 'linear' as const, initializer: { weights } }];
    const network: NetworkOptions = { inputs: 2, layers, cost: 'meanAbsoluteError' };
    const few = f(1, 0, 1, 0);
    const validationInputs = f(1, 0, 3e38, 3e38);
    const cases: [Targets, Targets, object][] = [
      // the outputs are 1 and 3e38, then 3e38 and NaN
      [
        Uint8Array.of(1, 1),
        Uint8Array.of(1, 0),
        { correct: 1, accuracy: 0.5, macroF1: Number.NaN, confusion: [Uint32Array.of(0, 0), Uint32Array.of(0, 1)] },
      ],
      [
        f(1, 1, 1, 0),
        f(1, 1, 0, 0),
        { exactMatch: 0.5, labelAccuracy: 0.5, byLabel: [{ predicted: 1 }, { predicted: 1 }] },
      ],
      [f(1, 2, 1, 2), f(1, 2, 1, 2), { meanAbsoluteError: Number.NaN, r2: Number.NaN }],
    ];
    for (const [targets, validationTargets, wanted] of cases) {
      const data = { inputs: few.map((x) => x * 1e-38), targets };
      const validation = { inputs: validationInputs, targets: validationTargets };
      const net = await createNetwork(network);
      await expect(net.fit(data, { ...still, validation })).rejects.toThrow(
        /^options\.validation, row 1: got NaN at output 1, want finite outputs/,
      );
      const [report] = await net.fit(data, { ...still, validation, ignoreNonFinite: true });
      expect(report.validation).toMatchObject(wanted);
      if (net.task === 'numbers') continue;
      const earlyStopping = { monitor: 'rocAuc' as const };
      const [watched] = await net.fit(data, { ...still, validation, ignoreNonFinite: true, earlyStopping });
      expect(watched.validation!.rocAuc).toBeNaN();
    }
  },
);
