import { Network } from 'simdprop';
import type { PeerJob, Trainer } from '../../bench/peers/arrays.mjs';
import { checkSame, toleranceOf } from '../../bench/same-work.js';
import { CLASSES, type Digits, PIXELS } from './digits.js';

// The contests of the bench page. All contestants have the same digits in the same order, start from the same weights,
// and take the same steps. First their costs are compared; then they take turns in short runs.

export type ContestantName = 'simdprop' | 'plain' | 'tensorflow' | 'brain';

export interface Contest {
  readonly name: string;
  readonly layers: readonly { readonly units: number; readonly activation: 'sigmoid' | 'relu' | 'softmax' }[];
  readonly cost: 'quadratic' | 'categoricalCrossEntropy';
  readonly learningRate: number;
  readonly batchSize: number;
  /** Digits that a run trains on, once each. */
  readonly samples: number;
}

const hidden = (units: number) => ({ units, activation: 'relu' }) as const;
const SOFTMAX = { units: CLASSES, activation: 'softmax' } as const;

/** The rate of the first is the default of brain.js. */
export const CONTESTS = [
  {
    name: '784-30-10, 1 digit a step',
    layers: [
      { units: 30, activation: 'sigmoid' },
      { units: CLASSES, activation: 'sigmoid' },
    ],
    cost: 'quadratic',
    learningRate: 0.3,
    batchSize: 1,
    samples: 500,
  },
  {
    name: '784-128-10, 32 digits a step',
    layers: [hidden(128), SOFTMAX],
    cost: 'categoricalCrossEntropy',
    learningRate: 0.1,
    batchSize: 32,
    samples: 3200,
  },
  {
    name: '784-512-512-10, 128 digits a step',
    layers: [hidden(512), hidden(512), SOFTMAX],
    cost: 'categoricalCrossEntropy',
    learningRate: 0.1,
    batchSize: 128,
    samples: 1280,
  },
] as const satisfies readonly Contest[];

/** What is trained, as a sentence: activations, cost, rule, data. */
export function describe({ layers, cost, learningRate, batchSize, samples }: Contest): string {
  const activations = [...new Set(layers.map(({ activation }) => activation))].join(' and ');
  const costName = cost === 'quadratic' ? 'quadratic cost' : 'categorical cross-entropy';
  const digits = batchSize === 1 ? 'after every digit' : `after every ${batchSize} digits`;
  return `${activations}, ${costName}, a step of gradient descent at ${learningRate} ${digits}, ${samples} digits a run`;
}

export interface Job extends PeerJob {
  readonly contest: Contest;
  layers: (PeerJob['layers'][number] & Contest['layers'][number])[];
  x: Uint8Array;
}

/** The digits as all contestants get them, with the initial weights of simdprop's seed 1. */
export async function makeJob(contest: Contest, digits: Digits): Promise<Job> {
  const { samples, batchSize, learningRate } = contest;
  const net = await createNetwork(contest);
  const layers = net.layers.map((layer, l) => ({
    ...contest.layers[l],
    fanIn: layer.fanIn,
    weights: layer.getWeights(),
    biases: layer.getBiases(),
  }));
  net.dispose();
  const y = new Float32Array(samples * CLASSES);
  for (let i = 0; i < samples; i++) y[i * CLASSES + digits.targets[i]] = 1;
  const x = digits.inputs.slice(0, samples * PIXELS);
  return { contest, inputs: PIXELS, outputs: CLASSES, samples, batchSize, learningRate, layers, x, y };
}

export const createNetwork = ({ layers, cost, batchSize }: Contest): Promise<Network> =>
  Network.create({ inputs: PIXELS, scale: 1 / 255, layers, cost, batchSize, seed: 1 });

/** Steps after which the costs are compared: rounding makes networks differ more with every step. */
const CHECK_STEPS = 20;

/** Trains a few steps. Returns the mean cost, which must be that of simdprop within the errors of rounding. */
export async function check(name: string, trainer: Trainer, job: Job, expected?: number): Promise<number> {
  const samples = Math.min(job.samples, CHECK_STEPS * job.batchSize);
  await trainer.reset();
  const cost = await trainer.train(samples, 1);
  if (expected !== undefined) {
    checkSame(job.contest.name, name, cost, expected, toleranceOf(job, samples / job.batchSize));
  }
  return cost;
}

/** A run of one contestant: the time of a sample, and the mean cost while it trained. */
export interface Run {
  readonly sampleMs: number;
  readonly cost: number;
}

/** The clocks of pages are coarse: short trainings are repeated until they take this long together. */
const LEAST_MS = 120;

/** Trains from the initial weights, again and again. The time includes nothing but training. */
export async function run(trainer: Trainer, { samples }: Job): Promise<Run> {
  let [elapsedMs, trainings, cost] = [0, 0, 0];
  while (elapsedMs < LEAST_MS) {
    await trainer.reset();
    const started = performance.now();
    cost = await trainer.train(samples, 1);
    elapsedMs += performance.now() - started;
    trainings++;
  }
  return { sampleMs: elapsedMs / (samples * trainings), cost };
}

/** What the worker is asked for. */
export interface BenchOrder {
  readonly digits: Digits;
  /** Indices in CONTESTS. */
  readonly contests: readonly number[];
  readonly rounds: number;
}

/** What the worker tells. `left out` is a contestant that takes no part in a contest. */
export type BenchNews =
  | { readonly kind: 'progress'; readonly share: number; readonly text: string }
  | { readonly kind: 'run'; readonly contest: number; readonly contestant: ContestantName; readonly run: Run }
  | { readonly kind: 'left out'; readonly contest: number; readonly contestant: ContestantName; readonly why: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly message: string };
