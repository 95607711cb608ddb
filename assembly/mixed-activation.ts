import {
  DELTA,
  MIXED_ROWS,
  PRELU,
  RUNS,
  RUN_ACTIVATION,
  RUN_CONSTANT,
  RUN_COUNT,
  RUN_OFFSETS,
  RUN_UNITS,
  SCRATCH,
  SLOPES,
  SLOPE_DELTA,
} from './abi';
import { activate, multiplyByPreluSlope, multiplyBySlope } from './activation';
import { ownAddress } from './team';

// The activations of a mixed layer, whose units have different functions. For each function, its units are gathered
// side by side for a few rows, pass through its kernel as if they were one long row, and are written back to their
// places. Thus each unit is computed once. With masks over the whole layer, each function would be computed for every
// unit; with single rows, kernels would be called too often: see docs/kernels.md.

/** a [rows x units] = sigma_j(z_j) for each unit j of the mixed layer. */
export function activateMixed(layer: usize, a: usize, z: usize, stride: usize, rows: i32): void {
  const zRun = ownAddress(SCRATCH);
  const aRun = zRun + <usize>MIXED_ROWS * stride;
  while (rows > 0) {
    const count = rowsAtOnce(rows);
    let run = <usize>load<u32>(layer, RUNS);
    for (let i = load<i32>(layer, RUN_COUNT); i > 0; --i) {
      const units = load<i32>(run, RUN_UNITS);
      const list = run + RUN_OFFSETS;
      const activation = load<i32>(run, RUN_ACTIVATION);
      gatherUnits(zRun, z, stride, list, units, count);
      let constants = run + RUN_CONSTANT;
      if (activation == PRELU) {
        constants = aRun + <usize>MIXED_ROWS * stride;
        gatherSlopes(constants, layer, list, units, count);
      }
      activate(activation, constants, aRun, zRun, stride, units * count, 1);
      scatterUnits(a, aRun, stride, list, units, count);
      run = list + ((<usize>units) << 2);
    }
    z += <usize>count * stride;
    a += <usize>count * stride;
    rows -= count;
  }
}

/** delta [rows x units] = dC/da (.) sigma_j'(z_j) for each unit j, in place: on entry `delta` holds dC/da. */
export function multiplyByMixedSlope(layer: usize, delta: usize, z: usize, a: usize, stride: usize, rows: i32): void {
  const zRun = ownAddress(SCRATCH);
  const aRun = zRun + <usize>MIXED_ROWS * stride;
  const deltaRun = aRun + <usize>MIXED_ROWS * stride;
  while (rows > 0) {
    const count = rowsAtOnce(rows);
    let run = <usize>load<u32>(layer, RUNS);
    for (let i = load<i32>(layer, RUN_COUNT); i > 0; --i) {
      const units = load<i32>(run, RUN_UNITS);
      const list = run + RUN_OFFSETS;
      const activation = load<i32>(run, RUN_ACTIVATION);
      gatherUnits(zRun, z, stride, list, units, count);
      gatherUnits(deltaRun, delta, stride, list, units, count);
      if (activation == PRELU) {
        // prelu does not need a; its terms take the place of z
        gatherSlopes(aRun, layer, list, units, count);
        multiplyByPreluSlope(zRun, aRun, deltaRun, zRun, stride, units * count, 1);
        const terms = <usize>load<u32>(layer, SLOPE_DELTA) + (delta - <usize>load<u32>(layer, DELTA));
        scatterUnits(terms, zRun, stride, list, units, count);
      } else {
        gatherUnits(aRun, a, stride, list, units, count);
        multiplyBySlope(activation, run + RUN_CONSTANT, deltaRun, zRun, aRun, stride, units * count, 1);
      }
      scatterUnits(delta, deltaRun, stride, list, units, count);
      run = list + ((<usize>units) << 2);
    }
    z += <usize>count * stride;
    a += <usize>count * stride;
    delta += <usize>count * stride;
    rows -= count;
  }
}

/** How many of the rows that are left are gathered at once: MIXED_ROWS, 4 or 1. */
function rowsAtOnce(rows: i32): i32 {
  if (rows >= MIXED_ROWS) return MIXED_ROWS;
  return rows < 4 ? 1 : 4;
}

/** target [units x rows] = the slopes of the units of `list`, each once for every row. */
function gatherSlopes(target: usize, layer: usize, list: usize, units: i32, rows: i32): void {
  gatherUnits(target, <usize>load<u32>(layer, SLOPES), 0, list, units, rows);
}

/** target [units x rows] = the columns of source at the byte offsets in list [units]. rows is 1 or a multiple of 4. */
function gatherUnits(target: usize, source: usize, stride: usize, list: usize, units: i32, rows: i32): void {
  for (const end = list + ((<usize>units) << 2); list < end; list += 4) {
    let s = source + <usize>load<u32>(list);
    if (rows == 1) {
      store<f32>(target, load<f32>(s));
      target += 4;
      continue;
    }
    for (let row = 0; row < rows; row += 4) {
      const s2 = s + 2 * stride;
      store<f32>(target, load<f32>(s));
      store<f32>(target, load<f32>(s + stride), 4);
      store<f32>(target, load<f32>(s2), 8);
      store<f32>(target, load<f32>(s2 + stride), 12);
      target += 16;
      s += 4 * stride;
    }
  }
}

/** The columns of target at the byte offsets in list [units] = source [units x rows]. rows is 1 or a multiple of 4. */
function scatterUnits(target: usize, source: usize, stride: usize, list: usize, units: i32, rows: i32): void {
  for (const end = list + ((<usize>units) << 2); list < end; list += 4) {
    let t = target + <usize>load<u32>(list);
    if (rows == 1) {
      store<f32>(t, load<f32>(source));
      source += 4;
      continue;
    }
    for (let row = 0; row < rows; row += 4) {
      const t2 = t + 2 * stride;
      store<f32>(t, load<f32>(source));
      store<f32>(t + stride, load<f32>(source, 4));
      store<f32>(t2, load<f32>(source, 8));
      store<f32>(t2 + stride, load<f32>(source, 12));
      source += 16;
      t += 4 * stride;
    }
  }
}
