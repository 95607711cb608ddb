import { MIXED_ROWS, RUN_COUNT, RUNS, SCRATCH } from './abi';
import { activate, multiplyBySlope } from './activation';
import { ownAddress } from './team';

// A layer whose units have functions of their own. For each function its units are gathered side by side, a few rows at a time, pass
// through its kernel as if they were a layer, and go back to their places: each unit is computed once, whatever its neighbours are.
// Gathering costs about 2.5 ns a unit and sample of a training step, whatever the number of functions. Against the mean of uniform
// layers of the same functions, a step on 32 rows takes 1.03 to 1.05 times as long at 784-128 (345 us) and 1.15 to 1.23 times at 128-128
// (64 us), for 2, 3, 4 and all 12 functions in turn (Xeon 2.6 GHz, Node 20.20, best of 60). Masks over the whole layer, each function
// computed for every unit, took 2.0 times as long for 4 functions and 2.6 times for 12.

const RUN_HEAD: usize = 8;

/** a = sigma_j(z_j) for each unit j of `layer`. */
export function activateMixed(layer: usize, a: usize, z: usize, stride: usize, rows: i32): void {
  const zRun = ownAddress(SCRATCH);
  const aRun = zRun + <usize>MIXED_ROWS * stride;
  for (; rows > 0; rows -= MIXED_ROWS) {
    const count = min(rows, MIXED_ROWS);
    let run = <usize>load<u32>(layer, RUNS);
    for (let i = load<i32>(layer, RUN_COUNT); i > 0; --i) {
      const units = load<i32>(run, 4);
      const list = run + RUN_HEAD;
      gather(zRun, z, stride, list, units, count);
      activate(load<i32>(run), aRun, zRun, stride, units, count);
      scatter(a, aRun, stride, list, units, count);
      run = list + ((<usize>units) << 2);
    }
    z += <usize>MIXED_ROWS * stride;
    a += <usize>MIXED_ROWS * stride;
  }
}

/** delta = dC/da (.) sigma_j'(z_j), in place, for each unit j of `layer`. */
export function multiplyByMixedSlope(layer: usize, delta: usize, z: usize, a: usize, stride: usize, rows: i32): void {
  const zRun = ownAddress(SCRATCH);
  const aRun = zRun + <usize>MIXED_ROWS * stride;
  const deltaRun = aRun + <usize>MIXED_ROWS * stride;
  for (; rows > 0; rows -= MIXED_ROWS) {
    const count = min(rows, MIXED_ROWS);
    let run = <usize>load<u32>(layer, RUNS);
    for (let i = load<i32>(layer, RUN_COUNT); i > 0; --i) {
      const units = load<i32>(run, 4);
      const list = run + RUN_HEAD;
      gather(zRun, z, stride, list, units, count);
      gather(aRun, a, stride, list, units, count);
      gather(deltaRun, delta, stride, list, units, count);
      multiplyBySlope(load<i32>(run), deltaRun, zRun, aRun, stride, units, count);
      scatter(delta, deltaRun, stride, list, units, count);
      run = list + ((<usize>units) << 2);
    }
    z += <usize>MIXED_ROWS * stride;
    a += <usize>MIXED_ROWS * stride;
    delta += <usize>MIXED_ROWS * stride;
  }
}

/** target [rows x units] = the columns of source at the byte offsets listed. */
function gather(target: usize, source: usize, stride: usize, list: usize, units: i32, rows: i32): void {
  const end = list + ((<usize>units) << 2);
  for (let row = 0; row < rows; ++row) {
    let t = target;
    for (let p = list; p < end; p += 4) {
      store<f32>(t, load<f32>(source + <usize>load<u32>(p)));
      t += 4;
    }
    target += stride;
    source += stride;
  }
}

/** The columns of target at the byte offsets listed = source [rows x units]. */
function scatter(target: usize, source: usize, stride: usize, list: usize, units: i32, rows: i32): void {
  const end = list + ((<usize>units) << 2);
  for (let row = 0; row < rows; ++row) {
    let s = source;
    for (let p = list; p < end; p += 4) {
      store<f32>(target + <usize>load<u32>(p), load<f32>(s));
      s += 4;
    }
    target += stride;
    source += stride;
  }
}
