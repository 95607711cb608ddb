import { describe, expect, it } from 'vitest';
import { joinSafetensors } from '../../src/exchange/safetensors.js';
import { sgd } from '../../src/index.js';
import { readSafetensors, writeSafetensors } from '../../src/safetensors.js';
import { createNetwork, loadNetwork } from '../build.js';
import { jsonOf } from '../saved-files.js';
import { contentsOf, INPUTS, make, NETWORKS } from './networks.js';

const floats = (count: number, first = 0) => Float32Array.from({ length: count }, (_, i) => Math.sin(first + i));

/** Linear layers 4 to 5 to 3, as PyTorch names those of a Sequential. */
const STATE = [
  { name: '0.weight', shape: [5, 4], values: floats(20) },
  { name: '0.bias', shape: [5], values: floats(5, 20) },
  { name: '2.weight', shape: [3, 5], values: floats(15, 30) },
  { name: '2.bias', shape: [3], values: floats(3, 50) },
];

describe('a network in a safetensors file', () => {
  it.each(Object.keys(NETWORKS))('comes back with the same bits: %s', async (name) => {
    const net = await make(name);
    const { network, notes } = await readSafetensors(await writeSafetensors(net));
    expect(notes).toEqual([]);
    expect(contentsOf(network)).toEqual(contentsOf(net));
    network.optimizer = net.optimizer;
    expect(jsonOf(await network.save(), 'network')).toEqual(jsonOf(await net.save(), 'network'));
    // loadNetwork makes a network of the build under test
    const copy = await loadNetwork(await network.save());
    const [again, wanted] = [copy.predict(INPUTS), net.predict(INPUTS)];
    expect(Buffer.from(again.buffer).equals(Buffer.from(wanted.buffer))).toBe(true);
  });

  it('can be trained and saved', async () => {
    const { network } = await readSafetensors(await writeSafetensors(await make('one output')));
    const inputs = INPUTS.subarray(0, 400);
    const targets = Uint8Array.from({ length: 100 }, (_, i) => Number(INPUTS[4 * i] > INPUTS[4 * i + 1]));
    const history = await network.fit({ inputs, targets }, { epochs: 3, optimizer: sgd({ learningRate: 0.1 }) });
    const [first, , last] = [...history];
    expect(last.cost).toBeLessThan(first.cost);
    expect((await network.save()).length).toBeGreaterThan(100);
  });

  it('leaves a custom cost behind, and says so', async () => {
    const half = { value: () => 0, gradient: () => {} };
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1, activation: 'linear' }], cost: half });
    const { network } = await readSafetensors(await writeSafetensors(net));
    expect(network.cost).toBe('quadratic');
  });

  it('takes the options of a network that no file has', async () => {
    const file = await writeSafetensors(await make('cost quadratic'));
    const { network } = await readSafetensors(file, { network: { cost: 'huber', l2: 0.5, batchSize: 7, seed: 99 } });
    expect([network.cost, network.l2, network.seed]).toEqual(['huber', 0.5, 99]);
    await expect(readSafetensors(file, { network: { inputs: 3 } as object })).rejects.toThrow('unknown key "inputs"');
    await expect(readSafetensors(file, { activations: ['relu', 'linear'] })).rejects.toThrow(
      'options.activations: got one for a file that says itself what its network is, want none for this file',
    );
  });
});

describe('a state dict in a safetensors file', () => {
  it('is a network with the activations given', async () => {
    const file = joinSafetensors(STATE, {});
    const { network, notes } = await readSafetensors(file, { activations: ['relu', 'softmax'] });
    expect(notes).toEqual([]);
    expect(network.task).toBe('classes');
    expect(network.layers.map(({ activation }) => activation)).toEqual(['relu', 'softmax']);
    expect(network.layers[0].getWeights()).toEqual(STATE[0].values);
    expect(network.layers[1].getBiases()).toEqual(STATE[3].values);
  });

  it('is refused without activations, with the shapes of its layers', async () => {
    await expect(readSafetensors(joinSafetensors(STATE, {}))).rejects.toThrow(
      'readSafetensors: got no options.activations, want 2 activations, one for each of "0" 4 to 5, "2" 5 to 3: ' +
        'the file does not say them',
    );
  });

  it('has its layers in the order of the numbers in their names, however the writer has sorted them', async () => {
    const wide = (name: string) => ({ name: `${name}.weight`, shape: [4, 4], values: floats(16, Number(name)) });
    const last = { name: '12.weight', shape: [2, 4], values: floats(8) };
    const activations = ['relu', 'tanh', 'linear'] as const;
    for (const tensors of [
      [wide('10'), last, wide('2')],
      [wide('10'), wide('2'), last],
    ]) {
      const { network } = await readSafetensors(joinSafetensors(tensors, {}), { activations });
      expect(network.layers[0].getWeights()).toEqual(floats(16, 2));
    }
    const file = joinSafetensors([wide('10'), last, wide('2')], {});
    const given = await readSafetensors(file, { activations, layers: ['10', '2', '12'] });
    expect(given.network.layers[0].getWeights()).toEqual(floats(16, 10));
  });

  it('has other layers in the only order that fits, and is refused if there are several', async () => {
    const layer = (name: string, units: number, inputs: number) => ({
      name: `${name}.weight`,
      shape: [units, inputs],
      values: floats(units * inputs, units),
    });
    const only = joinSafetensors([layer('hidden', 5, 7), layer('input', 7, 4), layer('output', 3, 5)], {});
    const { network } = await readSafetensors(only, { activations: ['relu', 'tanh', 'linear'] });
    expect(network.layers.map(({ units }) => units)).toEqual([7, 5, 3]);
    const several = joinSafetensors([layer('hidden', 4, 4), layer('input', 4, 4), layer('output', 3, 4)], {});
    await expect(readSafetensors(several, { activations: ['relu', 'tanh', 'linear'] })).rejects.toThrow(
      'want options.layers, the names of the layers in their order: their widths fit together in more than one',
    );
    const layers = ['input', 'hidden', 'output'];
    const named = await readSafetensors(several, { activations: ['relu', 'tanh', 'linear'], layers });
    expect(named.network.layers[2].units).toBe(3);
  });

  it('has batch normalisation folded into its weights', async () => {
    const norm = (name: string) => [
      { name: `${name}.weight`, shape: [5], values: Float32Array.of(1, 2, 0.5, -1, 3) },
      { name: `${name}.bias`, shape: [5], values: floats(5, 60) },
      { name: `${name}.running_mean`, shape: [5], values: floats(5, 70) },
      { name: `${name}.running_var`, shape: [5], values: Float32Array.of(1, 4, 9, 0.25, 2) },
    ];
    const x = INPUTS.subarray(0, 4);
    const expected = (isBefore: boolean) => {
      const z = Array.from({ length: 5 }, (_, j) =>
        [0, 1, 2, 3].reduce((sum, k) => sum + STATE[0].values[4 * j + k] * x[k], STATE[1].values[j]),
      );
      const [g, b, m, v] = norm('1').map(({ values }) => values);
      const bn = (value: number, j: number) => ((value - m[j]) / Math.sqrt(v[j] + 1e-5)) * g[j] + b[j];
      const a = isBefore ? z.map((s, j) => Math.max(0, bn(s, j))) : z.map((s, j) => bn(Math.max(0, s), j));
      return Array.from({ length: 3 }, (_, j) =>
        a.reduce((sum, value, k) => sum + STATE[2].values[5 * j + k] * value, STATE[3].values[j]),
      );
    };
    const close = (got: Float32Array, wanted: readonly number[]) =>
      expect(Math.max(...wanted.map((value, j) => Math.abs(got[j] - value) / (1 + Math.abs(value))))).toBeLessThan(
        1e-6,
      );
    const activations = ['relu', 'linear'] as const;
    const before = await readSafetensors(joinSafetensors([...STATE, ...norm('1')], {}), {
      activations,
      layers: ['0', '1', '2'],
    });
    close(before.network.predict(x), expected(true));
    const after = await readSafetensors(joinSafetensors([...STATE.slice(0, 2), ...norm('1'), ...STATE.slice(2)], {}), {
      activations,
      batchNorm: 'after',
    });
    close(after.network.predict(x), expected(false));
    const named = [...STATE.slice(0, 2), ...norm('bn'), ...STATE.slice(2)];
    await expect(readSafetensors(joinSafetensors(named, {}), { activations })).rejects.toThrow('options.batchNorm');
  });

  it('with the slopes of PReLU, one or one for each unit', async () => {
    const x = floats(4, 5);
    const expected = (slopeOf: (j: number) => number) => {
      const z = Array.from({ length: 5 }, (_, j) =>
        x.reduce((sum, value, k) => sum + STATE[0].values[4 * j + k] * value, STATE[1].values[j]),
      );
      const a = z.map((value, j) => (value > 0 ? value : slopeOf(j) * value));
      return Array.from({ length: 3 }, (_, j) =>
        a.reduce((sum, value, k) => sum + STATE[2].values[5 * j + k] * value, STATE[3].values[j]),
      );
    };
    const activations = ['prelu', 'linear'] as const;
    for (const slopes of [Float32Array.of(0.5), Float32Array.of(0.5, -1, 2, 0, 0.125)]) {
      const tensors = [...STATE, { name: '1.weight', shape: [slopes.length], values: slopes }];
      const { network, notes } = await readSafetensors(joinSafetensors(tensors, {}), { activations });
      const at = (j: number) => slopes[slopes.length === 1 ? 0 : j];
      expect([...network.layers[0].getSlopes()]).toEqual([0, 1, 2, 3, 4].map(at));
      const wanted = expected(at);
      const got = network.predict(x);
      for (const [j, value] of wanted.entries()) expect(Math.abs(got[j] - value)).toBeLessThan(1e-6);
      expect(notes).toEqual(slopes.length === 1 ? [expect.stringContaining('the one slope of "1"')] : []);
    }
    const file = joinSafetensors([...STATE, { name: '1.weight', shape: [4], values: floats(4) }], {});
    await expect(readSafetensors(file, { activations })).rejects.toThrow('"1": got 4 slopes, want 1, or 5');
    const none = joinSafetensors(STATE, {});
    await expect(readSafetensors(none, { activations })).rejects.toThrow('got 1 layer with prelu for 0 tensors');
  });

  it.each([
    ['a convolution', { name: 'conv.weight', shape: [2, 2, 1, 1], values: floats(4) }, /of a convolution/],
    [
      'a lone vector',
      { name: 'act.weight', shape: [1], values: floats(1) },
      /got 0 layers with prelu for 1 tensors that may be slopes, "act", want 'prelu' where the model has a PReLU/,
    ],
    ['a layer that fits nowhere', { name: '4.weight', shape: [7, 9], values: floats(63) }, /widths fit together/],
  ])('with %s is refused with the reason', async (_, tensor, message) => {
    const file = joinSafetensors([...STATE, tensor], {});
    await expect(readSafetensors(file, { activations: ['relu', 'linear'] })).rejects.toThrow(message);
  });
});

describe('a damaged safetensors file', () => {
  const header = (text: string, data = 0) => {
    const bytes = new TextEncoder().encode(text);
    const file = new Uint8Array(8 + bytes.length + data);
    new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
    file.set(bytes, 8);
    return file;
  };
  const entry = (more: object) => JSON.stringify({ x: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...more } });

  it.each([
    ['no header', new Uint8Array(4), 'got 4 bytes'],
    ['a header of 2^60 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 16, 0x7b), 'no length of a header'],
    ['a gap', header(entry({ data_offsets: [4, 8] }), 8), 'data_offsets from 4, want 0, without gaps'],
    ['bytes left over', header(entry({}), 8), 'got 8 bytes of data, want 4'],
    ['an absurd shape', header(entry({ shape: [2 ** 40, 2 ** 40] }), 4), 'want a shape that memory can hold'],
    ['a shape that its bytes do not fill', header(entry({ shape: [2] }), 4), 'got 4 bytes, want 8'],
    ['an unknown type', header(entry({ dtype: 'constructor' }), 4), 'want one of F64, F32'],
    ['a list as header', header('{"x":[1]}'), 'want an object'],
    ['deep JSON', header(`{"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`), 'at most 200 levels'],
    ['text that is no JSON', header('{x}'), 'no JSON'],
    ['bytes that are no text', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff), 'no UTF-8'],
    ['metadata that are numbers', header('{"__metadata__":{"a":1}}'), 'want a string'],
    [
      '__proto__ as a tensor',
      header('{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4),
      '"__proto__"',
    ],
  ])('with %s is refused', async (_, file, message) => {
    await expect(readSafetensors(file)).rejects.toThrow(message);
  });
});
