import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NetworkOptions, Optimizer } from '../src/index.js';
import * as library from '../src/index.js';
import { deltas, forward, gradients, type ReferenceNetwork, slopeDeltas, step } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { readSections } from '../src/persistence/read-sections.js';
import { createNetwork, loadNetwork } from './build.js';
import { parameterBits } from './parameters.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

// prelu: a slope for each unit, which is trained like a bias; and leakyRelu and elu with constants of their own.

const OPTIONS: NetworkOptions = {
  inputs: 3,
  layers: [
    { units: 5, activation: ['prelu', 'tanh', 'prelu', { name: 'leakyRelu', slope: 0.2 }, 'prelu'] },
    { units: 20, activation: 'prelu' },
    { units: 2, activation: 'prelu' },
  ],
  cost: 'quadratic',
  batchSize: 8,
  seed: 1,
};

const random = randomNumbers(5);
const INPUTS = randomFloats(3 * 60, random);
const TARGETS = randomFloats(2 * 60, random);
const DATA = { inputs: INPUTS, targets: TARGETS };

async function make(options: Partial<NetworkOptions> = {}): Promise<Network> {
  return await createNetwork({ ...OPTIONS, ...options });
}

/** The network in f64. */
function referenceOf(net: Network): ReferenceNetwork {
  return {
    inputs: net.inputs,
    cost: 'quadratic',
    layers: net.layers.map((layer) => ({
      units: layer.units,
      activation: layer.activation,
      weights: Float64Array.from(layer.getWeights()),
      biases: Float64Array.from(layer.getBiases()),
      slopes: Float64Array.from(layer.getSlopes()),
    })),
  };
}

const slopesIn = (net: Network) => net.layers.flatMap((layer) => [...layer.getSlopes()]);

describe('slopes', () => {
  it('begin at 0.25, and are 0 for units with another function', async () => {
    const net = await make();
    expect([...net.layers[0].getSlopes()]).toEqual([0.25, 0, 0.25, 0, 0.25]);
    expect(net.layers[1].getSlopes()).toEqual(new Float32Array(20).fill(0.25));
    const plain = await createNetwork({ inputs: 1, layers: [{ units: 2, activation: 'relu' }] });
    expect(plain.layers[0].getSlopes()).toEqual(new Float32Array(2));
  });

  it('count as parameters', async () => {
    const net = await make();
    expect(net.parameters).toBe(5 * (3 + 2) + 20 * (5 + 2) + 2 * (20 + 2));
    expect(net.summary()).toContain('prelu/tanh/leakyRelu(0.2)');
  });

  it('can be given and changed, only for units of prelu', async () => {
    const initializer = { weights: new Float32Array(6).fill(1), slopes: [0.5, 0] };
    const net = await createNetwork({ inputs: 3, layers: [{ units: 2, activation: ['prelu', 'relu'], initializer }] });
    expect([...net.predict([-1, -1, -1])]).toEqual([-1.5, 0]);
    net.layers[0].setSlopes([-2, 0]);
    expect([...net.predict([-1, -1, -1])]).toEqual([6, 0]);
    expect(() => net.layers[0].setSlopes([1, 0.5])).toThrow(
      'layers[0].setSlopes[1]: got 0.5 for relu, want 0: only prelu has slopes to train',
    );
    expect(() => net.layers[0].setSlopes([1])).toThrow('layers[0].setSlopes: got 1 number, want 2');
    expect(() => net.layers[0].setSlopes([Number.NaN, 0])).toThrow(RangeError);
    expect([...net.layers[0].getSlopes()]).toEqual([-2, 0]);
    await expect(
      createNetwork({
        inputs: 1,
        layers: [{ units: 1, activation: 'relu', initializer: { weights: [1], slopes: [1] } }],
      }),
    ).rejects.toThrow('layers[0].initializer.slopes[0]: got 1 for relu, want 0');
  });

  it('have the gradients of the reference, with weights of samples too', async () => {
    const net = await make();
    net.layers[1].setSlopes(randomFloats(20, random));
    const weights = Float32Array.from({ length: 8 }, (_, i) => i / 4);
    const [x, y] = [INPUTS.subarray(0, 24), TARGETS.subarray(0, 16)];
    net.forward(x);
    net.backward(y, weights);
    const network = referenceOf(net);
    const [x64, y64, w64] = [x, y, weights].map((values) => Float64Array.from(values));
    const values = forward(network, x64);
    const delta = deltas(network, values, y64, w64);
    // gradients are means over the samples whose weight is not 0
    const wanted = gradients(network, x64, values, delta, slopeDeltas(network, values, y64, delta, w64));
    for (const [l, layer] of net.layers.entries()) {
      layer.getSlopeGradients().forEach((g, j) => {
        expect(Math.abs(g - (wanted[l].dSlopes[j] * 8) / 7)).toBeLessThan(1e-6);
      });
    }
  });

  it('move with every optimizer, and the loss falls', async () => {
    const optimizers: Optimizer[] = [
      library.sgd({ learningRate: 0.1 }),
      library.sgd({ learningRate: 0.1, clipNorm: 0.5 }),
      library.momentum({ learningRate: 0.02 }),
      library.nesterov({ learningRate: 0.02 }),
      library.adagrad({ learningRate: 0.05 }),
      library.adadelta({ learningRate: 1 }),
      library.rmsprop({ learningRate: 0.005 }),
      library.adam({ learningRate: 0.01 }),
      library.adamw({ learningRate: 0.01 }),
      library.nadam({ learningRate: 0.01 }),
      library.lion({ learningRate: 0.003 }),
      library.irprop(),
      library.lbfgs(),
    ];
    for (const optimizer of optimizers) {
      const net = await make();
      const isFull = optimizer.name === 'irprop' || optimizer.name === 'lbfgs';
      const costs = (await net.fit(DATA, { epochs: 10, batchSize: isFull ? 60 : 8, optimizer })).column('cost');
      expect(costs.at(-1), optimizer.name).toBeLessThan(costs[0]);
      const moved = net.layers.map(
        (layer) => layer.getSlopes().filter((slope) => slope !== 0.25 && slope !== 0).length,
      );
      expect(moved, optimizer.name).toEqual([3, 20, 2]);
      // unit 1 has another function: its slope stays 0
      expect(net.layers[0].getSlopes()[1], optimizer.name).toBe(0);
      net.dispose();
    }
  });

  it('follow the steps of the reference, one sample at a time and in batches', async () => {
    for (const rows of [1, 2, 8]) {
      const net = await make({ l2: 0.5 });
      let network = referenceOf(net);
      net.trainingSamples = 60;
      net.optimizer = library.sgd({ learningRate: 0.1 });
      for (let first = 0; first < 24; first += rows) {
        const [x, y] = [
          INPUTS.subarray(3 * first, 3 * (first + rows)),
          TARGETS.subarray(2 * first, 2 * (first + rows)),
        ];
        net.trainBatch(x, y);
        const settings = { learningRate: 0.1, l2: 0.5, trainingSamples: 60 };
        network = step(network, Float64Array.from(x), Float64Array.from(y), settings);
      }
      const wanted = network.layers.flatMap(({ slopes }) => [...slopes!]);
      slopesIn(net).forEach((slope, i) => {
        expect(Math.abs(slope - wanted[i])).toBeLessThan(1e-5);
      });
    }
  });

  it('are not moved by penalties', async () => {
    const still = { inputs: new Float32Array(3), targets: new Float32Array(2) };
    const penalties = { l1: 0.1, l2: 0.1, penalizeBiases: true };
    const runs: [Optimizer, Partial<NetworkOptions>][] = [
      [library.sgd({ learningRate: 0.1 }), penalties],
      [library.adam({ learningRate: 0.1 }), penalties],
      [library.adamw({ learningRate: 0.1, weightDecay: 0.5 }), penalties],
      [library.lbfgs(), { ...penalties, l1: 0 }],
    ];
    for (const [optimizer, options] of runs) {
      const net = await make(options);
      const before = parameterBits(net);
      await net.fit(still, { epochs: 3, batchSize: 1, shuffle: false, optimizer });
      expect(parameterBits(net), optimizer.name).not.toEqual(before);
      expect(new Set(slopesIn(net)), optimizer.name).toEqual(new Set([0.25, 0]));
    }
  });

  it('belong to the length of the gradient that clipNorm limits', async () => {
    const net = await make();
    const before = slopesIn(net);
    net.forward(INPUTS.subarray(0, 24));
    net.backward(TARGETS.subarray(0, 16));
    const parts = net.layers.flatMap((layer) => [
      ...layer.getWeightGradients(),
      ...layer.getBiasGradients(),
      ...layer.getSlopeGradients(),
    ]);
    const length = Math.hypot(...parts);
    net.optimizer = library.sgd({ learningRate: 1, clipNorm: length / 4 });
    const gradient = net.layers.flatMap((layer) => [...layer.getSlopeGradients()]);
    net.applyGradients();
    slopesIn(net).forEach((slope, i) => {
      expect(Math.abs(slope - (before[i] - gradient[i] / 4))).toBeLessThan(1e-5);
    });
  });

  it('have moments and gradients of each sample in the inspector', async () => {
    const net = await make();
    await net.fit(DATA, { epochs: 1, batchSize: 8, optimizer: library.adam() });
    const inspector = await net.inspect();
    for (const [l, { units }] of net.layers.entries()) {
      const { m, v } = inspector.moments(l);
      expect(m.slopes).toHaveLength(units);
      expect(v.slopes!.some((value) => value > 0)).toBe(true);
    }
    const [x, y] = [INPUTS.subarray(0, 24), TARGETS.subarray(0, 16)];
    const each = inspector.sampleGradients(x, y);
    net.forward(x);
    net.backward(y);
    for (const [l, layer] of net.layers.entries()) {
      layer.getSlopeGradients().forEach((mean, j) => {
        let sum = 0;
        for (let row = 0; row < 8; row++) sum += each[l].slopes![row * layer.units + j];
        expect(Math.abs(sum / 8 - mean)).toBeLessThan(1e-6);
      });
    }
    const check = inspector.checkGradients(x, y);
    expect(check.error).toBeLessThan(1e-4);
    expect(check.parameters).toBe(net.parameters);
  });

  it('are copied with the weights, to networks that have them', async () => {
    const [net, other] = [await make(), await make({ seed: 2 })];
    other.layers[1].setSlopes(new Float32Array(20).fill(-1));
    net.copyWeights(other);
    expect(parameterBits(net)).toEqual(parameterBits(other));
    const layers = OPTIONS.layers.map(({ units }) => ({ units, activation: 'relu' }) as const);
    const plain = await make({ layers });
    expect(() => net.copyWeights(plain)).toThrow(
      'got the layers 3-5-20-2, want 3-5-20-2 with slopes in layers[0], layers[1], layers[2]',
    );
  });
});

describe('files', () => {
  it('hold activations, constants and slopes, and training resumes with the same bits', async () => {
    const net = await make();
    const options = { epochs: 6, batchSize: 8, optimizer: library.adam({ learningRate: 0.01 }) };
    let file: Uint8Array | undefined;
    await net.fit(DATA, {
      ...options,
      onEpoch: async ({ epoch }) => {
        if (epoch === 2) file = await net.save({ training: true });
      },
    });
    const loaded = await loadNetwork(file!);
    expect(loaded.layers.map(({ activation }) => activation)).toEqual(net.layers.map(({ activation }) => activation));
    await loaded.fit(DATA, options);
    expect(parameterBits(loaded)).toEqual(parameterBits(net));
    expect(loaded.predict(INPUTS)).toEqual(net.predict(INPUTS));
  });

  it('of networks with the first activations alone are as they were', async () => {
    const names = async (layers: NetworkOptions['layers']) => {
      const file = await (await createNetwork({ inputs: 1, layers })).save();
      return readSections(file).map(({ name, isRequired }) => `${name} ${isRequired}`);
    };
    expect(await names([{ units: 1, activation: ['leakyRelu'] }])).toEqual([
      'network true',
      'parameters true',
      'optimizer false',
    ]);
    for (const activation of ['mish', 'prelu', { name: 'elu', alpha: 2 }] as const) {
      // an older version refuses a required section that it does not know: "the file was saved by a newer simdprop"
      expect(await names([{ units: 1, activation }])).toContain('activations true');
    }
  });

  it('with other activations than layers are refused', async () => {
    const file = await (await make()).save();
    const text = Buffer.from(file).toString('latin1');
    expect(text).toContain('[["prelu","tanh","prelu",{"name":"leakyRelu","slope":0.2},"prelu"],"prelu","prelu"]');
    const { crc32 } = await import('../src/check/crc32.js');
    const forged = (from: string, to: string) => {
      const bytes = Uint8Array.from(Buffer.from(text.replace(from, to.padEnd(from.length)), 'latin1'));
      new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
      return bytes;
    };
    const list = '["prelu","tanh","prelu",{"name":"leakyRelu","slope":0.2},"prelu"],"prelu","prelu"';
    await expect(loadNetwork(forged(list, '"prelu","prelu"'))).rejects.toThrow('load: activations: got another list');
    await expect(loadNetwork(forged('"slope":0.2', '"slope":"a"'))).rejects.toThrow(
      'load: layers[0].activation[3].slope: got "a", want a finite number',
    );
    await expect(loadNetwork(forged('"prelu","tanh"', '"prexu","tanh"'))).rejects.toThrow(RangeError);
  });

  it('of the earlier versions are there', () => {
    expect(readFileSync(new URL('golden-saved/version-2-activations.simdprop', import.meta.url)).length).toBe(2964);
  });
});

describe('constants of leakyRelu and elu', () => {
  const of = (activation: unknown) =>
    createNetwork({ inputs: 1, layers: [{ units: 1, activation: activation as 'relu' }] });

  it('are those of the name if they are the usual ones', async () => {
    expect((await of({ name: 'leakyRelu', slope: 0.01 })).layers[0].activation).toBe('leakyRelu');
    expect((await of({ name: 'elu', alpha: 1 })).layers[0].activation).toBe('elu');
    const { activation } = (await of({ name: 'elu', alpha: 2 })).layers[0];
    expect(activation).toEqual({ name: 'elu', alpha: 2 });
    expect(Object.isFrozen(activation)).toBe(true);
  });

  it.each<[unknown, string]>([
    [{ name: 'leakyRelu' }, 'layers[0].activation.slope: got undefined, want a finite number'],
    [
      { name: 'leakyRelu', slope: 1e39 },
      'layers[0].activation.slope: got 1e+39, want a number that is finite in 32 bits',
    ],
    [{ name: 'leakyRelu', alpha: 1 }, 'layers[0].activation: got the unknown key "alpha"'],
    [{ name: 'elu', alpha: 0 }, 'layers[0].activation.alpha: got 0, want a positive number'],
    [{ name: 'elu', slope: 1 }, 'layers[0].activation: got the unknown key "slope"'],
    [{ name: 'tanh' }, 'layers[0].activation.name: got "tanh", want one of leakyRelu, elu'],
    [{}, 'layers[0].activation.name: got undefined, want one of leakyRelu, elu'],
    [() => 1, 'layers[0].activation: got a function, want one of linear, sigmoid'],
  ])('%o is refused', async (activation, message) => {
    await expect(of(activation)).rejects.toThrow(message);
  });
});
