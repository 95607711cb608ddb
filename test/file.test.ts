import { runInNewContext } from 'node:vm';
import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { NetworkOptions } from '../src/index.js';
import { adam, sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { randomFloats, randomLabels, randomNumbers, SEED } from './random-numbers.js';
import {
  editJson,
  type FileSection,
  joinSections,
  jsonOf,
  seal,
  sectionOf,
  sectionsOf,
  withSection,
} from './saved-files.js';

const inputs = 3;
const random = randomNumbers(5);
const data = {
  inputs: randomFloats(20 * inputs, random),
  targets: randomLabels(20, 4, random),
};
const options: NetworkOptions = {
  inputs,
  layers: [
    { units: 5, activation: 'tanh' },
    { units: 2, activation: 'relu' },
    { units: 4, activation: 'softmax' },
  ],
  l2: 0.5,
  seed: 2 ** 40 + 3,
  scale: 0.25,
};
const training = { epochs: 2, batchSize: 6 };

let net: Network;
let file: Uint8Array;
beforeAll(async () => {
  net = await createNetwork(options);
  await net.fit(data, { ...training, optimizer: sgd({ learningRate: 0.3 }) });
  file = await net.save();
});

async function expectRefusal(
  bytes: unknown,
  message: RegExp,
  error: typeof RangeError | typeof TypeError = RangeError,
) {
  const refused = loadNetwork(bytes as Uint8Array);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toThrow(error);
}

it('loads the network that was saved: same weights, same predictions, same options', async () => {
  const loaded = await loadNetwork(file);
  loaded.layers.forEach((layer, l) => {
    const { weights, biases, activation } = arraysOf(net.layers[l]);
    expect(layer.getWeights()).toEqual(weights);
    expect(layer.getBiases()).toEqual(biases);
    expect(layer.activation).toBe(activation);
  });
  expect(loaded.predict(data.inputs)).toEqual(net.predict(data.inputs));
  // the scale is saved: bytes are multiplied by it before and after
  const bytes = Uint8Array.from({ length: 4 * inputs }, (_, k) => 20 * k);
  expect(loaded.predict(bytes)).toEqual(net.predict(bytes));
  const { cost, l2, seed, optimizer, trainingSamples, parameters } = net;
  expect(loaded).toMatchObject({ cost, l2, seed, optimizer, trainingSamples, parameters });
  expect(await loaded.save()).toEqual(file);
});

it('continues to train a loaded network like the saved one: same orders and same weights, to the bit', async () => {
  const [first, second] = [await loadNetwork(file), await loadNetwork(file)];
  const whole = await createNetwork(options);
  await whole.fit(data, { ...training, epochs: 5, optimizer: sgd({ learningRate: 0.3 }) });
  for (const loaded of [first, second]) {
    await loaded.fit(data, { ...training, epochs: 3 });
    expect(await loaded.save()).toEqual(await whole.save());
  }
  expect(await whole.save()).not.toEqual(file);
});

it('saves and loads a network that was never trained', async () => {
  const fresh = await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
  const loaded = await loadNetwork(await fresh.save());
  expect(loaded.trainingSamples).toBeUndefined();
  expect(loaded.predict(new Float32Array([2]))).toEqual(fresh.predict(new Float32Array([2])));
});

it('loads a file that begins at an odd address', async () => {
  for (const offset of [1, 2, 3]) {
    const moved = new Uint8Array(offset + file.length + 5);
    moved.set(file, offset);
    const loaded = await loadNetwork(moved.subarray(offset, offset + file.length));
    expect(await loaded.save()).toEqual(file);
  }
});

it('is laid out as docs/saving.md says', () => {
  expect(new DataView(file.buffer).getUint32(file.length - 4, true)).toBe(crc32(file.subarray(0, -4)));
  const sections = sectionsOf(file);
  expect(sections.map(({ name, type, required }) => [name, type, required])).toEqual([
    ['network', 'json', true],
    ['parameters', 'f32', true],
    ['task', 'json', false],
    ['optimizer', 'json', false],
  ]);
  expect(joinSections(sections)).toEqual(file);
  const floats = new Float32Array(sectionOf(file, 'parameters').bytes.buffer);
  expect([...floats]).toEqual(net.layers.map(arraysOf).flatMap(({ weights, biases }) => [...weights, ...biases]));
  expect(jsonOf(file, 'network')).toMatchObject({ inputs, l2: 0.5, seed: 2 ** 40 + 3, scale: 0.25 });
  expect(jsonOf(file, 'optimizer')).toMatchObject({ optimizer: net.optimizer, epochsTrained: 2, trainingSamples: 20 });
});

it('loads files that another program wrote in this format, with any order of sections and any blanks in the JSON', async () => {
  for (const spaces of ['', ' ', '  ', '   ', '     ']) {
    const sections = sectionsOf(editJson(file, 'network', (network) => JSON.stringify(network) + spaces)).reverse();
    const table = { sections: sections.map((section) => ({ ...section, bytes: section.bytes.length })) };
    const loaded = await loadNetwork(joinSections(sections, { table: JSON.stringify(table) + spaces }));
    expect(await loaded.save()).toEqual(file);
  }
});

it('loads a file without an optimizer: the network has that of a new one', async () => {
  const plain = await loadNetwork(joinSections(sectionsOf(file).filter(({ name }) => name !== 'optimizer')));
  expect(plain.predict(data.inputs)).toEqual(net.predict(data.inputs));
  expect(plain.optimizer).toEqual(adam({ learningRate: 0.01 }));
  expect(plain.trainingSamples).toBeUndefined();
});

it('loads a file with a penalty on biases that no layer has, which versions before could write', async () => {
  const plain = await (await createNetwork({ ...options, bias: false })).save();
  const penalized = editJson(plain, 'network', (network) => ({ ...network, penalizeBiases: true }));
  expect(await (await loadNetwork(penalized)).save()).toEqual(plain);
});

const FUTURE: FileSection[] = [
  { name: 'encoder', type: 'json', required: false, bytes: new TextEncoder().encode('{"classes":["a","ü"]}') },
  { name: 'later', type: 'i3', required: false, bytes: Uint8Array.of(1, 2, 3) },
  { name: 'halves', type: 'f16', required: false, bytes: new Uint8Array(6).fill(7) },
];

it('keeps optional sections that it does not know, through training too', async () => {
  const newer = joinSections([...FUTURE, ...sectionsOf(file)]);
  const loaded = await loadNetwork(newer);
  newer.fill(0);
  expect(sectionsOf(await loaded.save())).toEqual([...sectionsOf(file), ...FUTURE]);
  await loaded.fit(data, training);
  const again = await loadNetwork(await loaded.save({ training: true }));
  expect(sectionsOf(await again.save()).slice(-3)).toEqual(FUTURE);
});

it('refuses required sections that it does not know, and says why', async () => {
  const newer = 'the file was saved by a newer simdprop$';
  for (const section of FUTURE) {
    await expectRefusal(
      joinSections([...sectionsOf(file), { ...section, required: true }]),
      new RegExp(`^load: got the required section "${section.name}", want known ones: ${newer}`),
    );
  }
  await expectRefusal(
    withSection(file, 'parameters', { type: 'bf16' }),
    new RegExp(`^load: got "parameters" of type "bf16", want "f32": ${newer}`),
  );
  await expectRefusal(
    editJson(file, 'network', (network) => ({ ...network, slope: 1 })),
    new RegExp(`^load: network: got the unknown key "slope", want inputs, .+, or ${newer}`),
  );
  await expectRefusal(
    joinSections(sectionsOf(file), { version: 3 }),
    new RegExp(`^load: got a file of version 3, want version 1 to 2: ${newer}`),
  );
  await expectRefusal(
    joinSections(sectionsOf(file), { version: 0 }),
    /^load: got a file of version 0, want version 1 to 2$/,
  );
});

it('copies the bytes at once', async () => {
  const bytes = file.slice();
  const loading = loadNetwork(bytes);
  bytes.fill(0);
  expect(await (await loading).save()).toEqual(file);
  const lent = file.slice();
  const moved = loadNetwork(lent);
  structuredClone(lent.buffer, { transfer: [lent.buffer] });
  expect(await (await moved).save()).toEqual(file);
  await expectRefusal(lent, /^load: got bytes that are detached/);
});

it('accepts an ArrayBuffer, and arrays of another realm', async () => {
  expect(await (await loadNetwork(file.slice().buffer)).save()).toEqual(file);
  const bytes = `[${file}]`;
  for (const code of [`new Uint8Array(${bytes})`, `new Uint8Array(${bytes}).buffer`]) {
    expect(await (await loadNetwork(runInNewContext(code))).save()).toEqual(file);
  }
});

it('refuses a file cut short at any length', async () => {
  for (let length = 0; length < file.length; length++) {
    await expectRefusal(file.slice(0, length), /^load: got .+, want .+/);
  }
});

it('refuses a file with more bytes after its end', async () => {
  for (const extra of [1, 4, 100]) {
    const longer = new Uint8Array(file.length + extra);
    longer.set(file);
    await expectRefusal(
      longer,
      /^load: got contents with the checksum \d+, want \d+: the file is damaged or cut short$/,
    );
  }
});

it('refuses a file in which any byte has changed', async () => {
  const change = fc.record({
    at: fc.nat({ max: file.length - 1 }),
    flipped: fc.integer({ min: 1, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, flipped }) => {
      const changed = file.slice();
      changed[at] ^= flipped;
      await expect(loadNetwork(changed)).rejects.toThrow(/^load: got .+, want .+/);
    }),
    { seed: SEED, numRuns: 3000 },
  );
});

it('refuses other files, and names the kinds that are often given by mistake', async () => {
  const text = (words: string) => new TextEncoder().encode(words);
  const kinds: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /^load: got 0 bytes: the file is empty, want a file that save\(\) made$/],
    [text('<!DOCTYPE html><html><title>404</title>'), /^load: got an HTML or XML page: the address may be wrong, want/],
    [text('\ufeff\n <html lang="en">'), /^load: got an HTML or XML page/],
    [text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a'), /^load: got a Git LFS pointer: git lfs pull/],
    [gzipSync(file), /^load: got a gzip archive: it must be unpacked first, want/],
    [text(' {"name": "net"}'), /^load: got JSON, want/],
    [
      Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...new Uint8Array(100)]),
      /^load: got a file that begins with .+PNG.+, want "SIMDPROP"$/,
    ],
    [new Uint8Array(1000), /^load: got a file that begins with .+, want "SIMDPROP"$/],
    [new Uint8Array(19), /^load: got 19 bytes, want a file of at least 20$/],
  ];
  for (const [bytes, message] of kinds) await expectRefusal(bytes, message);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await expect(loadNetwork(bytes)).rejects.toThrow(RangeError);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

it('refuses values that are not bytes', async () => {
  const message = /^load: got .+, want a Uint8Array or an ArrayBuffer that save\(\) made/;
  for (const bytes of [[...file], 'SIMDPROP', null, undefined, new Float32Array(file.length), { length: 3 }]) {
    await expectRefusal(bytes, message, TypeError);
  }
});

it('refuses a table that is longer than the file, or contradicts it', async () => {
  for (const length of [file.length, 2 ** 32 - 1]) {
    const bytes = file.slice();
    new DataView(bytes.buffer).setUint32(12, length, true);
    await expectRefusal(seal(bytes), /^load: got a table of \d+ bytes, want one that ends within the file$/);
  }
  const sections = sectionsOf(file);
  const entries = sections.map((section) => ({ ...section, bytes: section.bytes.length }));
  const parameters = 4 * net.parameters;
  const tables: [unknown, RegExp, typeof RangeError | typeof TypeError][] = [
    ['{"sections":', /^load: table: got no JSON in UTF-8, want what save\(\) writes$/, RangeError],
    [[], /^load: table: got an array of 0, want an object such as \{ sections: \.\.\. \}$/, TypeError],
    [{ sections: {} }, /^load: table\.sections: got an object \(Object\), want an array$/, TypeError],
    [{ sections: [] }, /^load: got \d+ bytes of sections, want the 0 of the table$/, RangeError],
    [{ sections: [null] }, /^load: section 0: got null, want an object such as \{ name: \.\.\. \}$/, TypeError],
    [{ sections: [{ ...entries[0], name: 1 }] }, /^load: section 0\.name: got 1, want a string$/, TypeError],
    [
      { sections: [{ ...entries[0], required: 1 }] },
      /^load: section 0\.required: got 1, want true or false$/,
      TypeError,
    ],
    [{ sections: [{ ...entries[0], bytes: -8 }] }, /^load: section 0\.bytes: got -8, want a count/, RangeError],
    [{ sections: [{ ...entries[1], bytes: 6 }] }, /^load: section 0\.bytes: got 6, want .+ of type "f32"$/, RangeError],
    [
      { sections: [entries[0], { ...entries[1], bytes: 2 ** 50 }] },
      /^load: section 1: got 1125899906842624 bytes of "parameters", want at most the \d+ that follow$/,
      RangeError,
    ],
    [
      { sections: [entries[0], entries[0]] },
      /^load: section 1: got a second "network", want each section once$/,
      RangeError,
    ],
    [
      { sections: [entries[0], { ...entries[1], bytes: parameters - 8 }, entries[2]] },
      /^load: got \d+ bytes of sections, want the \d+ of the table$/,
      RangeError,
    ],
  ];
  for (const [table, message, error] of tables) await expectRefusal(joinSections(sections, { table }), message, error);
  const without = sections.filter(({ name }) => name !== 'parameters');
  await expectRefusal(joinSections(without), /^load: got no section "parameters", want one$/);
});

it('refuses invalid JSON, and JSON that is not in UTF-8', async () => {
  const message = /^load: network: got no JSON in UTF-8, want what save\(\) writes$/;
  for (const words of ['{"inputs":', '{"inputs":3}}', ' ']) {
    await expectRefusal(
      editJson(file, 'network', () => words),
      message,
    );
  }
  for (const byte of [0x80, 0xff, 0xc3]) {
    await expectRefusal(withSection(file, 'network', { bytes: Uint8Array.of(0x22, byte, 0x22) }), message);
  }
  const unknown = editJson(file, 'network', (network) => ({ ...network, 'ü%41': 1 }));
  await expectRefusal(unknown, /^load: network: got the unknown key "ü%41", want/);
});

// biome-ignore lint/suspicious/noExplicitAny: values as JSON has them
type Change = (value: any) => unknown;

it('refuses values out of range, even if the checksum is right', async () => {
  const network: [string, Change, RegExp, (typeof RangeError | typeof TypeError)?][] = [
    ['a list', () => [], /^load: network: got an array of 0, want an object$/, TypeError],
    ['null', () => null, /^load: network: got null, want an object$/, TypeError],
    ['an unknown key', (n) => ({ ...n, threads: 1 }), /^load: network: got the unknown key "threads", want inputs, /],
    ['inputs 0', (n) => ({ ...n, inputs: 0 }), /^load: inputs: got 0, want an integer from 1/],
    ['inputs 1e9', (n) => ({ ...n, inputs: 1e9 }), /^load: inputs: got 1000000000, want/],
    ['no layers', (n) => ({ ...n, layers: [] }), /^load: layers: got 0 layers, want 1 to/],
    [
      'a layer without units',
      (n) => ({ ...n, layers: [{ activation: 'tanh' }] }),
      /^load: layers\[0\]\.units: got undefined, want an integer/,
      TypeError,
    ],
    [
      'an unknown activation',
      (n) => ({ ...n, layers: [{ units: 4, activation: 'swish' }] }),
      /^load: layers\[0\]\.activation: got "swish", want one of/,
    ],
    ['an unknown cost', (n) => ({ ...n, cost: 'cubic' }), /^load: cost: got "cubic", want one of/],
    ['l2 below 0', (n) => ({ ...n, l2: -1 }), /^load: l2: got -1, want a number from 0 up/],
    ['a negative seed', (n) => ({ ...n, seed: -1 }), /^load: seed: got -1, want an integer/],
    ['scale 0', (n) => ({ ...n, scale: 0 }), /^load: scale: got 0, want a positive/],
    [
      'a wider network than the parameters',
      (n) => ({ ...n, inputs: inputs + 1 }),
      /^load: got \d+ bytes of parameters, want \d+ for this network$/,
    ],
    [
      'a network of terabytes',
      (n) => ({ ...n, inputs: 65_536, layers: Array(1024).fill({ units: 65_536 }), cost: undefined }),
      /^load: got \d+ bytes of parameters, want \d+ for this network$/,
    ],
  ];
  const optimizer: typeof network = [
    ['a list', () => [], /^load: optimizer: got an array of 0, want an object$/, TypeError],
    ['an unknown key', (o) => ({ ...o, momentum: 1 }), /^load: optimizer: got the unknown key "momentum", want optim/],
    [
      'no optimizer',
      (o) => ({ ...o, optimizer: undefined }),
      /^load: optimizer: got undefined, want an optimizer, which adam/,
      TypeError,
    ],
    [
      'an unknown optimizer',
      (o) => ({ ...o, optimizer: { name: 'adamax', learningRate: 1 } }),
      /^load: optimizer\.name: got "adamax", want one of sgd/,
    ],
    [
      'a learning rate of 0',
      (o) => ({ ...o, optimizer: { name: 'sgd', learningRate: 0 } }),
      /^load: optimizer\.learningRate: got 0, want a positive number/,
    ],
    ['epochs below 0', (o) => ({ ...o, epochsTrained: -1 }), /^load: epochsTrained: got -1, want an integer from 0/],
    ['half an epoch', (o) => ({ ...o, epochsTrained: 0.5 }), /^load: epochsTrained: got 0.5, want/],
    ['no epochs', (o) => ({ ...o, epochsTrained: undefined }), /^load: epochsTrained: got undefined, want/],
    ['no samples', (o) => ({ ...o, trainingSamples: 0 }), /^load: trainingSamples: got 0, want an integer from 1/],
    ['samples by name', (o) => ({ ...o, trainingSamples: 'x' }), /^load: trainingSamples: got x, want an integer/],
  ];
  for (const [section, cases] of Object.entries({ network, optimizer })) {
    for (const [name, change, message, error = RangeError] of cases) {
      const refused = loadNetwork(editJson(file, section, (value) => JSON.stringify(change(value))));
      await expect(refused, `${section}: ${name}`).rejects.toThrow(message);
      await expect(refused, `${section}: ${name}`).rejects.toThrow(error);
    }
  }
});

it('refuses parameters that are not finite, too many or too few', async () => {
  const { bytes: parameters } = sectionOf(file, 'parameters');
  const forge = (bytes: Uint8Array) => withSection(file, 'parameters', { bytes });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const wrong = parameters.slice();
    new DataView(wrong.buffer).setFloat32(8, value, true);
    await expectRefusal(forge(wrong), new RegExp(`^load: parameters\\[2\\]: got ${value}, want a finite number$`));
  }
  for (const bytes of [parameters.slice(4), new Uint8Array(parameters.length + 4), new Uint8Array(0)]) {
    await expectRefusal(forge(bytes), /^load: got \d+ bytes of parameters, want \d+ for this network$/);
  }
  await expectRefusal(forge(parameters.slice(1)), /^load: section 1\.bytes: got \d+, want .+ of type "f32"$/);
});

it('accepts a Buffer, which readFileSync returns', async () => {
  const loaded = await loadNetwork(Buffer.from(file));
  expect(loaded.layers.map(arraysOf).map(({ weights }) => weights)).toEqual(
    net.layers.map(arraysOf).map(({ weights }) => weights),
  );
});

it('does not save a network that has diverged', async () => {
  const diverged = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
  const far = { inputs: new Float32Array([1e10]), targets: new Float32Array([-1e10]) };
  await diverged.fit(far, { epochs: 9, optimizer: sgd({ learningRate: 1e30 }), ignoreNonFinite: true });
  await expect(diverged.save()).rejects.toThrow(
    /^save: parameters\[\d\]: got (NaN|-?Infinity), want a finite number: training has diverged$/,
  );
});
