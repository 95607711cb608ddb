import { outOfRange } from '../check/errors.js';
import type { Spec } from '../spec/spec.js';
import { type Core, type Engine, growMemory } from './engine.js';
import { Header, LayerRow, tablesOf } from './header.js';
import { type LayerPlan, MAX_BYTES, makePlan, type Plan, type SetSize, writeTables } from './memory-plan.js';

/** Refuses a plan that no memory can hold, before anything is allocated. */
export function checkSize(plan: Plan): Plan {
  if (plan.bytes > MAX_BYTES) {
    const gibibytes = (plan.bytes / 2 ** 30).toFixed(1);
    throw outOfRange('memory', `a network and data of ${gibibytes} GiB`, 'at most 4 GiB in all');
  }
  return plan;
}

/** What can be written to the memory as it is, but for doubles, which are rounded to floats. */
type StoredNumbers = Float32Array | Float64Array | Uint8Array | Uint8ClampedArray | Int32Array;

/** Up to so many floats a loop is faster than a call of set, which takes as long as a small prediction. */
const SHORT = 32;

/** Typed views of a whole memory, made anew when it has grown: making one costs more than a small prediction. */
interface Views {
  readonly buffer: ArrayBuffer;
  readonly header: Header;
  readonly floats: Float32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly integers: Int32Array<ArrayBuffer>;
}

function viewsOf({ memory }: Engine): Views {
  const buffer = memory.buffer as ArrayBuffer;
  return {
    buffer,
    header: new Header(buffer),
    floats: new Float32Array(buffer),
    bytes: new Uint8Array(buffer),
    integers: new Int32Array(buffer),
  };
}

/**
 * One network's linear memory: its plan, the core that works on it, typed access. Grows, never shrinks. Other modules' published
 * declarations name it: what is marked as internal stays out of its own, because not every program's TypeScript knows the types.
 */
export class Arena {
  readonly spec: Spec;
  #plan: Plan;
  /** undefined once the network is disposed of. */
  #live: { readonly engine: Engine; readonly views: Views } | undefined;
  #set: SetSize | undefined;
  #isLocked = false;
  /** Called at the end of its life: by what waits for something else meanwhile. */
  declare onDispose?: () => void;

  /** @internal */
  constructor(spec: Spec, plan: Plan, engine: Engine) {
    this.spec = spec;
    this.#plan = plan;
    const views = viewsOf(engine);
    this.#live = { engine, views };
    writeTables(views.buffer, spec, plan);
  }

  get plan(): Plan {
    return this.#plan;
  }

  /** Of the training set that lies in the memory; another object for another set. */
  get set(): SetSize | undefined {
    return this.#set;
  }

  /** Throws once the network is disposed of, and amid a call of its own cost. */
  checkAlive(): void {
    this.#inUse();
  }

  #inUse(): { readonly engine: Engine; readonly views: Views } {
    if (!this.#live) throw new Error('Network: got a call after dispose(), want a network in use');
    if (this.#isLocked) throw new Error('Network: got a call from inside its own cost, want a cost of a and y alone');
    return this.#live;
  }

  /** Calls a function of the user's amid the core's work: the network is not to be used from there. */
  lock<T>(call: () => T): T {
    this.#isLocked = true;
    try {
      return call();
    } finally {
      this.#isLocked = false;
    }
  }

  /** @internal */
  get core(): Core {
    return this.#inUse().engine.core;
  }

  /** @internal */
  get header(): Header {
    return this.#inUse().views.header;
  }

  /** Numbers to `address`: bytes and integers as they are, f64 rounded to f32. */
  write(address: number, values: StoredNumbers): void {
    const { floats, integers, bytes } = this.#inUse().views;
    if (values instanceof Float32Array && values.length <= SHORT) {
      for (let i = 0, k = address / 4; i < values.length; i++) floats[k + i] = values[i];
    } else if (values instanceof Float32Array || values instanceof Float64Array) floats.set(values, address / 4);
    else if (values instanceof Int32Array) integers.set(values, address / 4);
    else bytes.set(values, address);
  }

  /** Copies the header and the layer table. Returns what puts the copy back. */
  keepTables(): () => void {
    const { start, bytes } = tablesOf(this.#plan.layers.length);
    const tables = this.bytes(start, bytes);
    const kept = tables.slice();
    return () => tables.set(kept);
  }

  /** @internal The words of a layer's row, good until the memory grows. */
  layerRow(index: number): LayerRow {
    return new LayerRow(this.#inUse().views.buffer, index);
  }

  /** @internal A view that is good until the memory grows. */
  floats(address: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#inUse().views.buffer, address, count);
  }

  /** @internal */
  doubles(address: number, count: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#inUse().views.buffer, address, count);
  }

  /** @internal */
  bytes(address: number, count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#inUse().views.buffer, address, count);
  }

  /** @internal */
  words(address: number, count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#inUse().views.buffer, address, count);
  }

  /**
   * Room for `capacity` rows a batch, `slots` of the optimizer and a training set: a new one, or that which is there and stays. What lies in
   * the batch is lost, and where the number of slots changes, so is the optimizer's state.
   */
  reserve(capacity: number, slots: number, set = this.#set): void {
    const old = this.#plan;
    if (capacity <= old.capacity && slots === old.slots && set === this.#set) return;
    const plan = checkSize(makePlan(this.spec, Math.max(capacity, old.capacity), set, slots, old.team));
    const { engine } = this.#inUse();
    growMemory(engine.memory, plan.bytes);
    const views = viewsOf(engine);
    const { bytes, buffer } = views;
    this.#plan = plan;
    this.#live = { engine, views };
    if (set === this.#set) this.#moveSet(old, views);
    this.#set = set;
    // nobody writes all lanes that fill a row of errors, and gradients count them
    if (plan.x !== old.x || plan.windowInputs !== old.windowInputs) bytes.fill(0, plan.x, plan.windowInputs);
    writeTables(buffer, this.spec, plan);
  }

  /** The training set and its order from where they lay in the plan before. */
  #moveSet(old: Plan, { bytes, header }: Views): void {
    const moved = this.#plan.setInputs - old.setInputs;
    bytes.copyWithin(this.#plan.setInputs, old.setInputs, old.bytes);
    const { trainingSet } = header;
    for (const name of ['inputs', 'targets', 'weights', 'order'] as const) {
      if (trainingSet[name]) trainingSet[name] += moved;
    }
  }

  /** Copies a [rows × units] matrix without its fill lanes to `target` from `start` on; `stride` in bytes. */
  readRows(
    target: Float32Array,
    start: number,
    address: number,
    { stride, units }: Pick<LayerPlan, 'stride' | 'units'>,
    rows: number,
  ): void {
    const { floats } = this.#inUse().views;
    const strideFloats = stride / 4;
    let source = address / 4;
    let next = start;
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < units; j++) target[next++] = floats[source + j];
      source += strideFloats;
    }
  }

  dispose(): void {
    this.#live?.engine.dispose?.();
    this.#live = undefined;
    this.onDispose?.();
  }
}
