import { isKind } from '../check/arrays.js';
import type { BuildName } from '../core/core-options.js';
import { type Core, importsOf, PAGE_BYTES } from '../core/engine.js';
import { Header } from '../core/header.js';
import { weightFloats } from '../core/layout.js';
import { makePlan, type Plan, writeTables } from '../core/memory-plan.js';
import { eachWeight } from '../core/parameters.js';
import { F32, LABELS, RANDOM_ORDER, RANDOM_WEIGHTS } from '../spec/codes.js';
import { adam, numbersOf, slotsOf } from '../spec/optimizer.js';
import { checkSpec } from '../spec/spec.js';

// Wide mode: V8's revectorizer combines two neighbouring operations on 128 bits into one on 256 bits. A flag of the
// whole process switches it on while the core is compiled, and is then switched off again. A trial compares the results
// and the speed of the core with those of a core that was compiled without it.

const OLDEST_NODE = 24;
/** Flags that are on by default, and off while the core is compiled. */
const OFF_WHILE_COMPILING = ['liftoff', 'wasm-inlining', 'wasm-lazy-compilation'];

/** The module for wide registers, or the reason why there is none. */
export interface Wide {
  readonly module?: WebAssembly.Module;
  readonly reason?: string;
}

const trials = new Map<BuildName, Promise<Wide>>();

/**
 * Switches wide mode on for a build. `core`: the build with threads, as bytes or compiled. The bytes of each build are
 * tried only once in a process.
 */
export function switchOnWide(build: BuildName, core: Uint8Array<ArrayBuffer> | WebAssembly.Module): Promise<Wide> {
  // this answer is not remembered: it does not hold for bytes
  if (isKind(core, 'WebAssembly.Module')) return Promise.resolve({ reason: 'a compiled module was given as wasm' });
  let trial = trials.get(build);
  if (!trial) {
    trial = compileWide(core as Uint8Array<ArrayBuffer>);
    trials.set(build, trial);
    // a failure is not remembered: the next call may succeed
    trial.catch(() => trials.delete(build));
  }
  return trial;
}

/**
 * The name of V8's flag for wide registers, by V8's version; undefined for versions whose name is not known here. V8
 * writes an unknown name to the process's error output, so that a guess would be seen by the user.
 */
export function flagOf(v8: string): string | undefined {
  const [major, minor] = v8.split('.').map(Number);
  const version = major * 100 + minor;
  if (version <= 1500) return 'experimental-wasm-revectorize';
  return version >= 1506 && major === 15 ? 'wasm-revectorize' : undefined;
}

/** The reason why this process cannot use wide registers; undefined if it may try. */
export function refusal({ versions, arch }: Pick<NodeJS.Process, 'versions' | 'arch'>): string | undefined {
  const { node, v8, bun, deno } = versions;
  if (bun) return 'only Node can be told to use wide registers, this is Bun, whose engine is not V8';
  if (deno) return 'only Node can be told to use wide registers; in Deno they are slower';
  if (Number.parseInt(node, 10) < OLDEST_NODE) return `Node ${node} gains nothing, want ${OLDEST_NODE} or later`;
  if (arch !== 'x64') return `only x64 has wide registers, this is ${arch}`;
  if (!flagOf(v8)) return `the name of the flag in V8 ${v8} is not known to this version of simdprop`;
  return undefined;
}

async function compileWide(core: Uint8Array<ArrayBuffer>): Promise<Wide> {
  const v8 = globalThis.process?.getBuiltinModule?.('node:v8');
  if (!v8) return { reason: 'only Node can be told to use wide registers' };
  const reason = refusal(process);
  if (reason !== undefined) return { reason };
  const setFlag = (name: string, isOn: boolean) => v8.setFlagsFromString(`--${isOn ? '' : 'no-'}${name}`);
  let modules: WebAssembly.Module[];
  try {
    modules = compileBoth(core, flagOf(process.versions.v8) as string, setFlag);
  } catch (error) {
    throw (await import('../core/no-engine.js')).explain(core, error);
  }
  const [narrow, wide] = modules;
  const trials = [new Trial(narrow, false), new Trial(wide, true)];
  const [narrowBits, wideBits] = trials.map((trial) => trial.train());
  const different = narrowBits.findIndex((word, i) => word !== wideBits[i]);
  if (different >= 0) {
    return {
      reason: `in a trial, wide registers gave other bits in parameter ${different} (Node ${process.versions.node})`,
    };
  }
  const [narrowMs, wideMs] = await bestTimes(trials);
  if (wideMs > LARGEST_SHARE * narrowMs) {
    return { reason: `a trial took ${wideMs.toFixed(3)} ms with wide registers and ${narrowMs.toFixed(3)} ms without` };
  }
  return { module: wide };
}

/**
 * Compiles the core for narrow and for wide registers. Only the optimizing compiler may compile it, and at once,
 * because the flag affects only that compiler and its code is to be compared. It must not inline calls: for that it
 * would need the call counts of the other compiler, which is switched off, and V8 14 would crash without them. There is
 * no pause before the flags are again what the process was started with, so no other WebAssembly of this thread is
 * compiled with them.
 */
function compileBoth(
  core: Uint8Array<ArrayBuffer>,
  wideFlag: string,
  setFlag: (name: string, isOn: boolean) => void,
): WebAssembly.Module[] {
  try {
    for (const name of OFF_WHILE_COMPILING) setFlag(name, false);
    setFlag(wideFlag, false);
    const narrow = new WebAssembly.Module(withMarker(core, 'narrow'));
    setFlag(wideFlag, true);
    return [narrow, new WebAssembly.Module(withMarker(core, 'wide'))];
  } finally {
    setFlag(wideFlag, startedWith(wideFlag, false));
    for (const name of OFF_WHILE_COMPILING) setFlag(name, startedWith(name, true));
  }
}

/** True if the process was started with this flag on. `byDefault`: the value if the flag was not given. */
function startedWith(name: string, byDefault: boolean): boolean {
  const given = [...(process.env.NODE_OPTIONS ?? '').split(' '), ...process.execArgv];
  // V8 takes underscores for hyphens
  const flags = given.map((flag) => flag.replaceAll('_', '-'));
  const [on, off] = [flags.lastIndexOf(`--${name}`), flags.lastIndexOf(`--no-${name}`)];
  return on === off ? byDefault : on > off;
}

/** How long each of the trials takes at best. They take turns, so that other work on the machine slows both. */
async function bestTimes(trials: Trial[]): Promise<number[]> {
  const best = trials.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, trial] of trials.entries()) {
      const started = performance.now();
      trial.takeSteps();
      best[i] = Math.min(best[i], performance.now() - started);
    }
    // lets the rest of the program run
    await new Promise((resolve) => setImmediate(resolve));
  }
  return best;
}

/**
 * The module with a custom section that changes nothing. V8 reuses the machine code of bytes that it has compiled
 * before; the section makes these bytes new.
 */
function withMarker(core: Uint8Array, marker: string): Uint8Array<ArrayBuffer> {
  const section = [0, marker.length + 1, marker.length, ...new TextEncoder().encode(marker)];
  const bytes = new Uint8Array(core.length + section.length);
  bytes.set(core);
  bytes.set(section, core.length);
  return bytes;
}

/**
 * The network of the trial. Its sizes are odd and larger than those of a tile in every direction. It has three
 * activations, dropout, and so many inputs that those which are not zero are listed.
 */
const TRIAL_SPEC = checkSpec({
  inputs: 301,
  layers: [
    { units: 100, activation: 'relu', dropout: 0.1 },
    { units: 45, activation: 'tanh' },
    { units: 7, activation: 'softmax' },
  ],
  cost: 'categoricalCrossEntropy',
});
const OPTIMIZER = adam();
const ROWS = 37;
const STEPS = 3;
/**
 * How often each core is timed, and the largest share of the narrow core's time with which the wide core counts as
 * faster.
 */
const ROUNDS = 12;
const LARGEST_SHARE = 0.95;

/** A single thread never waits for another. */
const NO_TEAM = { sleep() {}, idle() {}, wake() {} };

/** The network of the trial on one of the two cores. */
class Trial {
  readonly #core: Core;
  readonly #memory: WebAssembly.Memory;
  readonly #plan: Plan;

  constructor(module: WebAssembly.Module, isWide: boolean) {
    const plan = makePlan(TRIAL_SPEC, ROWS, undefined, slotsOf(OPTIMIZER), { threads: 1, isWide, threadWork: 1 });
    const initial = Math.ceil(plan.bytes / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial, maximum: initial, shared: true });
    const core = new WebAssembly.Instance(module, { ...importsOf(memory, undefined), team: NO_TEAM })
      .exports as unknown as Core;
    writeTables(memory.buffer, TRIAL_SPEC, plan);
    for (const { weights, fanIn, units } of plan.layers) {
      const floats = weightFloats(fanIn, units);
      core.fillUniform(weights, floats, 0.2, RANDOM_WEIGHTS, weights);
      clearFill(new Float32Array(memory.buffer, weights, floats), fanIn, units);
    }
    fillHeader(new Header(memory.buffer), plan);
    this.#core = core;
    this.#memory = memory;
    this.#plan = plan;
  }

  /**
   * The bits of all parameters after a few steps of Adam. In the first steps most inputs are zeros, so that they are
   * listed; in the others none is.
   */
  train(): Uint32Array {
    const { buffer } = this.#memory;
    const plan = this.#plan;
    const inputs = new Float32Array(buffer, plan.windowInputs, ROWS * TRIAL_SPEC.inputs);
    const labels = new Uint32Array(buffer, plan.windowTargets, ROWS);
    labels.forEach((_, row) => {
      labels[row] = row % 7;
    });
    this.#core.fillUniform(plan.windowInputs, inputs.length, 1, RANDOM_ORDER, 0);
    const dense = inputs.slice();
    for (const x of [dense.map((value, i) => (i % 5 ? 0 : value)), dense]) {
      inputs.set(x);
      this.takeSteps();
    }
    return new Uint32Array(buffer, plan.parameters, plan.parameterFloats).slice();
  }

  takeSteps(): void {
    for (let step = 0; step < STEPS; step++) this.#core.trainRows(ROWS);
  }
}

/** Sets all places in the panels to 0 that belong to no weight. */
function clearFill(panels: Float32Array, fanIn: number, units: number): void {
  const kept = panels.slice();
  panels.fill(0);
  eachWeight({ fanIn, units }, (packed) => {
    panels[packed] = kept[packed];
  });
}

function fillHeader(header: Header, plan: Plan): void {
  header.setOptimizer(numbersOf(OPTIMIZER));
  header.learningRate = 0.01;
  header.trainingSamples = ROWS;
  header.window.targets = plan.windowTargets;
  header.window.inputType = F32;
  header.window.targetType = LABELS;
}
