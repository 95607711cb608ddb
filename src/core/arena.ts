import type { NumberArray } from '../check/arrays.js';
import { outOfRange } from '../check/errors.js';
import type { Names } from '../spec/names.js';
import type { Spec } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import { type Core, type Engine, growMemory } from './engine.js';
import { Header, LayerRow, tablesOf } from './header.js';
import { MAX_BYTES, makePlan, type Plan, type SetSize, writeTables } from './memory-plan.js';
import { type Matrix, readRows, writeBytes, writeFloats } from './rows.js';

/** True if a training set fits into the room that was planned for another one. */
function fits(set: SetSize, room: SetSize | undefined): boolean {
  if (!room) return false;
  const { samples, inputBytes, targetBytes, weightBytes } = set;
  return (
    samples <= room.samples &&
    inputBytes <= room.inputBytes &&
    targetBytes <= room.targetBytes &&
    weightBytes <= room.weightBytes
  );
}

/** Refuses a plan that needs more than the largest possible memory, before anything is allocated. */
export function checkSize(plan: Plan): Plan {
  if (plan.bytes > MAX_BYTES) {
    const gibibytes = (plan.bytes / 2 ** 30).toFixed(1);
    throw outOfRange('memory', `a network and data of ${gibibytes} GiB`, 'at most 4 GiB in all');
  }
  return plan;
}

/**
 * Typed views of the whole memory. They are made again only when the memory has grown, because making a view takes
 * longer than a small prediction.
 */
interface Views {
  readonly buffer: ArrayBuffer;
  readonly header: Header;
  readonly floats: Float32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function viewsOf({ memory }: Engine): Views {
  const buffer = memory.buffer as ArrayBuffer;
  return {
    buffer,
    header: new Header(buffer),
    floats: new Float32Array(buffer),
    bytes: new Uint8Array(buffer),
  };
}

/**
 * The linear memory of one network: its plan, typed access to it, and the core that works on it. It grows, but never
 * shrinks.
 *
 * Members that are marked as internal are left out of the published declarations, because some programs' TypeScript
 * does not know their types.
 */
export class Arena {
  /**
   * Only `change` replaces it. It is a field and not a getter because a prediction of one row reads it several times.
   */
  spec: Spec;
  #plan: Plan;
  /** undefined once the network is disposed of. */
  #live: { readonly engine: Engine; readonly views: Views } | undefined;
  #set: SetSize | undefined;
  /** The training set that the plan has room for. */
  #setRoom: SetSize | undefined;
  /** Memory from this address on has never been written: it is zeros that take no room yet. */
  #used: number;
  #isLocked = false;
  /** How every input is changed when it is copied into the memory; undefined: it is not standardised. */
  standardization: Standardization | undefined;
  /** The names of classes and input columns, as far as there are any. */
  names: Names = {};
  /** How every row of targets is standardised when it is copied into the memory; undefined: it is not. */
  targetScale: Standardization | undefined;
  /**
   * Called when the network is disposed of. Set by code that is waiting for something else, so that it can stop
   * waiting.
   */
  declare onDispose?: () => void;

  /** @internal */
  constructor(spec: Spec, plan: Plan, engine: Engine) {
    this.spec = spec;
    this.#plan = plan;
    this.#used = plan.bytes;
    const views = viewsOf(engine);
    this.#live = { engine, views };
    writeTables(views.buffer, spec, plan);
  }

  get plan(): Plan {
    return this.#plan;
  }

  /**
   * The size of the training set that lies in the memory. Each training set has its own object, so that another object
   * means another set.
   */
  get set(): SetSize | undefined {
    return this.#set;
  }

  /** False if the network is disposed of, or if its custom cost is being called: its memory must not be read then. */
  get isReadable(): boolean {
    return this.#live !== undefined && !this.#isLocked;
  }

  /** Throws if the network is disposed of, or if its custom cost is being called. */
  checkAlive(): void {
    this.#inUse();
  }

  // a prediction of one row calls this five times, and V8 inlines all these calls only if the method is short
  #inUse(): { readonly engine: Engine; readonly views: Views } {
    if (!this.#live || this.#isLocked) throw this.#notInUse();
    return this.#live;
  }

  #notInUse(): Error {
    if (!this.#live) return new Error('Network: got a call after dispose(), want a network in use');
    return new Error('Network: got a call from inside its own cost, want a cost of a and y alone');
  }

  /**
   * Calls a function of the user's in the middle of the core's work. Until it returns, every use of the network throws.
   */
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

  /** @internal The whole memory as floats: valid until it grows. */
  get floatMemory(): Float32Array<ArrayBuffer> {
    return this.#inUse().views.floats;
  }

  /** Copies an array of `count` numbers to `address`, rounded to f32. */
  writeFloats(address: number, values: NumberArray, count: number): void {
    writeFloats(this.#inUse().views.floats, address, values, count);
  }

  /** Copies an array of `count` bytes to `address`. */
  writeBytes(address: number, values: Uint8Array, count: number): void {
    writeBytes(this.#inUse().views.bytes, address, values, count);
  }

  /** True if `count` floats at `address` are finite. For NaN the comparison is false too. */
  areFinite(address: number, count: number): boolean {
    return this.#inUse().engine.core.largestMagnitude(address, count) < Number.POSITIVE_INFINITY;
  }

  /** Copies floats within the memory. */
  copy(target: number, source: number, floats: number): void {
    this.#inUse().views.floats.copyWithin(target / 4, source / 4, source / 4 + floats);
  }

  /** Copies the header and the layer table. Returns a function that writes the copies back. */
  keepTables(): () => void {
    const { start, bytes } = tablesOf(this.#plan.layers.length);
    const tables = this.bytes(start, bytes);
    const kept = tables.slice();
    return () => tables.set(kept);
  }

  /** @internal The words of a layer's row. They are valid until the memory grows. */
  layerRow(index: number): LayerRow {
    return new LayerRow(this.#inUse().views.buffer, index);
  }

  /** @internal A view that is valid until the memory grows. */
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

  /** True if the plan has room for batches of `capacity` rows and for `slots` of the optimizer. */
  hasRoom(capacity: number, slots: number): boolean {
    return capacity <= this.#plan.capacity && slots === this.#plan.slots;
  }

  /**
   * Makes room for batches of `capacity` rows, for `slots` of the optimizer (a float for each parameter in each slot)
   * and for a training set. The default for `set` is the training set that is there, which keeps its data. If the
   * layout of the memory changes, the batch is lost; if the number of slots changes, the optimizer's state starts from
   * zeros.
   */
  reserve(capacity: number, slots: number, set = this.#set): void {
    const old = this.#plan;
    const room = set === undefined || fits(set, this.#setRoom) ? this.#setRoom : set;
    if (this.hasRoom(capacity, slots) && room === this.#setRoom) {
      this.#set = set;
      return;
    }
    this.#layOut(this.spec, Math.max(capacity, old.capacity), slots, set, room);
  }

  /**
   * Replaces settings of the network such as l2 or dropout, but neither its shape nor its activations. May move regions
   * of the memory.
   */
  change(spec: Spec): void {
    const { capacity, slots } = this.#plan;
    const hasMasks = ({ layers }: Spec) => String(layers.map(({ dropout }) => dropout > 0));
    if (hasMasks(spec) !== hasMasks(this.spec)) this.#layOut(spec, capacity, slots, this.#set, this.#setRoom);
    else writeTables(this.#inUse().views.buffer, spec, this.#plan);
    this.spec = spec;
  }

  #layOut(spec: Spec, capacity: number, slots: number, set: SetSize | undefined, room: SetSize | undefined): void {
    const old = this.#plan;
    const plan = checkSize(makePlan(spec, capacity, room, slots, old.team));
    const { engine } = this.#inUse();
    growMemory(engine.memory, plan.bytes);
    const views = viewsOf(engine);
    const { buffer } = views;
    this.#plan = plan;
    this.#live = { engine, views };
    if (set === this.#set) this.#moveSet(old, views);
    this.#set = set;
    this.#setRoom = room;
    if (slots !== old.slots) this.#clear(plan.state, plan.state + 4 * slots * plan.parameterFloats);
    // fill lanes of delta are never written but are added to gradients, so they must be 0
    if (plan.x !== old.x || plan.windowInputs !== old.windowInputs) this.#clear(plan.x, plan.windowInputs);
    this.#used = Math.max(this.#used, plan.bytes);
    writeTables(buffer, spec, plan);
  }

  /** Fills [start, end) with zeros; memory that has never been written is not touched, so that it takes no room. */
  #clear(start: number, end: number): void {
    const last = Math.min(end, this.#used);
    if (start < last) this.bytes(start, last - start).fill(0);
  }

  /** Moves the training set and its order from their places in the old plan to those in the present one. */
  #moveSet(old: Plan, { bytes, header }: Views): void {
    const moved = this.#plan.setInputs - old.setInputs;
    bytes.copyWithin(this.#plan.setInputs, old.setInputs, old.bytes);
    const { trainingSet } = header;
    for (const name of ['inputs', 'targets', 'weights', 'order'] as const) {
      if (trainingSet[name]) trainingSet[name] += moved;
    }
  }

  /**
   * Copies a matrix [rows × units] to `target`, from index `start` on, without the lanes that only fill up its rows.
   * `stride`: the bytes from one row to the next. Returns true if all numbers are finite.
   */
  readRows(target: Float32Array, start: number, address: number, matrix: Matrix, rows: number): boolean {
    return readRows(this.#inUse().views.floats, address, matrix, rows, target, start);
  }

  dispose(): void {
    if (this.#isLocked) throw this.#notInUse();
    this.#live?.engine.dispose?.();
    this.#live = undefined;
    this.onDispose?.();
  }
}

/** How a network standardises inputs and targets. */
export type Scaling = Pick<Arena, 'standardization' | 'targetScale'>;
