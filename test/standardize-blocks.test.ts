import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BLOCK_NUMBERS } from '../src/data/numbers.js';
import { Network } from '../src/network.js';
import { adam } from '../src/spec/optimizer.js';
import { Yielder } from '../src/training/event-loop.js';

// Large data are standardised in blocks. Here the event loop runs after each of them.

const INPUTS = 8;
const SAMPLES = (3 * BLOCK_NUMBERS) / INPUTS + 5;
const makeData = () => ({
  inputs: Float64Array.from({ length: SAMPLES * INPUTS }, (_, i) => 1e6 + ((i * 7919) % 1009)),
  targets: Float32Array.from({ length: SAMPLES }, (_, row) => row % 2),
});
const create = () =>
  Network.create({ inputs: INPUTS, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 });
const options = { epochs: 1, batchSize: 1024, optimizer: adam() };

beforeEach(() => {
  vi.spyOn(Yielder.prototype, 'isDue').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Trains twice, and does other things after a few turns of the event loop. Returns the saved network. */
async function train(meanwhile: (net: Network, data: ReturnType<typeof makeData>) => void): Promise<Uint8Array> {
  const net = await create();
  const standardize = [true, false];
  for (const isFirst of standardize) {
    const data = makeData();
    const training = net.fit(data, { ...options, standardize: isFirst });
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    meanwhile(net, data);
    await training;
  }
  const saved = await net.save();
  net.dispose();
  return saved;
}

it('computes the same bits, whatever happens between two blocks', async () => {
  let rows = 64;
  const quiet = await train(() => {});
  const disturbed = await train((net, { inputs, targets }) => {
    inputs.fill(Number.NaN);
    targets.fill(5);
    // more rows than before, so that the memory is planned anew
    rows *= 10;
    net.predict(new Float32Array(rows * INPUTS));
  });
  expect(disturbed).toEqual(quiet);
});

it('leaves a network of use where it is aborted between two blocks', async () => {
  const net = await create();
  await net.fit(makeData(), { ...options, standardize: true });
  const before = await net.save({ training: true });
  const stop = new AbortController();
  const training = net.fit(makeData(), { ...options, signal: stop.signal });
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  stop.abort(new Error('enough'));
  await expect(training).rejects.toThrow('enough');
  expect(await net.save({ training: true })).toEqual(before);
  const copy = await Network.load(before);
  await net.fit(makeData(), options);
  await copy.fit(makeData(), options);
  expect(await net.save()).toEqual(await copy.save());
});

it('refuses a number that standardisation makes too large, with its place, in a later block', async () => {
  const net = await create();
  await net.fit(makeData(), { ...options, standardize: true });
  const data = makeData();
  data.inputs[BLOCK_NUMBERS + 3] = 1e300;
  await expect(net.fit(data, options)).rejects.toThrow(
    `data.inputs[${BLOCK_NUMBERS + 3}] (row ${BLOCK_NUMBERS / INPUTS}, column 3): got 1e+300, want a number that is finite in 32 bits once`,
  );
});

it('ends with an error if the network is disposed of between two blocks', async () => {
  const net = await create();
  const training = net.fit(makeData(), { ...options, standardize: true });
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  net.dispose();
  await expect(training).rejects.toThrow('dispose()');
});
