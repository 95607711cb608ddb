import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contestant, listPredictors, listTrainers } from './contestants.js';
import { type Job, writeJob } from './job.js';
import { alignTable } from './machine.js';
import { median, pairedRatio } from './medians.js';
import { type Order, Rival } from './rival.js';
import { checkSame, toleranceOf } from './same-work.js';
import { SMALL_NETWORKS } from './small-networks.js';
import { type Section, takeTurns } from './turns.js';
import { makeWorkload } from './workloads.js';

// Times simdprop and its rivals. All have the same data in the same order and start from the same weights, each in a
// process of its own. First, they must agree on the value. Then they take turns, so that other load on the machine
// affects all of them alike; while one runs, the others wait.

const DEFAULT = 'simdprop';
const THREADS = 'simdprop, 2 threads';
const WIDE_ALONE = 'simdprop, wide';
const WIDE = 'simdprop, wide, 2 threads';
const WIDE_FUSED = 'simdprop, wide, fused, 2 threads';

const GROUPS = {
  'native, 1 thread': ({ kind, threads }: Contestant) => kind === 'native' && threads === 1,
  native: ({ kind }: Contestant) => kind === 'native',
  js: ({ kind }: Contestant) => kind === 'js',
  'onnxruntime-node': ({ name }: Contestant) => name.startsWith('onnxruntime-node'),
  simdprop: ({ name }: Contestant) => name === DEFAULT,
  'simdprop, wide': ({ name }: Contestant) => name === WIDE_ALONE,
};

/** How many times as fast as the best of a group of rivals the best of some of our contestants should be. */
export interface Target {
  ours: readonly string[];
  rivals: keyof typeof GROUPS;
  wanted: number;
}

interface Contest {
  workload: string;
  kind: Order['kind'];
  /** Samples in a call of predict. */
  batch: number;
  targets: Target[];
}

/** How many times as fast as its rivals simdprop should train. */
interface Wanted {
  /** Of the default, compared with native rivals with one thread. */
  native: number;
  /** Of wide mode with two threads, fused where that is faster, compared with all native rivals. */
  wide: number;
  /** Of the default, compared with rivals in JavaScript. */
  js: number;
  /** Of two threads, compared with one, by default and in wide mode. */
  threads: number;
}

function training(workload: string, { native, wide, js, threads }: Wanted, ...more: Target[]): [string, Contest] {
  const targets: Target[] = [
    { ours: [DEFAULT], rivals: 'native, 1 thread', wanted: native },
    { ours: [WIDE, WIDE_FUSED], rivals: 'native', wanted: wide },
    { ours: [DEFAULT], rivals: 'js', wanted: js },
    { ours: [THREADS], rivals: 'simdprop', wanted: threads },
    { ours: [WIDE], rivals: 'simdprop, wide', wanted: threads },
    ...more,
  ];
  return [`train ${workload}`, { workload, kind: 'train', batch: 0, targets }];
}

/** How many times as fast as the best rival each small network should train: more for that of SimpleChains.jl. */
function trainingSmall(workload: string): [string, Contest] {
  const native = workload === '4-32-16-4 Adam full batch' ? 3 : 2;
  const targets: Target[] = [
    { ours: [DEFAULT], rivals: 'native, 1 thread', wanted: native },
    { ours: [WIDE_ALONE], rivals: 'native', wanted: native },
    { ours: [WIDE, WIDE_FUSED], rivals: 'native', wanted: native },
    { ours: [DEFAULT], rivals: 'js', wanted: 2 },
  ];
  return [`train ${workload}`, { workload, kind: 'train', batch: 0, targets }];
}

const CONTESTS: Record<string, Contest> = Object.fromEntries([
  // on this small network two threads and wide mode must not be slower than the default
  training('2-2-1 online', { native: 1.2, wide: 1.2, js: 2, threads: 1 }),
  training('784-30-10 batch 10', { native: 2.2, wide: 1.2, js: 20, threads: 1.3 }),
  training(
    '784-128-10 Adam batch 32',
    { native: 1.1, wide: 1.2, js: 6, threads: 1.5 },
    { ours: [WIDE], rivals: 'js', wanted: 12 },
  ),
  training('784-512-512-10 batch 128', { native: 0.3, wide: 1.2, js: 2.2, threads: 1.8 }),
  training('784-512-512-10 Adam batch 128', { native: 0.38, wide: 1.2, js: 2.2, threads: 1.8 }),
  training('1024-2048-2048-10 Adam batch 256', { native: 0.3, wide: 1, js: 2.2, threads: 1.8 }),
  ...Object.keys(SMALL_NETWORKS).map(trainingSmall),
  [
    'predict 784-128-10, 1 a call',
    {
      workload: '784-128-10 Adam batch 32',
      kind: 'predict',
      batch: 1,
      targets: [
        { ours: [DEFAULT], rivals: 'native', wanted: 6 },
        { ours: [DEFAULT], rivals: 'js', wanted: 6 },
      ],
    },
  ],
  [
    'predict 784-512-512-10, 256 a call',
    {
      workload: '784-512-512-10 batch 128',
      kind: 'predict',
      batch: 256,
      targets: [
        { ours: [DEFAULT], rivals: 'js', wanted: 2.2 },
        { ours: [WIDE, WIDE_FUSED], rivals: 'onnxruntime-node', wanted: 1 },
        { ours: [THREADS], rivals: 'simdprop', wanted: 1.8 },
        { ours: [WIDE], rivals: 'simdprop, wide', wanted: 1.8 },
      ],
    },
  ],
]);

/** Rounds that are measured. SIMDPROP_ROUNDS=3 gives a quick first look. */
const ROUNDS = Number(process.env.SIMDPROP_ROUNDS ?? 11);
/**
 * True with SIMDPROP_CLOCK=processor, for machines with other load: times are those of the processor, and contestants
 * with several threads, which would have to add up theirs, do not take part. JavaScript and Python measure it.
 */
const IS_PROCESSOR_TIME = process.env.SIMDPROP_CLOCK === 'processor';
/** Rounds before those, which only warm up. */
const WARM_UP_ROUNDS = 2;
/** A training run has as many epochs as fit into about this time, but at least one. */
const RUN_MS = 200;
/** Steps after which the costs are compared. Rounding makes the networks differ more with every step. */
const CHECK_STEPS = 20;
/**
 * Steps after which the costs are compared if a batch has one sample. FANN differs from step 495 on, where an
 * activation is below 0.01 for the first time.
 */
const ONLINE_CHECK_STEPS = 400;

export interface Entry {
  contest: string;
  contestant: string;
  kind: Contestant['kind'];
  threads: number;
  version: string;
  /** Samples per second, the median of the rounds; undefined if it did not take part. */
  speed?: number;
  /** How many times as fast simdprop's default is: the median of the rounds' ratios. */
  ratio?: number;
  /** The value on which all must agree. */
  value?: number;
  /** Why it did not take part, or how its work differs. */
  note: string;
}

export interface Verdict extends Omit<Target, 'ours'> {
  contest: string;
  /** The fastest of ours. */
  ours: string;
  /** The fastest of the rivals. */
  rival: string;
  ratio: number;
  met: boolean;
}

/** Judges each target by the best of both sides. A target is left out if one of them was not measured. */
export function judge(contest: string, targets: readonly Target[], runs: ReadonlyMap<Contestant, number[]>): Verdict[] {
  const fastest = (filter: (contestant: Contestant) => boolean) =>
    [...runs.keys()].filter(filter).sort((a, b) => median(runs.get(a)!) - median(runs.get(b)!))[0];
  return targets.flatMap((target) => {
    const ours = fastest(({ name }) => target.ours.includes(name));
    const rival = fastest(GROUPS[target.rivals]);
    if (!ours || !rival) return [];
    const ratio = pairedRatio(runs.get(rival)!, runs.get(ours)!);
    return [{ ...target, contest, ours: ours.name, rival: rival.name, ratio, met: ratio >= target.wanted }];
  });
}

interface Present {
  contestant: Contestant;
  rival: Rival;
  entry: Entry;
}

/** Starts all contestants. One that cannot take part gets an entry too, with the reason. */
async function enter(
  contest: string,
  contestants: readonly Contestant[],
): Promise<{ entries: Entry[]; present: Present[] }> {
  const entries: Entry[] = [];
  const present: Present[] = [];
  for (const contestant of contestants) {
    const { name, kind, threads, remark = '' } = contestant;
    const rival = await Rival.start(contestant);
    const entry: Entry = { contest, contestant: name, kind, threads, version: '', note: remark };
    entries.push(entry);
    if (rival instanceof Rival) {
      entry.version = rival.version;
      present.push({ contestant, rival, entry });
    } else {
      entry.note = `not measured: ${rival}`;
    }
  }
  return { entries, present };
}

/** Throws if a contestant's value differs from simdprop's, unless it is known to compute another cost. */
async function compareValues({
  contest,
  job,
  present,
}: {
  contest: string;
  job: Job;
  present: Present[];
}): Promise<void> {
  const { kind, batch } = CONTESTS[contest];
  const steps = job.batchSize === 1 ? ONLINE_CHECK_STEPS : CHECK_STEPS;
  const samples = kind === 'train' ? Math.min(job.samples, steps * job.batchSize) : batch;
  const stepsInEpoch = Math.ceil(samples / job.batchSize);
  // the cost of an epoch of one step is taken before that step, so it takes more epochs to see what the steps do
  const epochs = stepsInEpoch === 1 ? steps : 1;
  const order: Order = { kind, samples, argument: kind === 'train' ? epochs : batch };
  // a prediction passes through one product for each layer, training through those of all its steps
  const tolerance = toleranceOf(job, kind === 'train' ? epochs * stepsInEpoch : job.layers.length);
  for (const { rival, entry, contestant } of present) {
    entry.value = (await rival.run(order)).value;
    if (!contestant.costDiffers) checkSame(contest, rival.name, entry.value, present[0].entry.value!, tolerance);
  }
}

/**
 * What a contestant has to do in one run: train for as many epochs as fit into RUN_MS, but at least one; or predict all
 * samples, except those that do not fill a call. The first epochs of a small network are far slower than later ones, so
 * the number of epochs is found by runs that become longer and longer.
 */
async function sizeRun(rival: Rival, { kind, batch }: Contest, job: Job): Promise<Order> {
  const samples = job.samples - (job.samples % (batch || 1));
  if (kind !== 'train') return { kind, samples, argument: batch };
  let epochs = 1;
  for (;;) {
    const { elapsedMs } = await rival.run({ kind, samples, argument: epochs });
    const fitting = Math.max(1, Math.round((epochs * RUN_MS) / elapsedMs));
    if (fitting < 2 * epochs) return { kind, samples, argument: fitting };
    epochs = fitting;
  }
}

async function measure(contest: string): Promise<{ entries: Entry[]; verdicts: Verdict[] }> {
  const { workload, kind, targets } = CONTESTS[contest];
  const directory = mkdtempSync(join(tmpdir(), 'simdprop-job-'));
  let present: Present[] = [];
  try {
    const job = await writeJob(directory, makeWorkload(workload));
    const contestants = (kind === 'train' ? listTrainers : listPredictors)(directory, job);
    const entered = await enter(
      contest,
      contestants.filter(({ name, threads }) => isWanted(name) && (threads === 1 || !IS_PROCESSOR_TIME)),
    );
    present = entered.present;
    await compareValues({ contest, job, present });
    const contenders = [];
    for (const { rival } of present) {
      const order = await sizeRun(rival, CONTESTS[contest], job);
      const samples = order.samples * (kind === 'train' ? order.argument : 1);
      const run = async () => ({ overriddenDuration: (await rival.run(order)).elapsedMs / samples });
      contenders.push({ name: rival.name, run, isAsync: true });
    }
    const times = await takeTurns(contenders, { rounds: ROUNDS, warmUpRounds: WARM_UP_ROUNDS, iterations: 1 });
    present.forEach(({ entry }, c) => {
      entry.speed = 1000 / median(times[c]);
      entry.ratio = pairedRatio(times[c], times[0]);
    });
    const runs = new Map(present.map(({ contestant }, c) => [contestant, times[c]]));
    return { entries: entered.entries, verdicts: judge(contest, targets, runs) };
  } finally {
    for (const { rival } of present) rival.stop();
    rmSync(directory, { recursive: true });
  }
}

/** SIMDPROP_RIVALS=NumPy,FANN measures only simdprop's default and the contestants with such a part in their name. */
function isWanted(name: string): boolean {
  const wanted = process.env.SIMDPROP_RIVALS?.split(',');
  return !wanted || name === DEFAULT || wanted.some((part) => name.includes(part));
}

export function tabulate(contest: string, entries: readonly Entry[], verdicts: readonly Verdict[]): string {
  const cells = entries.map(({ contestant, version, speed, ratio }) => [
    contestant,
    version,
    speed === undefined ? '' : Math.round(speed).toLocaleString('en-US'),
    ratio === undefined ? '' : `${ratio.toFixed(2)}x`,
  ]);
  const notes = entries.filter(({ note }) => note).map(({ contestant, note }) => `${contestant}: ${note}`);
  const judged = verdicts.map(
    ({ ours, rivals, rival, ratio, wanted, met }) =>
      `${met ? 'met' : 'MISSED'}: ${ours} is ${ratio.toFixed(2)}x as fast as the best of ${rivals} (${rival}), wanted ${wanted.toFixed(2)}x`,
  );
  return [
    `${contest}: samples per second${IS_PROCESSOR_TIME ? ' of processor time' : ''}, and how many times as fast simdprop's default is; medians of ${ROUNDS} rounds`,
    alignTable([['', 'version', 'samples/s', 'simdprop / this'], ...cells]),
    ...notes,
    ...judged,
  ].join('\n');
}

export const peers: Section = {
  name: 'peers',
  rows: Object.keys(CONTESTS),
  async measure(names) {
    const rows: object[] = [];
    const tables: string[] = [];
    for (const name of names) {
      process.stderr.write(`peers: ${name} ...\n`);
      const { entries, verdicts } = await measure(name);
      rows.push({ contest: name, ...(IS_PROCESSOR_TIME && { clock: 'processor' }), entries, verdicts });
      tables.push(tabulate(name, entries, verdicts));
    }
    return { rows, table: tables.join('\n\n') };
  },
};
