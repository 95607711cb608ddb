import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Activation, type LayerOptions, Network, type NetworkOptions } from '../src/index.js';
import { loadPredictor } from '../src/predict.js';
import { ACTIVATIONS, activationAt, showActivation } from '../src/spec/activations.js';
import { keys } from '../src/spec/spec.js';
import { Encoder, TableModel } from '../src/tabular.js';
import { randomFloats, randomNumbers, SEED } from './random-numbers.js';
import { editJson, seal, withSection } from './saved-files.js';

// simdprop/predict: what it predicts has the bits of the whole core, for every kind of network and of inputs.

const UNIT_FUNCTIONS: readonly Activation[] = [
  ...keys(ACTIVATIONS).filter((name) => name !== 'softmax'),
  { name: 'leakyRelu', slope: -1.5 },
  { name: 'elu', alpha: 0.5 },
];

const widths = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 40 }), fc.constantFrom(64, 100, 150));

const functions = (units: number) =>
  fc.oneof(
    fc.constantFrom<Activation>(...UNIT_FUNCTIONS),
    fc.array(fc.constantFrom<Activation>(...UNIT_FUNCTIONS), { minLength: units, maxLength: units }),
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

/** Inputs [rows × width] of one of the kinds above. */
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

/** A network as if it had been trained: with random biases and, if `isStandardized`, with means and deviations. */
async function networkOf(options: NetworkOptions, isStandardized: boolean): Promise<Network> {
  const net = await Network.create({ ...options, cost: 'quadratic' });
  const random = randomNumbers(options.seed ?? 0);
  for (const layer of net.layers) {
    const slopeOf = (_: unknown, j: number) => (activationAt(layer.activation, j) === 'prelu' ? random() - 0.5 : 0);
    layer.setSlopes(Array.from({ length: layer.units }, slopeOf));
  }
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
      async (options, isStandardized, batches) => {
        const net = await networkOf(options, isStandardized);
        const predictor = await loadPredictor(await net.save());
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
  for (const activation of [...UNIT_FUNCTIONS, 'softmax'] as const) {
    it(`has the bits of the whole core: ${showActivation(activation)}`, async () => {
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
    const bytes = readFileSync(new URL(name, folder));
    if (name.startsWith('version-1')) {
      it(`${name} is refused`, async () => {
        await expect(loadPredictor(bytes)).rejects.toThrow(
          /^load: got a file of version 1, want 2: Network\.load reads older ones$/,
        );
        const now = await (await Network.load(bytes, { training: false })).save();
        expect((await loadPredictor(now)).inputs).toBeGreaterThan(0);
      });
      continue;
    }
    it(`${name} predicts the bits of the whole core`, async () => {
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

const OPTIONS = { inputs: 2, layers: [{ units: 3 }, { units: 2, activation: 'softmax' }], seed: 1 } as const;

const fileOf = async (options: NetworkOptions) => await (await Network.create(options)).save();

describe('a predictor', () => {
  it('classifies as the network does, with names and probabilities', async () => {
    const names = { classes: ['no', 'yes'], columns: ['a', 'b'], task: 'classes' } as const;
    const net = await Network.create({ ...OPTIONS, ...names });
    const predictor = await loadPredictor(await net.save());
    const x = randomFloats(20, 1);
    for (const options of [{}, { probabilities: true }, { threshold: 0.6 }]) {
      expect(predictor.classify(x, options)).toEqual(net.classify(x, options));
    }
    expect(predictor).toMatchObject({ inputs: 2, outputs: 2, ...names });
    expect(() => predictor.predict([[1, Number.NaN]])).toThrow('x[0][1] (row 0, column "b"): got NaN');
    const numbers = await loadPredictor(await fileOf({ ...OPTIONS, task: 'numbers' }));
    expect(() => numbers.classify(x)).toThrow('classify: got a network that learns numbers');
  });

  it('needs none of the functions of a custom cost', async () => {
    const cost = { value: () => 0, gradient: () => {} };
    const net = await Network.create({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], cost });
    const x = randomFloats(2, 1);
    expectSameBits((await loadPredictor(await net.save())).predict(x), net.predict(x));
  });

  it('refuses inputs with the messages of the network, and predicts as before', async () => {
    const net = await Network.create(OPTIONS);
    const predictor = await loadPredictor(await net.save());
    const x = randomFloats(20, 1);
    const before = predictor.predict(x);
    const wrong: unknown[] = [
      new Float32Array(3),
      new Float32Array(0),
      [Number.NaN, 1],
      Float32Array.of(1, Number.POSITIVE_INFINITY),
      [[1, 2, 3]],
      new Uint8ClampedArray(2),
      new BigInt64Array(2),
      'text',
      undefined,
      [['1', 2]],
    ];
    for (const inputs of wrong) {
      const messageOf = (model: { predict(x: never): unknown }) => {
        try {
          return model.predict(inputs as never);
        } catch (error) {
          return String(error);
        }
      };
      expect(messageOf(predictor)).toMatch(/^(Type|Range)Error: x/);
      expect(messageOf(predictor)).toBe(messageOf(net));
    }
    expectSameBits(predictor.predict(x), before);
  });

  it('takes memory for the largest batch, up to 128 rows', async () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const wide = { inputs: 5000, layers: [{ units: 1 }] };
    const predictor = await loadPredictor(await fileOf(wide));
    const grownBy = (rows: number) => {
      grow.mockClear();
      predictor.predict(new Float32Array(rows * 5000));
      return grow.mock.calls.reduce((sum, [pages]) => sum + pages, 0);
    };
    expect(grownBy(1)).toBe(0);
    const some = grownBy(16);
    expect(some).toBeGreaterThan(0);
    expect(grownBy(16)).toBe(0);
    expect(grownBy(128)).toBeGreaterThan(4 * some);
    expect(grownBy(300)).toBe(0);
    grow.mockRestore();
  });

  it('is not affected by later changes of the file, and ends with dispose()', async () => {
    const file = await fileOf(OPTIONS);
    const x = randomFloats(4, 1);
    const loading = loadPredictor(file);
    file.fill(0);
    const predictor = await loading;
    expect(predictor.predict(x)).toHaveLength(4);
    predictor.dispose();
    expect(() => predictor.predict(x)).toThrow('Predictor: got a call after dispose(), want a predictor in use');
    expect(() => predictor.classify(x)).toThrow('Predictor: got a call after dispose()');
  });

  it('refuses arguments that it does not take', async () => {
    const file = await fileOf({ ...OPTIONS, task: 'classes' });
    await expect(loadPredictor(file, {}, 5 as never)).rejects.toThrow('loadPredictor: argument 3: got 5, want none');
    const predictor = await loadPredictor(file);
    const layer = { layer: 1 } as never;
    expect(() => predictor.predict([1, 2], layer)).toThrow('predict: argument 2: got an object (Object), want none');
    const classify = predictor.classify.bind(predictor) as (...all: unknown[]) => unknown;
    expect(() => classify([1, 2], {}, 5)).toThrow('classify: argument 3: got 5, want none');
  });

  it('cannot be copied as an object without its methods', async () => {
    const predictor = await loadPredictor(await fileOf(OPTIONS));
    expect(() => structuredClone(predictor)).toThrow(/a Predictor: loadPredictor\(bytes\) makes another/);
  });

  it('takes its own module, and no other', async () => {
    const moduleOf = (name: string) =>
      new WebAssembly.Module(readFileSync(new URL(`../build/${name}`, import.meta.url)));
    const file = await fileOf(OPTIONS);
    const predictor = await loadPredictor(file, { wasm: moduleOf('shipped/predict.wasm') });
    expect(predictor.predict([1, 2])).toHaveLength(2);
    const wanted = 'want the WebAssembly.Module of simdprop/predict.wasm of this version';
    await expect(loadPredictor(file, { wasm: moduleOf('simd.wasm') })).rejects.toThrow(
      `options.wasm: got another module, ${wanted}`,
    );
    await expect(loadPredictor(file, { wasm: {} as never })).rejects.toThrow(
      `options.wasm: got an object (Object), ${wanted}`,
    );
    await expect(Network.load(file, { wasm: moduleOf('shipped/predict.wasm') })).rejects.toThrow(
      'wasm: got another module, want a WebAssembly.Module of simdprop/simd.wasm',
    );
  });
});

it('is one file that imports nothing, at the start or by import()', async () => {
  // what import() loads is not bundled, so the file names it wherever an import() remains
  const apart: Plugin = {
    name: 'apart',
    setup: ({ onResolve }) =>
      onResolve({ filter: /./ }, ({ kind, path }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      ),
  };
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../src/predict.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    plugins: [apart],
    outdir: 'none',
    write: false,
    metafile: true,
  });
  expect(Object.values(metafile.outputs).map(({ imports }) => imports)).toEqual([[]]);
});

it('has the encoder of a model, whose answers are then those of the model', async () => {
  const records = Array.from({ length: 40 }, (_, i) => ({ size: i, kind: i % 3 ? 'a' : 'b', big: i > 20 }));
  const model = await TableModel.fit(records, { target: 'big', hidden: [4], epochs: 5, seed: 1 });
  const predictor = await loadPredictor(await model.save());
  const encoder = Encoder.fromJSON(predictor.encoder);
  const rows = records.slice(0, 7);
  const outputs = predictor.predict(encoder.encodeInputs(rows));
  expect(encoder.decode(outputs, rows.length)).toEqual(model.predict(rows).map(({ value }) => value));
  expect((await loadPredictor(await fileOf(OPTIONS))).encoder).toBeUndefined();
});

describe('a file', () => {
  const detached = (file: Uint8Array) => {
    structuredClone(file, { transfer: [file.buffer as ArrayBuffer] });
    return file;
  };
  const refusals: readonly (readonly [string, (file: Uint8Array) => unknown, string | RegExp])[] = [
    ['nothing', () => undefined, 'load: got undefined, want a Uint8Array or an ArrayBuffer that save() made'],
    ['no bytes', () => new Uint8Array(0), 'load: got 0 bytes: "", want what save() writes'],
    ['text', () => Buffer.from('{"inputs": 2}'), 'load: got 13 bytes: "{\\"inputs\\": 2}", want what save() writes'],
    [
      'a page of HTML',
      () => new TextEncoder().encode(`<!DOCTYPE html>\n<title>404</title>${' '.repeat(9999)}`).buffer,
      'load: got 10033 bytes: "<!DOCTYPE html>\\n<title>404</title>      ...", want what save() writes',
    ],
    ['a gzip archive', (file) => gzipSync(file), ' bytes: "\\u001f\\u008b\\b'],
    ['detached bytes', (file) => detached(file), /^load: .*detached/],
    ['a detached buffer', (file) => detached(file.slice()).buffer, /^load: .*detached/],
    ['half of it', (file) => file.subarray(0, file.length / 2), 'load: got a file that is damaged or cut short'],
    ['one byte changed', (file) => file.fill(1, 40, 41), 'load: got a file that is damaged or cut short'],
    ['a newer version', (file) => file.fill(9, 8, 9), 'load: got a file of version 9, want 2'],
  ];
  for (const [what, change, message] of refusals) {
    it(`is refused: ${what}`, async () => {
      await expect(loadPredictor(change(await fileOf(OPTIONS)) as Uint8Array)).rejects.toThrow(message);
    });
  }

  it('is refused if it has what this version does not know', async () => {
    const file = await fileOf(OPTIONS);
    const wanted = 'want one that this version knows';
    const newer: [Uint8Array, string][] = [
      [
        editJson(file, 'network', ({ layers: [first, last], ...json }) => ({
          ...json,
          layers: [{ ...first, activation: 'new' }, last],
        })),
        `the activation new, ${wanted}`,
      ],
      [withSection(file, 'more', { required: true }), `the section more, ${wanted}`],
      [withSection(file, 'parameters', { type: 'bf16' }), 'a section parameters of type bf16, want f32'],
    ];
    for (const [bytes, message] of newer) await expect(loadPredictor(bytes)).rejects.toThrow(`load: got ${message}`);
    const optional = await loadPredictor(withSection(file, 'more', { required: false }));
    expect(optional.inputs).toBe(2);
  });

  it('that is forged is refused or predicts: nothing else happens', async () => {
    const file = await fileOf({ ...OPTIONS, classes: ['a', 'b'], task: 'classes' });
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 5), fc.nat(255), fc.nat(3), async (at, value, more) => {
        const forged = file.slice(0, file.length - (more === 3 ? 8 : 0));
        forged.fill(value, at, at + more + 1);
        try {
          (await loadPredictor(seal(forged))).predict(new Float32Array(2));
        } catch (error) {
          if (error instanceof RangeError || error instanceof TypeError) return;
          throw error;
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
