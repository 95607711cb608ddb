import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type EpochReport, lbfgs, type NetworkOptions } from '../src/index.js';
import {
  deltas,
  forward,
  gradients,
  meanCost,
  type ReferenceLayer,
  type ReferenceNetwork,
} from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { noErrors, passErrors } from './bounds.js';
import { buildName, createNetwork, EPSILON, loadNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomNumbers } from './random-numbers.js';
import { type LbfgsEpoch, type LbfgsOptions, lbfgsReference, type Objective } from './reference-lbfgs.js';
import { flatten } from './reference-optimizers.js';

/** A training in the form of the reference: the weights that each epoch reached, and its number of passes. */
async function epochsOf(net: Network, data: Parameters<Network['fit']>[0], { epochs, ...options }: LbfgsOptions) {
  const done: (Pick<LbfgsEpoch, 'w' | 'passes'> & Pick<EpochReport, 'stopped' | 'gradientLength'>)[] = [];
  let passes = 0;
  const onBatch = () => {
    passes++;
  };
  for await (const report of net.train(data, { epochs, optimizer: lbfgs(options), onBatch })) {
    const { stopped, gradientLength } = report;
    done.push({ w: flatten(net.layers.map(arraysOf)), passes, stopped, gradientLength });
    passes = 0;
  }
  return done;
}

/** A network whose outputs are its weights, and whose cost is a given function of them. */
function weightsUnder(objective: Objective, start: readonly number[]): Promise<Network> {
  const cost = {
    value: (a: Float32Array) => objective(Float64Array.from(a)).value,
    gradient: (a: Float32Array, _y: Float32Array, out: Float32Array) => {
      out.set(objective(Float64Array.from(a)).gradient);
    },
  };
  const layer = { units: start.length, activation: 'linear', bias: false } as const;
  return createNetwork({
    inputs: 1,
    layers: [{ ...layer, initializer: { weights: Float32Array.from(start) } }],
    cost,
  });
}

const one = (units: number) => ({ inputs: Float32Array.of(1), targets: new Float32Array(units) });

/** Compares a training with the reference: passes and reasons exactly, weights within `bound`. */
function expectSame(got: Awaited<ReturnType<typeof epochsOf>>, wanted: LbfgsEpoch[], bound: (epoch: number) => number) {
  expect(got.map(({ passes, stopped }) => [passes, stopped])).toEqual(
    wanted.map(({ passes, stopped }) => [passes, stopped]),
  );
  got.forEach(({ w }, epoch) => {
    // the network's layer has no biases: flatten puts zeros there, which are not compared
    const error = Math.max(...Array.from(wanted[epoch].w, (value, i) => Math.abs(value - w[i])));
    expect(error, `epoch ${epoch}`).toBeLessThanOrEqual(bound(epoch));
  });
}

/**
 * A function made of cubics between knots [place, value, slope], and of straight lines beyond the first and last one.
 */
function through(...knots: readonly (readonly [place: number, value: number, slope: number])[]): Objective {
  return ([x]) => {
    const after = knots.findIndex(([place]) => x <= place);
    if (after <= 0) {
      const [place, value, slope] = after === 0 ? knots[0] : knots[knots.length - 1];
      return { value: value + slope * (x - place), gradient: Float64Array.of(slope) };
    }
    const [[x0, f0, s0], [x1, f1, s1]] = [knots[after - 1], knots[after]];
    const width = x1 - x0;
    const u = (x - x0) / width;
    const [c1, c2, c3] = [s0 * width, 3 * (f1 - f0) - (2 * s0 + s1) * width, (s0 + s1) * width - 2 * (f1 - f0)];
    return {
      value: f0 + u * (c1 + u * (c2 + u * c3)),
      gradient: Float64Array.of((c1 + 2 * c2 * u + 3 * c3 * u * u) / width),
    };
  };
}

/** A line search that starts at w = 0, where the slope is -1. The first trial is therefore w = learningRate. */
interface Line {
  readonly f: Objective;
  readonly passes: number;
  /** The w at which it must end; undefined: any w below 1. */
  readonly w?: number;
  readonly learningRate?: number;
}

const hill = 1e8;
/** A parabola with its minimum at 1. */
const bowl: Objective = ([w]) => ({ value: (w - 1) ** 2 / 2, gradient: Float64Array.of(w - 1) });
const overflowing =
  (f: Objective, from: number): Objective =>
  (w) =>
    w[0] > from ? { value: Number.POSITIVE_INFINITY, gradient: Float64Array.of(0) } : f(w);

const lines: Readonly<Record<string, Line>> = {
  'accepts a step whose cost falls by 1e-4 of the slope': {
    f: through([0, 1, -1], [1, 1 - 1.01e-4, 1.5]),
    passes: 2,
    w: 1,
  },
  'refuses a step whose cost falls by less': { f: through([0, 1, -1], [1, 1 - 0.99e-4, 1.5]), passes: 3 },
  'continues if more than nine tenths of the slope are left': {
    f: through([0, 1, -1], [1, 0.2, -0.91], [2, -1, 0.1]),
    passes: 3,
    w: 2,
  },
  'ends if less is left': { f: through([0, 1, -1], [1, 0.2, -0.89], [2, -1, 0.1]), passes: 2, w: 1 },
  'counts a cost that has grown by 2^-22 as equal': { f: through([0, 1, -1], [1, 1 + 2.3e-7, 0.5]), passes: 2, w: 1 },
  'does not count a cost that has grown by more as equal': { f: through([0, 1, -1], [1, 1 + 2.5e-7, 0.5]), passes: 3 },
  'lets the slope decide between equal costs': { f: through([0, 1, -1], [1, 1 + 1e-7, 0.99975]), passes: 2, w: 1 },
  'requires a less steep slope between equal costs, upwards or downwards': {
    f: through([0, 1, -1], [1, 1 + 1e-7, 0.99985]),
    passes: 3,
  },
  'keeps interpolated steps a tenth of the interval away from the lower end': {
    f: through([0, 1, -1], [0.1, 0.95, 0.2], [1, 60, 99]),
    passes: 3,
    w: 0.1,
  },
  'keeps interpolated steps a tenth of the interval away from the upper end': {
    f: through([0, hill, -1], [1, hill + 20, -1], [1.9, hill - 5, 0.2], [2, hill + 1, 1.5]),
    passes: 4,
    w: 1.9,
  },
  'halves the exponent of a step whose cost overflows': { f: overflowing(bowl, 4), passes: 8, learningRate: 1e12 },
  'halves the exponent between a step that is too short and one that overflows': {
    f: overflowing(through([0, 1, -1], [2e4, 1 - 2e4, -1], [10 ** 4.5, -25_000, 0]), 5e5),
    passes: 5,
    w: 10 ** 4.5,
    learningRate: 1e12,
  },
  'tries thirty points': { f: ([w]) => ({ value: -w, gradient: Float64Array.of(-1) }), passes: 31, w: 0 },
  'tries a step as long as the gradient after a rate that is far too large': {
    f: bowl,
    passes: 32,
    w: 1,
    learningRate: 2 ** 110,
  },
  'does not try the same weights twice': { f: () => ({ value: 1, gradient: Float64Array.of(-1) }), passes: 2, w: 0 },
};

describe('the line search of lbfgs', () => {
  it.each(Object.entries(lines))('%s', async (_title, { f, passes, w, learningRate = 1 }) => {
    const [wanted] = lbfgsReference(f, Float64Array.of(0), { epochs: 1, learningRate });
    const [got] = await epochsOf(await weightsUnder(f, [0]), one(1), { epochs: 2, learningRate });
    if (w !== undefined) expect(wanted.w[0]).toBeCloseTo(w, 10);
    expect(wanted.passes).toBe(passes);
    expectSame([got], [wanted], () => 2 * EPSILON * Math.max(1, wanted.w[0]));
  });
});

/**
 * How far the weights in f32 may be from those of the reference in each epoch, by Monte Carlo arithmetic (Parker,
 * 1997): three times the largest deviation between runs of the reference whose weights and gradients are disturbed
 * within the bounds of their roundings.
 */
function boundsOf(
  objective: Objective,
  gradientErrors: (w: Float64Array) => ArrayLike<number>,
  start: Float64Array,
  options: LbfgsOptions,
): number[] {
  const random = randomNumbers(5);
  const disturb = (value: number, error: number) => value + error * (2 * random() - 1);
  const exact = lbfgsReference(objective, start, options);
  const bounds = exact.map(() => 0);
  for (let run = 0; run < 12; run++) {
    const disturbed: Objective = (w) => {
      const rounded = w.map((value) => disturb(value, 2 * EPSILON * Math.abs(value)));
      const { value, gradient } = objective(rounded);
      const errors = gradientErrors(rounded);
      return { value, gradient: gradient.map((g, i) => disturb(g, errors[i])) };
    };
    lbfgsReference(disturbed, start, options).forEach(({ w }, epoch) => {
      const deviation = Math.max(...Array.from(w, (value, i) => Math.abs(value - exact[epoch]?.w[i])));
      bounds[epoch] = Math.max(bounds[epoch], 3 * deviation);
    });
  }
  return bounds;
}

describe('lbfgs compared with a reference of its own', () => {
  /** Rosenbrock's valley, in pairs of coordinates. Steps must follow it around its bend. */
  const valley: Objective = (w) => {
    const gradient = new Float64Array(w.length);
    let value = 0;
    for (let i = 0; i < w.length; i += 2) {
      const [a, b] = [1 + i / 2 - w[i], w[i + 1] - w[i] * w[i]];
      value += a * a + 10 * b * b;
      gradient[i] = -2 * a - 40 * w[i] * b;
      gradient[i + 1] = 20 * b;
    }
    return { value, gradient };
  };
  /**
   * The gradient that the core gets is rounded once; the direction that it computes from it has a few more roundings.
   */
  const valleyErrors = (w: Float64Array) => valley(w).gradient.map((g) => 4 * EPSILON * Math.abs(g));

  it.each([
    [2, 10, 12],
    [6, 10, 12],
    [6, 2, 12],
    [6, 1, 10],
  ])('takes the same steps through a valley of %i coordinates with %i pairs', async (coordinates, history, epochs) => {
    const start = Float64Array.from({ length: coordinates }, (_, i) => (i % 2 === 0 ? -1.25 : 1));
    const options = { epochs, history };
    const bounds = boundsOf(valley, valleyErrors, start, options);
    const got = await epochsOf(await weightsUnder(valley, [...start]), one(coordinates), options);
    expectSame(got, lbfgsReference(valley, start, options), (epoch) => bounds[epoch]);
  });

  /**
   * A function of two numbers with a given gradient at each of these places. The cost falls from one place to the next.
   */
  function course(...places: readonly (readonly [w: readonly number[], gradient: readonly number[]])[]): Objective {
    return (w) => {
      const at = places.findIndex(([[a, b]]) => Math.abs(a - w[0]) < 0.25 && Math.abs(b - w[1]) < 0.25);
      return { value: at < 0 ? 1e10 : -1e9 * at, gradient: Float64Array.from(places[Math.max(at, 0)][1]) };
    };
  }

  it.each([1, 2])('forgets a step whose curvature disappears in rounding, with %i pairs', async (history) => {
    const way = course(
      [
        [0, 0],
        [-1, 0],
      ],
      [
        [1, 0],
        [-0.5, 0],
      ],
      // this step is as long as the first one, and ends where the gradient is at a right angle to it
      [
        [2, 0],
        [-0.4, 1e8],
      ],
      // this step follows that gradient, with the earlier pair or without any
      history === 1
        ? [
            [2, -1],
            [-0.1, 0],
          ]
        : [
            [2.8, -2e8],
            [-0.1, 0],
          ],
    );
    const options = { epochs: 3, history };
    const wanted = lbfgsReference(way, new Float64Array(2), options);
    expect(wanted.map(({ passes }) => passes)).toEqual([2, 1, 1]);
    expectSame(await epochsOf(await weightsUnder(way, [0, 0]), one(2), options), wanted, () => 32);
  });

  interface Golden {
    inputs: number;
    x: Float64Array;
    y: Float64Array;
    layers: ReferenceLayer[];
  }
  const golden: Golden = JSON.parse(
    readFileSync(new URL('./golden-optimizers/optimizers.json', import.meta.url), 'utf8'),
    (_key, value) => (Array.isArray(value) && typeof value[0] === 'number' ? Float64Array.from(value) : value),
  );

  it.each([0, 0.5])('takes the same steps with a network: l2 %f', async (l2) => {
    const { x, y, inputs, layers } = golden;
    const rows = x.length / inputs;
    const start: ReferenceNetwork = { inputs, layers, cost: 'binaryCrossEntropy' };
    const networkAt = (w: Float64Array): ReferenceNetwork => {
      let end = 0;
      const take = (count: number) => {
        end += count;
        return w.slice(end - count, end);
      };
      return {
        ...start,
        layers: layers.map(({ weights, biases, ...layer }) => ({
          ...layer,
          weights: take(weights.length),
          biases: take(biases.length),
        })),
      };
    };
    const decayed = flatten(
      layers.map(({ weights, biases }) => ({ weights: weights.map(() => 1), biases: biases.map(() => 0) })),
    );
    const flatGradients = (parts: readonly { dW: Float64Array; db: Float64Array }[]) =>
      flatten(parts.map(({ dW, db }) => ({ weights: dW, biases: db })));
    const objective: Objective = (w) => {
      const network = networkAt(w);
      const values = forward(network, x);
      const gradient = flatGradients(gradients(network, x, values, deltas(network, values, y)));
      const squares = w.reduce((sum, value, i) => sum + decayed[i] * value * value, 0);
      return {
        value: meanCost(network, values, y) + (l2 / (2 * rows)) * squares,
        gradient: gradient.map((g, i) => g + (l2 / rows) * decayed[i] * w[i]),
      };
    };
    const errors = (w: Float64Array) => {
      const network = networkAt(w);
      return flatGradients(passErrors(network, noErrors(network), x, y));
    };
    const options = { epochs: 8 };
    const wanted = lbfgsReference(objective, flatten(layers), options);
    const bounds = boundsOf(objective, errors, flatten(layers), options);
    const net = await createNetwork({
      inputs,
      l2,
      layers: layers.map(({ units, activation, weights, biases }) => ({
        units,
        activation,
        initializer: { weights: Float32Array.from(weights), biases: Float32Array.from(biases) },
      })) as NetworkOptions['layers'],
    });
    const got = await epochsOf(net, { inputs: Float32Array.from(x), targets: Float32Array.from(y) }, options);
    // a bound that accepts everything would prove nothing
    const way = Math.max(...wanted[7].w.map((value, i) => Math.abs(value - wanted[6].w[i])));
    expect(bounds[7]).toBeLessThan(way / 20);
    expectSame(got, wanted, (epoch) => bounds[epoch]);
    got.forEach(({ gradientLength }, epoch) => {
      expect(gradientLength).toBeCloseTo(wanted[epoch].gradientLength, 4);
    });
  });
});

describe('the outcome that lbfgs reports is true', () => {
  /** y = 3 (x - c) plus a wave, for x = c, c + 0.5, ..., c + 9.5; and the least possible cost. */
  function far(c: number) {
    const x = Array.from({ length: 20 }, (_, i) => c + i / 2);
    const y = x.map((value, i) => 3 * (value - c) + 0.3 * Math.sin(7 * i));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / 20;
    const [mx, my] = [mean(x), mean(y)];
    const w = mean(x.map((value, i) => (value - mx) * (y[i] - my))) / mean(x.map((value) => (value - mx) ** 2));
    const least = mean(x.map((value, i) => (y[i] - my - w * (value - mx)) ** 2)) / 2;
    const data = { inputs: Float32Array.from(x), targets: Float32Array.from(y) };
    return { data, least };
  }
  const unit: NetworkOptions = { inputs: 1, layers: [{ units: 1, activation: 'linear' }], seed: 4 };
  /** The mean gradient at the present weights. */
  function gradientOf(net: Network, { inputs, targets }: { inputs: Float32Array; targets: Float32Array }): number {
    net.forward(inputs);
    net.backward(targets);
    const [{ weightGradients, biasGradients }] = net.layers.map(arraysOf);
    return Math.hypot(...weightGradients, ...biasGradients);
  }

  it.each([0, 30, 300, 1000])('and it reaches the minimum for inputs from %i on', async (c) => {
    const { data, least } = far(c);
    const net = await createNetwork(unit);
    const reports = [...(await net.fit(data, { epochs: 500, optimizer: lbfgs() }))];
    expect(reports.length).toBeLessThan(100);
    // the cost is a sum of squared differences of numbers up to 3 c; each difference is off by a few roundings of such
    // a number
    const { cost } = await net.evaluate(data);
    expect(Math.abs(cost - least)).toBeLessThan(2 * Math.sqrt(2 * least) * 8 * EPSILON * Math.max(3 * c, 30));
    const last = reports[reports.length - 1];
    expect(last.stopped).toBe('stalled');
    expect(last.gradientLength).toBeCloseTo(gradientOf(net, data), 4);
  });

  it('stalled: rounding has stopped the training, and the report has the length of the gradient there', async () => {
    const { data, least } = far(10_000);
    const net = await createNetwork(unit);
    const reports = [...(await net.fit(data, { epochs: 500, optimizer: lbfgs() }))];
    const last = reports[reports.length - 1];
    expect((await net.evaluate(data)).cost).toBeGreaterThan(1000 * least);
    expect(last.stopped).toBe('stalled');
    expect(last.gradientLength).toBeGreaterThan(1e-3);
    expect(reports.length).toBeLessThan(100);
  });

  it('converged: the gradient is no longer than the tolerance', async () => {
    const { data } = far(0);
    const fit = async (tolerance: number) => {
      const net = await createNetwork(unit);
      return { net, reports: [...(await net.fit(data, { epochs: 500, optimizer: lbfgs({ tolerance }) }))] };
    };
    const lengths = (await fit(0)).reports.map(({ gradientLength }) => gradientLength!);
    // the lengths of gradients that are shorter than all gradients before
    const least = lengths.filter((length, epoch) => lengths.slice(0, epoch).every((before) => before > length));
    expect(least.length).toBeGreaterThan(3);
    for (const tolerance of least) {
      const { net, reports } = await fit(tolerance);
      const last = reports.length - 1;
      expect(last).toBe(lengths.indexOf(tolerance));
      expect(reports.map(({ stopped }) => stopped)).toEqual([...new Array(last).fill(undefined), 'converged']);
      expect(reports[last].gradientLength).toBe(tolerance);
      expect(gradientOf(net, data)).toBeCloseTo(tolerance, 6);
    }
  });

  it('converged before the first step, which is then not taken', async () => {
    const net = await weightsUnder(([w]) => ({ value: w * 5e-8, gradient: Float64Array.of(5e-8) }), [3]);
    const [{ passes, stopped, w }, ...rest] = await epochsOf(net, one(1), { epochs: 9 });
    expect({ passes, stopped, w: w[0], rest }).toEqual({ passes: 1, stopped: 'converged', w: 3, rest: [] });
  });

  it.each([0, 1e-7])(
    'converged at the exact minimum, in every call that begins there, tolerance %d',
    async (tolerance) => {
      const net = await createNetwork(unit);
      net.layers[0].setWeights([2]);
      const inputs = Float32Array.of(1, 2, 3);
      const data = { inputs, targets: inputs.map((x) => 2 * x) };
      for (let call = 0; call < 2; call++) {
        const { last, length } = await net.fit(data, { epochs: 9, optimizer: lbfgs({ tolerance }) });
        expect([last!.stopped, last!.gradientLength, last!.cost, length]).toEqual(['converged', 0, 0, 1]);
      }
      expect(net.layers[0].getWeights()).toEqual(Float32Array.of(2));
      // training also ends if a callback sets the weights to the minimum
      net.layers[0].setWeights([5]);
      const onEpoch = () => {
        net.layers[0].setWeights([2]);
        net.layers[0].setBiases([0]);
      };
      const history = await net.fit(data, { epochs: 9, optimizer: lbfgs({ tolerance }), onEpoch });
      expect([history.last!.stopped, history.last!.gradientLength]).toEqual(['converged', 0]);
    },
  );

  it.each([1e-3, 1, 1e8, 1e12, 1e20, 1e30, 3e38])(
    'and it reaches the minimum with a first step of %d directions',
    async (learningRate) => {
      // a first step that is far too short remains short on the flat floor of a distant valley
      for (const c of learningRate < 1 ? [0] : [0, 300]) {
        const { data, least } = far(c);
        const net = await createNetwork(unit);
        let passes = 0;
        const onBatch = () => {
          passes++;
        };
        await net.fit(data, { epochs: 500, optimizer: lbfgs({ learningRate }), onBatch });
        expect((await net.evaluate(data)).cost).toBeLessThan(least * (1 + 2e-3));
        // each step tries the first length again. From 3e38, the fused build, which rounds differently, needs 585
        // passes
        expect(passes).toBeLessThan(learningRate > 1 ? (buildName === 'relaxed' ? 1000 : 500) : 1500);
      }
    },
  );

  /** A small hollow in a very large cost: the gain of a step is less than the roundings of the cost. */
  it.each([
    [1e7, 4, 1],
    [1e5, 4, 1],
    [1e9, 3, 1],
    [1e9, 6, 2],
  ])('ends only after ten steps without a gain, with a cost of %d', async (height, flatness, history) => {
    const hollow: Objective = (w) => {
      const gradient = w.map((x, i) => (x - i) * flatness ** -i);
      return { value: height + w.reduce((sum, x, i) => sum + ((x - i) ** 2 * flatness ** -i) / 2, 0), gradient };
    };
    const start = new Float64Array(8).fill(4);
    const options = { epochs: 200, tolerance: 0, history };
    const wanted = lbfgsReference(hollow, start, options);
    expect(wanted.length).toBeGreaterThan(12);
    expect(wanted[wanted.length - 1].stopped).toBe('stalled');
    const got = await epochsOf(await weightsUnder(hollow, [...start]), one(8), options);
    expect(got.map(({ stopped }) => stopped)).toEqual(wanted.map(({ stopped }) => stopped));
  });

  it('continues this count after the network was saved', async () => {
    const { data } = far(1000);
    const net = await createNetwork(unit);
    const files: Uint8Array[] = [];
    const onEpoch = async () => {
      files.push(await net.save({ training: true }));
    };
    const reports = [...(await net.fit(data, { epochs: 500, optimizer: lbfgs(), onEpoch }))];
    for (let epoch = 0; epoch < files.length; epoch += 4) {
      const copy = await loadNetwork(files[epoch]);
      const rest = [...(await copy.fit(data, { epochs: 500, optimizer: lbfgs() }))];
      expect(rest.map(({ stopped, gradientLength }) => [stopped, gradientLength])).toEqual(
        reports.slice(epoch + 1).map(({ stopped, gradientLength }) => [stopped, gradientLength]),
      );
      expect(flatten(copy.layers.map(arraysOf))).toEqual(flatten(net.layers.map(arraysOf)));
    }
  });
});
