import { describe, expect, it } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import type { DataSet, EpochReport, Inputs, Network, NetworkOptions } from '../src/index.js';
import { createNetwork } from './build.js';

// Data that are accepted but probably not meant cause one warning, in the first report of the call that trains on them.

const SAMPLES = 360;
const options: NetworkOptions = { inputs: 3, layers: [{ units: 1, activation: 'linear', initializer: 'zeros' }] };
const targets = new Float32Array(SAMPLES);

/** Rows of three numbers: the second is a time stamp that grows by ten seconds a row; the others are from 0 to 1. */
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

  it('are named by the names of the columns, whether the network has them or the data bring them', async () => {
    const columns = ['size', 'time "UTC"', 'price'];
    const data = { inputs: stamped(1.7e9), targets };
    const named = LOST.replace('column 1', 'column "time \\"UTC\\""');
    const calls: ((net: Network, data: DataSet) => Promise<{ warnings?: readonly string[] }>)[] = [
      (net, given) => net.fit(given, { epochs: 1 }),
      (net, given) => net.fit(given, { epochs: 1, validationSplit: 0.2 }),
      (net, given) => net.trainFor(given, 1e-30),
      async (net, given) => {
        const { warnings } = await net.fitStream(() => [given]);
        return { warnings: warnings.map((warning) => warning.replace('source: part 0', 'data')) };
      },
    ];
    for (const call of calls) {
      for (const isOfNetwork of [true, false]) {
        const net = await createNetwork(isOfNetwork ? { ...options, columns } : options);
        net.optimizer = quiet;
        expect((await call(net, isOfNetwork ? data : { ...data, columns })).warnings).toEqual([named]);
      }
    }
    const folds = await crossValidate(options, { ...data, columns }, { folds: 2 });
    expect(folds.folds.map(({ history: { warnings } }) => warnings)).toEqual([[named], [named]]);
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

describe('data that do not fit the standardisation of the network', () => {
  const rows = 200;
  const columns = ['area', 'price'];
  const network: NetworkOptions = { inputs: 2, layers: [{ units: 1, activation: 'linear' }], cost: 'quadratic' };

  /** Houses with areas from 50 to 149 and prices from 100 to 299, multiplied by the units. */
  const housesIn = (unit: number, targetUnit = 1): DataSet => ({
    inputs: Float64Array.from({ length: 2 * rows }, (_, i) =>
      i % 2 ? unit * (100 + (i >> 1)) : 50 + ((i * 37) % 100),
    ),
    targets: Float64Array.from({ length: rows }, (_, i) => targetUnit * (300 + ((i * 7) % 60))),
    columns,
  });
  const PRICES =
    'data.inputs: do not fit the network\'s standardisation (column "price": 100000 to 299000 for 200 ± 57.7), want the units of the data that it was measured on, or another standardisation';
  const SMALL = PRICES.replace('100000 to 299000', '0.1 to 0.299');
  const TARGETS =
    "data.targets: do not fit the network's standardisation (output 0: 300000 to 359000 for 329 ± 17.4), want the units of the data that it was measured on, or another standardisation";

  const trained = async (standardize: 'inputs' | 'both' = 'both') => {
    const net = await createNetwork(network);
    net.optimizer = quiet;
    const { warnings } = await net.fit(housesIn(1), { epochs: 1, standardize });
    expect(warnings).toEqual([]);
    return net;
  };

  it.each([
    [1000, 1, [PRICES]],
    [0.001, 1, [SMALL]],
    [1, 1000, [TARGETS]],
    [1000, 1000, [PRICES, TARGETS]],
    [1, 1, []],
    [1.5, 0.9, []],
  ])(
    'prices times %f, targets times %f: the report of every call says so by name',
    async (unit, targetUnit, wanted) => {
      const net = await trained();
      const data = housesIn(unit, targetUnit);
      expect((await net.fit(data, { epochs: 1 })).warnings).toEqual(wanted);
      expect((await net.fit(data, { epochs: 1, standardize: 'both' })).warnings).toEqual(wanted);
      expect((await net.trainFor(data, 1e-30)).warnings ?? []).toEqual(wanted);
      const parts = wanted.map((warning) => warning.replace('data', 'source: part 0'));
      expect((await net.fitStream(() => [data, data])).warnings).toEqual(parts);
    },
  );

  it('a call that measures anew says nothing, even if its first part is unlike the others', async () => {
    const net = await trained();
    net.setStandardization(undefined);
    net.setTargetStandardization(undefined);
    const source = () => [housesIn(1, 1), ...Array.from({ length: 500 }, () => housesIn(1000, 1000))];
    expect((await net.fitStream(source, { standardize: 'both' })).warnings).toEqual([]);
  });

  it('columns without names are counted, and a standardisation that was set counts too', async () => {
    const net = await createNetwork(network);
    net.optimizer = quiet;
    net.setStandardization({ means: [0, 0], deviations: [1, 1] });
    const { inputs, targets } = housesIn(1);
    expect((await net.fit({ inputs, targets }, { epochs: 1 })).warnings.at(-1)).toMatch(
      /^data\.inputs: do not fit the network's standardisation \(column 0: 50 to 14\d for 0 ± 1; column 1: 100 to 299 /,
    );
  });

  describe('columns that are no other unit cause no warning', () => {
    const many = 5000;
    const of = (count: number, x: (row: number) => number) => ({
      inputs: Float64Array.from({ length: count }, (_, row) => x(row)),
      targets: Float64Array.from({ length: count }, (_, row) => Math.sin(row)),
    });
    it.each<[string, (row: number) => number, number, (row: number) => number]>([
      ['a handful of rows of a rare mark', (row) => Number(row % 1000 === 0), 5, () => 1],
      ['more rows that mostly have the rare mark', (row) => Number(row % 1000 === 0), 40, (row) => Number(row % 4 > 0)],
      ['a handful of large numbers', (row) => row % 7, 15, (row) => 500 + 100 * row],
      ['one day of years', (row) => 3652.5 * (row / many), 300, (row) => 3000 + row / 300],
      ['the day after them', (row) => 365 * (row / many), 300, (row) => 3650 + row / 300],
      ['a constant far away', (row) => row % 7, 300, () => 3650],
      ['a mark that was never seen', () => 0, 300, (row) => row % 2],
    ])('%s', async (_, measured, count, given) => {
      const net = await createNetwork({ ...network, inputs: 1 });
      net.optimizer = quiet;
      await net.fit(of(many, measured), { epochs: 1, standardize: 'both' });
      expect((await net.fit(of(count, given), { epochs: 1 })).warnings).toEqual([]);
      const validation = of(count, given);
      const other = await createNetwork({ ...network, inputs: 1 });
      other.optimizer = quiet;
      expect((await other.fit(of(many, measured), { epochs: 1, standardize: 'both', validation })).warnings).toEqual(
        [],
      );
    });
  });

  it('shows numbers apart that differ', async () => {
    const net = await createNetwork({ ...network, inputs: 1 });
    net.optimizer = quiet;
    net.setStandardization({ means: [1_000_000], deviations: [1] });
    const inputs = Float64Array.from({ length: 40 }, (_, row) => 1_000_020 + row / 4);
    const { warnings } = await net.fit({ inputs, targets: inputs.map(Math.sin) }, { epochs: 1 });
    expect(warnings).toEqual([expect.stringContaining('(column 0: 1000020 to 1000030 for 1000000 ± 1)')]);
  });

  describe('validation data in other units than the training data', () => {
    const data = housesIn(1);
    const named = (warning: string) =>
      warning
        .replace(/^data/, 'options.validation')
        .replace("the network's standardisation", 'the training data')
        .replace(/want .*/, 'want the same units in both');
    it.each<[number, number, string[]]>([
      [1000, 1, [PRICES]],
      [0.001, 1, [SMALL]],
      [1, 1000, [TARGETS]],
      [1000, 1000, [PRICES, TARGETS]],
      [1, 1, []],
      [1.5, 0.9, []],
    ])('prices times %f, targets times %f: the report says so by name', async (unit, targetUnit, wanted) => {
      const validation = housesIn(unit, targetUnit);
      const unlike = expect.stringMatching(/spreads far from 1|never reach/);
      for (const standardize of [undefined, 'both'] as const) {
        const calls = [
          (net: Network) => net.fit(data, { epochs: 1, standardize, validation }),
          (net: Network) => net.fitStream(() => [data], { standardize, validation }),
        ];
        for (const call of calls) {
          const net = await createNetwork(network);
          net.optimizer = quiet;
          const warnings = (await call(net)).warnings.filter((warning) => !unlike.asymmetricMatch(warning));
          expect(warnings).toEqual(wanted.map(named));
        }
      }
    });
  });

  it('data that fit cause no warning, whatever their distribution', async () => {
    const random = (() => {
      let seed = 1;
      return () => {
        seed = (seed * 16807) % (2 ** 31 - 1);
        return seed / 2 ** 31;
      };
    })();
    const many = 5000;
    const kinds: ((row: number) => number)[] = [
      () => 7, // constant
      (row) => Number(row === 40), // 1 in one row, 0 in all others
      (row) => (row % 50 ? 1e-3 * random() : 1e6), // rare large numbers make the deviation
      () => Math.exp(10 * random()),
      (row) => row,
      () => Number(random() < 0.5),
    ];
    const inputs = Float64Array.from({ length: kinds.length * many }, (_, i) =>
      kinds[i % kinds.length](Math.floor(i / kinds.length)),
    );
    const data = { inputs, targets: Float64Array.from({ length: many }, random) };
    const net = await createNetwork({ ...network, inputs: kinds.length });
    net.optimizer = quiet;
    for (const count of [many, many, 300, 5, 1]) {
      const part = { inputs: inputs.subarray(0, kinds.length * count), targets: data.targets.subarray(0, count) };
      expect((await net.fit(part, { epochs: 1, standardize: 'both' })).warnings).toEqual([]);
    }
  });
});

describe('columns and outputs with names', () => {
  const columns = ['size', 'time', 'price'];

  it('a column whose deviation is not finite is refused by its name', async () => {
    const inputs = Float64Array.from({ length: 9 }, (_, i) => (i % 3 === 1 ? i * 1e200 : i));
    const refused = 'standardize: column "time": got a deviation of Infinity, want numbers whose squares are finite';
    for (const isOfNetwork of [true, false]) {
      const net = await createNetwork(isOfNetwork ? { ...options, columns } : options);
      const data = { inputs, targets: [1, 2, 3], ...(!isOfNetwork && { columns }) };
      await expect(net.fit(data, { standardize: true })).rejects.toThrow(refused);
      await expect(net.fitStream(() => [data], { standardize: true })).rejects.toThrow(refused);
    }
  });

  it('a number that is not finite is refused by the name of its column', async () => {
    const inputs = new Float32Array(9);
    inputs[4] = Number.NaN;
    const net = await createNetwork(options);
    await expect(net.fit({ inputs, targets: [1, 2, 3], columns })).rejects.toThrow(
      'data.inputs[4] (row 1, column "time"): got NaN, want a finite number',
    );
  });

  it('targets that outputs never reach are named by the names of the labels', async () => {
    const layers = [{ units: 2, activation: 'sigmoid' as const }];
    const net = await createNetwork({ inputs: 1, layers, cost: 'quadratic' });
    const signs = [
      [1, -1],
      [1, 1],
    ];
    const data = { inputs: [[0], [1]], targets: signs, classes: ['left', 'right'] };
    expect((await net.fit(data, { epochs: 1 })).warnings[0]).toContain('(output "right": -1 to 1 for sigmoid');
    net.classes = undefined;
    const { warnings } = await net.fit({ inputs: data.inputs, targets: signs }, { epochs: 1 });
    expect(warnings[0]).toContain('(output 1: -1 to 1 for sigmoid');
  });
});
