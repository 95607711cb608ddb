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

/** One network's linear memory: its plan, the core that works on it, typed access. Grows, never shrinks. */
export class Arena {
  readonly spec: Spec;
  #plan: Plan;
  #engine: Engine | undefined;

  constructor(spec: Spec, plan: Plan, engine: Engine) {
    this.spec = spec;
    this.#plan = plan;
    this.#engine = engine;
    writeTables(engine.memory.buffer, spec, plan);
  }

  get plan(): Plan {
    return this.#plan;
  }

  get #alive(): Engine {
    if (!this.#engine) throw new Error('Network: got a call after dispose(), want a network in use');
    return this.#engine;
  }

  /** Throws once the network is disposed. */
  checkAlive(): void {
    this.#alive;
  }

  get core(): Core {
    return this.#alive.core;
  }

  get buffer(): ArrayBuffer {
    return this.#alive.memory.buffer as ArrayBuffer;
  }

  /** Views are made when they are used: growth detaches those made before. */
  floats(address: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.buffer, address, count);
  }

  words(address: number, count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.buffer, address, count);
  }

  get header(): DataView {
    return new DataView(this.buffer, abi.HEADER);
  }

  /** Room for `capacity` rows a batch and, if given, a training set. What lies in the batch and in the old set is lost. */
  reserve(capacity: number, set?: SetSize): void {
    if (capacity <= this.#plan.capacity && !set) return;
    const plan = checkSize(makePlan(this.spec, Math.max(capacity, this.#plan.capacity), set));
    const { memory } = this.#alive;
    growMemory(memory, plan.bytes);
    this.#plan = plan;
    writeTables(memory.buffer as ArrayBuffer, this.spec, plan);
  }

  /** A copy of a [rows x columns] matrix without its fill lanes. */
  copyRows(address: number, strideBytes: number, rows: number, columns: number): Float32Array<ArrayBuffer> {
    const source = this.floats(address, (rows * strideBytes) / 4);
    const copy = new Float32Array(rows * columns);
    const stride = strideBytes / 4;
    for (let row = 0; row < rows; row++) {
      copy.set(source.subarray(row * stride, row * stride + columns), row * columns);
    }
    return copy;
  }

  dispose(): void {
    this.#engine = undefined;
  }
}
