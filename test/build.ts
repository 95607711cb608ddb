import { readFileSync } from 'node:fs';
import { onTestFinished, vi } from 'vitest';
import { Arena } from '../src/core/arena.js';
import { type Core, type Engine, importsOf, startEngine } from '../src/core/engine.js';
import { makePlan, type SetSize } from '../src/core/memory-plan.js';
import type { LoadOptions, NetworkOptions } from '../src/index.js';
import { sgd } from '../src/index.js';
import { Network } from '../src/network.js';
import { checkSpec } from '../src/spec/spec.js';

// The suites run against one build of the core: SIMDPROP_BUILD = simd (default), relaxed, or debug, which checks its
// assertions. With threads or relaxed-threads, networks are shared by SIMDPROP_THREADS threads, and kernels are those
// of the same build without threads.

const name = process.env.SIMDPROP_BUILD ?? 'simd';
export const isThreaded = name.endsWith('threads');
const threads = Number(process.env.SIMDPROP_THREADS);

export const buildName = name === 'threads' ? 'simd' : name === 'relaxed-threads' ? 'relaxed' : name;

/** Rounding error of one operation in f32. */
export const EPSILON = 2 ** -24;

const read = (file: string) => new WebAssembly.Module(readFileSync(new URL(`../build/${file}.wasm`, import.meta.url)));

const wasm = read(buildName);
const core = isThreaded ? { wasm: read(name), threads } : { wasm };

/**
 * The largest number of networks with threads that live at once. A network's workers are ended after the test that made
 * it; if a test makes more networks than this, those of the oldest are ended earlier.
 */
const MOST_SHARED = 120;
const shared: Network[] = [];

function endThreads(keep: number): void {
  while (shared.length > keep) shared.shift()?.dispose();
}

function share(net: Network): Network {
  if (!isThreaded) return net;
  try {
    onTestFinished(() => endThreads(0));
    shared.push(net);
    endThreads(MOST_SHARED);
  } catch {
    // onTestFinished throws outside a test: networks that several tests use are not ended here
  }
  return net;
}

/**
 * A network on the build under test. With a custom cost, it has one thread. Until a test gives it another optimizer, it
 * learns by plain gradient descent, whose steps have no state.
 */
export async function createNetwork(options: NetworkOptions): Promise<Network> {
  const isCustom = typeof options?.cost === 'object' && !('name' in options.cost);
  const net = await Network.create({ ...(isCustom ? { wasm } : core), ...options });
  net.optimizer = sgd({ learningRate: 0.1 });
  return share(net);
}

export async function loadNetwork(bytes: Uint8Array | ArrayBuffer, options: LoadOptions = {}): Promise<Network> {
  return share(await Network.load(bytes, { ...(options.cost ? { wasm } : core), ...options }));
}

/**
 * Replaces the clock by one that moves on by `ms` each time it is read, until the mock is restored. Slices and blocks
 * of work then seem to take long.
 */
export function slowClock(ms: number) {
  let now = 1000;
  return vi.spyOn(performance, 'now').mockImplementation(() => {
    now += ms;
    return now;
  });
}

type Product = (
  c: number,
  cStride: number,
  a: number,
  aStride: number,
  panel: number,
  init: number,
  depth: number,
  rows: number,
  adds: number,
  scale: number,
  ahead?: number,
) => void;

/** The functions of the core that only tests call, in addition to those of Core. */
export interface Kernels extends Core {
  constantsEnd(): number;
  activate(
    activation: number,
    constants: number,
    a: number,
    z: number,
    stride: number,
    units: number,
    rows: number,
  ): void;
  multiplyByPreluSlope(
    terms: number,
    slopes: number,
    delta: number,
    z: number,
    stride: number,
    units: number,
    rows: number,
  ): void;
  multiplyBySlope(
    activation: number,
    constants: number,
    delta: number,
    z: number,
    a: number,
    stride: number,
    units: number,
    rows: number,
  ): void;
  rowCosts(
    costs: number,
    cost: number,
    z: number,
    a: number,
    y: number,
    weights: number,
    stride: number,
    yStride: number,
    units: number,
    rows: number,
  ): void;
  outputError(
    cost: number,
    activation: number,
    layer: number,
    delta: number,
    z: number,
    a: number,
    y: number,
    stride: number,
    yStride: number,
    units: number,
    rows: number,
  ): void;
  errorsOfTwo(
    target: number,
    second: number,
    delta: number,
    stride: number,
    weights: number,
    fanIn: number,
    inputs: number,
    units: number,
  ): void;
  transposePanel(transposed: number, weights: number, fanIn: number, units: number, inputs: number): void;
  addColumnSums(target: number, m: number, stride: number, columns: number, rows: number, scale: number): void;
  normalQuantile(p: number): number;
  philox(target: number, c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void;
  product: Product;
  productTwelve: Product;
  productNarrow: Product;
  productShallow: Product;
  productAhead: Product;
  panelProduct(
    c: number,
    cStride: number,
    a: number,
    aStride: number,
    panels: number,
    panelBytes: number,
    init: number,
    depth: number,
    width: number,
    rows: number,
  ): void;
  addProducts(
    panels: number,
    a: number,
    aStride: number,
    delta: number,
    deltaStride: number,
    fanIn: number,
    units: number,
    rows: number,
    scale: number,
  ): void;
  mapFloats(f: number, target: number, source: number, floats: number): void;
}

/** The kernels of the build under test over a bare memory; addresses from 64 KiB up are free. */
export async function startKernels(bytes: number): Promise<{ core: Kernels; memory: WebAssembly.Memory }> {
  const engine: Engine = await startEngine('simd', wasm, bytes);
  return { core: engine.core as Kernels, memory: engine.memory };
}

/**
 * The tiles for wide registers, which only the builds with threads have. They work on the first `bytes` bytes of
 * `memory`, which are copied to the shared memory of such a build and back.
 */
export function startWideTiles(memory: Float32Array, bytes: number): Product[] {
  const pages = bytes / 65_536;
  const shared = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const team = { sleep() {}, idle() {}, wake() {} };
  const file = buildName === 'relaxed' ? 'relaxed-threads' : 'threads';
  const instance = new WebAssembly.Instance(read(file), { ...importsOf(shared, undefined), team });
  const floats = new Float32Array(shared.buffer);
  return ['productWide', 'productWideAhead'].map((tile) => {
    const call = instance.exports[tile] as Product;
    return (...args) => {
      floats.set(memory.subarray(0, bytes / 4));
      call(...args);
      memory.set(floats);
    };
  });
}

/** An address below the memory that tests use, and above the header. */
const ROW_COSTS = 1 << 15;

/** The sum of rowCosts over the rows. */
export function costSum(
  core: Kernels,
  memory: Float32Array,
  ...[cost, z, a, y, weights, stride, yStride, units, rows]: number[]
): number {
  core.rowCosts(ROW_COSTS, cost, z, a, y, weights, stride, yStride, units, rows);
  return new Float64Array(memory.buffer, ROW_COSTS, rows).reduce((sum, value) => sum + value, 0);
}

/** The memory of a network, without the network. The weights are zeros, and every region can be read. */
export async function startArena(options: NetworkOptions, capacity: number, set?: SetSize): Promise<Arena> {
  const spec = checkSpec(options);
  const plan = makePlan(spec, capacity, set);
  return new Arena(spec, plan, await startEngine('simd', wasm, plan.bytes));
}
