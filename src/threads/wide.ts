import { isKind } from '../check/arrays.js';
import { type Core, importsOf, PAGE_BYTES } from '../core/engine.js';
import { Header } from '../core/header.js';
import { makePlan, type Plan, weightFloats, writeTables } from '../core/memory-plan.js';
import { eachWeight } from '../core/parameters.js';
import { F32, LABELS, RANDOM_ORDER, RANDOM_WEIGHTS } from '../spec/codes.js';
import { adam, numbersOf, slotsOf } from '../spec/optimizer.js';
import { checkSpec } from '../spec/spec.js';

// Wide mode: V8's revectorizer combines two neighbouring operations on 128 bits into one on 256 bits. A flag switches
// it on for the whole process, before the core is compiled. A trial then compares the results of the core with those of
// a core that was compiled without the flag.

const FLAG = 'experimental-wasm-revectorize';
/** Flags that are on by default, and off during the trial. */
const OFF_IN_TRIAL = ['liftoff', 'wasm-inlining'];
const OLDEST_NODE = 24;

/** The module for wide registers, or the reason why there is none. */
export interface Wide {
  readonly module?: WebAssembly.Module;
  readonly reason?: string;
}

let trial: Promise<Wide> | undefined;

/**
 * Switches wide mode on. `core`: the build with threads, as bytes or compiled. Bytes are tried only once in a process.
 */
export function switchOnWide(core: Uint8Array<ArrayBuffer> | WebAssembly.Module): Promise<Wide> {
  // this answer is not remembered: it says nothing about bytes
  if (isKind(core, 'WebAssembly.Module')) return Promise.resolve({ reason: 'a compiled module was given as wasm' });
  if (!trial) {
    trial = compileWide(core as Uint8Array<ArrayBuffer>);
    // a failure is not remembered: the next call may succeed
    trial.catch(() => {
      trial = undefined;
    });
  }
  return trial;
}

async function compileWide(core: Uint8Array<ArrayBuffer>): Promise<Wide> {
  const v8 = globalThis.process?.getBuiltinModule?.('node:v8');
  if (!v8) return { reason: 'only Node can be told to use wide registers' };
  const [version, arch] = [process.versions.node, process.arch];
  if (Number.parseInt(version, 10) < OLDEST_NODE)
    return { reason: `Node ${version} gains nothing, want ${OLDEST_NODE} or later` };
  if (arch !== 'x64') return { reason: `only x64 has wide registers, this is ${arch}` };
  const plain = bitsAfterTraining(await WebAssembly.compile(core), false);
  v8.setFlagsFromString(`--${FLAG}`);
  // the optimizing compiler alone must compile the core: the flag concerns it, and its code is to be compared. To
  // inline calls, it would need the counts of the compiler that is switched off; without them, V8 14 ends the process
  for (const other of OFF_IN_TRIAL) v8.setFlagsFromString(`--no-${other}`);
  try {
    const module = await WebAssembly.compile(withMarker(core));
    const wide = bitsAfterTraining(module, true);
    const different = plain.findIndex((word, i) => word !== wide[i]);
    if (different < 0) return { module };
    v8.setFlagsFromString(`--no-${FLAG}`);
    return { reason: `parameter ${different} of a trial has other bits with it in Node ${version}` };
  } finally {
    for (const other of OFF_IN_TRIAL) v8.setFlagsFromString(`--${other}`);
  }
}

/**
 * The module with a custom section that changes nothing. For bytes that it knows, V8 would reuse the old machine code.
 */
function withMarker(core: Uint8Array): Uint8Array<ArrayBuffer> {
  const section = [0, 5, 4, ...new TextEncoder().encode('wide')];
  const bytes = new Uint8Array(core.length + section.length);
  bytes.set(core);
  bytes.set(section, core.length);
  return bytes;
}

/**
 * The network of the trial. Its sizes are odd and exceed those of a tile in every direction; it has three activations
 * and dropout. It has enough inputs for lists of those that are not zero.
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

/** A single thread never waits for another. */
const NO_TEAM = { sleep() {}, idle() {}, wake() {} };

/**
 * The bits of all parameters after a few steps of Adam. In the first steps most inputs are zeros, so that they are
 * listed; in the others none is.
 */
function bitsAfterTraining(module: WebAssembly.Module, isWide: boolean): Uint32Array {
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
  const inputs = new Float32Array(memory.buffer, plan.windowInputs, ROWS * TRIAL_SPEC.inputs);
  const labels = new Uint32Array(memory.buffer, plan.windowTargets, ROWS);
  labels.forEach((_, row) => {
    labels[row] = row % 7;
  });
  core.fillUniform(plan.windowInputs, inputs.length, 1, RANDOM_ORDER, 0);
  const dense = inputs.slice();
  for (const x of [dense.map((value, i) => (i % 5 ? 0 : value)), dense]) {
    inputs.set(x);
    for (let step = 0; step < STEPS; step++) core.trainRows(ROWS);
  }
  return new Uint32Array(memory.buffer, plan.parameters, plan.parameterFloats).slice();
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
