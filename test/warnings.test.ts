import { describe, expect, it } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import type { DataSet, EpochReport, Inputs, NetworkOptions } from '../src/index.js';
import { createNetwork } from './build.js';

// Data that are accepted but probably not meant cause one warning, in the first report of the call that trains on them.

const SAMPLES = 360;
const options: NetworkOptions = { inputs: 3, layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }] };
const targets = new Float32Array(SAMPLES);

/** Rows whose second number is a time stamp, ten seconds after the one before; the others are from 0 to 1. */
const stamped = (from: number) =>
  Float64Array.from({ length: 3 * SAMPLES }, (_, i) => (i % 3 === 1 ? from + (10 * (i - 1)) / 3 : (i % 7) / 7));

const LOST =
  'data.inputs: column 1 has numbers that 32 bits cannot keep apart, want standardize: true, or the distances from a number near them';

const quiet = { learningRate: 1e-30, name: 'sgd' } as const;

const BYTES =
  'data.inputs: bytes above 1 are used as they are, want scale: 1 / 255 at create for pictures, or standardize: true';

describe('bytes above 1', () => {
  const bytes = { inputs: Uint8Array.from({ length: 3 * SAMPLES }, (_, i) => (i === 777 ? 2 : i % 2)), targets };

  it('are named in the first report, of every call that trains on them', async () => {
    const net = await createNetwork(options);
    net.optimizer = quiet;
    const given: EpochReport['warnings'][] = [];
    const onEpoch = ({ warnings }: EpochReport) => {
      given.push(warnings);
    };
    await net.fit(bytes, { epochs: 2, onEpoch });
    expect(given).toEqual([[BYTES], undefined]);
    const streamed = await net.fitStream(() => [bytes]);
    expect(streamed.warnings).toEqual([BYTES.replace('data', 'source: part 0')]);
    expect((await net.trainFor(bytes, 1e-30)).warnings).toEqual([BYTES]);
  });

  it.each<[string, NetworkOptions, Inputs, boolean]>([
    ['with a scale', { ...options, scale: 1 / 255 }, bytes.inputs, false],
    ['with the scale 1', { ...options, scale: 1 }, bytes.inputs, false],
    ['standardised', options, bytes.inputs, true],
    ['of 0 and 1', options, bytes.inputs.map((byte) => byte & 1), false],
    ['as floats', options, Float32Array.from(bytes.inputs), false],
  ])('are no matter %s', async (_, network, inputs, standardize) => {
    const net = await createNetwork(network);
    net.optimizer = quiet;
    const [{ warnings }] = await net.fit({ inputs, targets }, { epochs: 1, standardize });
    expect(warnings).toBeUndefined();
  });
});

describe('numbers that 32 bits cannot keep apart', () => {
  it('are named by their columns in the first report, of every call that trains on them', async () => {
    const data = { inputs: stamped(1.7e9), targets };
    const net = await createNetwork(options);
    net.optimizer = quiet;
    let given: EpochReport['warnings'][] = [];
    const onEpoch = ({ warnings }: EpochReport) => {
      given.push(warnings);
    };
    const history = await net.fit(data, { epochs: 3, onEpoch });
    expect(given).toEqual([[LOST], undefined, undefined]);
    expect(history.warnings).toEqual([LOST]);
    given = [];
    await net.fit(data, { epochs: 2, validationSplit: 0.2, onEpoch });
    expect(given).toEqual([[LOST], undefined]);
    given = [];
    const streamed = await net.fitStream(() => [data, data], { epochs: 2, onEpoch });
    expect(given).toEqual([[LOST.replace('data', 'source: part 0')], undefined]);
    expect(streamed.warnings).toEqual(given[0]);
    for (const wanted of [[LOST], undefined]) expect((await net.trainFor(data, 1e-30)).warnings).toEqual(wanted);
    const folds = await crossValidate(options, data, { folds: 2 });
    expect(folds.folds.map(({ history: { warnings } }) => warnings)).toEqual([[LOST], [LOST]]);
  });

  it('cause no warning if the network is standardised, or will be', async () => {
    const data = { inputs: stamped(1.7e9), targets };
    const net = await createNetwork(options);
    net.optimizer = quiet;
    for (const standardize of [true, false]) {
      expect((await net.fit(data, { epochs: 1, standardize })).warnings).toEqual([]);
    }
    expect((await net.trainFor(data, 1e-30)).warnings).toBeUndefined();
    const other = await createNetwork(options);
    other.optimizer = quiet;
    expect((await other.fitStream(() => [data], { standardize: true })).warnings).toEqual([]);
  });

  it.each<[string, Inputs, boolean]>([
    ['integers near 2^30', Int32Array.from(stamped(2 ** 30)), true],
    ['integers near 2^31', Uint32Array.from(stamped(2 ** 31)), true],
    ['a spread of a thousand times the rounding', stamped(2 ** 20), false],
    ['doubles from 0 to 1', Float64Array.from(stamped(0), (x) => x / 3600), false],
    ['a constant that 32 bits round', new Float64Array(3 * SAMPLES).fill(1.7e9 + 1), false],
    ['small integers', Int16Array.from(stamped(0)), false],
    ['floats: their digits were lost before the call', Float32Array.from(stamped(1.7e9)), false],
  ])('%s', async (_, inputs, isLost) => {
    const net = await createNetwork(options);
    net.optimizer = quiet;
    const { warnings } = await net.fit({ inputs, targets }, { epochs: 1 });
    expect(warnings.map((warning) => warning.startsWith('data.inputs: column'))).toEqual(isLost ? [true] : []);
  });

  it('names no more than five columns', async () => {
    const net = await createNetwork({ ...options, inputs: 8 });
    net.optimizer = quiet;
    const data: DataSet = {
      inputs: Float64Array.from({ length: 8 * 20 }, (_, i) => 2 ** 40 + i),
      targets: new Float32Array(20),
    };
    const { warnings } = await net.fit(data, { epochs: 1 });
    expect(warnings[0]).toMatch(/^data\.inputs: columns 0, 1, 2, 3, 4, \.\.\. have numbers that 32 bits cannot/);
  });
});
