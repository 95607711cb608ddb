import * as abi from '../assembly/abi.js';
import { type Core, type Engine, growMemory } from './engine.js';
import { outOfRange } from './errors.js';
import { MAX_BYTES, makePlan, type Plan, type SetSize, writeTables } from './plan.js';
import type { Spec } from './spec.js';

/** Refuses a plan that no memory can hold, before anything is allocated. */
export function checkSize(plan: Plan): Plan {
  if (plan.bytes > MAX_BYTES) {
    const gibibytes = (plan.bytes / 2 ** 30).toFixed(1);
    throw outOfRange('memory', `a network and data of ${gibibytes} GiB`, 'at most 4 GiB in all');
  }
  return plan;
}

/** Typed views of a whole memory, made anew when it has grown: making one costs more than a small prediction. */
interface Views {
  readonly buffer: ArrayBuffer;
  readonly header: DataView<ArrayBuffer>;
  readonly floats: Float32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function viewsOf({ memory }: Engine): Views {
  const buffer = memory.buffer as ArrayBuffer;
  return {
    buffer,
    header: new DataView(buffer, abi.HEADER),
    floats: new Float32Array(buffer),
    bytes: new Uint8Array(buffer),
  };
}

const NO_VIEWS: Views = {
  buffer: new ArrayBuffer(0),
  header: new DataView(new ArrayBuffer(0)),
  floats: new Float32Array(0),
  bytes: new Uint8Array(0),
};

/** One network's linear memory: its plan, the core that works on it, typed access. Grows, never shrinks. */
export class Arena {
  readonly spec: Spec;
  #plan: Plan;
  #engine: Engine | undefined;
  #views: Views;

  constructor(spec: Spec, plan: Plan, engine: Engine) {
    this.spec = spec;
    this.#plan = plan;
    this.#engine = engine;
    this.#views = viewsOf(engine);
    writeTables(this.#views.buffer, spec, plan);
  }

  get plan(): Plan {
    return this.#plan;
  }

  /** Throws once the network is disposed. */
  checkAlive(): Engine {
    if (!this.#engine) throw new Error('Network: got a call after dispose(), want a network in use');
    return this.#engine;
  }

  get core(): Core {
    return this.checkAlive().core;
  }

  get header(): DataView<ArrayBuffer> {
    this.checkAlive();
    return this.#views.header;
  }

  /** Bytes or floats to `address`. */
  write(address: number, values: Float32Array | Uint8Array | Uint8ClampedArray): void {
    this.checkAlive();
    if (values instanceof Float32Array) this.#views.floats.set(values, address / 4);
    else this.#views.bytes.set(values, address);
  }

  /** A view that is good until the memory grows. */
  floats(address: number, count: number): Float32Array<ArrayBuffer> {
    this.checkAlive();
    return new Float32Array(this.#views.buffer, address, count);
  }

  words(address: number, count: number): Uint32Array<ArrayBuffer> {
    this.checkAlive();
    return new Uint32Array(this.#views.buffer, address, count);
  }

  /** Room for `capacity` rows a batch and, if given, a training set. What lies in the batch and in the old set is lost. */
  reserve(capacity: number, set?: SetSize): void {
    if (capacity <= this.#plan.capacity && !set) return;
    const plan = checkSize(makePlan(this.spec, Math.max(capacity, this.#plan.capacity), set));
    const engine = this.checkAlive();
    growMemory(engine.memory, plan.bytes);
    this.#plan = plan;
    this.#views = viewsOf(engine);
    writeTables(this.#views.buffer, this.spec, plan);
  }

  /** Copies a [rows x columns] matrix without its fill lanes to `target` from `start` on. */
  readRows(
    target: Float32Array,
    start: number,
    address: number,
    strideBytes: number,
    rows: number,
    columns: number,
  ): void {
    this.checkAlive();
    const { floats } = this.#views;
    const stride = strideBytes / 4;
    let source = address / 4;
    let next = start;
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < columns; j++) target[next++] = floats[source + j];
      source += stride;
    }
  }

  dispose(): void {
    this.#engine = undefined;
    this.#views = NO_VIEWS;
  }
}
