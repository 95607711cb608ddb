import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type InputArray, type NetworkOptions, type Standardization, sgd } from '../src/index.js';
import { createNetwork, loadNetwork, slowClock } from './build.js';
import { arraysOf, bits, parameterBits } from './parameters.js';
import { randomLabels, randomNumbers, SEED } from './random-numbers.js';
import { withSection } from './saved-files.js';

const INPUTS = 7;
const SAMPLES = 150;
const OPTIONS: NetworkOptions = {
  inputs: INPUTS,
  layers: [
    { units: 6, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
  seed: 2,
};

const random = randomNumbers(4);
// columns with different means and deviations; half of the numbers are 0
const inputs = Float32Array.from({ length: SAMPLES * INPUTS }, (_, i) =>
  random() < 0.5 ? 0 : (random() - 0.3) * 10 ** ((i % INPUTS) - 3),
);
const targets = randomLabels(SAMPLES, 3, random);
const data = { inputs, targets };
const training = { epochs: 1, standardize: true, batchSize: 8 };

/** The inputs of the first layer for x: standardised in doubles, then rounded to f32. */
function standardized(values: ArrayLike<number>, { means, deviations }: Standardization, scale = 1): Float32Array {
  const width = means.length;
  return Float32Array.from(values, (x, i) => (x * scale - means[i % width]) / deviations[i % width]);
}

const MEASURED: Standardization = {
  means: new Float64Array(INPUTS).fill(0.3),
  deviations: new Float64Array(INPUTS).fill(0.7),
};
const OTHER: Standardization = { means: MEASURED.means, deviations: new Float64Array(INPUTS).fill(3) };

/** A network whose outputs are its inputs as the first layer sees them. */
const mirror = (width: number): NetworkOptions => ({
  inputs: width,
  layers: [
    {
      units: width,
      activation: 'linear',
      initializer: { weights: Float32Array.from({ length: width ** 2 }, (_, i) => (i % (width + 1) === 0 ? 1 : 0)) },
    },
  ],
});

/** The standardisation that fit computes for `values`. */
async function measure(values: InputArray, options: NetworkOptions): Promise<Standardization> {
  const net = await createNetwork(options);
  const rows = values.length / options.inputs;
  const outputs = options.layers[options.layers.length - 1].units;
  // the cost has the gradient 0, so that inputs of any size can be trained on
  await net.fit({ inputs: values, targets: new Float32Array(rows * outputs) }, training);
  return net.getStandardization() as Standardization;
}

const measuring = (width: number, rest: Partial<NetworkOptions> = {}): NetworkOptions => ({
  inputs: width,
  layers: [{ units: 1, activation: 'linear' }],
  cost: { value: () => 0, gradient: (_a, _y, out) => out.fill(0) },
  ...rest,
});

describe('fit with standardize', () => {
  it('measures mean and deviation of each column, for every type of array', async () => {
    const columns = fc.integer({ min: 1, max: 20 });
    const value = fc.oneof(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), fc.constant(0));
    await fc.assert(
      fc.asyncProperty(columns, fc.array(value, { minLength: 1, maxLength: 400 }), async (width, numbers) => {
        const rows = Math.ceil(numbers.length / width);
        const values = Float64Array.from({ length: rows * width }, (_, i) => Math.fround(numbers[i % numbers.length]));
        const { means, deviations } = await measure(values, measuring(width));
        for (let k = 0; k < width; k++) {
          const column = values.filter((_, i) => i % width === k);
          const mean = column.reduce((sum, x) => sum + x, 0) / rows;
          const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows;
          const largest = column.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
          // `rows` doubles are added up in two ways, each with its rounding errors
          const slack = 8 * rows * 2 ** -53 * largest;
          expect(Math.abs(means[k] - mean)).toBeLessThanOrEqual(slack);
          if (column.every((x) => x === column[0])) expect([means[k], deviations[k]]).toEqual([column[0] + 0, 1]);
          else if (variance > slack ** 2) {
            const wanted = Math.sqrt(variance);
            expect(Math.abs(deviations[k] - wanted)).toBeLessThanOrEqual((slack * largest) / wanted);
          }
        }
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('measures numbers after they are scaled', async () => {
    const bytes = Uint8Array.from({ length: 70 }, () => 256 * random());
    for (const scale of [undefined, 0.3]) {
      const doubles = Float64Array.from(bytes, (byte) => byte * (scale ?? 1));
      expect(await measure(bytes, measuring(7, { scale }))).toEqual(await measure(doubles, measuring(7)));
      const floats = Float32Array.from(bytes);
      expect(await measure(floats, measuring(7, { scale }))).toEqual(await measure(doubles, measuring(7)));
    }
    const integers = Int32Array.from(bytes);
    expect(await measure(integers, measuring(7, { scale: 0.3 }))).toEqual(
      await measure(bytes, measuring(7, { scale: 0.3 })),
    );
  });

  it('gives the same bits for any batch size at create', async () => {
    const wanted = await measure(inputs, measuring(INPUTS));
    for (const batchSize of [1, 7, 149, 150, 151]) {
      expect(await measure(inputs, measuring(INPUTS, { batchSize }))).toEqual(wanted);
    }
  });

  it('does not lose a small deviation beside a large mean', async () => {
    // the squares of these numbers need 46 bits and more, so a sum of squares would lose the deviation
    for (const values of [
      Float32Array.from({ length: 1000 }, (_, i) => 2 ** 23 + (i % 2)),
      Float64Array.from({ length: 1000 }, (_, i) => 2 ** 50 + (i % 2)),
      Int32Array.from({ length: 1000 }, (_, i) => 2 ** 30 + (i % 2)),
      Uint32Array.from({ length: 1000 }, (_, i) => 2 ** 31 + (i % 2)),
    ]) {
      expect(await measure(values, measuring(1))).toEqual({
        means: Float64Array.of(values[0] + 0.5),
        deviations: Float64Array.of(0.5),
      });
    }
  });

  it('keeps apart the numbers of a column whose squares are too small for doubles', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
    const tiny = Float64Array.of(0, 1e-300, 2e-300);
    await net.fit({ inputs: tiny, targets: [1, 2, 3] }, { epochs: 1, standardize: true });
    const { means, deviations } = net.getStandardization() as Standardization;
    const seen = Array.from(tiny, (x) => (x - means[0]) / deviations[0]);
    for (const [i, x] of seen.entries()) expect(x).toBeCloseTo(i - 1, 12);
  });

  it('gives a constant column its value as mean and the deviation 1, so that it becomes 0', async () => {
    const constants = Float32Array.of(0, 0.1, -7e8, 3e38, -0, 1e-45);
    const values = Float32Array.from({ length: 6 * 77 }, (_, i) => constants[i % 6]);
    const standardization = await measure(values, measuring(6));
    expect(standardization).toEqual({
      means: Float64Array.from(constants, (value) => value + 0),
      deviations: new Float64Array(6).fill(1),
    });
    const net = await createNetwork(mirror(6));
    net.setStandardization(standardization);
    expect([...net.predict(values)]).toEqual(Array(6 * 77).fill(0));
  });

  it('accepts deviations and numbers that 32 bits cannot hold', async () => {
    const tiny = Float32Array.of(0, 1e-39, 0, 1e-39);
    const { deviations } = await measure(tiny, measuring(1));
    expect(deviations[0]).toBe(tiny[1] / 2);
    const huge = Float64Array.of(2 ** 500, 3 * 2 ** 500);
    expect(await measure(huge, measuring(1))).toEqual({
      means: Float64Array.of(2 ** 501),
      deviations: Float64Array.of(2 ** 500),
    });
    await expect(measure(Float64Array.of(0, 1, 0, 1e300), measuring(2))).rejects.toThrow(
      'standardize: column 1: got a deviation of Infinity, want numbers whose squares are finite',
    );
    const single = await measure(Float32Array.of(5, -5), measuring(2));
    expect(single).toEqual({ means: Float64Array.of(5, -5), deviations: Float64Array.of(1, 1) });
  });

  it('measures only the training data, and standardises validation data in the same way', async () => {
    const net = await createNetwork(OPTIONS);
    const validation = { inputs: inputs.slice(0, 5 * INPUTS), targets: targets.slice(0, 5) };
    const train = { inputs: inputs.slice(5 * INPUTS), targets: targets.slice(5) };
    const [report] = await net.fit(train, { ...training, validation });
    expect(net.getStandardization()).toEqual(await measure(train.inputs, measuring(INPUTS)));
    expect(report.validation).toEqual(await net.evaluate(validation));
  });

  it('trains like a network on data that were standardised before', async () => {
    const net = await createNetwork(OPTIONS);
    await net.fit(data, { ...training, epochs: 3 });
    const other = await createNetwork(OPTIONS);
    const before = standardized(inputs, net.getStandardization() as Standardization);
    await other.fit({ inputs: before, targets }, { batchSize: 8, epochs: 3 });
    expect(parameterBits(net)).toEqual(parameterBits(other));
    expect(await net.evaluate(data)).toEqual(await other.evaluate({ inputs: before, targets }));
    expect(net.trainBatch(inputs, targets)).toBe(other.trainBatch(before, targets));
    net.forward(inputs);
    other.forward(before);
    expect(net.backward(targets)).toBe(other.backward(targets));
    expect(bits(net.layers[0].getWeightGradients())).toEqual(bits(other.layers[0].getWeightGradients()));
  });

  it.each<[string, (count: number, at: (i: number) => number) => InputArray]>([
    ['doubles', (count, at) => Float64Array.from({ length: count }, (_, i) => at(i))],
    ['integers', (count, at) => Int32Array.from({ length: count }, (_, i) => at(i))],
    ['unsigned integers', (count, at) => Uint32Array.from({ length: count }, (_, i) => at(i))],
  ])('distinguishes time stamps that would be equal in 32 bits: %s', async (_, make) => {
    const minute = make(60, (i) => 1_700_000_000 + i);
    // rounded to 32 bits, all time stamps are equal
    expect(new Set(Float32Array.from(minute)).size).toBe(1);
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], seed: 1 });
    const targets = Float32Array.from({ length: 60 }, (_, i) => i / 60 + 0.005 * Math.sin(i));
    const data = { inputs: minute, targets };
    await net.fit(data, { standardize: true, epochs: 200, optimizer: sgd({ learningRate: 0.1 }), validation: data });
    expect(net.getStandardization()).toEqual({
      means: Float64Array.of(1_700_000_029.5),
      deviations: Float64Array.of(Math.sqrt((60 ** 2 - 1) / 12)),
    });
    expect((await net.evaluate(data)).r2).toBeGreaterThan(0.9997);
    expect(net.trainBatch(minute, targets)).toBeLessThan(1e-4);
    expect(new Set(net.predict(minute)).size).toBe(60);
    const loaded = await loadNetwork(await net.save());
    expect(loaded.predict(minute)).toEqual(net.predict(minute));
    // the time stamps of an hour, ten seconds apart
    const hour = make(360, (i) => 1_700_000_000 + 10 * i);
    const fresh = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
    await fresh.fitStream(
      () =>
        [0, 1, 2].map((part) => ({
          inputs: hour.subarray(120 * part, 120 * part + 120),
          targets: new Float32Array(120),
        })),
      { standardize: true },
    );
    expect(fresh.getStandardization()?.means).toEqual(Float64Array.of(1_700_001_795));
  });

  it('gives the same bits for the same numbers, in every type of array', async () => {
    const bytes = Uint8Array.from({ length: 70 }, () => 256 * random());
    const net = await createNetwork({ ...OPTIONS, scale: 1 });
    const labels = targets.slice(0, 10);
    await net.fit({ inputs: bytes, targets: labels }, training);
    const predicted = bits(net.predict(bytes));
    for (const type of [Float32Array, Float64Array, Int16Array, Uint16Array, Int32Array, Uint32Array]) {
      expect(bits(net.predict(type.from(bytes)))).toEqual(predicted);
    }
  });

  it('refuses a number that 32 bits cannot hold after standardisation, and does not change', async () => {
    const net = await createNetwork(mirror(2));
    net.setStandardization({ means: Float64Array.of(0, 0), deviations: Float64Array.of(1, 1e-30) });
    net.forward(Float32Array.of(1, 1e-30));
    const { z } = arraysOf(net.layers[0]);
    expect([...z]).toEqual([1, 1]);
    for (const call of [
      () => net.predict(Float64Array.of(0, 0, 1, 1e9)),
      () => net.forward(Float64Array.of(0, 0, 1, 1e9)),
      () => net.trainBatch(Float64Array.of(0, 0, 1, 1e9), new Float32Array(4)),
    ]) {
      expect(call).toThrow(
        /^x\[3\] \(row 1, column 1\): got 1000000000, want a number that is finite in 32 bits once it is standardised$/,
      );
    }
    expect(net.layers[0].getZ()).toEqual(z);
    // inputs that are too large for 32 bits are accepted if they fit once they are standardised
    net.setStandardization({ means: Float64Array.of(1e300, 0), deviations: Float64Array.of(1e299, 1) });
    expect([...net.predict(Float64Array.of(2e300, 7))]).toEqual([10, 7]);
    expect(() => net.predict(Float64Array.of(Number.NaN, 7))).toThrow(
      /^x\[0\] \(row 0, column 0\): got NaN, want a finite number$/,
    );
  });

  it('starts trainFor anew if it changes between two calls', async () => {
    const net = await createNetwork(OPTIONS);
    const [first, other] = [standardized(inputs, MEASURED), standardized(inputs, OTHER)];
    net.setStandardization(MEASURED);
    const steps = { batchSize: 10, shuffle: false };
    expect((await net.trainFor(data, 1e-30, steps)).step).toBe(1);
    expect((await net.trainFor(data, 1e-30, steps)).step).toBe(2);
    net.setStandardization(OTHER);
    expect((await net.trainFor(data, 1e-30, steps)).step).toBe(1);
    const plain = await createNetwork(OPTIONS);
    await plain.trainFor({ inputs: first, targets }, 1e-30, steps);
    await plain.trainFor({ inputs: first, targets }, 1e-30, steps);
    await plain.trainFor({ inputs: other, targets }, 1e-30, steps);
    expect(parameterBits(net)).toEqual(parameterBits(plain));
  });

  it('keeps the measured values in a second call', async () => {
    const [once, twice] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
    await once.fit(data, { ...training, epochs: 2 });
    await twice.fit(data, training);
    await twice.fit(data, training);
    expect(parameterBits(twice)).toEqual(parameterBits(once));
    const before = twice.getStandardization();
    const shifted = { inputs: inputs.map((x) => x + 1), targets };
    await twice.fit(shifted, training);
    expect(twice.getStandardization()).toEqual(before);
    await twice.fit(shifted, { epochs: 1 });
    expect(twice.getStandardization()).toEqual(before);
    // once the standardisation has been removed, fit measures a new one
    twice.setStandardization(undefined);
    await twice.fit(shifted, training);
    expect(twice.getStandardization()).toEqual(await measure(shifted.inputs, measuring(INPUTS)));
  });

  it('lets the event loop run while it measures, and stops if it is aborted then', async () => {
    const net = await createNetwork(measuring(500));
    const before = parameterBits(net);
    const controller = new AbortController();
    // with this clock, every reading is long after the last, so the first measured block lets the event loop run
    const clock = slowClock(1000);
    try {
      setImmediate(() => controller.abort(new Error('enough')));
      const large = { inputs: new Uint8Array(500 * 1000), targets: new Float32Array(1000) };
      await expect(net.fit(large, { ...training, signal: controller.signal })).rejects.toThrow('enough');
    } finally {
      clock.mockRestore();
    }
    expect(net.getStandardization()).toBeUndefined();
    expect(parameterBits(net)).toEqual(before);
  });

  test.each([1, 0, 'true', null])('refuses standardize: %j', async (standardize) => {
    const net = await createNetwork(OPTIONS);
    // @ts-expect-error: what is refused
    const refused = net.fit(data, { epochs: 1, standardize });
    await expect(refused).rejects.toThrow(
      /^options\.standardize: got .*, want true, false, "inputs", "targets" or "both"$/,
    );
    expect(net.getStandardization()).toBeUndefined();
  });
});

describe('standardization', () => {
  const standardization: Standardization = {
    means: Float64Array.from({ length: INPUTS }, (_, k) => k - 2.5),
    deviations: Float64Array.from({ length: INPUTS }, (_, k) => 0.3 + k),
  };

  it('is (x - mean) / deviation of every number, in doubles and rounded once', async () => {
    for (const width of [1, 3, 4, 15, 16, 17, 33]) {
      const net = await createNetwork(mirror(width));
      const values = Float32Array.from({ length: 21 * width }, () => (random() < 0.3 ? 0 : random() * 4 - 2));
      const given = {
        means: Float64Array.from({ length: width }, () => random() - 0.5),
        deviations: Float64Array.from({ length: width }, () => random() + 0.1),
      };
      net.setStandardization(given);
      expect([...net.predict(values)]).toEqual([...standardized(values, given)]);
    }
  });

  it('gives a row the same bits alone and in a batch', async () => {
    const net = await createNetwork(OPTIONS);
    net.setStandardization(standardization);
    const all = net.predict(inputs);
    for (let row = 0; row < SAMPLES; row += 7) {
      const alone = net.predict(inputs.slice(row * INPUTS, (row + 1) * INPUTS));
      expect(bits(alone)).toEqual(bits(all.slice(3 * row, 3 * row + 3)));
    }
  });

  it('is copied when it is read or assigned, and removed by undefined', async () => {
    const net = await createNetwork(OPTIONS);
    expect(net.getStandardization()).toBeUndefined();
    const plain = net.predict(inputs);
    const given = { means: standardization.means.slice(), deviations: standardization.deviations.slice() };
    net.setStandardization(given);
    const predicted = net.predict(inputs);
    expect(predicted).not.toEqual(plain);
    given.means.fill(9);
    net.getStandardization()?.deviations.fill(9);
    expect(net.getStandardization()).toEqual(standardization);
    expect(net.predict(inputs)).toEqual(predicted);
    // larger batches make the memory grow
    net.forward(new Float32Array(INPUTS * 1000));
    expect(net.predict(inputs)).toEqual(predicted);
    net.setStandardization(undefined);
    expect(net.getStandardization()).toBeUndefined();
    expect(bits(net.predict(inputs))).toEqual(bits(plain));
  });

  it('makes the last forward pass invalid when it changes', async () => {
    const net = await createNetwork(OPTIONS);
    net.forward(inputs);
    net.setStandardization(standardization);
    expect(() => net.backward(targets)).toThrow(/^backward: got no forward pass of these weights/);
  });

  it('cannot be assigned while the network is trained', async () => {
    const net = await createNetwork(OPTIONS);
    await net.fit(data, {
      epochs: 1,
      onEpoch() {
        expect(() => {
          net.setStandardization(standardization);
        }).toThrow(/^setStandardization: got a new one while this network is being trained/);
      },
    });
    expect.assertions(2);
    expect(net.getStandardization()).toBeUndefined();
  });

  const wrong: [string, unknown, RegExp][] = [
    ['null', null, /^setStandardization: got null, want an object such as \{ means: \.\.\. \}$/],
    [
      'an unknown key',
      { ...standardization, scale: 1 },
      /^setStandardization: got the unknown key "scale", want means, dev/,
    ],
    [
      'no deviations',
      { means: standardization.means },
      /^setStandardization\.deviations: got undefined, want a Float64Array or an array of 7 numbers$/,
    ],
    ['a list', { ...standardization, means: [1, 2] }, /^setStandardization\.means: got 2 numbers, want 7$/],
    [
      'floats',
      { ...standardization, means: new Float32Array(7) },
      /means: got Float32Array of 28 bytes, want a Float64Array or an array of 7 numbers: Float64Array\.from\(values\)$/,
    ],
    ['a missing mean', { ...standardization, means: new Float64Array(6) }, /means: got 6 numbers, want 7$/],
    [
      'NaN',
      { ...standardization, means: standardization.means.map(() => Number.NaN) },
      /means\[0\]: got NaN, want a fin/,
    ],
    [
      'a deviation of 0',
      { ...standardization, deviations: new Float64Array(7) },
      /deviations\[0\]: got 0, want a positive finite number$/,
    ],
    [
      'a negative one',
      { ...standardization, deviations: new Float64Array(7).fill(-1) },
      /deviations\[0\]: got -1, want/,
    ],
    [
      'an infinite one',
      { ...standardization, deviations: new Float64Array(7).fill(Number.POSITIVE_INFINITY) },
      /deviations\[0\]: got Infinity, want a positive finite number$/,
    ],
  ];
  it.each(wrong)('refuses %s, and does not change', async (_, value, message) => {
    const net = await createNetwork(OPTIONS);
    net.setStandardization(standardization);
    expect(() => {
      net.setStandardization(value as Standardization);
    }).toThrow(message);
    expect(net.getStandardization()).toEqual(standardization);
  });
});

describe('the file', () => {
  it('holds the measured values', async () => {
    const net = await createNetwork({ ...OPTIONS, task: 'classes' });
    const size = (await net.save()).length;
    await net.fit(data, training);
    const file = await net.save();
    const loaded = await loadNetwork(file);
    expect(loaded.getStandardization()).toEqual(net.getStandardization());
    expect(bits(loaded.predict(inputs))).toEqual(bits(net.predict(inputs)));
    expect(await loaded.save()).toEqual(file);
    // the loaded network continues like the first one
    await Promise.all([net, loaded].map((each) => each.fit(data, training)));
    expect(parameterBits(loaded)).toEqual(parameterBits(net));
    net.setStandardization(undefined);
    expect((await net.save()).length).toBeLessThan(size + 64);
    expect((await loadNetwork(await net.save())).getStandardization()).toBeUndefined();
  });

  it('is refused if its deviations are invalid, or if their number does not fit the inputs', async () => {
    const net = await createNetwork(OPTIONS);
    await net.fit(data, training);
    const file = await net.save();
    const doubles = Float64Array.from({ length: 2 * INPUTS }, (_, i) => 1 + i);
    const load = (values: Float64Array) =>
      expect(loadNetwork(withSection(file, 'standardization', { bytes: new Uint8Array(values.buffer) }))).rejects;
    await load(doubles.with(2 * INPUTS - 1, 0)).toThrow(
      /^load: standardization\.deviations\[6\]: got 0, want a positive finite number$/,
    );
    await load(doubles.with(6, Number.NaN)).toThrow(/^load: standardization\.means\[6\]: got NaN, want a finite/);
    await load(doubles.slice(1)).toThrow(/^load: got 104 bytes of standardization, want 112 for this network$/);
  });
});
