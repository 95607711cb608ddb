import { describe, expect, it } from 'vitest';
import type { ActivationName, CostName, NetworkOptions } from '../src/index.js';
import {
  forward,
  type LayerValues,
  meanCost,
  type ReferenceActivation,
  type ReferenceCost,
  type ReferenceNetwork,
} from '../src/inspection/reference.js';
import { adam } from '../src/spec/optimizer.js';
import { ELEMENTWISE } from './bounds.js';
import { createNetwork, EPSILON } from './build.js';
import { float64, networkOf, numbers, referenceOf } from './inspected.js';
import { arraysOf } from './parameters.js';
import { randomNumbers, SEED } from './random-numbers.js';

describe('the demon', () => {
  const ROWS = 3;
  const AMOUNT = 2 ** -7;
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
  // every activation in a hidden layer, with every cost and output activation
  const cases = pairs.map((pair, i) => ({
    ...pair,
    hidden: [ELEMENTWISE[i % ELEMENTWISE.length], ELEMENTWISE[(5 * i + 3) % ELEMENTWISE.length]],
  }));

  /**
   * The corners of functions and of their slopes. If a change crosses a corner, the ratio is the mean of two slopes.
   */
  const CORNERS: Partial<Record<ReferenceActivation, readonly number[]>> = {
    relu: [0],
    leakyRelu: [0],
    prelu: [0],
    relu6: [0, 6],
    elu: [0],
    selu: [0],
    softsign: [0],
    hardSigmoid: [-3, 3],
    hardSwish: [-3, 3],
  };

  /** True if no function with kinks has changed its piece. */
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

  /**
   * A network and a batch after its backward pass, and the results of the reference with an amount added to one
   * weighted input.
   */
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

  it.each(cases)('$cost of $output outputs, $hidden: the ratio is delta at every neuron', async (given) => {
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
          // f32 rounds the values on the way to the cost
          expect(Math.abs(change - wanted)).toBeLessThan(200 * EPSILON * (1 + costOf(base, sample)));
          return change;
        });
        // the error of a central difference: a sixth of the third derivative times the square of the amount, and
        // roundings
        const ratio = (changes[0] - changes[1]) / (2 * AMOUNT);
        const own = net.layers[l].getDelta()[sample * net.layers[l].units + unit];
        const where = `seed ${seed}, layer ${l}, unit ${unit}, sample ${sample}: ratio ${ratio}, delta ${own}`;
        expect(Math.abs(ratio - own), where).toBeLessThan(1e-3 * (0.5 + Math.abs(own)));
      }
    }
  });

  it('a custom cost and a function for each unit: the ratio is delta at every neuron', async () => {
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
    net.layers.map(arraysOf).forEach(({ units, delta }, layer) => {
      delta.forEach((own, i) => {
        const move = (amount: number) =>
          inspector.perturb({ layer, unit: i % units, sample: Math.floor(i / units), amount });
        expect(Math.abs((move(AMOUNT) - move(-AMOUNT)) / (2 * AMOUNT) - own)).toBeLessThan(
          2e-3 * (0.5 + Math.abs(own)),
        );
      });
    });
  });

  it('leaves everything as it was: z, a, delta, gradients and the next step', async () => {
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
    net.layers.map(arraysOf).forEach((layer, l) => {
      for (const name of ['z', 'a', 'delta', 'weightGradients', 'biasGradients', 'weights', 'biases'] as const) {
        expect(layer[name]).toEqual(arraysOf(other.layers[l])[name]);
      }
    });
    for (const each of [net, other]) each.applyGradients();
    expect(await net.save({ training: true })).toEqual(await other.save({ training: true }));
  });

  it('undoes its change if a custom cost throws', async () => {
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
    const before = net.layers.map(arraysOf).map(({ z, a, delta, biases }) => ({ z, a, delta, biases }));
    isBroken = true;
    expect(() => inspector.perturb({ layer: 0, unit: 0, amount: 1 })).toThrow('broken');
    expect(net.layers.map(arraysOf).map(({ z, a, delta, biases }) => ({ z, a, delta, biases }))).toEqual(before);
    isBroken = false;
    const slope = (inspector.perturb({ layer: 0, unit: 0, amount: 0.125 }) / 0.125) as number;
    // (d + h)^2 - d^2 = 2 d h + h^2
    expect(slope).toBeCloseTo(before[0].delta[0] + 0.125, 5);
  });
});
