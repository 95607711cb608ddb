import type { NumberArray } from '../check/arrays.js';
import { weightFloats } from '../core/layout.js';
import { eachLayer, writeUnits } from '../core/parameters.js';
import { startPredictCore } from '../core/predict-core.js';
import { makePredictPlan, writePredictTables } from '../core/predict-plan.js';
import { type Matrix, readRows, writeBytes, writeFloats } from '../core/rows.js';
import type { ReadNetwork } from './read-network.js';

const PAGE_BYTES = 65_536;

export type PredictMemory = Awaited<ReturnType<typeof startMemory>>;

/**
 * The linear memory of a network that only predicts, with the core that works on it. It grows with the largest batch,
 * and never shrinks. `wasm`: the compiled build; undefined: it is compiled from bytes.
 */
export async function startMemory({ spec, names, standardization, parameters }: ReadNetwork, wasm: unknown) {
  const first = makePredictPlan(spec, 1);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(first.bytes / PAGE_BYTES) });
  const state = {
    spec,
    names,
    standardization,
    core: await startPredictCore(memory, wasm),
    plan: first,
    /** The whole memory. */
    floatMemory: new Float32Array(memory.buffer),

    /** Makes room for batches of `rows` rows, which must be more than there is room for. */
    reserve(rows: number): void {
      const plan = makePredictPlan(spec, rows);
      const missing = plan.bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
      state.floatMemory = new Float32Array(memory.buffer);
      writePredictTables(memory.buffer, spec, plan);
      state.plan = plan;
    },

    floats: (address: number, count: number) => state.floatMemory.subarray(address / 4, address / 4 + count),

    writeFloats(address: number, values: NumberArray, count: number): void {
      writeFloats(state.floatMemory, address, values, count);
    },

    writeBytes(address: number, values: Uint8Array, count: number): void {
      writeBytes(new Uint8Array(memory.buffer), address, values, count);
    },

    readRows: (target: Float32Array, start: number, address: number, matrix: Matrix, rows: number) =>
      readRows(state.floatMemory, address, matrix, rows, target, start),
  };
  writePredictTables(memory.buffer, spec, first);
  eachLayer(
    first,
    first.parameters,
    ({ fanIn, units }, address, start) =>
      writeUnits(state.floats(address, weightFloats(fanIn, units)), fanIn, 0, units, parameters, start),
    (units, address, start) => state.floats(address, units).set(parameters.subarray(start, start + units)),
  );
  return state;
}
