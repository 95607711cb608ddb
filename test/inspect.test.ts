import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActivationName, CostName, Inputs, NetworkOptions, Optimizer, TrainOptions } from '../src/index.js';
import type { Inspector, LayerParameters } from '../src/inspection/inspector.js';
import {
  activations,
  forward,
  gradients,
  type LayerValues,
  meanCost,
  type ReferenceActivation,
  type ReferenceCost,
  type ReferenceNetwork,
} from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { adadelta, adam, adamw, irprop, lbfgs, lion, momentum, nadam, rmsprop, sgd } from '../src/spec/optimizer.js';
import { createNetwork, EPSILON, randomNumbers } from './build.js';

const SEED = Number(process.env.SIMDPROP_SEED ?? 1);

const ELEMENTWISE = (Object.keys(activations) as ReferenceActivation[]).filter((name) => name !== 'softmax');

const float64 = (values: ArrayLike<number>) => Float64Array.from(values);

/** `net` in f64, and where its core has chosen the pieces of functions with kinks: after its forward pass. */
function referenceOf(net: Network): { network: ReferenceNetwork; at: LayerValues[] } {
  const layers = net.layers.map(({ units, activation, weights, biases }) => ({
    units,
    activation: activation as ReferenceActivation,
    weights: float64(weights),
    biases: float64(biases),
  }));
  const at = net.layers.map(({ z, a }) => ({ z: float64(z), a: float64(a) }));
  return { network: { inputs: net.inputs, layers, cost: net.cost as ReferenceCost }, at };
}

/** Random biases too: the initialisers leave them 0. */
async function networkOf(options: NetworkOptions, seed: number): Promise<Network> {
  const net = await createNetwork({ seed, ...options });
  const random = randomNumbers(seed);
  for (const [l, layer] of net.layers.entries()) {
    if (options.layers[l].bias !== false) layer.biases = layer.biases.map(() => random() - 0.5);
  }
  return net;
}

const numbers = (random: () => number, count: number) => Float32Array.from({ length: count }, () => 3 * random() - 1.5);

const expectAllClose = (
  where: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  bound: (i: number) => number,
) => {
  expect(got.length, where).toBe(want.length);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= bound(i))) {
      expect.fail(`${where}[${i}]: got ${got[i]}, want ${want[i]} within ${bound(i)}`);
    }
  }
};

describe('the demon', () => {
  const ROWS = 3;
  const AMOUNT = 2 ** -6;
  const distributions = (random: () => number, rows: number, outputs: number) => {
    const y = new Float32Array(rows * outputs);
    for (let row = 0; row < rows; row++) y[row * outputs + Math.floor(random() * outputs)] = 1;
    return y;
  };
  const some = (random: () => number, rows: number, outputs: number) =>
    Float32Array.from({ length: rows * outputs }, random);
  const signs = (random: () => number, rows: number, outputs: number) =>
    some(random, rows, outputs).map((value) => (value < 0.5 ? -1 : 1));

  const endings: readonly [CostName, readonly ActivationName[], typeof some][] = [
    ['quadratic', [...ELEMENTWISE, 'softmax'], some],
    ['meanAbsoluteError', [...ELEMENTWISE, 'softmax'], some],
    ['huber', [...ELEMENTWISE, 'softmax'], some],
    ['binaryCrossEntropy', ['sigmoid'], some],
    ['categoricalCrossEntropy', ['softmax'], distributions],
    ['kullbackLeibler', ['softmax'], distributions],
    ['hinge', ['linear', 'tanh'], signs],
    ['poisson', ['softplus'], some],
  ];
  const pairs = endings.flatMap(([cost, outputs, targets]) => outputs.map((output) => ({ cost, output, targets })));
  // every activation in a hidden layer, under every cost and output
  const cases = pairs.map((pair, i) => ({
    ...pair,
    hidden: [ELEMENTWISE[i % ELEMENTWISE.length], ELEMENTWISE[(5 * i + 3) % ELEMENTWISE.length]],
  }));

  /** Where a function or its slope has a corner, a move across it shows the mean of two slopes. */
  const CORNERS: Partial<Record<ReferenceActivation, readonly number[]>> = {
    relu: [0],
    leakyRelu: [0],
    elu: [0],
    selu: [0],
    softsign: [0],
    hardSigmoid: [-3, 3],
  };

  /** Whether every function is on the piece that it was on. */
  function isOnItsPieces(
    { layers, cost }: ReferenceNetwork,
    values: LayerValues[],
    at: LayerValues[],
    y: Float64Array,
  ) {
    const isSame = layers.every(({ activation }, l) =>
      (CORNERS[activation as ReferenceActivation] ?? []).every((corner) =>
        values[l].z.every((z, i) => z > corner === at[l].z[i] > corner),
      ),
    );
    const sides: Partial<Record<ReferenceCost, (a: number, y: number) => boolean>> = {
      meanAbsoluteError: (ak, yk) => ak > yk,
      huber: (ak, yk) => Math.abs(ak - yk) < 1,
      hinge: (ak, yk) => ak * yk < 1,
    };
    const side = sides[cost] ?? (() => true);
    const before = at.at(-1)!.a;
    return isSame && values.at(-1)!.a.every((ak, k) => side(ak, y[k]) === side(before[k], y[k]));
  }

  const AMOUNTS = [AMOUNT, -AMOUNT];
  const weights = Float32Array.of(1, 0.5, 2);

  /** A network and a batch, after its backward pass; what the reference says of it with an amount added to one weighted input. */
  async function perturbable({ cost, output, hidden, targets }: (typeof cases)[number], seed: number) {
    const net = await networkOf(
      {
        inputs: 4,
        layers: [
          { units: 6, activation: hidden[0] },
          { units: 5, activation: hidden[1] },
          { units: 3, activation: output },
        ],
        cost,
      },
      seed,
    );
    const random = randomNumbers(seed);
    const x = numbers(random, ROWS * 4);
    const y = targets(random, ROWS, 3);
    net.forward(x);
    net.backward(y, weights);
    const { network } = referenceOf(net);
    const base = forward(network, float64(x));
    const moved = (l: number, unit: number, amount: number) => {
      const { biases } = network.layers[l];
      const layers = network.layers.with(l, { ...network.layers[l], biases: biases.with(unit, biases[unit] + amount) });
      return forward({ ...network, layers }, float64(x));
    };
    const neurons = net.layers.flatMap(({ units }, l) => Array.from({ length: units }, (_, unit) => ({ l, unit })));
    const isSmooth = neurons.every(({ l, unit }) =>
      AMOUNTS.every((amount) => isOnItsPieces(network, moved(l, unit, amount), base, float64(y))),
    );
    /** w_x C_x of one sample. */
    const costOf = (values: LayerValues[], sample: number) => {
      const own = float64(weights).map((weight, row) => (row === sample ? weight : 0));
      return meanCost(network, values, float64(y), own) * ROWS;
    };
    return { net, neurons, isSmooth, base, moved, costOf };
  }

  it.each(cases)('$cost of $output outputs, $hidden: its ratio is delta at every neuron', async (given) => {
    let seed = SEED + 100 * cases.indexOf(given);
    let candidate = await perturbable(given, seed);
    while (!candidate.isSmooth) candidate = await perturbable(given, ++seed);
    const { net, neurons, base, moved, costOf } = candidate;
    const inspector = await net.inspect();
    for (const { l, unit } of neurons) {
      for (let sample = 0; sample < ROWS; sample++) {
        const changes = AMOUNTS.map((amount) => {
          const change = inspector.perturb({ layer: l, unit, sample, amount });
          const wanted = costOf(moved(l, unit, amount), sample) - costOf(base, sample);
          // f32 rounds what lies between
          expect(Math.abs(change - wanted)).toBeLessThan(200 * EPSILON * (1 + costOf(base, sample)));
          return change;
        });
        // the mean of both sides is off by a sixth of the third derivative times the square of the amount, and by rounding
        const ratio = (changes[0] - changes[1]) / (2 * AMOUNT);
        const own = net.layers[l].delta[sample * net.layers[l].units + unit];
        const where = `seed ${seed}, layer ${l}, unit ${unit}, sample ${sample}: ratio ${ratio}, delta ${own}`;
        expect(Math.abs(ratio - own), where).toBeLessThan(1e-3 * (0.5 + Math.abs(own)));
      }
    }
  });

  it('a cost of one’s own and a function for each unit: its ratio is delta at every neuron', async () => {
    const smooth = ['sigmoid', 'tanh', 'gelu', 'silu', 'softplus', 'linear'] as const;
    const net = await networkOf(
      {
        inputs: 3,
        layers: [
          { units: 6, activation: smooth },
          { units: 2, activation: ['tanh', 'linear'] },
        ],
        cost: {
          value: (a, y) => a.reduce((sum, ak, k) => sum + (ak - y[k]) ** 4 / 4, 0),
          gradient(a, y, out) {
            for (let k = 0; k < a.length; k++) out[k] = (a[k] - y[k]) ** 3;
          },
        },
      },
      7,
    );
    const inspector = await net.inspect();
    net.forward(numbers(randomNumbers(7), 6));
    net.backward(Float32Array.of(1, 0, -1, 2));
    net.layers.forEach(({ units, delta }, layer) => {
      delta.forEach((own, i) => {
        const move = (amount: number) =>
          inspector.perturb({ layer, unit: i % units, sample: Math.floor(i / units), amount });
        expect(Math.abs((move(AMOUNT) - move(-AMOUNT)) / (2 * AMOUNT) - own)).toBeLessThan(
          2e-3 * (0.5 + Math.abs(own)),
        );
      });
    });
  });

  it('leaves everything as it was: z, a, delta, gradients, and the step that follows', async () => {
    const layers: NetworkOptions['layers'] = [
      { units: 5, activation: 'tanh', dropout: 0.5 },
      { units: 2, bias: false },
    ];
    const [net, other] = await Promise.all([1, 1].map((seed) => createNetwork({ inputs: 3, layers, seed })));
    const [x, y] = [numbers(randomNumbers(1), 12), new Float32Array(8).fill(0.25)];
    const inspector = await net.inspect();
    for (const each of [net, other]) {
      each.optimizer = adam();
      each.forward(x);
      each.backward(y);
    }
    for (let unit = 0; unit < 5; unit++) inspector.perturb({ layer: 0, unit, sample: 2, amount: 0.5 });
    inspector.perturb({ layer: 1, unit: 1, amount: -1 });
    inspector.inputGradients();
    net.layers.forEach((layer, l) => {
      for (const name of ['z', 'a', 'delta', 'weightGradients', 'biasGradients', 'weights', 'biases'] as const) {
        expect(layer[name]).toEqual(other.layers[l][name]);
      }
    });
    for (const each of [net, other]) each.applyGradients();
    expect(net.save({ training: true })).toEqual(other.save({ training: true }));
  });

  it('takes back what it did where a cost of one’s own throws', async () => {
    let isBroken = false;
    const net = await createNetwork({
      inputs: 2,
      layers: [{ units: 2, activation: 'linear' }],
      cost: {
        value(a, y) {
          if (isBroken) throw new Error('broken');
          return (a[0] - y[0]) ** 2;
        },
        gradient(a, y, out) {
          out[0] = 2 * (a[0] - y[0]);
        },
      },
    });
    const inspector = await net.inspect();
    net.forward(Float32Array.of(1, 2));
    net.backward(Float32Array.of(1, 2));
    const before = net.layers.map(({ z, a, delta, biases }) => ({ z, a, delta, biases }));
    isBroken = true;
    expect(() => inspector.perturb({ layer: 0, unit: 0, amount: 1 })).toThrow('broken');
    expect(net.layers.map(({ z, a, delta, biases }) => ({ z, a, delta, biases }))).toEqual(before);
    isBroken = false;
    const slope = (inspector.perturb({ layer: 0, unit: 0, amount: 0.125 }) / 0.125) as number;
    // (d + h)^2 - d^2 = 2 d h + h^2
    expect(slope).toBeCloseTo(before[0].delta[0] + 0.125, 5);
  });
});

/** A [rows × of × by] times b [rows × by × before], in f64. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, rows: number, by: number): Float64Array {
  const [of, before] = [a.length / rows / by, b.length / rows / by];
  const result = new Float64Array(rows * of * before);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < of; i++) {
      for (let k = 0; k < before; k++) {
        for (let j = 0; j < by; j++) {
          result[(r * of + i) * before + k] += a[(r * of + i) * by + j] * b[(r * by + j) * before + k];
        }
      }
    }
  }
  return result;
}

/**
 * How large the terms of a Jacobian are: the product of the layers' |W|, no slope being above 1.76. What f32 loses, slopes at z that are
 * themselves rounded included, is so many roundings of that.
 */
function termsOf(net: Network, of: number, by: number): Float64Array {
  let terms: Float64Array = float64(net.layers[of].weights).map(Math.abs);
  for (let l = of - 1; l > by; l--) terms = product(terms, net.layers[l].weights.map(Math.abs), 1, net.layers[l].units);
  return terms.map((term) => term * 1.76 ** (of - by));
}
const ROUNDINGS = 200;

describe('Jacobians', () => {
  const width = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(16, 17, 33));
  const scenario = fc.record({
    inputs: fc.oneof(width, fc.constant(40)),
    hidden: fc.array(
      fc.record({ units: width, activation: fc.constantFrom(...ELEMENTWISE, 'mixed'), bias: fc.boolean() }),
      {
        maxLength: 3,
      },
    ),
    outputs: width,
    output: fc.constantFrom<ActivationName>(...ELEMENTWISE, 'softmax'),
    rows: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
  });

  it('are the products of the layers’ Jacobians, and what the outputs do where an input is moved', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ inputs, hidden, outputs, output, rows, seed }) => {
        const random = randomNumbers(seed);
        const net = await networkOf(
          {
            inputs,
            layers: [
              ...hidden.map(({ units, activation, bias }) => ({
                units,
                bias,
                activation:
                  activation === 'mixed'
                    ? Array.from({ length: units }, () => ELEMENTWISE[Math.floor(random() * ELEMENTWISE.length)])
                    : activation,
              })),
              { units: output === 'softmax' ? Math.max(2, outputs) : outputs, activation: output },
            ],
            cost: 'quadratic',
            batchSize: 2,
          },
          seed,
        );
        const inspector = await net.inspect();
        const x = numbers(random, rows * inputs);
        const last = net.layers.length - 1;
        for (let of = 0; of <= last; of++) {
          let chain: ArrayLike<number> = inspector.jacobian(x, { of, by: of - 1 });
          for (let by = of - 2; by >= -1; by--) {
            chain = product(chain, inspector.jacobian(x, { of: by + 1, by }), rows, net.layers[by + 1].units);
            const terms = termsOf(net, of, by);
            const jacobian = inspector.jacobian(x, { of, by });
            expectAllClose(`da^${of}/da^${by}`, jacobian, chain, (i) => ROUNDINGS * EPSILON * terms[i % terms.length]);
          }
        }
        const whole = inspector.jacobian(x);
        const { network, at } = referenceOf(net);
        const units = net.outputs;
        const h = 2 ** -15;
        const differences = new Float64Array(whole.length);
        for (let i = 0; i < x.length; i++) {
          const outputsAt = (value: number) => forward(network, float64(x).with(i, value), at)[last].a;
          const [above, below] = [outputsAt(x[i] + h), outputsAt(x[i] - h)];
          const row = Math.floor(i / inputs);
          for (let j = 0; j < units; j++) {
            const place = row * units + j;
            differences[place * inputs + (i % inputs)] = (above[place] - below[place]) / (2 * h);
          }
        }
        const terms = termsOf(net, last, -1);
        // beside f32's own error, the differences have one: h² of the third derivative and the rounding of a over h
        expectAllClose(
          'da^L/dx',
          whole,
          differences,
          (i) => (ROUNDINGS * EPSILON + 1e-6) * (terms[i % terms.length] + 1),
        );
        net.dispose();
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  interface Golden {
    name: string;
    inputs: number;
    cost: CostName;
    rows: number;
    x: number[];
    y: number[];
    jacobian: number[];
    inputGradients: number[];
    layers: {
      units: number;
      activation: ActivationName | ActivationName[];
      weights: number[];
      biases: number[];
      jacobian: number[];
      sampleWeightGradients: number[];
      sampleBiasGradients: number[];
    }[];
  }
  const file = readFileSync(new URL('./golden-jacobians/jacobians.json', import.meta.url), 'utf8');
  const { networks } = JSON.parse(file) as { networks: Golden[] };

  it.each(networks)('of $name, gradients by input and by sample, are those of PyTorch in float64', async (golden) => {
    const { inputs, layers, cost } = golden;
    const net = await createNetwork({
      inputs,
      layers: layers.map(({ units, activation }) => ({ units, activation })),
      cost,
    });
    layers.forEach(({ weights, biases }, l) => {
      net.layers[l].weights = Float32Array.from(weights);
      net.layers[l].biases = Float32Array.from(biases);
    });
    const [x, y] = [Float32Array.from(golden.x), Float32Array.from(golden.y)];
    const inspector = await net.inspect();
    const last = layers.length - 1;
    const whole = termsOf(net, last, -1);
    expectAllClose(
      'da^L/dx',
      inspector.jacobian(x),
      golden.jacobian,
      (i) => ROUNDINGS * EPSILON * whole[i % whole.length],
    );
    layers.forEach(({ jacobian }, l) => {
      const terms = termsOf(net, l, l - 1);
      const got = inspector.jacobian(x, { of: l, by: l - 1 });
      expectAllClose(`da^${l}/da^${l - 1}`, got, jacobian, (i) => ROUNDINGS * EPSILON * terms[i % terms.length]);
    });
    const samples = inspector.sampleGradients(x, y);
    const largest = (values: number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const relative = (values: number[]) => () => ROUNDINGS * EPSILON * largest(values);
    layers.forEach(({ sampleWeightGradients, sampleBiasGradients }, l) => {
      const { weights, biases } = samples[l];
      expectAllClose(`dC_x/dW of ${l}`, weights, sampleWeightGradients, relative(sampleWeightGradients));
      expectAllClose(`dC_x/db of ${l}`, biases, sampleBiasGradients, relative(sampleBiasGradients));
    });
    net.forward(x);
    net.backward(y);
    expectAllClose('dC_x/dx', inspector.inputGradients(), golden.inputGradients, relative(golden.inputGradients));
  });

  it('are W for a linear layer, bit for bit, and W times the slope for another', async () => {
    const net = await networkOf({ inputs: 18, layers: [{ units: 19, activation: 'linear' }, { units: 2 }] }, 3);
    const inspector = await net.inspect();
    const x = numbers(randomNumbers(2), 36);
    const { weights } = net.layers[0];
    expect(inspector.jacobian(x, { of: 0 })).toEqual(Float32Array.from([...weights, ...weights]));
    const jacobian = inspector.jacobian(x, { by: 0 });
    const { a, weights: w } = net.layers[1];
    // da_j/da_k = w_jk a_j (1 - a_j): three roundings
    const wanted = Array.from({ length: 2 * 2 * 19 }, (_, i) => {
      const aj = a[Math.floor(i / 19)];
      return w[i % (2 * 19)] * aj * (1 - aj);
    });
    expectAllClose('da^3/da^2', jacobian, wanted, (i) => 4 * EPSILON * Math.abs(w[i % 38]));
  });

  it('take delta back a layer: delta^l = (da^(l+1)/da^l)^T delta^(l+1) where both are linear', async () => {
    const layers = [5, 18, 3].map((units) => ({ units, activation: 'linear' as const }));
    const net = await networkOf({ inputs: 4, layers }, 9);
    const inspector = await net.inspect();
    const x = numbers(randomNumbers(4), 8);
    const jacobians = [1, 2].map((of) => inspector.jacobian(x, { of, by: of - 1 }));
    net.forward(x);
    net.backward(numbers(randomNumbers(5), 6));
    jacobians.forEach((jacobian, l) => {
      const [before, after] = [net.layers[l], net.layers[l + 1]];
      const wanted = product(after.delta, jacobian, 2, after.units);
      const sizes = product(after.delta.map(Math.abs), jacobian.map(Math.abs), 2, after.units);
      expectAllClose('delta', before.delta, wanted, (i) => (after.units + 1) * EPSILON * sizes[i]);
    });
  });

  it('are by inputs as the network gets them: bytes after scale, before standardisation', async () => {
    const net = await networkOf({ inputs: 3, layers: [{ units: 4, activation: 'tanh' }, { units: 2 }] }, 5);
    const inspector = await net.inspect();
    const bytes = Uint8Array.of(0, 51, 255, 102, 7, 9);
    const floats = Float32Array.from(bytes, (byte) => Math.fround(byte * Math.fround(1 / 255)));
    expect(inspector.jacobian(bytes)).toEqual(inspector.jacobian(floats));
    const deviations = Float32Array.of(0.5, 2, 4);
    const means = new Float32Array(3);
    const before = inspector.jacobian(floats.map((value, i) => value / deviations[i % 3]));
    net.standardization = { means, deviations };
    expect(inspector.jacobian(floats)).toEqual(before.map((value, i) => value / deviations[i % 3]));
  });
});

describe('gradients by input and by sample', () => {
  const net = () =>
    networkOf(
      {
        inputs: 5,
        layers: [
          { units: 9, activation: 'silu' },
          { units: 4, activation: 'softmax' },
        ],
        l2: 0.5,
        labelSmoothing: 0.1,
      },
      4,
    );
  const rows = 6;
  const x = numbers(randomNumbers(9), rows * 5);
  const labels = Uint8Array.of(0, 1, 2, 3, 1, 1);
  const weights = Float32Array.of(1, 2, 0, 0.5, 1, 3);

  it('average to the gradient of the batch, each that of the sample alone', async () => {
    const network = await net();
    const inspector = await network.inspect();
    const samples = inspector.sampleGradients(x, labels, weights);
    network.forward(x);
    network.backward(labels, weights);
    const mean = (values: Float32Array) => {
      const width = values.length / rows;
      return Array.from({ length: width }, (_, i) => {
        const own = Array.from({ length: rows }, (_, row) => values[row * width + i]);
        return { mean: own.reduce((s, g) => s + g, 0) / rows, size: own.reduce((s, g) => s + Math.abs(g), 0) / rows };
      });
    };
    network.layers.forEach(({ weightGradients, biasGradients }, l) => {
      for (const [got, own] of [
        [weightGradients, samples[l].weights],
        [biasGradients, samples[l].biases],
      ]) {
        const wanted = mean(own);
        // a product, a sum of six and 1/6 rounded
        expectAllClose(
          'mean',
          got,
          wanted.map((value) => value.mean),
          (i) => 10 * EPSILON * wanted[i].size,
        );
      }
    });
    network.forward(x.subarray(15, 20));
    network.backward(labels.subarray(3, 4), weights.subarray(3, 4));
    const { weightGradients, biasGradients } = network.layers[1];
    expect(samples[1].weights.subarray(3 * 36, 4 * 36)).toEqual(weightGradients);
    expect(samples[1].biases.subarray(3 * 4, 4 * 4)).toEqual(biasGradients);
  });

  it('are what the cost does where an input is moved', async () => {
    const network = await net();
    const inspector = await network.inspect();
    network.forward(x);
    network.backward(labels, weights);
    const got = inspector.inputGradients();
    const { network: reference, at } = referenceOf(network);
    const y = Float64Array.from({ length: rows * 4 }, (_, i) => (labels[Math.floor(i / 4)] === i % 4 ? 0.925 : 0.025));
    const h = 2 ** -15;
    const wanted = Array.from(x, (value, i) => {
      const costAt = (moved: number) =>
        meanCost(reference, forward(reference, float64(x).with(i, moved), at), y, float64(weights)) * rows;
      return (costAt(value + h) - costAt(value - h)) / (2 * h);
    });
    expectAllClose('dC_x/dx', got, wanted, () => 1e-5);
  });

  it('agree with the Jacobian: dC/dx = (da^L/dx)^T dC/da', async () => {
    const network = await networkOf(
      { inputs: 5, layers: [{ units: 7, activation: 'gelu' }, { units: 3 }], cost: 'quadratic' },
      6,
    );
    const inspector = await network.inspect();
    const y = numbers(randomNumbers(3), rows * 3);
    const jacobian = inspector.jacobian(x);
    network.forward(x);
    network.backward(y);
    const { a } = network.layers[1];
    const slopes = a.map((ak, k) => ak - y[k]);
    const wanted = product(slopes, jacobian, rows, 3);
    expectAllClose('dC/dx', inspector.inputGradients(), wanted, () => 1e-5);
  });
});

describe('moments', () => {
  const options: NetworkOptions = {
    inputs: 3,
    layers: [
      { units: 17, activation: 'tanh' },
      { units: 2, bias: false },
    ],
    seed: 2,
  };
  const x = numbers(randomNumbers(1), 12);
  const y = new Float32Array(8).fill(0.3);

  /** One step, and the gradient that it took. */
  async function afterSteps(optimizer: Optimizer, steps: number) {
    const net = await createNetwork(options);
    net.optimizer = optimizer;
    const taken: LayerParameters[][] = [];
    for (let t = 0; t < steps; t++) {
      net.forward(x);
      net.backward(y);
      taken.push(
        net.layers.map(({ weightGradients, biasGradients }) => ({ weights: weightGradients, biases: biasGradients })),
      );
      net.applyGradients();
    }
    return { net, taken, inspector: await net.inspect() };
  }

  const names: readonly [Optimizer, readonly string[]][] = [
    [sgd({ learningRate: 0.1 }), []],
    [momentum({ learningRate: 0.1 }), ['m']],
    [rmsprop(), ['v']],
    [adadelta(), ['v', 'u']],
    [adam(), ['m', 'v']],
    [adamw(), ['m', 'v']],
    [nadam(), ['m', 'v']],
    [lion(), ['m']],
    [irprop(), ['step', 'sign']],
    [lbfgs(), []],
  ];
  it.each(names.map(([optimizer, symbols]) => ({ optimizer, symbols, name: optimizer.name })))(
    'of $name are called $symbols, in the shapes of weights and biases',
    async ({ optimizer, symbols }) => {
      const net = await createNetwork(options);
      const inspector = await net.inspect();
      net.optimizer = optimizer;
      net.layers.forEach(({ weights, biases }, l) => {
        const moments = inspector.moments(l);
        expect(Object.keys(moments)).toEqual(symbols);
        for (const values of Object.values(moments)) {
          expect(values).toEqual({ weights: weights.map(() => 0), biases: biases.map(() => 0) });
        }
      });
    },
  );

  it('of Adam are the means of the gradients and of their squares, weights and biases of each layer at their places', async () => {
    const { taken, inspector } = await afterSteps(adam(), 2);
    for (const l of [0, 1]) {
      const { m, v } = inspector.moments(l);
      for (const key of ['weights', 'biases'] as const) {
        const [first, second] = taken.map((layers) => float64(layers[l][key]));
        const mean = first.map((g, i) => 0.9 * 0.1 * g + 0.1 * second[i]);
        const squares = first.map((g, i) => 0.999 * 0.001 * g * g + 0.001 * second[i] ** 2);
        expectAllClose(
          `m of ${l}`,
          m[key],
          mean,
          (i) => 8 * EPSILON * (Math.abs(first[i]) + Math.abs(second[i])) + 1e-12,
        );
        expectAllClose(`v of ${l}`, v[key], squares, (i) => 1e-4 * squares[i] + 1e-12);
      }
    }
  });

  it('of iRPROP+ have the signs of the last gradients', async () => {
    const { taken, inspector } = await afterSteps(irprop(), 1);
    const { step, sign } = inspector.moments(0);
    expect(sign.weights).toEqual(taken[0][0].weights.map(Math.sign));
    expect(new Set(step.biases)).toEqual(new Set([Math.fround(0.01)]));
  });

  it('are copies', async () => {
    const { inspector } = await afterSteps(momentum({ learningRate: 0.1 }), 1);
    const before = inspector.moments(0);
    inspector.moments(0).m.weights.fill(7);
    expect(inspector.moments(0)).toEqual(before);
  });
});

describe('looking', () => {
  const options: NetworkOptions = {
    inputs: 4,
    layers: [
      { units: 8, activation: 'relu', dropout: 0.3 },
      { units: 3, activation: 'softmax' },
    ],
    l1: 1e-4,
    seed: 8,
  };
  const random = randomNumbers(5);
  const data = {
    inputs: numbers(random, 40 * 4),
    targets: Uint8Array.from({ length: 40 }, () => Math.floor(3 * random())),
  };
  const x = data.inputs.slice(0, 12);
  const y = data.targets.slice(0, 3);

  /** Everything that may be done amid fit. */
  function look(net: Network, inspector: Inspector) {
    for (const l of [0, 1]) inspector.moments(l);
    inspector.jacobian(x);
    inspector.jacobian(x, { of: 0 });
    inspector.sampleGradients(x, y);
    net.forward(x);
    net.backward(y);
    inspector.perturb({ layer: 0, unit: 2, sample: 1, amount: 0.25 });
    inspector.inputGradients();
  }

  it.each<[string, TrainOptions]>([
    ['mini-batches', { batchSize: 7, epochs: 3, optimizer: adam() }],
    ['accumulated steps', { batchSize: 5, accumulate: 3, epochs: 3, optimizer: adam() }],
    ['plain descent', { batchSize: 7, epochs: 3, optimizer: sgd({ learningRate: 0.1 }) }],
  ])('at everything in callbacks leaves the bits of training: %s', async (_, fit) => {
    const [net, quiet] = await Promise.all([createNetwork(options), createNetwork(options)]);
    const inspector = await net.inspect();
    let looked = 0;
    const onBatch = () => {
      look(net, inspector);
      looked++;
    };
    const onProgress = () => look(net, inspector);
    const reports = await net.fit(data, { ...fit, onBatch, onProgress });
    const expected = await quiet.fit(data, fit);
    expect(looked).toBeGreaterThan(8);
    expect(reports.map(({ cost }) => cost)).toEqual(expected.map(({ cost }) => cost));
    expect(net.save({ training: true })).toEqual(quiet.save({ training: true }));
  });

  it('shows a mini-batch amid fit: z, a, delta and gradients are those of the reference', async () => {
    const net = await createNetwork({
      ...options,
      layers: [{ units: 8, activation: 'tanh' }, options.layers[1]],
      l1: 0,
    });
    const fit = { batchSize: 10, shuffle: false, optimizer: adam() } as const;
    let batches = 0;
    await net.fit(data, {
      ...fit,
      onBatch() {
        const [inputs, labels] = [data.inputs.subarray(batches * 40, batches * 40 + 40), data.targets];
        batches++;
        // adam has moved the weights since: z and a say what they were
        const { network, at } = referenceOf(net);
        const delta = net.layers.map((layer) => float64(layer.delta));
        const last = at[1].a.map((ak, i) => ak - Number(labels[(batches - 1) * 10 + Math.floor(i / 3)] === i % 3));
        expectAllClose('delta^L', delta[1], last, () => 4 * EPSILON);
        const wanted = gradients(network, float64(inputs), at, delta);
        net.layers.forEach(({ weightGradients, biasGradients }, l) => {
          expectAllClose('dC/dW', weightGradients, wanted[l].dW, () => 1e-6);
          expectAllClose('dC/db', biasGradients, wanted[l].db, () => 1e-6);
        });
      },
    });
    expect(batches).toBe(4);
  });
});

describe('misuse', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what would not compile
  type Anything = any;
  const x = Float32Array.of(1, 2, 3, 4);
  const y = Float32Array.of(0, 1);
  const calls: readonly [string, (inspector: Inspector, net: Network) => unknown, typeof Error, RegExp][] = [
    [
      'moments without a layer',
      (i) => i.moments(undefined as Anything),
      TypeError,
      /^layer: got undefined, want an integer from 0 to 1$/,
    ],
    ['moments of layer 2', (i) => i.moments(2), RangeError, /^layer: got 2, want an integer from 0 to 1$/],
    [
      'perturb nothing',
      (i) => i.perturb(undefined as Anything),
      TypeError,
      /^perturbation: got undefined, want an object$/,
    ],
    [
      'perturb without an amount',
      (i) => i.perturb({ layer: 0, unit: 0 } as Anything),
      TypeError,
      /^perturbation\.amount: got undefined, want a finite number$/,
    ],
    [
      'perturb by NaN',
      (i) => i.perturb({ layer: 0, unit: 0, amount: Number.NaN }),
      RangeError,
      /^perturbation\.amount: got NaN, want a finite number$/,
    ],
    [
      'perturb unit 3',
      (i) => i.perturb({ layer: 0, unit: 3, amount: 1 }),
      RangeError,
      /^perturbation\.unit: got 3, want an integer from 0 to 2$/,
    ],
    [
      'perturb sample 2',
      (i) => i.perturb({ layer: 0, unit: 0, sample: 2, amount: 1 }),
      RangeError,
      /^perturbation\.sample: got 2, want an integer from 0 to 1$/,
    ],
    [
      'perturb layer -1',
      (i) => i.perturb({ layer: -1, unit: 0, amount: 1 }),
      RangeError,
      /^perturbation\.layer: got -1, want an integer from 0 to 1$/,
    ],
    [
      'perturb with a misspelt key',
      (i) => i.perturb({ layer: 0, unit: 0, amount: 1, row: 1 } as Anything),
      TypeError,
      /^perturbation: got the unknown key "row", want layer, unit, sample, amount$/,
    ],
    ['a Jacobian of an odd number', (i) => i.jacobian(x.subarray(1)), RangeError, /^x: got 3 numbers, want rows of 2/],
    [
      'a Jacobian of nothing',
      (i) => i.jacobian(undefined as Anything),
      TypeError,
      /^x: got undefined, want a Float32Array/,
    ],
    [
      'a Jacobian of layer 2',
      (i) => i.jacobian(x, { of: 2 }),
      RangeError,
      /^options\.of: got 2, want an integer from 0 to 1$/,
    ],
    [
      'a Jacobian by the layer itself',
      (i) => i.jacobian(x, { of: 1, by: 1 }),
      RangeError,
      /^options\.by: got 1, want an integer from -1 to 0$/,
    ],
    ['a Jacobian with null', (i) => i.jacobian(x, null as Anything), TypeError, /^options: got null, want an object$/],
    [
      'samples of targets that are too few',
      (i) => i.sampleGradients(x, y.subarray(1)),
      RangeError,
      /^y: got 1 numbers, want 2/,
    ],
    [
      'samples of weights below 0',
      (i) => i.sampleGradients(x, y, Float32Array.of(1, -1)),
      RangeError,
      /^weights\[1\]: got -1, want/,
    ],
    [
      'a check with the weights of one sample',
      (i) => i.checkGradients(x, y, { weights: Float32Array.of(1) }),
      RangeError,
      /^options\.weights: got 1/,
    ],
    [
      'a check without differences',
      (i) => i.checkGradients(x, y, { differences: 0 }),
      RangeError,
      /^options\.differences: got 0, want an integer from 1/,
    ],
    [
      'a check of labels out of range',
      (i) => i.checkGradients(x, Uint8Array.of(0, 7)),
      RangeError,
      /^y\[1\]: got 7, want a label/,
    ],
    [
      'a check with an unknown option',
      (i) => i.checkGradients(x, y, { epsilon: 1 } as Anything),
      TypeError,
      /^options: got the unknown key "epsilon", want weights, differences$/,
    ],
  ];

  it.each(calls)('%s is refused and changes nothing', async (_, call, error, message) => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
    const inspector = await net.inspect();
    net.forward(x);
    net.backward(y);
    const before = { saved: net.save({ training: true }), layers: net.layers.map((layer) => seen(layer)) };
    let thrown: unknown;
    try {
      call(inspector, net);
    } catch (reason) {
      thrown = reason;
    }
    expect((thrown as Error)?.message).toMatch(message);
    expect((thrown as Error).constructor).toBe(error);
    expect({ saved: net.save({ training: true }), layers: net.layers.map((layer) => seen(layer)) }).toEqual(before);
    net.applyGradients();
  });

  const seen = ({ z, a, delta, weightGradients, biasGradients }: Network['layers'][number]) => ({
    z,
    a,
    delta,
    weightGradients,
    biasGradients,
  });

  it('what needs a backward pass of these weights says so', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
    const inspector = await net.inspect();
    const refuse = () => {
      expect(() => inspector.perturb({ layer: 0, unit: 0, amount: 1 })).toThrow(
        /^perturb: got no backward pass of these weights, want forward\(x\) and backward\(y\) first$/,
      );
      expect(() => inspector.inputGradients()).toThrow(/^inputGradients: got no backward pass of these weights/);
    };
    refuse();
    net.forward(x);
    refuse();
    net.trainBatch(x, y);
    refuse();
    net.forward(x);
    net.backward(y);
    inspector.perturb({ layer: 0, unit: 0, amount: 1 });
    inspector.jacobian(x);
    refuse();
  });

  it('after dispose every call says so', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }] });
    const inspector = await net.inspect();
    net.dispose();
    const message = /^Network: got a call after dispose\(\), want a network in use$/;
    for (const call of [
      () => inspector.moments(0),
      () => inspector.perturb({ layer: 0, unit: 0, amount: 1 }),
      () => inspector.jacobian(x),
      () => inspector.inputGradients(),
      () => inspector.sampleGradients(x, y),
      () => inspector.checkGradients(x, y),
    ]) {
      expect(call).toThrow(message);
    }
    await expect(net.inspect()).rejects.toThrow(message);
  });

  it('a check amid fit and larger batches than fit has room for are refused', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }], batchSize: 2 });
    const inspector = await net.inspect();
    const messages: string[] = [];
    const attempt = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        messages.push((error as Error).message);
      }
    };
    const large: Inputs = new Float32Array(20);
    await net.fit(
      { inputs: x, targets: y },
      {
        batchSize: 2,
        onBatch() {
          attempt(() => inspector.checkGradients(x, y));
          attempt(() => inspector.jacobian(large));
        },
      },
    );
    expect(messages).toEqual([
      'checkGradients: got a call while this network is being trained, want one at a time',
      'x: got 10 rows during fit, want at most batchSize = 2',
    ]);
  });
});
