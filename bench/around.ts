import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Network as NetworkClass, TrainOptions } from '../src/index.js';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { median } from './medians.js';

// npm run bench:around: the time of what surrounds the core's work: calls of fit around their epoch, reading and
// setting weights, files, and the time from the import to the first prediction in a fresh process, whose own start is
// not counted. Rounds take turns. On a busy machine the least times say more than the medians.

const { Network } = (await import('../dist/index.js' as string)) as { Network: typeof NetworkClass };

const ROUNDS = Number(process.env.SIMDPROP_ROUNDS ?? 15);
const SAMPLES = 20_000;
const INPUTS = 784;
const FIRST_PREDICTION = fileURLToPath(new URL('first-prediction.mjs', import.meta.url));

const create = (inputs: number, ...units: number[]) =>
  Network.create({ inputs, layers: units.map((n) => ({ units: n })), seed: 1 });

async function timeOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The mean time of ten calls in a row. */
const timeOfEach = async (work: () => unknown) =>
  (await timeOf(() => {
    for (let i = 0; i < 10; i++) work();
  })) / 10;

/** The time of a call of fit for one epoch, without that of the epoch. */
async function timeAround(net: NetworkClass, data: Parameters<NetworkClass['fit']>[0]): Promise<number> {
  let epochMs = 0;
  const options: TrainOptions = {
    epochs: 1,
    onEpoch: ({ elapsedMs }) => {
      epochMs = elapsedMs;
    },
  };
  return (await timeOf(() => net.fit(data, options))) - epochMs;
}

const inputs = Float32Array.from({ length: SAMPLES * INPUTS }, (_, i) => ((i * 7919) % 1009) / 1009);
const data = { inputs, targets: Uint8Array.from({ length: SAMPLES }, (_, i) => i % 10) };
const trained = await create(INPUTS, 30, 10);
const prepared = await trained.prepareData(data);
const [layer] = (await create(INPUTS, 512, 10)).layers;
const weights = layer.getWeights();
const large = await create(1024, 2048, 1750, 10);
const file = await large.save();
const megabytes = Math.round(file.length / 1e6);

/** The first of two calls in a row copies the data, because the call before had others. */
const measured: readonly { readonly name: string; readonly wantedMs?: number; readonly run: () => Promise<number> }[] =
  [
    { name: 'fit around an epoch of 20,000 x 784, arrays', run: () => timeAround(trained, data) },
    { name: 'the same, prepared data, first call', run: () => timeAround(trained, prepared) },
    { name: 'the same, prepared data, later calls', run: () => timeAround(trained, prepared) },
    { name: `getWeights of ${weights.length}`, wantedMs: 1, run: () => timeOfEach(() => layer.getWeights()) },
    { name: `setWeights of ${weights.length}`, wantedMs: 1, run: () => timeOfEach(() => layer.setWeights(weights)) },
    { name: `save of ${megabytes} MB`, wantedMs: 30, run: () => timeOf(() => large.save()) },
    { name: `load of ${megabytes} MB`, run: () => timeOf(async () => (await Network.load(file)).dispose()) },
    {
      name: 'import to first prediction',
      wantedMs: 12,
      run: async () => JSON.parse(execFileSync(process.execPath, [FIRST_PREDICTION], { encoding: 'utf8' })).all,
    },
  ];

const load = [loadavg()[0]];
const times: number[][] = measured.map(() => []);
// the first round only warms up
for (let round = -1; round < ROUNDS; round++) {
  for (const [i, { run }] of measured.entries()) {
    const ms = await run();
    if (round >= 0) times[i].push(ms);
  }
}
load.push(loadavg()[0]);

const rows = measured.map(({ name, wantedMs }, i) => ({
  name,
  leastMs: Math.min(...times[i]),
  medianMs: median(times[i]),
  wantedMs,
}));
const machine = describeMachine();
console.log(machineLine(machine));
console.log(`load ${load.map((value) => value.toFixed(1)).join(' to ')}; ${ROUNDS} rounds`);
console.log(
  alignTable([
    ['ms', 'least', 'median', 'wanted'],
    ...rows.map(({ name, leastMs, medianMs, wantedMs }) => [
      name,
      leastMs.toFixed(2),
      medianMs.toFixed(2),
      wantedMs === undefined ? '' : `${wantedMs}`,
    ]),
  ]),
);
console.log(saveResult(`around-${machine.date}`, machine, { load, rows }));
