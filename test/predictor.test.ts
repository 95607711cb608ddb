import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ActivationName, type LayerOptions, Network, type NetworkOptions } from '../src/index.js';
import { loadPredictor } from '../src/predict.js';
import { ACTIVATIONS, keys } from '../src/spec/spec.js';
import { randomFloats, randomNumbers, SEED } from './random-numbers.js';

// simdprop/predict: what it predicts has the bits of the whole core, for every kind of network and of inputs.

const UNIT_FUNCTIONS = keys(ACTIVATIONS).filter((name) => name !== 'softmax');

const widths = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 40 }), fc.constantFrom(64, 100, 150));

const functions = (units: number) =>
  fc.oneof(
    fc.constantFrom<ActivationName>(...UNIT_FUNCTIONS),
    fc.array(fc.constantFrom<ActivationName>(...UNIT_FUNCTIONS), { minLength: units, maxLength: units }),
  );

const layers = widths.chain((units) => fc.record({ units: fc.constant(units), activation: functions(units) }));

const outputs = fc.oneof(
  layers,
  widths.map((units): LayerOptions => ({ units: Math.max(2, units), activation: 'softmax' })),
);

const networks = fc.record({
  inputs: widths,
  layers: fc.tuple(fc.array(layers, { maxLength: 3 }), outputs).map(([hidden, last]) => [...hidden, last]),
  bias: fc.boolean(),
  scale: fc.option(fc.constantFrom(1 / 255, 3, 0.1), { nil: undefined }),
  seed: fc.nat(),
});

const kinds = fc.constantFrom('float32', 'float64', 'bytes', 'sparse bytes', 'integers', 'plain', 'rows', 'sparse');

/** Inputs [rows × width] of a kind. */
function inputsOf(kind: string, rows: number, width: number, seed: number) {
  const random = randomNumbers(seed);
  const count = rows * width;
  const floats = randomFloats(count, random);
  const isSparse = kind.startsWith('sparse');
  const bytes = Uint8Array.from({ length: count }, () => (isSparse && random() < 0.8 ? 0 : 256 * random()));
  if (kind.endsWith('bytes')) return bytes;
  if (kind === 'float64') return Float64Array.from(floats, (x) => x / 3);
  if (kind === 'integers') return Int16Array.from(floats, (x) => 1000 * x);
  if (kind === 'plain') return Array.from(floats);
  if (kind === 'rows') return Array.from({ length: rows }, (_, r) => [...floats.subarray(r * width, (r + 1) * width)]);
  return isSparse ? floats.map((x) => (random() < 0.8 ? 0 : x)) : floats;
}

/** A network with random biases, which would be 0 at create, and with what fit would measure. */
async function networkOf(options: NetworkOptions, isStandardized: boolean): Promise<Network> {
  const net = await Network.create({ ...options, cost: 'quadratic' });
  const random = randomNumbers(options.seed ?? 0);
  if (options.bias !== false) for (const layer of net.layers) layer.setBiases(randomFloats(layer.units, random));
  const scaleOf = (count: number) => ({
    means: Array.from({ length: count }, () => random() - 0.5),
    deviations: Array.from({ length: count }, () => random() + 0.1),
  });
  if (isStandardized) net.setStandardization(scaleOf(net.inputs));
  const last = options.layers[options.layers.length - 1].activation;
  if (isStandardized && (last === 'linear' || last === 'leakyRelu')) net.setTargetStandardization(scaleOf(net.outputs));
  return net;
}

/** Fails unless both have the same bits, in the same number. */
function expectSameBits(got: Float32Array, wanted: Float32Array, what = ''): void {
  const bitsOf = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (bitsOf(got).equals(bitsOf(wanted))) return;
  expect(got, what).toEqual(wanted);
  throw new Error(`${what}: got 0 or NaN with other bits, want the same`);
}

it('predicts the bits of the whole core, for every network and every kind of inputs', async () => {
  await fc.assert(
    fc.asyncProperty(
      networks,
      fc.boolean(),
      fc.array(fc.record({ kind: kinds, rows: fc.integer({ min: 1, max: 300 }) }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(1, 7, 128),
      async (options, isStandardized, batches, batchSize) => {
        const net = await networkOf(options, isStandardized);
        const predictor = await loadPredictor(await net.save(), { batchSize });
        for (const { kind, rows } of [{ kind: 'float32', rows: 1 }, ...batches]) {
          const x = inputsOf(kind, rows, options.inputs, options.seed);
          expectSameBits(predictor.predict(x), net.predict(x), `${rows} rows of ${kind}`);
        }
        predictor.dispose();
        net.dispose();
      },
    ),
    { seed: SEED, numRuns: 150 },
  );
});

describe('every activation', () => {
  for (const activation of keys(ACTIVATIONS)) {
    it(`has the bits of the whole core: ${activation}`, async () => {
      const units = activation === 'softmax' ? 3 : 2;
      const hidden: LayerOptions[] = activation === 'softmax' ? [] : [{ units: 2, activation }];
      for (const width of [2, 37]) {
        const net = await networkOf({ inputs: width, layers: [...hidden, { units, activation }], seed: 3 }, false);
        const predictor = await loadPredictor(await net.save());
        for (const rows of [1, 5]) {
          const x = randomFloats(rows * width, 1).map((value) => 20 * value);
          expectSameBits(predictor.predict(x), net.predict(x));
        }
      }
    });
  }
});

describe('files of all versions', () => {
  const folder = new URL('golden-saved/', import.meta.url);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.simdprop'))) {
    it(`${name} predicts the bits of the whole core`, async () => {
      const bytes = readFileSync(new URL(name, folder));
      const net = await Network.load(bytes, { training: false });
      const predictor = await loadPredictor(bytes);
      const x = randomFloats(7 * net.inputs, 1);
      expectSameBits(predictor.predict(x), net.predict(x));
      const bits = Uint8Array.from(x, (value) => 100 + 100 * value);
      expectSameBits(predictor.predict(bits), net.predict(bits));
      expect(predictor.task).toBe(net.task);
      expect(predictor.classes).toEqual(net.classes);
      expect(predictor.columns).toEqual(net.columns);
    });
  }
});
