import { checkFloats, outOfRange, wrongType } from '../check/errors.js';
import { dropPromise, isPromise } from '../check/promises.js';
import type { Arena } from '../core/arena.js';
import type { CoreImports } from '../core/engine.js';
import type { CustomCost } from '../spec/network-options.js';

// This file is loaded only for a network with a custom cost.

const DETACHED = 'one that still has its memory: transfer a copy, out.slice()';

/**
 * Answers the core's calls with the user's functions, row by row. These get copies, so that nothing they write can
 * change the network. If they detach a copy, by posting it to a worker for example, the next row gets a new one.
 * `arena` returns the memory, which exists by the time of the first call.
 */
export function costImports(cost: CustomCost, outputs: number, arena: () => Arena): CoreImports {
  let a = new Float32Array(outputs);
  let y = new Float32Array(outputs);
  let out = new Float32Array(outputs);
  const loadRow = (row: number) => {
    // an array that was detached has the length 0
    if (a.length === 0) a = new Float32Array(outputs);
    if (y.length === 0) y = new Float32Array(outputs);
    if (out.length === 0) out = new Float32Array(outputs);
    const { plan } = arena();
    const layer = plan.layers[plan.layers.length - 1];
    a.set(arena().floats(layer.a + row * layer.stride, outputs));
    y.set(arena().floats(plan.y + row * plan.yStride, outputs));
    return layer.delta + row * layer.stride;
  };
  return {
    customCost(row) {
      loadRow(row);
      const value: unknown = arena().lock(() => cost.value(a, y));
      if (typeof value !== 'number') throw refused('cost.value', value, 'a function that returns a number');
      return value;
    },
    customGradient(rows) {
      const { header, plan } = arena();
      const weights = header.isWeighted ? arena().floats(plan.rowWeights, rows) : undefined;
      for (let row = 0; row < rows; row++) {
        // cost.gradient is not called for rows of weight 0: the core makes their delta 0
        if (weights?.[row] === 0) continue;
        const delta = loadRow(row);
        out.fill(0);
        const result: unknown = arena().lock(() => cost.gradient(a, y, out));
        if (typeof result === 'object' && result !== null && result !== out) {
          throw refused('cost.gradient', result, 'a function that writes dC/da to its third argument');
        }
        if (out.length === 0) throw outOfRange('cost.gradient: out', 'a detached array', DETACHED);
        checkFloats('cost.gradient: out', out, outputs);
        // the lanes that fill up the row must be 0
        const target = arena().floats(delta, Math.ceil(outputs / 4) * 4);
        target.fill(0, outputs);
        target.set(out);
      }
    },
  };
}

/** The error for a result of the user's function. A step cannot wait for a promise. */
function refused(where: string, result: unknown, wanted: string): TypeError {
  dropPromise(result);
  return wrongType(where, result, isPromise(result) ? `${wanted}, without async` : wanted);
}
