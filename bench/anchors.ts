import { parseArgs } from 'node:util';
import {
  type CostName,
  type DataSet,
  type InitializerName,
  Network,
  type NetworkOptions,
  nesterov,
  type Optimizer,
  rmsprop,
  sgd,
} from 'simdprop';
import { CLASSES } from '../examples/digits/idx.js';
import { describeMachine, machineLine, saveResult } from './machine.js';
import { BYTE_SCALE, digitsRange, loadDigits, PIXELS } from './workloads.js';

// Trains networks whose accuracy has been published, on the same images, and compares the accuracies. Our accuracy is
// the mean over seeds that were fixed beforehand. The published accuracies:
// - M. Nielsen, "Neural Networks and Deep Learning", 2015, chapters 1 and 3, and the recorded curves of its figures
//   (overfitting.json, regularized.json, regularized_full.json, weight_initialization_100.json): the best accuracy over
//   the epochs. The author used one seed, or the best of three.
// - scikit-learn, examples/neural_networks/plot_mnist_filters.py: the accuracy after the last epoch. Its gradient of
//   the penalty is alpha / batch . w, so our lambda is alpha n / batch.
// - Keras, examples/mnist_mlp.py: the accuracy after the last epoch.

const SEEDS = 8;

interface Anchor {
  name: string;
  /** The settings of the training, as the table shows them: without the epochs and the images. */
  training: string;
  network: Omit<NetworkOptions, 'inputs' | 'seed'>;
  optimizer: Optimizer;
  batchSize: number;
  samples: number;
  epochs: number;
  /** The seeds are 1 up to this number: fewer than SEEDS where a run takes minutes. */
  seeds: number;
  measuredOn: 'test' | 'validation';
  counted: 'best' | 'final';
  /** Accuracy in percent. */
  published: number;
  /** The range in which the mean over the seeds must lie. Without `to` there is no upper limit. */
  wanted: { from: number; to?: number };
}

interface Run {
  seed: number;
  /** The best accuracy in percent and the epoch it was reached after, counted from 1. */
  best: number;
  bestEpoch: number;
  final: number;
  /** Time for training and for the evaluation after each epoch. */
  seconds: number;
}

const within = (published: number, distance: number) => ({ from: published - distance, to: published + distance });

/** A network of Nielsen's book. They all have sigmoid units, batches of ten and plain gradient descent. */
function nielsen(
  name: string,
  hidden: number,
  cost: CostName,
  initializer: InitializerName,
  learningRate: number,
  l2: number,
): Pick<Anchor, 'name' | 'training' | 'network' | 'optimizer' | 'batchSize' | 'seeds' | 'counted'> {
  return {
    name,
    training: [`η ${learningRate}`, ...(l2 ? [`λ ${l2}`] : []), initializer].join(', '),
    network: { layers: [hidden, CLASSES].map((units) => ({ units, initializer })), cost, l2 },
    optimizer: sgd({ learningRate }),
    batchSize: 10,
    seeds: SEEDS,
    counted: 'best',
  };
}

const ANCHORS: Anchor[] = [
  {
    ...nielsen('784-30-10 quadratic', 30, 'quadratic', 'standardNormal', 3, 0),
    samples: 50_000,
    epochs: 30,
    measuredOn: 'test',
    published: 95.42,
    wanted: { from: 95 },
  },
  {
    ...nielsen('784-30-10 cross-entropy', 30, 'binaryCrossEntropy', 'standardNormal', 0.5, 5),
    samples: 50_000,
    epochs: 30,
    measuredOn: 'test',
    published: 96.49,
    wanted: { from: 96.2 },
  },
  {
    ...nielsen('784-100-10 cross-entropy', 100, 'binaryCrossEntropy', 'scaledNormal', 0.1, 5),
    samples: 50_000,
    epochs: 30,
    measuredOn: 'validation',
    published: 97.81,
    wanted: { from: 97.6 },
  },
  {
    ...nielsen('784-30-10 1,000 images', 30, 'binaryCrossEntropy', 'standardNormal', 0.5, 0),
    samples: 1000,
    epochs: 400,
    measuredOn: 'test',
    published: 82.27,
    wanted: within(82.27, 1.5),
  },
  {
    ...nielsen('784-30-10 1,000 images, L2', 30, 'binaryCrossEntropy', 'standardNormal', 0.5, 0.1),
    samples: 1000,
    epochs: 400,
    measuredOn: 'test',
    published: 87.1,
    wanted: within(87.1, 1.5),
  },
  {
    name: '784-50-10 scikit-learn',
    training: 'relu, softmax, Nesterov 0.9, η 0.1, batch 200, alpha 1e-4',
    network: {
      layers: [
        { units: 50, activation: 'relu', initializer: 'glorotUniform' },
        { units: CLASSES, activation: 'softmax', initializer: 'glorotUniform' },
      ],
      l2: (1e-4 * 60_000) / 200,
    },
    optimizer: nesterov({ learningRate: 0.1, momentum: 0.9 }),
    batchSize: 200,
    samples: 60_000,
    epochs: 10,
    seeds: SEEDS,
    measuredOn: 'test',
    counted: 'final',
    published: 97,
    wanted: within(97, 0.5),
  },
  {
    name: '784-512-512-10 Keras',
    training: 'relu, softmax, dropout 0.2, RMSprop 0.001, batch 128',
    network: {
      layers: [
        { units: 512, activation: 'relu', dropout: 0.2, initializer: 'glorotUniform' },
        { units: 512, activation: 'relu', dropout: 0.2, initializer: 'glorotUniform' },
        { units: CLASSES, activation: 'softmax', initializer: 'glorotUniform' },
      ],
    },
    optimizer: rmsprop({ learningRate: 0.001, alpha: 0.9, epsilon: 1e-7 }),
    batchSize: 128,
    samples: 60_000,
    epochs: 20,
    seeds: 2,
    measuredOn: 'test',
    counted: 'final',
    published: 98.4,
    wanted: within(98.4, 0.3),
  },
];

const HELP = `npm run anchors -- [--only TEXT] [--seeds N] [--save]
  --only TEXT  train only the networks whose name contains TEXT
  --seeds N    train each with the seeds 1 to N (default: ${SEEDS}; 2 for the Keras example)
  --save       also write bench/results/anchors-<date>.json`;

async function train(anchor: Anchor, seed: number, training: DataSet, validation: DataSet): Promise<Run> {
  const { network, optimizer, batchSize, epochs } = anchor;
  const net = await Network.create({ ...network, inputs: PIXELS, scale: BYTE_SCALE, seed });
  const started = performance.now();
  const history = await net.fit(training, { epochs, batchSize, optimizer, validation });
  const seconds = (performance.now() - started) / 1000;
  net.dispose();
  const accuracies = history.column('validation.accuracy').map((share) => 100 * share);
  const best = Math.max(...accuracies);
  return { seed, best, bestEpoch: accuracies.indexOf(best) + 1, final: accuracies[epochs - 1], seconds };
}

const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

function summarize(anchor: Anchor, runs: Run[]) {
  const accuracies = runs.map((run) => run[anchor.counted]);
  const { from, to = 100 } = anchor.wanted;
  const ours = mean(accuracies);
  return {
    ...anchor,
    runs,
    ours,
    lowest: Math.min(...accuracies),
    highest: Math.max(...accuracies),
    met: ours >= from && ours <= to,
    secondsPerRun: mean(runs.map((run) => run.seconds)),
  };
}

function markdownRow({ name, ...row }: ReturnType<typeof summarize>): string {
  const { epochs, samples, training, measuredOn, counted, published, wanted } = row;
  const what = `${epochs} epochs of ${samples.toLocaleString('en-US')} images, ${training}; ${counted} accuracy on ${measuredOn} images`;
  const ours = `${row.ours.toFixed(2)} (${row.lowest.toFixed(2)}..${row.highest.toFixed(2)})`;
  const range =
    wanted.to === undefined ? `≥ ${wanted.from.toFixed(2)}` : `${wanted.from.toFixed(2)}..${wanted.to.toFixed(2)}`;
  return `| ${[name, what, published.toFixed(2), ours, `${range} ${row.met ? 'met' : 'NOT MET'}`, row.secondsPerRun.toFixed(1)].join(' | ')} |`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      seeds: { type: 'string' },
      save: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const seeds = values.seeds === undefined ? undefined : Number(values.seeds);
  if (seeds !== undefined && !(Number.isInteger(seeds) && seeds > 0)) {
    throw new RangeError(`--seeds: got '${values.seeds}', want a number of seeds: 1 or more`);
  }
  const anchors = ANCHORS.filter(({ name }) => name.includes(values.only));
  if (anchors.length === 0) {
    throw new Error(
      `--only: got '${values.only}', want a part of one of ${ANCHORS.map(({ name }) => `'${name}'`).join(', ')}`,
    );
  }
  const digits = loadDigits();
  const measuredOn = {
    test: digitsRange(digits.test, 0, 10_000),
    validation: digitsRange(digits.train, 50_000, 10_000),
  };
  const machine = describeMachine();
  const summaries = [];
  for (const anchor of anchors) {
    const runs: Run[] = [];
    for (let seed = 1; seed <= (seeds ?? anchor.seeds); seed++) {
      const run = await train(
        anchor,
        seed,
        digitsRange(digits.train, 0, anchor.samples),
        measuredOn[anchor.measuredOn],
      );
      process.stderr.write(
        `${anchor.name}, seed ${seed}: best ${run.best.toFixed(2)} after ${run.bestEpoch} epochs, final ${run.final.toFixed(2)}, ${run.seconds.toFixed(1)} s\n`,
      );
      runs.push(run);
    }
    summaries.push(summarize(anchor, runs));
  }
  console.log('| network | training | published | simdprop, mean (min..max) | wanted | seconds per run |');
  console.log('|---|---|---|---|---|---|');
  for (const summary of summaries) console.log(markdownRow(summary));
  console.log(
    `\nAccuracy in percent, the mean over seeds 1 to ${seeds ?? `${SEEDS} (Keras: 1 and 2)`}. ${machineLine(machine)}`,
  );
  if (values.save) console.log(saveResult(`anchors-${machine.date}`, machine, { anchors: summaries }));
  if (summaries.some(({ met }) => !met)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
