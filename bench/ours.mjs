// simdprop as a contestant of bench/rival.ts: node ours.mjs JOB [--threads N] [--wide].
// Runs under any Node: plain JavaScript, on the built package.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { adam, Network, sgd } from '../dist/index.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: 'string', default: '1' }, wide: { type: 'boolean', default: false } },
});
const [directory] = positionals;
const threads = Number(values.threads);
const read = (name) => new Uint8Array(readFileSync(join(directory, name))).buffer;
const job = JSON.parse(readFileSync(join(directory, 'job.json'), 'utf8'));
const { inputs, cost, batchSize, learningRate } = job;
const outputs = job.layers.at(-1).units;
const x = job.bytes ? new Uint8Array(read('x.bin')) : new Float32Array(read('x.bin'));
const y = new Float32Array(read('y.bin'));
const parameters = new Float32Array(read('parameters.bin'));

let at = 0;
const take = (floats) => {
  at += floats;
  return parameters.slice(at - floats, at);
};
const layers = job.layers.map((layer, l) => {
  const fanIn = l ? job.layers[l - 1].units : inputs;
  return { ...layer, initializer: { weights: take(layer.units * fanIn), biases: take(layer.units) } };
});

/** Each batch size has a network of its own, planned for it. */
const nets = new Map();
async function netFor(rows) {
  const modes = { ...(threads > 1 && { threads }), ...(values.wide && { wide: true }) };
  if (!nets.has(rows)) nets.set(rows, await Network.create({ inputs, layers, cost, batchSize: rows, ...modes }));
  return nets.get(rows);
}

function reset(net) {
  layers.forEach(({ initializer }, l) => {
    net.layers[l].weights = initializer.weights;
    net.layers[l].biases = initializer.biases;
  });
}

// what this version does not know, or has declined, is not measured under its name
const unavailable = (why) => {
  console.log(`unavailable ${why}`);
  process.exit();
};
const net = await netFor(batchSize).catch(({ message }) => unavailable(message));
if (threads > 1 && net.threads !== threads) unavailable(`threads: got ${net.threads}`);
if (values.wide && net.wide !== true) unavailable(`wide: got ${net.wide}`);
console.log(`ready Node ${process.versions.node}`);

for await (const line of createInterface({ input: process.stdin })) {
  const [kind, ...numbers] = line.split(' ');
  const [samples, argument] = numbers.map(Number);
  let value = 0;
  let started;
  if (kind === 'train') {
    reset(net);
    const data = { inputs: x.subarray(0, samples * inputs), targets: y.subarray(0, samples * outputs) };
    const optimizer = (job.optimizer === 'adam' ? adam : sgd)({ learningRate });
    started = performance.now();
    const history = await net.fit(data, { epochs: argument, batchSize, optimizer, shuffle: false });
    value = history[argument - 1].cost;
  } else {
    const predictor = await netFor(argument);
    reset(predictor);
    started = performance.now();
    for (let first = 0; first + argument <= samples; first += argument) {
      const a = predictor.predict(x.subarray(first * inputs, (first + argument) * inputs));
      for (let i = 0; i < a.length; ++i) value += ((i % outputs) + 1) * a[i];
    }
  }
  console.log(`${performance.now() - started} ${value}`);
}
for (const used of nets.values()) used.dispose();
