import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Network } from 'simdprop';
import type { Assignment, Order, Outcome } from './contestant.js';
import { engines } from './engines.js';
import { growth } from './growth.js';
import { activations, dropout, mixedLayers } from './kernels.js';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { median } from './medians.js';
import { peers } from './peers.js';
import { products } from './products.js';
import { roofline } from './roofline.js';
import { startup } from './startup.js';
import { tables } from './tables.js';
import { tiles } from './tiles.js';
import { type Section, takeTurns } from './turns.js';
import { updates } from './updates.js';
import type { Workload } from './workload.js';
import { makeWorkload, workloadNames } from './workloads.js';

// Compares training and inference with plain JavaScript. Both contestants have the same samples in the same order and
// start from the same weights, each in a process of its own. They take turns in short runs, and the one that begins
// changes from pair to pair, so that other load on the machine affects both alike; while one runs, the other waits.

const CONTESTANTS: Assignment['contestant'][] = ['simdprop', 'plain JavaScript'];

/** Pairs of runs that are measured. */
const PAIRS = 31;
/** Pairs of runs before those, which only warm up. */
const WARM_UP_PAIRS = 3;
/** The largest relative difference between the values of the contestants. It is checked before they are timed. */
const TOLERANCE = 1e-3;

interface Contest {
  name: string;
  /** Samples in one run. */
  samples: number;
  order: Order;
}

interface Row {
  contest: string;
  /** Samples per second, the median of the runs. */
  simdprop: number;
  plain: number;
  /** simdprop / plain: the median of the ratios of the pairs. */
  ratio: number;
}

const HELP = `npm run bench -- [--only TEXT] [--save] [--plot FILE]
  --only TEXT  measure only the rows where "SECTION NAME" contains TEXT. Examples of TEXT:
                 workload 2-2-1 online, activation relu, mixed relu and tanh, dropout 0.2, update adam, tile Node 24,
                 product forward 128x784x30, roofline 1x4096x4096, growth width, startup, table,
                 engines Firefox, peers train 2-2-1
  --save       also write the results to bench/results/<date>-node-<version>[-only-TEXT].json
  --plot FILE  also draw the roofline to FILE as SVG

The sections peers and product compare simdprop with other programs. To install them, run npm ci --ignore-scripts in
bench/peers, and install Debian's python3-torch, python3-numpy, libopenblas0-pthread, libopenblas-dev, libdnnl-dev,
libfann-dev and a C compiler. Whatever is missing is named in the table, and the rest is measured.
For a quick first look at peers, set SIMDPROP_ROUNDS=3 and SIMDPROP_RIVALS=NumPy,FANN. On a machine with other load, set
SIMDPROP_CLOCK=processor: peers then measures the processor time of the contestants with one thread. If the version of
NumPy is shown with OpenBLAS Prescott, OpenBLAS does not know the processor and computes with SSE3, at a third of the
speed or less: set OPENBLAS_CORETYPE=SkylakeX or Haswell.`;

function listContests({ name, inputs, data, epochs, inference }: Workload): Contest[] {
  const training = {
    name: `train ${name}`,
    samples: (epochs * data.inputs.length) / inputs,
    order: { batch: undefined },
  };
  const predictions = inference.batchSizes.map((batch) => ({
    name: `predict ${name.split(' ')[0]}, ${batch} a call`,
    samples: inference.samples - (inference.samples % batch),
    order: { batch },
  }));
  return [training, ...predictions];
}

async function startContestants(workload: Workload): Promise<ChildProcess[]> {
  const { inputs, layers, cost } = workload;
  const net = await Network.create({ inputs, layers, cost, seed: 1 });
  const start = net.layers.map((layer, l) => ({
    units: layer.units,
    activation: layers[l].activation,
    weights: layer.getWeights(),
    biases: layer.getBiases(),
  }));
  net.dispose();
  return Promise.all(
    CONTESTANTS.map(async (contestant) => {
      const child = fork(new URL('./contestant.ts', import.meta.url), { serialization: 'advanced' });
      // the contestant has printed the reason itself
      child.once('exit', (code) => code !== 0 && process.exit(code ?? 1));
      await tell(child, { contestant, workload: workload.name, start });
      return child;
    }),
  );
}

/** Sends a message and waits for the one that answers it. */
async function tell(child: ChildProcess, message: Assignment | Order): Promise<unknown> {
  const answer = once(child, 'message');
  child.send(message);
  return (await answer)[0];
}

async function run(child: ChildProcess, order: Order): Promise<Outcome> {
  return (await tell(child, order)) as Outcome;
}

async function checkSame({ name, order }: Contest, contestants: ChildProcess[]): Promise<void> {
  const simdprop = (await run(contestants[0], order)).value;
  const plain = (await run(contestants[1], order)).value;
  if (Math.abs(simdprop - plain) <= TOLERANCE * Math.abs(plain)) return;
  throw new Error(
    `${name}: got ${simdprop} of simdprop and ${plain} of plain JavaScript, want the same within ${TOLERANCE} of their size`,
  );
}

async function measure({ name, samples, order }: Contest, contestants: ChildProcess[]): Promise<Row> {
  const contenders = contestants.map((child, contestant) => ({
    name: `${name}: ${CONTESTANTS[contestant]}`,
    // the contestant measures its own time, without the messages and without the time that restores the weights
    run: async () => ({ overriddenDuration: (await run(child, order)).elapsedMs }),
    isAsync: true,
  }));
  const [simdprop, plain] = await takeTurns(contenders, { rounds: PAIRS, warmUpRounds: WARM_UP_PAIRS, iterations: 1 });
  return {
    contest: name,
    simdprop: (1000 * samples) / median(simdprop),
    plain: (1000 * samples) / median(plain),
    ratio: median(simdprop.map((ms, pair) => plain[pair] / ms)),
  };
}

const workloads: Section = {
  name: 'workload',
  rows: workloadNames,
  async measure(names) {
    const rows: Row[] = [];
    for (const name of names) {
      const workload = makeWorkload(name);
      const contestants = await startContestants(workload);
      try {
        for (const contest of listContests(workload)) {
          process.stderr.write(`${contest.name} ...\n`);
          await checkSame(contest, contestants);
          rows.push(await measure(contest, contestants));
        }
      } finally {
        for (const contestant of contestants) contestant.disconnect();
      }
    }
    const count = (speed: number) => Math.round(speed).toLocaleString('en-US');
    const cells = rows.map(({ contest, simdprop, plain, ratio }) => [
      contest,
      count(simdprop),
      count(plain),
      `${ratio.toFixed(2)}x`,
      ratio < 1 ? 'LOST' : '',
    ]);
    const table = [
      `samples per second, median of ${PAIRS} runs each, in turns; ratio: median of the ratios of the pairs`,
      alignTable([['', 'simdprop', 'plain JavaScript', 'ratio', ''], ...cells]),
    ].join('\n');
    return { rows, table };
  },
};

const SECTIONS: Section[] = [
  workloads,
  activations,
  mixedLayers,
  dropout,
  updates,
  tiles,
  products,
  roofline,
  growth,
  startup,
  tables,
  engines,
  peers,
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      save: { type: 'boolean' },
      plot: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const chosen = SECTIONS.map((section) => ({
    section,
    names: section.rows.filter((row) => `${section.name} ${row}`.includes(values.only)),
  })).filter(({ names }) => names.length > 0);
  if (chosen.length === 0) {
    const all = SECTIONS.flatMap(({ name, rows }) => rows.map((row) => `'${name} ${row}'`));
    throw new Error(`--only: got '${values.only}', want a part of one of ${all.join(', ')}`);
  }
  if (values.plot !== undefined && !chosen.some(({ section }) => section === roofline)) {
    throw new Error(
      `--plot: got '${values.plot}' without rows of the section roofline, want some of them, because --plot draws them`,
    );
  }
  const machine = describeMachine();
  console.log(machineLine(machine));
  const results: Record<string, readonly object[]> = {};
  for (const { section, names } of chosen) {
    const { rows, table, plot } = await section.measure(names);
    console.log(`\n${table}`);
    if (plot !== undefined && values.plot !== undefined) writeFileSync(values.plot, plot);
    results[section.name] = rows;
  }
  if (values.save) {
    // the results of some rows must not replace those of all
    const part = values.only && `-only-${values.only.replace(/[^\w.-]+/g, '-')}`;
    console.log(`\n${saveResult(`${machine.date}-node-${machine.node.slice(1)}${part}`, machine, results)}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
