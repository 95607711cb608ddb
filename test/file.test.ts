import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { NetworkOptions } from '../src/index.js';
import { sgd } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork, loadNetwork } from './build.js';
import { randomFloats, randomLabels, randomNumbers, SEED } from './random-numbers.js';
import { bodyStartOf, headerOf, seal } from './saved-files.js';

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
  file = net.save();
});

/** A file with a right checksum around whatever header and parameters. */
function forge({
  header = headerOf(file),
  parameters = file.slice(bodyStartOf(file), -4),
  version = 1,
} = {}): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(16 + text.length + parameters.length + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('SIMDPROP'));
  view.setUint32(8, version, true);
  view.setUint32(12, text.length, true);
  bytes.set(text, 16);
  bytes.set(parameters, 16 + text.length);
  return seal(bytes);
}

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
    const { weights, biases, activation } = net.layers[l];
    expect(layer.weights).toEqual(weights);
    expect(layer.biases).toEqual(biases);
    expect(layer.activation).toBe(activation);
  });
  expect(loaded.predict(data.inputs)).toEqual(net.predict(data.inputs));
  // bytes are multiplied by the scale, which is saved too
  const bytes = Uint8Array.from({ length: 4 * inputs }, (_, k) => 20 * k);
  expect(loaded.predict(bytes)).toEqual(net.predict(bytes));
  const { cost, l2, seed, optimizer, trainingSamples, parameters } = net;
  expect(loaded).toMatchObject({ cost, l2, seed, optimizer, trainingSamples, parameters });
  expect(loaded.save()).toEqual(file);
});

it('trains a loaded network on as the saved one: same orders, same weights, to the bit', async () => {
  const [first, second] = [await loadNetwork(file), await loadNetwork(file)];
  const whole = await createNetwork(options);
  await whole.fit(data, { ...training, epochs: 5, optimizer: sgd({ learningRate: 0.3 }) });
  for (const loaded of [first, second]) {
    await loaded.fit(data, { ...training, epochs: 3 });
    expect(loaded.save()).toEqual(whole.save());
  }
  expect(whole.save()).not.toEqual(file);
});

it('saves and loads a network that was never trained', async () => {
  const fresh = await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
  const loaded = await loadNetwork(fresh.save());
  expect(loaded.trainingSamples).toBeUndefined();
  expect(loaded.predict(new Float32Array([2]))).toEqual(fresh.predict(new Float32Array([2])));
});

it('loads a file that begins at an odd address', async () => {
  for (const offset of [1, 2, 3]) {
    const moved = new Uint8Array(offset + file.length + 5);
    moved.set(file, offset);
    const loaded = await loadNetwork(moved.subarray(offset, offset + file.length));
    expect(loaded.save()).toEqual(file);
  }
});

it('writes the checksum that others compute too', () => {
  expect(new DataView(file.buffer).getUint32(file.length - 4, true)).toBe(crc32(file.subarray(0, -4)));
  expect(forge()).toHaveLength(16 + JSON.stringify(headerOf(file)).length + 4 * net.parameters + 4);
});

it('loads what another program wrote in the same format, with a header of any length', async () => {
  for (const spaces of ['', ' ', '  ', '   ']) {
    const loaded = await loadNetwork(forge({ header: JSON.stringify(headerOf(file)) + spaces }));
    expect(loaded.save()).toEqual(file);
  }
});

it('refuses a file cut short at any length', async () => {
  for (let length = 0; length < file.length; length++) {
    await expectRefusal(file.slice(0, length), /^load: got .+, want .+/);
  }
});

it('refuses a file with anything behind it', async () => {
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

it('refuses foreign bytes', async () => {
  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...new Uint8Array(100)]);
  await expectRefusal(png, /^load: got a file that begins with .+PNG.+, want "SIMDPROP"$/);
  await expectRefusal(new Uint8Array(1000), /^load: got a file that begins with .+, want "SIMDPROP"$/);
  await expectRefusal(new Uint8Array(0), /^load: got 0 bytes, want a file of at least 20$/);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await expect(loadNetwork(bytes)).rejects.toThrow(RangeError);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

it('refuses what is no Uint8Array', async () => {
  for (const bytes of [file.buffer, [...file], 'SIMDPROP', null, undefined, new Float32Array(file.length)]) {
    await expectRefusal(bytes, /^load: got .+, want a Uint8Array that save\(\) made$/, TypeError);
  }
});

it('refuses a newer version, and says which', async () => {
  await expectRefusal(forge({ version: 2 }), /^load: got a file of version 2, want version 1$/);
  await expectRefusal(forge({ version: 0 }), /^load: got a file of version 0, want version 1$/);
});

it('refuses a header that reaches past the end of the file', async () => {
  for (const length of [file.length, 2 ** 32 - 1]) {
    const bytes = file.slice();
    new DataView(bytes.buffer).setUint32(12, length, true);
    await expectRefusal(seal(bytes), /^load: got a header of \d+ bytes, want one that ends within the file$/);
  }
});

it('refuses a header that is no JSON or no UTF-8', async () => {
  await expectRefusal(
    forge({ header: '{"network":' }),
    /^load: got a header that is no JSON, want the one that save\(\) wrote$/,
  );
  const bytes = forge();
  bytes[20] = 0xff;
  await expectRefusal(seal(bytes), /^load: got a header that is no JSON/);
});

it('refuses header fields out of range, whatever the checksum says', async () => {
  const broken: [
    string,
    (header: ReturnType<typeof headerOf>) => unknown,
    RegExp,
    typeof RangeError | typeof TypeError,
  ][] = [
    ['a list', () => [], /^load: header: got an array of 0, want an object$/, TypeError],
    ['null', () => null, /^load: header: got null, want an object$/, TypeError],
    ['an unknown key', (h) => ({ ...h, momentum: 1 }), /^load: header: got the unknown key "momentum"/, TypeError],
    ['no network', (h) => ({ ...h, network: undefined }), /^load: network: got undefined, want an object$/, TypeError],
    [
      'an unknown key of the network',
      (h) => ({ ...h, network: { ...h.network, threads: 1 } }),
      /^load: network: got the unknown key "threads", want inputs, /,
      TypeError,
    ],
    [
      'inputs 0',
      (h) => ({ ...h, network: { ...h.network, inputs: 0 } }),
      /inputs: got 0, want an integer from 1/,
      RangeError,
    ],
    [
      'inputs 1e9',
      (h) => ({ ...h, network: { ...h.network, inputs: 1e9 } }),
      /inputs: got 1000000000, want/,
      RangeError,
    ],
    [
      'no layers',
      (h) => ({ ...h, network: { ...h.network, layers: [] } }),
      /layers: got 0 layers, want 1 to/,
      RangeError,
    ],
    [
      'a layer without units',
      (h) => ({ ...h, network: { ...h.network, layers: [{ activation: 'tanh' }] } }),
      /layers\[0\]\.units: got undefined, want an integer/,
      TypeError,
    ],
    [
      'an unknown activation',
      (h) => ({ ...h, network: { ...h.network, layers: [{ units: 4, activation: 'swish' }] } }),
      /layers\[0\]\.activation: got "swish", want one of/,
      RangeError,
    ],
    [
      'an unknown cost',
      (h) => ({ ...h, network: { ...h.network, cost: 'cubic' } }),
      /cost: got "cubic", want one of/,
      RangeError,
    ],
    [
      'l2 below 0',
      (h) => ({ ...h, network: { ...h.network, l2: -1 } }),
      /l2: got -1, want a number from 0 up/,
      RangeError,
    ],
    [
      'a negative seed',
      (h) => ({ ...h, network: { ...h.network, seed: -1 } }),
      /seed: got -1, want an integer/,
      RangeError,
    ],
    ['scale 0', (h) => ({ ...h, network: { ...h.network, scale: 0 } }), /scale: got 0, want a positive/, RangeError],
    ['no optimizer', (h) => ({ ...h, optimizer: undefined }), /optimizer: got undefined, want an object/, TypeError],
    [
      'an unknown optimizer',
      (h) => ({ ...h, optimizer: { name: 'adamax', learningRate: 1 } }),
      /optimizer\.name: got "adamax", want one of sgd/,
      RangeError,
    ],
    [
      'a learning rate of 0',
      (h) => ({ ...h, optimizer: { name: 'sgd', learningRate: 0 } }),
      /learningRate: got 0, want a positive number/,
      RangeError,
    ],
    [
      'epochs below 0',
      (h) => ({ ...h, epochsTrained: -1 }),
      /^load: epochsTrained: got -1, want an integer from 0/,
      RangeError,
    ],
    ['half an epoch', (h) => ({ ...h, epochsTrained: 0.5 }), /^load: epochsTrained: got 0.5, want/, RangeError],
    ['no epochs', (h) => ({ ...h, epochsTrained: undefined }), /^load: epochsTrained: got undefined, want/, RangeError],
    [
      'no samples',
      (h) => ({ ...h, trainingSamples: 0 }),
      /^load: trainingSamples: got 0, want an integer from 1/,
      RangeError,
    ],
    [
      'samples by name',
      (h) => ({ ...h, trainingSamples: 'x' }),
      /^load: trainingSamples: got x, want an integer/,
      RangeError,
    ],
    [
      'a wider network than the parameters',
      (h) => ({ ...h, network: { ...h.network, inputs: inputs + 1 } }),
      /^load: got \d+ bytes of parameters, want \d+ for this network$/,
      RangeError,
    ],
    [
      'a network of terabytes',
      (h) => ({
        ...h,
        network: { ...h.network, inputs: 65_536, layers: Array(1024).fill({ units: 65_536 }), cost: undefined },
      }),
      /^load: got \d+ bytes of parameters, want \d+ for this network$/,
      RangeError,
    ],
  ];
  for (const [name, change, message, error] of broken) {
    const forged = forge({ header: JSON.stringify(change(headerOf(file))) });
    const refused = loadNetwork(forged);
    await expect(refused, name).rejects.toThrow(message);
    await expect(refused, name).rejects.toThrow(error);
  }
});

it('refuses parameters that are no numbers, or too many, or too few', async () => {
  const parameters = file.slice(bodyStartOf(file), -4);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const wrong = parameters.slice();
    new DataView(wrong.buffer).setFloat32(8, value, true);
    await expectRefusal(
      forge({ parameters: wrong }),
      new RegExp(`layers\\[0\\]\\.weights\\[2\\]: got ${value}, want a finite number$`),
    );
  }
  for (const bytes of [
    parameters.slice(4),
    parameters.slice(1),
    new Uint8Array(parameters.length + 4),
    new Uint8Array(0),
  ]) {
    await expectRefusal(forge({ parameters: bytes }), /^load: got \d+ bytes of parameters, want \d+ for this network$/);
  }
});

it('takes a Buffer, which is what readFileSync gives', async () => {
  const loaded = await loadNetwork(Buffer.from(file));
  expect(loaded.layers.map(({ weights }) => weights)).toEqual(net.layers.map(({ weights }) => weights));
});

it('does not save a network that has diverged', async () => {
  const diverged = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
  const far = { inputs: new Float32Array([1e10]), targets: new Float32Array([-1e10]) };
  await diverged.fit(far, { epochs: 9, optimizer: sgd({ learningRate: 1e30 }), ignoreNonFinite: true });
  expect(() => diverged.save()).toThrow(
    /^save: parameters\[\d\]: got (NaN|-?Infinity), want a finite number: training has diverged$/,
  );
});
