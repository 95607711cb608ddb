// Run by bench/threads.ts, with and without wide registers: epochs of the same training with one thread and with two,
// and streams of predictions of 256 rows, in turns. Prints the times.
import { adam, Network, sgd } from '../dist/index.js';
import { makeSamples, reluLayers } from './job-network.mjs';

const [rounds, mode] = process.argv.slice(2);
const wide = mode === 'wide';

/** The epochs of a training. */
const EPOCHS = 3;
/**
 * Predictions follow one another for this long after a training, and there are at least so many. The second thread has
 * slept since the training, and may share the core of the first one for 5 to 10 ms: of a few predictions, none would
 * show how fast a stream of them is.
 */
const STREAM_MS = 150;
const LEAST_TIMES = 5;
/** Shorter predictions are timed several at once. */
const TIMED_MS = 3;
const PREDICTED_ROWS = 256;

/** [name, widths, batch size, optimizer, steps of an epoch] */
const NETWORKS = [
  ['4-32-16-10, Adam', [4, 32, 16, 10], 10_000, adam(), 10],
  ['784-30-10', [784, 30, 10], 10, sgd({ learningRate: 0.1 }), 400],
  ['784-128-10, Adam', [784, 128, 10], 32, adam(), 100],
  ['784-512-512-10', [784, 512, 512, 10], 128, sgd({ learningRate: 0.05 }), 10],
  ['1024-2048-2048-10, Adam', [1024, 2048, 2048, 10], 256, adam(), 2],
];

for (const [name, [inputs, ...units], batchSize, optimizer, steps] of NETWORKS) {
  const layers = reluLayers(units);
  const data = makeSamples(steps * batchSize, inputs);
  const predicted = data.inputs.subarray(0, PREDICTED_ROWS * inputs);
  const contestants = [];
  for (const threads of [1, 2]) {
    const net = await Network.create({ inputs, layers, seed: 1, threads, wide });
    contestants.push({ net, prepared: await net.prepareData(data), train: [], predict: [] });
    if (net.wide !== wide) throw new Error(`wide: ${net.wideReason}`);
  }
  // the first round only warms up
  for (let round = -1; round < Number(rounds); round++) {
    for (const { net, prepared, train, predict } of contestants) {
      const history = await net.fit(prepared, { epochs: EPOCHS, batchSize, optimizer });
      const times = [];
      const end = performance.now() + STREAM_MS;
      while (times.length < LEAST_TIMES || performance.now() < end) {
        const start = performance.now();
        let [ms, count] = [0, 0];
        for (; ms < TIMED_MS; count++) {
          net.predict(predicted);
          ms = performance.now() - start;
        }
        times.push(ms / count);
      }
      if (round < 0) continue;
      train.push(...history.column('elapsedMs').map((ms) => ms / steps));
      predict.push(...times);
    }
  }
  const [one, two] = contestants;
  const isSame = Buffer.compare(await one.net.save(), await two.net.save()) === 0;
  const times = ({ train, predict }) => ({ train, predict });
  console.log(JSON.stringify({ name, node: process.version, batchSize, isSame, one: times(one), two: times(two) }));
  for (const { net } of contestants) net.dispose();
}
