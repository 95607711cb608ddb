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
import { randomNumbers } from './random-numbers.js';
import { type LbfgsEpoch, type LbfgsOptions, lbfgsReference, type Objective } from './reference-lbfgs.js';
import { flatten } from './reference-optimizers.js';

/** A training as the reference tells of it: what each epoch reached, and in how many passes. */
async function epochsOf(net: Network, data: Parameters<Network['fit']>[0], { epochs, ...options }: LbfgsOptions) {
  const done: (Pick<LbfgsEpoch, 'w' | 'passes'> & Pick<EpochReport, 'stopped' | 'gradientLength'>)[] = [];
  let passes = 0;
  const onBatch = () => {
    passes++;
  };
  for await (const report of net.train(data, { epochs, optimizer: lbfgs(options), onBatch })) {
    const { stopped, gradientLength } = report;
    done.push({ w: flatten(net.layers), passes, stopped, gradientLength });
    passes = 0;
  }
  return done;
}

/** A network whose outputs are its weights, with a cost that is any function of them. */
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

/** Both, side by side: passes and reasons exactly, weights to `bound`. */
function expectSame(got: Awaited<ReturnType<typeof epochsOf>>, wanted: LbfgsEpoch[], bound: (epoch: number) => number) {
  expect(got.map(({ passes, stopped }) => [passes, stopped])).toEqual(
    wanted.map(({ passes, stopped }) => [passes, stopped]),
  );
  got.forEach(({ w }, epoch) => {
    // a layer without biases has zeros for them
    const error = Math.max(...Array.from(wanted[epoch].w, (value, i) => Math.abs(value - w[i])));
    expect(error, `epoch ${epoch}`).toBeLessThanOrEqual(bound(epoch));
  });
}

/** Cubics from one knot to the next, each [place, value, slope]; straight on beyond the ends. */
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

/** A search that starts from w = 0, where the slope is -1, so that the first trial is w = learningRate. */
interface Line {
  readonly f: Objective;
  readonly passes: number;
  /** The w at which it ends; undefined: somewhere below 1. */
  readonly w?: number;
  readonly learningRate?: number;
}

const hill = 1e8;
/** Its minimum at 1, and no end. */
const bowl: Objective = ([w]) => ({ value: (w - 1) ** 2 / 2, gradient: Float64Array.of(w - 1) });
const overflowing =
  (f: Objective, from: number): Objective =>
  (w) =>
    w[0] > from ? { value: Number.POSITIVE_INFINITY, gradient: Float64Array.of(0) } : f(w);

const lines: Readonly<Record<string, Line>> = {
  'takes a step whose cost falls by 1e-4 of the slope': {
    f: through([0, 1, -1], [1, 1 - 1.01e-4, 1.5]),
    passes: 2,
    w: 1,
  },
  'refuses one that falls by less': { f: through([0, 1, -1], [1, 1 - 0.99e-4, 1.5]), passes: 3 },
  'goes on where more than nine tenths of the slope are left': {
    f: through([0, 1, -1], [1, 0.2, -0.91], [2, -1, 0.1]),
    passes: 3,
    w: 2,
  },
  'goes no further where less is left': { f: through([0, 1, -1], [1, 0.2, -0.89], [2, -1, 0.1]), passes: 2, w: 1 },
  'takes a cost that has grown by 2^-22 for equal': { f: through([0, 1, -1], [1, 1 + 2.3e-7, 0.5]), passes: 2, w: 1 },
  'takes none that has grown by more for equal': { f: through([0, 1, -1], [1, 1 + 2.5e-7, 0.5]), passes: 3 },
  'lets the slope decide between equal costs': { f: through([0, 1, -1], [1, 1 + 1e-7, 0.99975]), passes: 2, w: 1 },
  'wants a slope that is less steep, up or down': { f: through([0, 1, -1], [1, 1 + 1e-7, 0.99985]), passes: 3 },
  'interpolates no nearer to the lower end than a tenth': {
    f: through([0, 1, -1], [0.1, 0.95, 0.2], [1, 60, 99]),
    passes: 3,
    w: 0.1,
  },
  'interpolates no nearer to the upper end than a tenth': {
    f: through([0, hill, -1], [1, hill + 20, -1], [1.9, hill - 5, 0.2], [2, hill + 1, 1.5]),
    passes: 4,
    w: 1.9,
  },
  'halves the exponent of a step whose cost overflows': { f: overflowing(bowl, 4), passes: 8, learningRate: 1e12 },
  'halves it between a step that is too short and one that overflows': {
    f: overflowing(through([0, 1, -1], [2e4, 1 - 2e4, -1], [10 ** 4.5, -25_000, 0]), 5e5),
    passes: 5,
    w: 10 ** 4.5,
    learningRate: 1e12,
  },
  'tries thirty points': { f: ([w]) => ({ value: -w, gradient: Float64Array.of(-1) }), passes: 31, w: 0 },
  'tries a step as long as the gradient after a rate that is too large by far': {
    f: bowl,
    passes: 32,
    w: 1,
    learningRate: 2 ** 110,
  },
  'tries no weights twice': { f: () => ({ value: 1, gradient: Float64Array.of(-1) }), passes: 2, w: 0 },
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
 * How far f32 may carry the weights from those of the reference, epoch by epoch, by Monte Carlo arithmetic (Parker,
 * 1997): three times the largest deviation of runs of the reference whose weights and gradients are disturbed within
 * the bounds of their roundings.
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

describe('lbfgs beside a reference of its own', () => {
  /** Rosenbrock's valley, in pairs of coordinates, which steps must follow around its bend. */
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
  /** The core gets the gradient rounded once; the direction made of it has a handful of roundings more. */
  const valleyErrors = (w: Float64Array) => valley(w).gradient.map((g) => 4 * EPSILON * Math.abs(g));

  it.each([
    [2, 10, 12],
    [6, 10, 12],
    [6, 2, 12],
    [6, 1, 10],
  ])('goes the same way through a valley of %i coordinates with %i pairs', async (coordinates, history, epochs) => {
    const start = Float64Array.from({ length: coordinates }, (_, i) => (i % 2 === 0 ? -1.25 : 1));
    const options = { epochs, history };
    const bounds = boundsOf(valley, valleyErrors, start, options);
    const got = await epochsOf(await weightsUnder(valley, [...start]), one(coordinates), options);
    expectSame(got, lbfgsReference(valley, start, options), (epoch) => bounds[epoch]);
  });

  /** Two numbers that lead from place to place: the gradient at each. The cost falls from one to the next. */
  function course(...places: readonly (readonly [w: readonly number[], gradient: readonly number[]])[]): Objective {
    return (w) => {
      const at = places.findIndex(([[a, b]]) => Math.abs(a - w[0]) < 0.25 && Math.abs(b - w[1]) < 0.25);
      return { value: at < 0 ? 1e10 : -1e9 * at, gradient: Float64Array.from(places[Math.max(at, 0)][1]) };
    };
  }

  it.each([1, 2])('forgets a step whose curvature is lost in rounding, with %i pairs', async (history) => {
    const way = course(
      [
        [0, 0],
        [-1, 0],
      ],
      [
        [1, 0],
        [-0.5, 0],
      ],
      // as far on as the first step says, to a gradient across it
      [
        [2, 0],
        [-0.4, 1e8],
      ],
      // down that one, from the pair before or without any
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

  it.each([0, 0.5])('goes the same way with a network: l2 %f', async (l2) => {
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
    // a bound that lets anything pass proves nothing
    const way = Math.max(...wanted[7].w.map((value, i) => Math.abs(value - wanted[6].w[i])));
    expect(bounds[7]).toBeLessThan(way / 20);
    expectSame(got, wanted, (epoch) => bounds[epoch]);
    got.forEach(({ gradientLength }, epoch) => {
      expect(gradientLength).toBeCloseTo(wanted[epoch].gradientLength, 4);
    });
  });
});

describe('lbfgs says no more than it knows', () => {
  /** y = 3 (x - c) and a wave, on x = c, c + 0.5, ..., c + 9.5; and the least that the cost can be. */
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
  /** The mean gradient at the weights as they are. */
  function gradientOf(net: Network, { inputs, targets }: { inputs: Float32Array; targets: Float32Array }): number {
    net.forward(inputs);
    net.backward(targets);
    const [{ weightGradients, biasGradients }] = net.layers;
    return Math.hypot(...weightGradients, ...biasGradients);
  }

  it.each([0, 30, 300, 1000])('and gets to the minimum on inputs from %i on', async (c) => {
    const { data, least } = far(c);
    const net = await createNetwork(unit);
    const reports = await net.fit(data, { epochs: 500, optimizer: lbfgs() });
    expect(reports.length).toBeLessThan(100);
    // a cost of squares of differences of numbers up to 3 c: each is off by a few roundings of that
    const { cost } = net.evaluate(data);
    expect(Math.abs(cost - least)).toBeLessThan(2 * Math.sqrt(2 * least) * 8 * EPSILON * Math.max(3 * c, 30));
    const last = reports[reports.length - 1];
    expect(last.stopped).toBe('stalled');
    expect(last.gradientLength).toBeCloseTo(gradientOf(net, data), 4);
  });

  it('but names a training that rounding has brought to a stop, and how steep it is there', async () => {
    const { data, least } = far(10_000);
    const net = await createNetwork(unit);
    const reports = await net.fit(data, { epochs: 500, optimizer: lbfgs() });
    const last = reports[reports.length - 1];
    expect(net.evaluate(data).cost).toBeGreaterThan(1000 * least);
    expect(last.stopped).toBe('stalled');
    expect(last.gradientLength).toBeGreaterThan(1e-3);
    expect(reports.length).toBeLessThan(100);
  });

  it('converged: the gradient is no longer than the tolerance', async () => {
    const { data } = far(0);
    const fit = async (tolerance: number) => {
      const net = await createNetwork(unit);
      return { net, reports: await net.fit(data, { epochs: 500, optimizer: lbfgs({ tolerance }) }) };
    };
    const lengths = (await fit(0)).reports.map(({ gradientLength }) => gradientLength!);
    // the shortest so far, so that no epoch before it has as short a one
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

  it('converged before the first step, which then is not taken', async () => {
    const net = await weightsUnder(([w]) => ({ value: w * 5e-8, gradient: Float64Array.of(5e-8) }), [3]);
    const [{ passes, stopped, w }, ...rest] = await epochsOf(net, one(1), { epochs: 9 });
    expect({ passes, stopped, w: w[0], rest }).toEqual({ passes: 1, stopped: 'converged', w: 3, rest: [] });
  });

  it.each([1e-3, 1, 1e8, 1e12, 1e20, 1e30, 3e38])(
    'and gets there from a first step of %d directions',
    async (learningRate) => {
      // a first step far too short stays short on the flat floor of a far valley
      for (const c of learningRate < 1 ? [0] : [0, 300]) {
        const { data, least } = far(c);
        const net = await createNetwork(unit);
        let passes = 0;
        const onBatch = () => {
          passes++;
        };
        await net.fit(data, { epochs: 500, optimizer: lbfgs({ learningRate }), onBatch });
        expect(net.evaluate(data).cost).toBeLessThan(least * (1 + 2e-3));
        // one of them is tried again in each step
        // the fused build rounds otherwise, and needs 585 from 3e38
        expect(passes).toBeLessThan(learningRate > 1 ? (buildName === 'relaxed' ? 1000 : 500) : 1500);
      }
    },
  );

  /** A hollow on a mountain: what the steps gain is less than the roundings of the cost. */
  it.each([
    [1e7, 4, 1],
    [1e5, 4, 1],
    [1e9, 3, 1],
    [1e9, 6, 2],
  ])('gives ten steps without a gain a chance, on a cost of %d', async (height, flatness, history) => {
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

  it('counts them on after it was saved', async () => {
    const { data } = far(1000);
    const net = await createNetwork(unit);
    const files: Uint8Array[] = [];
    const onEpoch = () => {
      files.push(net.save({ training: true }));
    };
    const reports = await net.fit(data, { epochs: 500, optimizer: lbfgs(), onEpoch });
    for (let epoch = 0; epoch < files.length; epoch += 4) {
      const copy = await loadNetwork(files[epoch]);
      const rest = await copy.fit(data, { epochs: 500, optimizer: lbfgs() });
      expect(rest.map(({ stopped, gradientLength }) => [stopped, gradientLength])).toEqual(
        reports.slice(epoch + 1).map(({ stopped, gradientLength }) => [stopped, gradientLength]),
      );
      expect(flatten(copy.layers)).toEqual(flatten(net.layers));
    }
  });
});
