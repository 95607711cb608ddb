// Reads the job's files and answers orders, for all contestants in JavaScript (bench/job.ts, bench/rival.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Reads the job in a directory: x as it is in the file, y, and w [units x fanIn] and b of each layer. */
export function readJob(directory) {
  const read = (name) => new Uint8Array(readFileSync(join(directory, name))).buffer;
  const job = JSON.parse(readFileSync(join(directory, 'job.json'), 'utf8'));
  const x = job.bytes ? new Uint8Array(read('x.bin')) : new Float32Array(read('x.bin'));
  const parameters = new Float32Array(read('parameters.bin'));
  let at = 0;
  const take = (floats) => {
    at += floats;
    return parameters.slice(at - floats, at);
  };
  const layers = job.layers.map((layer, l) => {
    const fanIn = l ? job.layers[l - 1].units : job.inputs;
    return { ...layer, fanIn, weights: take(layer.units * fanIn), biases: take(layer.units) };
  });
  return { ...job, layers, outputs: layers.at(-1).units, x, y: new Float32Array(read('y.bin')) };
}

/** Milliseconds: of the wall clock, or of the processor's time for this process if SIMDPROP_CLOCK=processor. */
function now() {
  if (process.env.SIMDPROP_CLOCK !== 'processor') return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Answers `train SAMPLES EPOCHS` and `predict SAMPLES BATCH` with `MILLISECONDS VALUE`. The time includes neither
 * `reset(samplesPerCall)` nor what a contestant does before it calls this. train(samples, epochs) returns the mean cost
 * of the last epoch. predict(first, batch) returns the outputs of a batch.
 */
export async function serve(version, { outputs }, { reset, train, predict }) {
  console.log(`ready ${version}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [kind, ...numbers] = line.split(' ');
    const [samples, argument] = numbers.map(Number);
    await reset(kind === 'train' ? undefined : argument);
    let value = 0;
    const started = now();
    if (kind === 'train') {
      value = await train(samples, argument);
    } else {
      for (let first = 0; first + argument <= samples; first += argument) {
        let a = predict(first, argument);
        // only promises are awaited, because an await takes a turn of the event loop
        if (a instanceof Promise) a = await a;
        for (let i = 0; i < a.length; ++i) value += ((i % outputs) + 1) * a[i];
      }
    }
    console.log(`${now() - started} ${value}`);
  }
}
