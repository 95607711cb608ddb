import { describe, expect, it } from 'vitest';
import { MAX_RATES } from '../src/core/memory-plan.js';
import { type Network, sgd } from '../src/index.js';
import { cosPi, power } from '../src/spec/exact-math.js';
import {
  cosine,
  exponential,
  inverseTime,
  type LearningRate,
  oneCycle,
  polynomial,
  RateClock,
  rateAt,
  reduceOnPlateau,
  step,
} from '../src/spec/schedule.js';
import { createNetwork, loadNetwork } from './build.js';
import golden from './golden-schedules/rates.json' with { type: 'json' };
import { arraysOf } from './parameters.js';
import { randomFloats, randomLabels, randomNumbers } from './random-numbers.js';

const rates = (rate: LearningRate, count: number) => Array.from({ length: count }, (_, i) => rateAt(rate, i, 0));

/** The tolerance is relative: both sides round a few dozen times in f64. */
function expectSame(got: number[], wanted: number[], tolerance = 1e-13) {
  expect(got).toHaveLength(wanted.length);
  got.forEach((rate, i) => {
    expect(Math.abs(rate - wanted[i]), `${i}: got ${rate}, want ${wanted[i]}`).toBeLessThanOrEqual(tolerance * 0.5);
  });
}

describe("the rates of PyTorch's schedulers", () => {
  it('step', () => expectSame(rates(step({ initial: 0.5, factor: 0.3, steps: 7 }), 40), golden.step));
  it('exponential', () =>
    expectSame(rates(exponential({ initial: 0.5, factor: 0.9, steps: 1 }), 40), golden.exponential));
  it('polynomial', () => expectSame(rates(polynomial({ initial: 0.5, steps: 30, power: 1.7 }), 40), golden.polynomial));
  it('cosine', () => expectSame(rates(cosine({ initial: 0.5, final: 0.01, steps: 40 }), 41), golden.cosine));
  it('cosine with restarts', () => {
    const schedule = cosine({ initial: 0.5, final: 0.01, steps: 5, restarts: 9, growth: 2 });
    expectSame(rates(schedule, 60), golden.restarts);
  });
  it('one-cycle', () => expectSame(rates(oneCycle({ maximum: 2, steps: 40 }), 39), golden.oneCycle, 4e-13));
  it('reduce on plateau', () => {
    const clock = new RateClock(
      reduceOnPlateau({ initial: 0.5, factor: 0.5, patience: 3, cooldown: 1, minimum: 0.06, minDelta: 1e-4 }),
    );
    const got = golden.costs.map((cost) => {
      const rate = clock.next();
      clock.endEpoch(cost);
      return rate;
    });
    expect(got).toEqual(golden.plateau);
  });
});

describe('the rates between and beyond', () => {
  it('inverse time is half of the initial rate after one span', () => {
    expect(rates(inverseTime({ initial: 0.5, steps: 2 }), 7).filter((_, i) => i % 2 === 0)).toEqual([
      0.5,
      0.25,
      0.5 / 3,
      0.125,
    ]);
    expect(rateAt(inverseTime({ initial: 1, decay: 3, steps: 1 }), 1, 0)).toBe(0.25);
  });

  it('warm-up rises linearly to the first rate of the cosine', () => {
    const schedule = cosine({ initial: 0.4, steps: 10, warmUp: 3 });
    expect(rates(schedule, 3)).toEqual([0.1, 0.2, (0.4 * 3) / 4]);
    expect(rates(schedule, 30).slice(3)).toEqual(rates(cosine({ initial: 0.4, steps: 10 }), 27));
  });

  it('stays at the final rate, exactly, after the span', () => {
    for (const after of [10, 11, 1e6]) {
      expect(rateAt(cosine({ initial: 1, final: 0.125, steps: 10 }), after, 0)).toBe(0.125);
      expect(rateAt(polynomial({ initial: 1, final: 0.125, steps: 10, power: 2.5 }), after, 0)).toBe(0.125);
    }
    expect(rateAt(oneCycle({ maximum: 25, steps: 10 }), 9, 0)).toBe(1e-4);
    expect(rateAt(oneCycle({ maximum: 25, steps: 1 }), 0, 0)).toBe(1e-4);
  });

  it('counted in epochs, the rate changes only with the epoch', () => {
    const schedules = [
      step({ initial: 1, factor: 0.5, epochs: 1 }),
      exponential({ initial: 1, factor: 0.5, epochs: 1 }),
      inverseTime({ initial: 1, epochs: 1 }),
      polynomial({ initial: 1, epochs: 2 }),
      cosine({ initial: 1, epochs: 2 }),
    ];
    for (const schedule of schedules) {
      expect(rateAt(schedule, 0, 1)).toBe(0.5);
      expect(rateAt(schedule, 999, 1)).toBe(0.5);
      expect(rateAt(schedule, 999, 0)).toBe(1);
    }
  });
});

describe('the arithmetic of schedules', () => {
  it('cosine and power agree with those of Math up to the last bits', () => {
    const random = randomNumbers(3);
    for (let i = 0; i < 10_000; i++) {
      const t = random();
      expect(Math.abs(cosPi(t) - Math.cos(Math.PI * t))).toBeLessThan(2 ** -51);
      const [base, exponent] = [random(), 20 * random() - 5];
      const wanted = base ** exponent;
      // the error of ln base is multiplied by the exponent
      const roundings = 4 + 2 * Math.abs(exponent * Math.log(base));
      expect(Math.abs(power(base, exponent) - wanted)).toBeLessThan(roundings * 2 ** -51 * wanted);
    }
    expect([cosPi(0), cosPi(0.5), cosPi(1)]).toEqual([1, 0, -1]);
    expect([power(0.5, 10), power(0.1, 0), power(0, 1.5), power(1, 0.3)]).toEqual([2 ** -10, 1, 0, 1]);
    expect(power(0.5, 2000)).toBe(0);
    expect(power(0.5, 2000.5)).toBe(0);
  });
});

const options = {
  inputs: 4,
  layers: [
    { units: 9, activation: 'tanh' as const },
    { units: 3, activation: 'softmax' as const },
  ],
  seed: 4,
};
const random = randomNumbers(8);
const data = {
  inputs: randomFloats(4 * 50, random),
  targets: randomLabels(50, 3, random),
};
const weightsOf = (net: Network) => net.layers.map(arraysOf).flatMap(({ weights, biases }) => [weights, biases]);

describe('training under a schedule', () => {
  it('takes each step with its own rate: the bits are those of single steps with these rates', async () => {
    const [net, single] = [await createNetwork(options), await createNetwork(options)];
    const schedule = exponential({ initial: 0.5, factor: 0.5, steps: 5 });
    await net.fit(data, { epochs: 3, batchSize: 8, shuffle: false, optimizer: sgd({ learningRate: schedule }) });
    for (let i = 0, taken = 0; i < 3; i++) {
      for (let first = 0; first < 50; first += 8, taken++) {
        single.optimizer = sgd({ learningRate: rateAt(schedule, taken, i) });
        single.trainBatch(data.inputs.subarray(4 * first, 4 * (first + 8)), data.targets.subarray(first, first + 8));
      }
    }
    expect(weightsOf(net)).toEqual(weightsOf(single));
  });

  it('gives single batches the rates of fit', async () => {
    const [net, single] = [await createNetwork(options), await createNetwork(options)];
    const learningRate = cosine({ initial: 0.5, steps: 20, warmUp: 3 });
    await net.fit(data, { epochs: 1, batchSize: 8, shuffle: false, optimizer: sgd({ learningRate }) });
    single.optimizer = sgd({ learningRate });
    for (let first = 0; first < 50; first += 8) {
      const [x, y] = [data.inputs.subarray(4 * first, 4 * (first + 8)), data.targets.subarray(first, first + 8)];
      if (first % 16) {
        single.trainBatch(x, y);
      } else {
        single.forward(x);
        single.backward(y);
        single.applyGradients();
      }
    }
    // applyGradients multiplies the stored gradient by the rate, while fit multiplies before it adds, so the roundings
    // differ
    for (const [i, values] of weightsOf(net).entries()) {
      values.forEach((w, k) => {
        expect(Math.abs(w - weightsOf(single)[i][k])).toBeLessThan(1e-6);
      });
    }
  });

  it('continues beyond one table of rates, with the same bits whether each step is reported or not', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const asked: [number, number][] = [];
    const learningRate = (at: number, epoch: number) => {
      asked.push([at, epoch]);
      return 0.1 + 0.1 / (1 + at);
    };
    const many = {
      inputs: Float32Array.from({ length: 4 * 2500 }, (_, i) => data.inputs[i % 200]),
      targets: Uint8Array.from({ length: 2500 }, (_, i) => data.targets[i % 50]),
    };
    const [report] = await net.fit(many, { epochs: 1, batchSize: 1, optimizer: sgd({ learningRate }) });
    expect(2500).toBeGreaterThan(2 * MAX_RATES);
    expect(report.learningRate).toBe(learningRate(2499, 0));
    const seen: number[] = [];
    const onBatch = ({ learningRate: rate }: { learningRate: number }) => seen.push(rate);
    await other.fit(many, { epochs: 1, batchSize: 1, optimizer: sgd({ learningRate }), onBatch });
    expect(seen).toEqual(Array.from({ length: 2500 }, (_, i) => 0.1 + 0.1 / (1 + i)));
    expect(weightsOf(net)).toEqual(weightsOf(other));
    expect(Math.max(...asked.map(([at]) => at))).toBe(2499);
  });

  it('gives every chunk of a step the rate of the step', async () => {
    const [net, other] = [await createNetwork(options), await createNetwork(options)];
    const inputs = Float32Array.from({ length: 4 * 1500 }, (_, i) => data.inputs[i % 200]);
    const targets = Uint8Array.from({ length: 1500 }, (_, i) => data.targets[i % 50]);
    const fit = { batchSize: 600, epochs: 4, shuffle: false };
    const schedule = step({ initial: 0.8, factor: 0.5, steps: 1 });
    const reports = [...(await net.fit({ inputs, targets }, { ...fit, optimizer: sgd({ learningRate: schedule }) }))];
    let taken = 0;
    await other.fit(
      { inputs, targets },
      {
        ...fit,
        optimizer: sgd({ learningRate: 0.8 }),
        onBatch: () => {
          taken++;
          other.optimizer = sgd({ learningRate: 0.8 * 0.5 ** taken });
        },
      },
    );
    expect(weightsOf(net)).toEqual(weightsOf(other));
    expect(reports.map(({ learningRate }) => learningRate)).toEqual([0.2, 0.025, 0.8 / 2 ** 8, 0.8 / 2 ** 11]);
  });

  it('continues in a second call with an equal schedule, and starts anew with another one or when it is assigned', async () => {
    const net = await createNetwork(options);
    const schedule = () => sgd({ learningRate: step({ initial: 1, factor: 0.5, epochs: 1 }) });
    const rate = async (fit: object) => (await net.fit(data, { epochs: 1, ...fit })).last!.learningRate;
    expect(await rate({ optimizer: schedule() })).toBe(1);
    expect(await rate({ optimizer: schedule() })).toBe(0.5);
    expect(await rate({})).toBe(0.25);
    const other = sgd({ learningRate: step({ initial: 2, factor: 0.5, epochs: 1 }) });
    expect(await rate({ optimizer: other })).toBe(2);
    expect(await rate({ optimizer: other })).toBe(1);
    net.optimizer = other;
    expect(await rate({})).toBe(2);
  });

  it('continues after save and load; a function becomes the rate that it had reached', async () => {
    for (const learningRate of [
      cosine({ initial: 0.5, steps: 30, warmUp: 4 }),
      reduceOnPlateau({ initial: 0.5, factor: 0.5, patience: 1, minDelta: 10 }),
    ]) {
      const whole = await createNetwork(options);
      const fit = { epochs: 1, batchSize: 8, optimizer: sgd({ learningRate }) };
      await whole.fit(data, { ...fit, epochs: 4 });
      const half = await createNetwork(options);
      await half.fit(data, { ...fit, epochs: 2 });
      const loaded = await loadNetwork(await half.save());
      const reports = [...(await loaded.fit(data, { batchSize: 8, epochs: 2 }))];
      expect(await loaded.save()).toEqual(await whole.save());
      expect(reports[1].learningRate).toBeLessThan(0.5);
    }
    const net = await createNetwork(options);
    await net.fit(data, { epochs: 1, batchSize: 8, optimizer: sgd({ learningRate: (at) => 1 / (1 + at) }) });
    expect((await loadNetwork(await net.save())).optimizer).toEqual(sgd({ learningRate: 1 / 8 }));
    // a function that returns undefined after its last rate
    const rates = [0.5, 0.25, 0.125];
    net.optimizer = sgd({ learningRate: (_, epoch) => rates[epoch] });
    await net.fit(data, { batchSize: 8, epochs: 3 });
    expect((await loadNetwork(await net.save())).optimizer).toEqual(sgd({ learningRate: 0.125 }));
  });

  it('watches the validation cost if there is one', async () => {
    const net = await createNetwork(options);
    // every validation label is wrong, so the validation cost rises while the training cost falls
    const validation = { inputs: data.inputs, targets: data.targets.map((label) => (label + 1) % 3) };
    const learningRate = reduceOnPlateau({ initial: 0.5, factor: 0.5, patience: 2, minDelta: 0 });
    const reports = [...(await net.fit(data, { epochs: 6, validation, optimizer: sgd({ learningRate }) }))];
    const costs = reports.map((report) => report.cost);
    expect(costs).toEqual(costs.toSorted((p, q) => q - p));
    expect(reports.map((report) => report.learningRate)).toEqual([0.5, 0.5, 0.5, 0.25, 0.25, 0.125]);
  });

  it('takes all steps before an invalid rate, with the same bits for any grouping of steps, and names the step', async () => {
    const learningRate = (at: number) => (at === 5 ? Number.NaN : 0.5);
    const nets = [await createNetwork(options), await createNetwork(options), await createNetwork(options)];
    for (const [i, extra] of [{}, { onBatch: () => {} }].entries()) {
      const failing = nets[i].fit(data, { batchSize: 8, shuffle: false, optimizer: sgd({ learningRate }), ...extra });
      await expect(failing).rejects.toThrow(
        /^learningRate of step 5, epoch 0: got NaN, want a finite number from 0 up$/,
      );
    }
    const five = { inputs: data.inputs.subarray(0, 4 * 40), targets: data.targets.subarray(0, 40) };
    await nets[2].fit(five, { epochs: 1, batchSize: 8, shuffle: false, optimizer: sgd({ learningRate: 0.5 }) });
    expect(weightsOf(nets[0])).toEqual(weightsOf(nets[2]));
    expect(weightsOf(nets[1])).toEqual(weightsOf(nets[2]));
  });
});

it('takes all steps before the one for which the function throws', async () => {
  const learningRate = (at: number) => {
    if (at === 5) throw new Error('no rate');
    return 0.5;
  };
  const net = await createNetwork(options);
  const failing = net.fit(data, { epochs: 1, batchSize: 8, shuffle: false, optimizer: sgd({ learningRate }) });
  await expect(failing).rejects.toThrow(/^no rate$/);
  expect(net.steps).toBe(5);
});

// biome-ignore lint/suspicious/noExplicitAny: what would not compile
type Anything = any;
const wrong: [string, () => unknown, RegExp][] = [
  ['no span', () => step({ initial: 1 } as Anything), /^step: got neither steps nor epochs, want one of them$/],
  ['two spans', () => cosine({ initial: 1, steps: 1, epochs: 1 } as Anything), /^cosine: got both steps and epochs/],
  ['a span of 0', () => cosine({ initial: 1, steps: 0 }), /^cosine\.steps: got 0, want an integer from 1/],
  ['no initial rate', () => cosine({ steps: 1 } as Anything), /^cosine\.initial: got undefined, want a positive/],
  ['a factor of 1', () => exponential({ initial: 1, factor: 1, steps: 1 }), /^exponential\.factor: got 1, want/],
  ['a final rate above', () => polynomial({ initial: 1, final: 2, steps: 1 }), /^polynomial\.final: got 2, want/],
  ['half a restart', () => cosine({ initial: 1, steps: 1, restarts: 0.5 }), /^cosine\.restarts: got 0.5, want/],
  ['patience 0', () => reduceOnPlateau({ initial: 1, patience: 0 }), /^reduceOnPlateau\.patience: got 0, want/],
  [
    'an unknown key',
    () => oneCycle({ maximum: 1, steps: 1, min: 0 } as Anything),
    /^oneCycle: got the unknown key "min"/,
  ],
  [
    'an unknown schedule',
    () => sgd({ learningRate: { name: 'linear', initial: 1 } as Anything }),
    /^sgd\.learningRate\.name: got "linear", want one of step, exponential, /,
  ],
  [
    'a wrong number in a schedule made by hand',
    () => sgd({ learningRate: { name: 'inverseTime', initial: 1, decay: -1, steps: 1 } }),
    /^inverseTime\.decay: got -1, want a positive number/,
  ],
];
it.each(wrong)('refuses %s', (_name, call, message) => {
  expect(call).toThrow(message);
});

it('a function whose rate is nearly 0 is saved as a rate that can be loaded', async () => {
  for (const learningRate of [(step: number) => 0.1 * 0.5 ** step, () => 0]) {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
    await net.fit(
      { inputs: new Float32Array(1), targets: new Float32Array(1) },
      { epochs: 200, optimizer: sgd({ learningRate }) },
    );
    expect((await loadNetwork(await net.save())).optimizer.learningRate).toBe(2 ** -149);
    const loaded = await loadNetwork(await net.save({ training: true }), { learningRate });
    expect(loaded.optimizer.learningRate).toBe(learningRate);
  }
});

it('a function may use the network without changing the reports', async () => {
  const inputs = Float32Array.from({ length: 20 }, (_, i) => i / 20);
  const data = { inputs, targets: inputs.map((x) => x * x) };
  const costs = async (isLooking: boolean) => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1 }], seed: 3 });
    const learningRate = (step: number) => {
      if (isLooking) net.predict(inputs);
      return 1 / (1 + step);
    };
    const reports = [...(await net.fit(data, { epochs: 3, batchSize: 4, optimizer: sgd({ learningRate }) }))];
    return reports.map(({ cost }) => cost);
  };
  expect(await costs(true)).toEqual(await costs(false));
});
