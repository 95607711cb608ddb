import type { NumberArray } from '../check/arrays.js';
import { pack } from '../core/parameters.js';
import { type PredictCore, startPredictCore } from '../core/predict-core.js';
import { makePredictPlan, type PredictPlan, writePredictTables } from '../core/predict-plan.js';
import { type Matrix, readRows, writeBytes, writeFloats } from '../core/rows.js';
import type { Names } from '../spec/names.js';
import type { ForwardSpec } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import type { ReadNetwork } from './read-network.js';

const PAGE_BYTES = 65_536;

/** The linear memory of a network that only predicts. It grows with the largest batch, and never shrinks. */
export class PredictMemory {
  readonly spec: ForwardSpec;
  readonly names: Names;
  readonly standardization: Standardization | undefined;
  readonly core: PredictCore;
  plan: PredictPlan;
  floatMemory: Float32Array<ArrayBuffer>;
  readonly #memory: WebAssembly.Memory;

  static async start(network: ReadNetwork, wasm: unknown): Promise<PredictMemory> {
    const plan = makePredictPlan(network.spec, 1);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(plan.bytes / PAGE_BYTES) });
    return new PredictMemory(network, plan, memory, await startPredictCore(memory, wasm));
  }

  private constructor(
    { spec, names, standardization, parameters }: ReadNetwork,
    plan: PredictPlan,
    memory: WebAssembly.Memory,
    core: PredictCore,
  ) {
    this.spec = spec;
    this.names = names;
    this.standardization = standardization;
    this.plan = plan;
    this.#memory = memory;
    this.core = core;
    this.floatMemory = new Float32Array(memory.buffer);
    writePredictTables(memory.buffer, spec, plan);
    pack(this, plan.parameters, parameters);
  }

  /** Makes room for batches of `rows` rows, more than before. */
  reserve(rows: number): void {
    const plan = makePredictPlan(this.spec, rows);
    const missing = plan.bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.floatMemory = new Float32Array(this.#memory.buffer);
    writePredictTables(this.#memory.buffer, this.spec, plan);
    this.plan = plan;
  }

  floats(address: number, count: number): Float32Array {
    return this.floatMemory.subarray(address / 4, address / 4 + count);
  }

  writeFloats(address: number, values: NumberArray, count: number): void {
    writeFloats(this.floatMemory, address, values, count);
  }

  writeBytes(address: number, values: Uint8Array, count: number): void {
    writeBytes(new Uint8Array(this.#memory.buffer), address, values, count);
  }

  readRows(target: Float32Array, start: number, address: number, matrix: Matrix, rows: number): boolean {
    return readRows(this.floatMemory, address, matrix, rows, target, start);
  }
}
