import { readFileSync } from 'node:fs';
import * as abi from '../assembly/abi.js';
import { startEngine } from '../src/core/engine.js';
import { Header } from '../src/core/header.js';
import { makePlan, writeTables } from '../src/core/memory-plan.js';
import type { NetworkOptions, Optimizer } from '../src/index.js';
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  irprop,
  lion,
  momentum,
  nadam,
  nesterov,
  numbersOf,
  rmsprop,
  sgd,
  slotsOf,
} from '../src/spec/optimizer.js';
import { checkSpec } from '../src/spec/spec.js';
import { compileLoops, MANY_BYTES, startLoops } from './loops.js';
import { alignTable } from './machine.js';
import { median } from './medians.js';
import { type Section, takeTurns } from './turns.js';

// Times the optimizers' steps on a million parameters, in bytes read and written per second, and compares them with a
// plain copy of as many bytes: a loop of v128 loads and stores in a WebAssembly module of its own. All take turns, so
// that other load on the machine affects them alike.
//
// The bandwidth of the memory matters most. To measure it, update and copy cycle through more networks and buffers than
// any cache holds. Both are also timed on the same bytes again and again, which a cache holds. In the cache, the
// processor's divider limits rules that take a root and a division for each parameter. Therefore a loop of these two
// operations alone is timed too.

const UNITS = 1000;
const ROUNDS = 15;
const ITERATIONS = 12;

/** An update compared with a copy. */
interface Pair {
  /** 10^9 bytes per second that the update reads and writes. */
  gigabytes: number;
  /** 10^9 bytes per second that the copy reads and writes. */
  copyGigabytes: number;
  /** The update's speed divided by the copy's: the median of the ratios of the rounds. */
  ratio: number;
}

interface Row {
  update: string;
  memory: Pair;
  cache: Pair;
  /**
   * The share of the update's time from the cache that its roots and divisions alone would take: the median of the
   * ratios of the rounds.
   */
  divider?: number;
  /** The ratio from memory should be at least this. */
  wanted: number;
}

type Case = [name: string, optimizer: Optimizer, options?: Partial<NetworkOptions>];

/** The optimizers that take a root and a division for each parameter. */
const DIVIDING_OPTIMIZERS = ['adagrad', 'adadelta', 'rmsprop', 'adam', 'adamw', 'nadam'];

const clipping = { clipNorm: 1e3, clipValue: 10 };

const CASES: Case[] = [
  ['sgd', sgd({ learningRate: 1e-6 })],
  ['sgd, L1 and L2, clipped', sgd({ learningRate: 1e-6, ...clipping }), { l1: 1e-3, l2: 1e-3 }],
  ['momentum', momentum({ learningRate: 1e-6 })],
  ['momentum, L1 and L2', momentum({ learningRate: 1e-6 }), { l1: 1e-3, l2: 1e-3 }],
  ['nesterov', nesterov({ learningRate: 1e-6 })],
  ['adagrad', adagrad({ learningRate: 1e-6 })],
  ['adadelta', adadelta({ learningRate: 1e-6 })],
  ['rmsprop', rmsprop({ learningRate: 1e-6 })],
  ['adam', adam({ learningRate: 1e-6 })],
  ['adam, L2, clipped', adam({ learningRate: 1e-6, ...clipping }), { l2: 1e-3 }],
  ['adamw', adamw({ learningRate: 1e-6 })],
  ['nadam', nadam({ learningRate: 1e-6 })],
  ['lion', lion({ learningRate: 1e-6 })],
  ['irprop', irprop({ learningRate: 1e-6 })],
];

/** The loops with which updates are compared. */
const LOOPS = `export function copy(target: usize, source: usize, bytes: usize): void {
    for (const end = source + bytes; source < end; source += 64) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
      v128.store(target, v128.load(source, 32), 32);
      v128.store(target, v128.load(source, 48), 48);
      target += 64;
    }
  }
  export function divide(target: usize, source: usize, bytes: usize): void {
    for (const end = source + bytes; source < end; source += 16) {
      const x = v128.load(source);
      v128.store(target, f32x4.div(x, f32x4.sqrt(x)));
      target += 16;
    }
  }`;

/** A step of the optimizer, which can be called again and again, and the bytes that it moves. */
async function prepareUpdate([, optimizer, options]: Case): Promise<{ step: () => void; bytes: number }> {
  const spec = checkSpec({ inputs: UNITS, layers: [{ units: UNITS, activation: 'linear' }], ...options });
  const slots = slotsOf(optimizer);
  const plan = makePlan(spec, 1, undefined, slots);
  const wasm = new WebAssembly.Module(readFileSync(new URL('../build/simd.wasm', import.meta.url)));
  const { core, memory } = await startEngine('simd', wasm, plan.bytes);
  writeTables(memory.buffer as ArrayBuffer, spec, plan);
  const header = new Header(memory.buffer as ArrayBuffer);
  header.setOptimizer(numbersOf(optimizer));
  header.learningRate = optimizer.learningRate as number;
  header.trainingSamples = 1000;
  core.fillNormal(plan.parameters, plan.parameterFloats, 0.1, abi.RANDOM_WEIGHTS, 0);
  core.fillNormal(plan.gradients, plan.parameterFloats, 0.1, abi.RANDOM_WEIGHTS, 1);
  // an update reads w, g and the slots, and g once more for its norm; it writes w and the slots
  const arrays = 3 + 2 * slots + ('clipNorm' in optimizer ? 1 : 0);
  return { step: () => core.applyGradients(), bytes: plan.parameterFloats * 4 * arrays };
}

/** A call of a loop that reads one half of a buffer of this many bytes and writes the other half. */
function prepareLoop(module: WebAssembly.Module, name: 'copy' | 'divide', bytes: number): () => void {
  const half = Math.ceil(bytes / 128) * 64;
  const exports = startLoops(module, 2 * half);
  const loop = exports[name] as (target: number, source: number, bytes: number) => void;
  return () => loop(half, 0, half);
}

/** A function that makes these calls in turn, one each time. */
function inTurn(calls: readonly (() => void)[]): () => void {
  let next = 0;
  return () => calls[next++ % calls.length]();
}

async function measure(case_: Case, loops: WebAssembly.Module): Promise<Row> {
  const [name, optimizer] = case_;
  const networks = [await prepareUpdate(case_)];
  const { bytes } = networks[0];
  const held = 4 * UNITS ** 2 * (2 + slotsOf(optimizer));
  while (networks.length * held < MANY_BYTES) networks.push(await prepareUpdate(case_));
  const steps = networks.map(({ step }) => step);
  const copies = networks.map(() => prepareLoop(loops, 'copy', bytes));
  const times = await takeTurns(
    [
      { name: `${name} from memory`, run: inTurn(steps), isAsync: false },
      { name: 'copy from memory', run: inTurn(copies), isAsync: false },
      { name: `${name} again`, run: steps[0], isAsync: false },
      { name: 'copy again', run: copies[0], isAsync: false },
      { name: 'roots and divisions again', run: prepareLoop(loops, 'divide', 8 * UNITS ** 2), isAsync: false },
    ],
    { rounds: ROUNDS, warmUpRounds: 1, iterations: ITERATIONS },
  );
  const compare = (updateMs: readonly number[], copyMs: readonly number[]): Pair => ({
    gigabytes: bytes / median(updateMs) / 1e6,
    copyGigabytes: bytes / median(copyMs) / 1e6,
    ratio: median(updateMs.map((ms, round) => copyMs[round] / ms)),
  });
  return {
    update: name,
    memory: compare(times[0], times[1]),
    cache: compare(times[2], times[3]),
    divider: DIVIDING_OPTIMIZERS.includes(optimizer.name)
      ? median(times[4].map((ms, round) => ms / times[2][round]))
      : undefined,
    wanted: ['adam', 'adamw', 'nadam'].includes(optimizer.name) ? 0.35 : 0.6,
  };
}

export const updates: Section = {
  name: 'update',
  rows: CASES.map(([name]) => name),
  async measure(names) {
    const loops = await compileLoops(LOOPS);
    const rows: Row[] = [];
    for (const case_ of CASES) {
      if (!names.includes(case_[0])) continue;
      process.stderr.write(`update ${case_[0]} ...\n`);
      rows.push(await measure(case_, loops));
    }
    const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
    const cellsOf = ({ gigabytes, copyGigabytes, ratio }: Pair) => [
      gigabytes.toFixed(1),
      copyGigabytes.toFixed(1),
      percent(ratio),
    ];
    const cells = rows.map(({ update, memory, cache, divider, wanted }) => [
      update,
      ...cellsOf(memory),
      percent(wanted),
      memory.ratio < wanted ? 'MISSED' : '',
      ...cellsOf(cache),
      divider === undefined ? '' : percent(divider),
    ]);
    const head =
      'update of 1M parameters|from memory GB/s|copy GB/s|update / copy|wanted||from cache GB/s|copy GB/s|update / copy|roots and divisions / update';
    const table = alignTable([head.split('|'), ...cells]);
    return { rows, table };
  },
};
