import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Inputs, NetworkOptions, Standardization } from '../src/index.js';
import { createNetwork, EPSILON, loadNetwork, slowClock } from './build.js';
import { bits, parameterBits } from './parameters.js';
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
// columns of different size and place, half of the numbers 0
const inputs = Float32Array.from({ length: SAMPLES * INPUTS }, (_, i) =>
  random() < 0.5 ? 0 : (random() - 0.3) * 10 ** ((i % INPUTS) - 3),
);
const targets = randomLabels(SAMPLES, 3, random);
const data = { inputs, targets };
const training = { standardize: true, batchSize: 8 };

/** x as a network with the measured means and deviations sees it: two roundings. */
function standardized(values: ArrayLike<number>, { means, deviations }: Standardization): Float32Array {
  const width = means.length;
  return Float32Array.from(
    values,
    (x, i) => Math.fround(x - means[i % width]) * Math.fround(1 / deviations[i % width]),
  );
}

/** The inputs come out as the first layer sees them. */
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
async function measure(values: Inputs, options: NetworkOptions): Promise<Standardization> {
  const net = await createNetwork(options);
  const rows = values.length / options.inputs;
  const outputs = options.layers[options.layers.length - 1].units;
  // a cost of its own whose gradient is 0: any inputs will do
  await net.fit({ inputs: values, targets: new Float32Array(rows * outputs) }, training);
  return net.standardization as Standardization;
}

const measuring = (width: number, rest: Partial<NetworkOptions> = {}): NetworkOptions => ({
  inputs: width,
  layers: [{ units: 1, activation: 'linear' }],
  cost: { value: () => 0, gradient: (_a, _y, out) => out.fill(0) },
  ...rest,
});

describe('fit with standardize', () => {
  it('measures mean and deviation of each column, whatever the numbers are stored as', async () => {
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
          // one rounding to f32 beside those of two ways to sum `rows` doubles
          const slack = 8 * rows * 2 ** -53 * largest;
          expect(Math.abs(means[k] - mean)).toBeLessThanOrEqual(EPSILON * Math.abs(mean) + slack + 2 ** -149);
          if (column.every((x) => x === column[0])) expect([means[k], deviations[k]]).toEqual([column[0], 1]);
          else if (variance > slack ** 2 && deviations[k] !== 1) {
            const wanted = Math.sqrt(variance);
            const error = EPSILON * wanted + (slack * largest) / wanted + 2 ** -149;
            expect(Math.abs(deviations[k] - wanted)).toBeLessThanOrEqual(error);
          }
        }
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('takes bytes and integers after their scale', async () => {
    const bytes = Uint8Array.from({ length: 70 }, () => 256 * random());
    for (const scale of [undefined, 0.3]) {
      const factor = Math.fround(scale ?? 1 / 255);
      const floats = Float32Array.from(bytes, (byte) => byte * factor);
      expect(await measure(bytes, measuring(7, { scale }))).toEqual(await measure(floats, measuring(7)));
    }
    const integers = Int32Array.from(bytes);
    expect(await measure(integers, measuring(7, { scale: 0.3 }))).toEqual(
      await measure(bytes, measuring(7, { scale: 0.3 })),
    );
  });

  it('gives the same bits whatever the network can hold at once', async () => {
    const wanted = await measure(inputs, measuring(INPUTS));
    for (const batchSize of [1, 7, 149, 150, 151]) {
      expect(await measure(inputs, measuring(INPUTS, { batchSize }))).toEqual(wanted);
    }
  });

  it('does not lose a small deviation beside a large mean', async () => {
    // 2^23 + {0, 1}: exact in f32; the sum of squares would need 46 bits and more
    const values = Float32Array.from({ length: 1000 }, (_, i) => 2 ** 23 + (i % 2));
    expect(await measure(values, measuring(1))).toEqual({
      means: Float32Array.of(2 ** 23), // + 1/2, which f32 rounds to even
      deviations: Float32Array.of(0.5),
    });
  });

  it('gives a constant column its value as mean and the deviation 1, so that it becomes 0', async () => {
    const constants = Float32Array.of(0, 0.1, -7e8, 3e38, -0, 1e-45);
    const values = Float32Array.from({ length: 6 * 77 }, (_, i) => constants[i % 6]);
    const standardization = await measure(values, measuring(6));
    expect(standardization).toEqual({
      means: Float32Array.of(0, 0.1, -7e8, 3e38, 0, 1e-45),
      deviations: new Float32Array(6).fill(1),
    });
    const net = await createNetwork(mirror(6));
    net.standardization = standardization;
    expect([...net.predict(values)]).toEqual(Array(6 * 77).fill(0));
  });

  it('gives a column whose deviation has no reciprocal in 32 bits the deviation 1', async () => {
    const values = Float32Array.of(0, 1e-39, 0, 1e-39);
    expect((await measure(values, measuring(1))).deviations).toEqual(Float32Array.of(1));
    const single = await measure(Float32Array.of(5, -5), measuring(2));
    expect(single).toEqual({ means: Float32Array.of(5, -5), deviations: Float32Array.of(1, 1) });
  });

  it('measures the training data only, and judges validation data by it', async () => {
    const net = await createNetwork(OPTIONS);
    const validation = { inputs: inputs.slice(0, 5 * INPUTS), targets: targets.slice(0, 5) };
    const train = { inputs: inputs.slice(5 * INPUTS), targets: targets.slice(5) };
    const [report] = await net.fit(train, { ...training, validation });
    expect(net.standardization).toEqual(await measure(train.inputs, measuring(INPUTS)));
    expect(report.validation).toEqual(net.evaluate(validation));
  });

  it('trains as a network does on data that were standardised before', async () => {
    const net = await createNetwork(OPTIONS);
    await net.fit(data, { ...training, epochs: 3 });
    const other = await createNetwork(OPTIONS);
    const before = standardized(inputs, net.standardization as Standardization);
    await other.fit({ inputs: before, targets }, { batchSize: 8, epochs: 3 });
    expect(parameterBits(net)).toEqual(parameterBits(other));
    expect(net.evaluate(data)).toEqual(other.evaluate({ inputs: before, targets }));
    expect(net.trainBatch(inputs, targets)).toBe(other.trainBatch(before, targets));
    net.forward(inputs);
    other.forward(before);
    expect(net.backward(targets)).toBe(other.backward(targets));
    expect(bits(net.layers[0].weightGradients)).toEqual(bits(other.layers[0].weightGradients));
  });

  it('continues where it is called a second time: what was measured stays', async () => {
    const [once, twice] = [await createNetwork(OPTIONS), await createNetwork(OPTIONS)];
    await once.fit(data, { ...training, epochs: 2 });
    await twice.fit(data, training);
    await twice.fit(data, training);
    expect(parameterBits(twice)).toEqual(parameterBits(once));
    const before = twice.standardization;
    const shifted = { inputs: inputs.map((x) => x + 1), targets };
    await twice.fit(shifted, training);
    expect(twice.standardization).toEqual(before);
    await twice.fit(shifted);
    expect(twice.standardization).toEqual(before);
    // once it has been removed, it is computed again
    twice.standardization = undefined;
    await twice.fit(shifted, training);
    expect(twice.standardization).toEqual(await measure(shifted.inputs, measuring(INPUTS)));
  });

  it('keeps the event loop turning and stops at an abort before the first step', async () => {
    const net = await createNetwork(measuring(500));
    const before = parameterBits(net);
    const controller = new AbortController();
    // with this clock, every reading is long after the last, so the first measured block lets the event loop turn
    const clock = slowClock(1000);
    try {
      setImmediate(() => controller.abort(new Error('enough')));
      const large = { inputs: new Uint8Array(500 * 1000), targets: new Float32Array(1000) };
      await expect(net.fit(large, { ...training, signal: controller.signal })).rejects.toThrow('enough');
    } finally {
      clock.mockRestore();
    }
    expect(net.standardization).toBeUndefined();
    expect(parameterBits(net)).toEqual(before);
  });

  test.each([1, 0, 'true', null])('refuses standardize: %j', async (standardize) => {
    const net = await createNetwork(OPTIONS);
    // @ts-expect-error: what is refused
    const refused = net.fit(data, { standardize });
    await expect(refused).rejects.toThrow(/^options\.standardize: got .*, want true or false$/);
    expect(net.standardization).toBeUndefined();
  });
});

describe('standardization', () => {
  const standardization: Standardization = {
    means: Float32Array.from({ length: INPUTS }, (_, k) => k - 2.5),
    deviations: Float32Array.from({ length: INPUTS }, (_, k) => 0.3 + k),
  };

  it('is (x - mean) / deviation of every number, in 32 bits', async () => {
    for (const width of [1, 3, 4, 15, 16, 17, 33]) {
      const net = await createNetwork(mirror(width));
      const values = Float32Array.from({ length: 21 * width }, () => (random() < 0.3 ? 0 : random() * 4 - 2));
      const given = {
        means: Float32Array.from({ length: width }, () => random() - 0.5),
        deviations: Float32Array.from({ length: width }, () => random() + 0.1),
      };
      net.standardization = given;
      expect([...net.predict(values)]).toEqual([...standardized(values, given)]);
    }
  });

  it('gives a row the same bits alone and among others', async () => {
    const net = await createNetwork(OPTIONS);
    net.standardization = standardization;
    const all = net.predict(inputs);
    for (let row = 0; row < SAMPLES; row += 7) {
      const alone = net.predict(inputs.slice(row * INPUTS, (row + 1) * INPUTS));
      expect(bits(alone)).toEqual(bits(all.slice(3 * row, 3 * row + 3)));
    }
  });

  it('is read and written as copies, and taken away with undefined', async () => {
    const net = await createNetwork(OPTIONS);
    expect(net.standardization).toBeUndefined();
    const plain = net.predict(inputs);
    const given = { means: standardization.means.slice(), deviations: standardization.deviations.slice() };
    net.standardization = given;
    const predicted = net.predict(inputs);
    expect(predicted).not.toEqual(plain);
    given.means.fill(9);
    net.standardization?.deviations.fill(9);
    expect(net.standardization).toEqual(standardization);
    expect(net.predict(inputs)).toEqual(predicted);
    // larger batches make the memory grow
    net.forward(new Float32Array(INPUTS * 1000));
    expect(net.predict(inputs)).toEqual(predicted);
    net.standardization = undefined;
    expect(net.standardization).toBeUndefined();
    expect(bits(net.predict(inputs))).toEqual(bits(plain));
  });

  it('makes the last batch one of the past', async () => {
    const net = await createNetwork(OPTIONS);
    net.forward(inputs);
    net.standardization = standardization;
    expect(() => net.backward(targets)).toThrow(/^backward: got no forward pass of these weights/);
  });

  it('does not change while the network is trained', async () => {
    const net = await createNetwork(OPTIONS);
    await net.fit(data, {
      onEpoch() {
        expect(() => {
          net.standardization = standardization;
        }).toThrow(/^standardization: got a new one while this network is being trained/);
      },
    });
    expect.assertions(2);
    expect(net.standardization).toBeUndefined();
  });

  const wrong: [string, unknown, RegExp][] = [
    ['null', null, /^standardization: got null, want an object$/],
    [
      'an unknown key',
      { ...standardization, scale: 1 },
      /^standardization: got the unknown key "scale", want means, dev/,
    ],
    [
      'no deviations',
      { means: standardization.means },
      /^standardization\.deviations: got undefined, want a Float32Array/,
    ],
    [
      'a list',
      { ...standardization, means: [1, 2] },
      /^standardization\.means: got an array of 2, want a Float32Array/,
    ],
    ['a mean too few', { ...standardization, means: new Float32Array(6) }, /means: got 6 numbers, want 7$/],
    [
      'NaN',
      { ...standardization, means: standardization.means.map(() => Number.NaN) },
      /means\[0\]: got NaN, want a fin/,
    ],
    [
      'a deviation of 0',
      { ...standardization, deviations: new Float32Array(7) },
      /deviations\[0\]: got 0, want a finite number f/,
    ],
    [
      'a negative one',
      { ...standardization, deviations: new Float32Array(7).fill(-1) },
      /deviations\[0\]: got -1, want/,
    ],
    [
      'one too small',
      { ...standardization, deviations: new Float32Array(7).fill(1e-40) },
      /got 9\.9\d+e-41, want a finite numb/,
    ],
  ];
  it.each(wrong)('refuses %s, and stays as it was', async (_, value, message) => {
    const net = await createNetwork(OPTIONS);
    net.standardization = standardization;
    expect(() => {
      net.standardization = value as Standardization;
    }).toThrow(message);
    expect(net.standardization).toEqual(standardization);
  });
});

describe('the file', () => {
  it('holds what was measured', async () => {
    const net = await createNetwork({ ...OPTIONS, task: 'classes' });
    const size = net.save().length;
    await net.fit(data, training);
    const file = net.save();
    const loaded = await loadNetwork(file);
    expect(loaded.standardization).toEqual(net.standardization);
    expect(bits(loaded.predict(inputs))).toEqual(bits(net.predict(inputs)));
    expect(loaded.save()).toEqual(file);
    // it continues as the first would have
    await Promise.all([net, loaded].map((each) => each.fit(data, training)));
    expect(parameterBits(loaded)).toEqual(parameterBits(net));
    net.standardization = undefined;
    expect(net.save().length).toBeLessThan(size + 64);
    expect((await loadNetwork(net.save())).standardization).toBeUndefined();
  });

  it('is refused where its deviations are none, or are not for these inputs', async () => {
    const net = await createNetwork(OPTIONS);
    await net.fit(data, training);
    const file = net.save();
    const doubles = Float64Array.from({ length: 2 * INPUTS }, (_, i) => 1 + i);
    const load = (values: Float64Array) =>
      expect(loadNetwork(withSection(file, 'standardization', { bytes: new Uint8Array(values.buffer) }))).rejects;
    await load(doubles.with(2 * INPUTS - 1, 0)).toThrow(
      /^load: standardization\.deviations\[6\]: got 0, want a finite number from/,
    );
    await load(doubles.with(6, Number.NaN)).toThrow(/^load: standardization\.means\[6\]: got NaN, want a finite/);
    await load(doubles.slice(1)).toThrow(/^load: got 104 bytes of standardization, want 112 for this network$/);
  });
});
