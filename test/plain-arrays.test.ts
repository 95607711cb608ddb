import { describe, expect, it } from 'vitest';
import { type DataSet, type Inputs, sgd, type Targets } from '../src/index.js';
import { createNetwork } from './build.js';

const XOR = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] }; // biome-ignore format: a table
const TYPED = { inputs: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), targets: Float32Array.of(0, 1, 1, 0) };

const forXor = () => createNetwork({ inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 });
const forClasses = () => createNetwork({ inputs: 2, layers: [{ units: 3, activation: 'softmax' }], seed: 1 });

const FORMS: [name: string, Inputs][] = [
  ['numbers', [0, 0, 0, 1, 1, 0, 1, 1]],
  ['rows of numbers', XOR.inputs],
  ['rows of floats', [0, 2, 4, 6].map((at) => TYPED.inputs.subarray(at, at + 2))],
  ['rows of doubles', XOR.inputs.map((row) => Float64Array.from(row))],
  ['rows of bytes', XOR.inputs.map((row) => Uint8Array.from(row))],
  ['rows of several types', [[0, 0], Float32Array.of(0, 1), Uint8Array.of(1, 0), [1, 1]]],
];

describe('plain arrays', () => {
  it.each(FORMS)('inputs as %s give the bits of a typed array in every call', async (_, inputs) => {
    const [net, same] = [await forXor(), await forXor()];
    expect(net.predict(inputs)).toEqual(same.predict(TYPED.inputs));
    const options = { epochs: 3, batchSize: 2, optimizer: sgd({ learningRate: 1 }), standardize: true };
    const data = { inputs, targets: XOR.targets, weights: [1, 2, 0, 1] };
    const typed = { ...TYPED, weights: Float32Array.of(1, 2, 0, 1) };
    const history = await net.fit(data, { ...options, validation: data });
    expect(history.column('cost')).toEqual((await same.fit(typed, { ...options, validation: typed })).column('cost'));
    expect(await net.evaluate(data)).toEqual(await same.evaluate(typed));
    expect(await net.evaluate(data)).toEqual(await same.evaluate(typed));
    expect(net.trainBatch(inputs, XOR.targets, [1, 2, 0, 1])).toBe(
      same.trainBatch(TYPED.inputs, TYPED.targets, typed.weights),
    );
    net.forward(inputs);
    same.forward(TYPED.inputs);
    expect(net.backward([0, 1, 1, 0], [1, 1, 1, 2])).toBe(same.backward(TYPED.targets, Float32Array.of(1, 1, 1, 2)));
    await net.trainFor(data, 1e-3);
    await net.fitStream(() => [data, data]);
    const inspector = await net.inspect();
    expect(inspector.jacobian(inputs).length).toBe(8);
    expect(inspector.sampleGradients(inputs, XOR.targets).length).toBe(2);
    expect(inspector.checkGradients(inputs, XOR.targets).cost).toBeGreaterThan(0);
  });

  it('one sample is a plain array of numbers', async () => {
    const net = await forXor();
    expect(net.predict([1, 0])).toEqual(net.predict(Float32Array.of(1, 0)));
    expect(net.predict([[1, 0]])).toBeInstanceOf(Float32Array);
  });

  it.each<[string, Targets, Targets]>([
    ['labels', [2, 0, 1, 1], Uint8Array.of(2, 0, 1, 1)],
    ['rows', [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0]], Float32Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0)], // biome-ignore format: a table
    ['rows of bytes', [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0]].map((row) => Uint8Array.from(row)), Float32Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0)], // biome-ignore format: a table
    [
      'rows one after another',
      [0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0],
      Float32Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0),
    ],
  ])('targets of classes as %s', async (_, targets, typed) => {
    const net = await forClasses();
    expect(await net.evaluate({ inputs: XOR.inputs, targets })).toEqual(
      await net.evaluate({ inputs: TYPED.inputs, targets: typed }),
    );
  });

  const weights = (...values: unknown[]) => ({ ...XOR, weights: values });

  it.each<[string, unknown, string]>([
    ['null', { ...XOR, inputs: [[0, 0], [0, null], [1, 0], [1, 1]] }, 'inputs[1][1] (row 1, column 1): got null, want a finite number: a value is missing'], // biome-ignore format: a table
    ['undefined', { ...XOR, inputs: [[0, 0], [0, 1], [undefined, 0], [1, 1]] }, 'inputs[2][0] (row 2, column 0): got undefined, want a finite number: a value is missing'], // biome-ignore format: a table
    ['NaN', { ...XOR, inputs: [[0, 0], [0, Number.NaN], [1, 0], [1, 1]] }, 'inputs[1][1] (row 1, column 1): got NaN, want a finite number'], // biome-ignore format: a table
    ['NaN in a typed array', { ...TYPED, inputs: Float32Array.of(0, 0, 0, 1, 1, 0, 1, Number.NaN) }, 'inputs[7] (row 3, column 1): got NaN, want a finite number'], // biome-ignore format: a table
    ['a number too large for 32 bits', { ...XOR, inputs: [[0, 0], [0, 1], [1, 0], [1, 1e39]] }, 'inputs[7] (row 3, column 1): got 1e+39, want a number that is finite in 32 bits'], // biome-ignore format: a table
    ['a short row', { ...XOR, inputs: [[0, 0], [0, 1], [1], [1, 1]] }, 'inputs[2]: got a row of 1, want 2 numbers, one for each input'], // biome-ignore format: a table
    ['a number among rows', { ...XOR, inputs: [[0, 0], 1, [1, 0]] }, 'inputs[1]: got 1, want a row of 2 numbers, one for each input'], // biome-ignore format: a table
    ['a row among numbers', { ...XOR, inputs: [0, [0, 1]] }, 'inputs[1] (row 0, column 1): got an array of 2, want a finite number'], // biome-ignore format: a table
    ['rows in rows', { ...XOR, inputs: [[[0, 0]], [[1, 1]]] }, 'inputs[0]: got a row of 1, want 2 numbers, one for each input'], // biome-ignore format: a table
    ['text', { ...XOR, inputs: [['0', 0]] }, 'inputs[0][0] (row 0, column 0): got "0", want a finite number: Number(value) converts it'], // biome-ignore format: a table
    ['no sample', { ...XOR, inputs: [] }, 'inputs: got 0 numbers, want rows of 2 numbers, at least one'],
    ['a target of NaN', { ...XOR, targets: [[0], [1], [Number.NaN], [0]] }, 'targets[2][0] (row 2): got NaN, want a finite number'], // biome-ignore format: a table
    [
      'too few targets',
      { ...XOR, targets: [[0], [1]] },
      'targets: got 2 numbers, want 4, 1 for each of 4 samples of 2 inputs: or inputs: 4 at create',
    ],
    [
      'too few flat targets',
      { ...XOR, targets: [0, 1] },
      'targets: got 2 numbers, want 4, 1 for each of 4 samples of 2 inputs: or inputs: 4 at create',
    ],
    ['a weight of null', weights(1, 1, null, 1), 'weights[2]: got null, want a finite number: a value is missing'],
    ['a negative weight', weights(1, 1, -1, 1), 'weights[2]: got -1, want a finite number from 0 up'],
  ])('%s is refused with its row and column, and changes nothing', async (_, data, message) => {
    const net = await forXor();
    const before = await net.save();
    await expect(net.fit(data as DataSet, { epochs: 1 })).rejects.toThrow(`data.${message}`);
    await expect(net.evaluate(data as DataSet)).rejects.toThrow(`data.${message}`);
    expect(await net.save()).toEqual(before);
  });

  it.each<[string, Targets, string]>([
    ['labels that are not integers', [0, 1, 1.5, 0], 'data.targets[2]: got 1.5, want an integer: as many numbers as'],
    ['labels out of range', [0, 1, 3, 0], 'data.targets[2]: got 3, want a label from 0 to 2'],
    ['labels beyond 32 bits', [0, 1, 2 ** 32, 0], 'data.targets[2]: got 4294967296, want an integer'],
    ['nested labels', [[0], [1], [2], [0]], 'data.targets[0]: got a row of 1, want 3 numbers, one for each output: labels of classes are not nested: [0, 2, 1]'], // biome-ignore format: a table
  ])('%s are refused', async (_, targets, message) => {
    const net = await forClasses();
    await expect(net.evaluate({ inputs: XOR.inputs, targets })).rejects.toThrow(message);
  });

  it('what is changed after the call has no effect', async () => {
    const [net, same] = [await forXor(), await forXor()];
    const data = { inputs: XOR.inputs.map((row) => [...row]), targets: XOR.targets.map((row) => [...row]) };
    const options = { epochs: 2, standardize: true, validationSplit: 0.25 } as const;
    const training = net.fit(data, options);
    for (const row of [...data.inputs, ...data.targets]) row.fill(Number.NaN);
    expect((await training).column('cost')).toEqual((await same.fit(TYPED, options)).column('cost'));
  });
});
