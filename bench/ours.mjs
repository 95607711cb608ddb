// simdprop as a contestant of bench/rival.ts: node ours.mjs JOB [--threads N] [--wide] [--fused]. This is plain
// JavaScript on the built package, so that it runs in any version of Node.
import { parseArgs } from 'node:util';
import { adam, Network, sgd } from '../dist/index.js';
import { readJob, serve } from './peers/job.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    wide: { type: 'boolean', default: false },
    fused: { type: 'boolean', default: false },
  },
});
const threads = Number(values.threads);
const job = readJob(positionals[0]);
const { inputs, outputs, cost, batchSize, learningRate, x, y } = job;
const scale = job.bytes ? 1 / 255 : 1;
const layers = job.layers.map(({ units, activation }) => ({ units, activation }));
const modes = {
  ...(threads > 1 && { threads }),
  ...(values.wide && { wide: true }),
  ...(values.fused && { build: 'relaxed' }),
};

/** Each batch size has a network of its own, which is created for it. */
const nets = new Map();
async function netFor(rows) {
  if (!nets.has(rows)) nets.set(rows, await Network.create({ inputs, layers, cost, scale, batchSize: rows, ...modes }));
  return nets.get(rows);
}

// a mode that this version does not know, or could not start, must not be measured under its name
const unavailable = (why) => {
  console.log(`unavailable ${why}`);
  process.exit();
};
let net = await netFor(batchSize).catch(({ message }) => unavailable(message));
if (threads > 1 && net.threads !== threads) unavailable(`threads: got ${net.threads}`);
if (values.wide && net.wide !== true) unavailable(`wide: got ${net.wide}`);

await serve(`Node ${process.versions.node}`, job, {
  async reset(rows = batchSize) {
    net = await netFor(rows);
    job.layers.forEach(({ weights, biases }, l) => {
      net.layers[l].setWeights(weights);
      net.layers[l].setBiases(biases);
    });
  },
  async train(samples, epochs) {
    const data = { inputs: x.subarray(0, samples * inputs), targets: y.subarray(0, samples * outputs) };
    const optimizer = (job.optimizer === 'adam' ? adam : sgd)({ learningRate });
    const { last } = await net.fit(data, { epochs, batchSize, optimizer, shuffle: false });
    return last.cost;
  },
  predict: (first, rows) => net.predict(x.subarray(first * inputs, (first + rows) * inputs)),
});
for (const used of nets.values()) used.dispose();
