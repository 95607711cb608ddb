import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activations,
  costs,
  deltas,
  forward,
  gradients,
  type LayerGradients,
  meanCost,
  numericGradients,
  type ReferenceActivation,
  type ReferenceCost,
  type ReferenceNetwork,
  update,
} from '../src/inspection/reference.js';
import { randomNumbers, SEED, TIMES } from './random-numbers.js';

/**
 * The step size at which the two errors of a central difference are about equal: 2^-53 C / h because of rounding, and
 * about h^2 C''' / 6 because the step is finite.
 */
const h = 2 ** -17;
const tolerance = 1e-7;

interface Problem {
  network: ReferenceNetwork;
  x: Float64Array;
  y: Float64Array;
}

interface Shape {
  inputs: number;
  hidden: { units: number; activation: ReferenceActivation }[];
  outputs: number;
  output: ReferenceActivation;
  cost: ReferenceCost;
  rows: number;
  seed: number;
}

/** All numbers come from one seed, so that a failure shrinks to a small shape with ordinary values. */
function problemOf({ inputs, hidden, outputs, output, cost, rows, seed }: Shape): Problem {
  const random = randomNumbers(seed);
  const uniform = (length: number, limit: number) => Float64Array.from({ length }, () => (2 * random() - 1) * limit);
  let fanIn = inputs;
  const layers = [...hidden, { units: outputs, activation: output }].map(({ units, activation }) => {
    const weights = uniform(units * fanIn, 2 / Math.sqrt(fanIn));
    fanIn = units;
    return { units, activation, weights, biases: uniform(units, 1) };
  });
  const target = () => (cost === 'hinge' ? Math.sign(random() - 0.5) : random());
  const y = Float64Array.from({ length: rows * outputs }, target);
  if (cost === 'categoricalCrossEntropy' || cost === 'kullbackLeibler') {
    for (let r = 0; r < rows; r++) {
      const sample = y.subarray(r * outputs, (r + 1) * outputs);
      const sum = sample.reduce((s, yk) => s + yk);
      sample.forEach((yk, k) => {
        sample[k] = yk / sum;
      });
    }
  }
  return { network: { inputs, layers, cost }, x: uniform(rows * inputs, 1), y };
}

const activationNames = Object.keys(activations) as ReferenceActivation[];
const costNames = Object.keys(costs) as ReferenceCost[];
/** Every pair of a cost and an output activation that it accepts. */
const endings = costNames.flatMap((cost) =>
  activationNames
    .filter((output) => (costs[cost].output ?? output) === output)
    .map((output): [ReferenceCost, ReferenceActivation] => [cost, output]),
);

const shapes = (cost: ReferenceCost, output: ReferenceActivation): fc.Arbitrary<Shape> =>
  fc.record({
    inputs: fc.integer({ min: 1, max: 5 }),
    hidden: fc.array(
      fc.record({ units: fc.integer({ min: 1, max: 5 }), activation: fc.constantFrom(...activationNames) }),
      { maxLength: 3 },
    ),
    outputs: fc.integer({ min: 1, max: 5 }),
    output: fc.constant(output),
    cost: fc.constant(cost),
    rows: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer(),
  });

const largest = (values: Float64Array) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/**
 * The distance of an output from the nearest place where the slope of the cost, or the derivative of the slope, jumps.
 */
const kinkDistance: Partial<Record<ReferenceCost, (a: number, y: number) => number>> = {
  meanAbsoluteError: (a, y) => Math.abs(a - y),
  huber: (a, y) => Math.abs(Math.abs(a - y) - 1),
  hinge: (a, y) => Math.abs(1 - y * a),
};

/**
 * True if moving a parameter by h could move a relu or the cost across its kink, where a difference is not a
 * derivative. h moves the z of the parameter's layer by at most h max(1, |a|). Each later layer multiplies that by at
 * most its largest row sum of |w|, because no slope exceeds 1. Twice as much is allowed, because the moved weight
 * itself is larger.
 */
function nearKink({ network, x, y }: Problem): boolean {
  const values = forward(network, x);
  let reach = 0;
  let previous = x;
  const isNear = network.layers.some(({ units, activation, weights }, l) => {
    const fanIn = weights.length / units;
    const rowSums = Array.from({ length: units }, (_, j) =>
      weights.subarray(j * fanIn, (j + 1) * fanIn).reduce((s, w) => s + Math.abs(w), 0),
    );
    reach = Math.max(reach * Math.max(...rowSums), 2 * h * Math.max(1, largest(previous)));
    previous = values[l].a;
    return activation === 'relu' && values[l].z.some((z) => Math.abs(z) <= reach);
  });
  const distance = kinkDistance[network.cost];
  return isNear || (distance !== undefined && values.at(-1)!.a.some((a, i) => distance(a, y[i]) <= reach));
}

const flat = (gradient: LayerGradients[]) => Float64Array.from(gradient.flatMap(({ dW, db }) => [...dW, ...db]));

function analyticGradients({ network, x, y }: Problem): LayerGradients[] {
  const values = forward(network, x);
  return gradients(network, x, values, deltas(network, values, y));
}

/**
 * Compares two gradients as vectors: the largest error is divided by the largest element.
 *
 * Let S be the size of the numbers that are rounded: the cost, and the outputs and targets from whose differences it is
 * computed. Two costs that differ only by a rounding seem to have a slope of 2^-53 S / h = 1.5e-11 S. So that this
 * slope is no relative error above 1e-8, a gradient below S / 1000 is counted as S / 1000.
 */
function expectSameGradients(problem: Problem) {
  const { network, x, y } = problem;
  const got = flat(analyticGradients(problem));
  const want = flat(numericGradients(network, x, y, h));
  const values = forward(network, x);
  const size = Math.max(meanCost(network, values, y), largest(values.at(-1)!.a), largest(y));
  const scale = Math.max(largest(got), largest(want), size / 1000);
  const errors = got.map((value, i) => Math.abs(value - want[i]));
  const worst = errors.indexOf(largest(errors));
  const message = `parameter ${worst}: back-propagation ${got[worst]}, central difference ${want[worst]}`;
  expect(errors[worst], message).toBeLessThanOrEqual(tolerance * scale);
}

const float64 = (...values: number[]) => Float64Array.from(values);

/** A network of one layer whose z is x, so that a test chooses z. */
const identityNetwork = (units: number, activation: ReferenceActivation, cost: ReferenceCost): ReferenceNetwork => ({
  inputs: units,
  layers: [
    {
      units,
      activation,
      weights: Float64Array.from({ length: units * units }, (_, i) => (i % (units + 1) === 0 ? 1 : 0)),
      biases: new Float64Array(units),
    },
  ],
  cost,
});

function costAndDelta(network: ReferenceNetwork, x: Float64Array, y: Float64Array) {
  const values = forward(network, x);
  return { a: values[0].a, cost: meanCost(network, values, y), delta: deltas(network, values, y)[0] };
}

describe('gradients of the reference agree with central differences', () => {
  it.each(endings)('%s on %s outputs', (cost, output) => {
    fc.assert(
      fc.property(shapes(cost, output), (shape) => {
        const problem = problemOf(shape);
        fc.pre(!nearKink(problem));
        expectSameGradients(problem);
      }),
      { seed: SEED, numRuns: 60 * TIMES },
    );
  });

  it('a deep network of every activation', () => {
    const hidden = activationNames.map((activation) => ({ units: 4, activation }));
    const problem = problemOf({
      inputs: 3,
      hidden,
      outputs: 2,
      output: 'sigmoid',
      cost: 'binaryCrossEntropy',
      rows: 5,
      seed: 1,
    });
    expect(nearKink(problem)).toBe(false);
    expectSameGradients(problem);
  });
});

describe('values worked out by hand', () => {
  it('softmax of (0, ln 2, ln 5) is (1, 2, 5) / 8, and of the same plus 1000 too', () => {
    for (const shift of [0, 1000, -1000]) {
      const a = activations.softmax.value(float64(shift, shift + Math.log(2), shift + Math.log(5)));
      // z near 1000 is itself rounded by up to 2^-44, which is the relative error that exp gives to a.
      [1 / 8, 2 / 8, 5 / 8].forEach((want, k) => {
        expect(Math.abs(a[k] - want)).toBeLessThanOrEqual(2 ** -43);
      });
    }
  });

  it('softmax leads a gradient back through its whole Jacobian', () => {
    // a = (1, 3) / 4: da_0/dz_0 = 3/16, da_0/dz_1 = -3/16, so dC/da = (1, 0) comes back as (3, -3) / 16.
    const back = activations.softmax.backward(float64(0, Math.log(3)), float64(1, 0));
    expect(back[0]).toBeCloseTo(3 / 16, 15);
    expect(back[1]).toBeCloseTo(-3 / 16, 15);
  });

  it('categorical cross-entropy of (1, 2, 5) / 8 with target 1 costs ln 4 and has delta a - y', () => {
    const network = identityNetwork(3, 'softmax', 'categoricalCrossEntropy');
    const { cost, delta } = costAndDelta(network, float64(0, Math.log(2), Math.log(5)), float64(0, 1, 0));
    expect(cost).toBeCloseTo(Math.log(4), 14);
    [1 / 8, -6 / 8, 5 / 8].forEach((want, k) => {
      expect(delta[k]).toBeCloseTo(want, 14);
    });
  });

  it('binary cross-entropy of a = 3/4 costs ln 4 against 0 and ln 4/3 against 1', () => {
    const network = identityNetwork(2, 'sigmoid', 'binaryCrossEntropy');
    const { cost, delta } = costAndDelta(network, float64(Math.log(3), Math.log(3)), float64(0, 1));
    expect(cost).toBeCloseTo(Math.log(4) + Math.log(4 / 3), 14);
    expect(delta[0]).toBeCloseTo(3 / 4, 15);
    expect(delta[1]).toBeCloseTo(-1 / 4, 15);
  });

  it('the cost is a mean over the samples, delta is not', () => {
    // 1/2 |(1, 2) - 0|^2 = 2.5 and 1/2 |(3, 0) - 0|^2 = 4.5.
    const network = identityNetwork(2, 'linear', 'quadratic');
    const { cost, delta } = costAndDelta(network, float64(1, 2, 3, 0), new Float64Array(4));
    expect(cost).toBe(3.5);
    expect(delta).toEqual(float64(1, 2, 3, 0));
  });

  it('saturated cross-entropies neither overflow nor lose their gradient', () => {
    const binary = identityNetwork(2, 'sigmoid', 'binaryCrossEntropy');
    expect(costAndDelta(binary, float64(1000, -1000), float64(0, 1))).toEqual({
      a: float64(1, 0),
      cost: 2000,
      delta: float64(1, -1),
    });
    const categorical = identityNetwork(2, 'softmax', 'categoricalCrossEntropy');
    expect(costAndDelta(categorical, float64(1000, -1000), float64(0, 1))).toEqual({
      a: float64(1, 0),
      cost: 2000,
      delta: float64(1, -1),
    });
  });

  it('relu passes no gradient at exactly 0', () => {
    const network = identityNetwork(3, 'relu', 'quadratic');
    expect(costAndDelta(network, float64(-1, 0, 2), float64(-5, -5, -5)).delta).toEqual(float64(0, 0, 7));
  });

  it('the L2 term multiplies the weights by 1 - eta lambda / n before the step, but not the biases', () => {
    const network = identityNetwork(1, 'linear', 'quadratic');
    network.layers[0].weights[0] = 4;
    network.layers[0].biases[0] = 8;
    const gradient = [{ dW: float64(1), db: float64(2), dSlopes: float64(0) }];
    const [layer] = update(network, gradient, { learningRate: 0.5, l2: 2, trainingSamples: 4 }).layers;
    expect(layer.weights[0]).toBe(0.75 * 4 - 0.5);
    expect(layer.biases[0]).toBe(8 - 1);
    expect(network.layers[0].weights[0]).toBe(4);
  });
});

it('central differences detect a wrong gradient', () => {
  const problem = problemOf({
    inputs: 2,
    hidden: [{ units: 3, activation: 'tanh' }],
    outputs: 2,
    output: 'linear',
    cost: 'quadratic',
    rows: 2,
    seed: 3,
  });
  const right = flat(numericGradients(problem.network, problem.x, problem.y, h));
  problem.network.layers[0].weights[0] += 1e-3;
  const wrong = flat(analyticGradients(problem));
  expect(largest(wrong.map((value, i) => value - right[i]))).toBeGreaterThan(tolerance * largest(right));
});
