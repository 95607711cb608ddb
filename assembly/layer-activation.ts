import { ACTIVATION, ACTIVATION_CONSTANT, DELTA, MIXED, PRELU, SLOPES, SLOPE_DELTA } from './abi';
import { activate, multiplyByPreluSlope, multiplyBySlope } from './activation';
import { activateMixed, multiplyByMixedSlope } from './mixed-activation';

// The activation of a layer, whether it is one function or one for each unit, with the numbers that belong to it.

/** The constants that `activate` takes, for all units of a layer with one function. */
export function constantsOf(layer: usize): usize {
  if (load<i32>(layer, ACTIVATION) == PRELU) return <usize>load<u32>(layer, SLOPES);
  return layer + ACTIVATION_CONSTANT;
}

/** a [rows x units] = sigma(z) for `units` units of a layer, from unit `first` on: all of them in a mixed layer. */
export function activateLayer(
  layer: usize,
  a: usize,
  z: usize,
  stride: usize,
  first: i32,
  units: i32,
  rows: i32,
): void {
  const activation = load<i32>(layer, ACTIVATION);
  if (activation == MIXED) {
    activateMixed(layer, a, z, stride, rows);
    return;
  }
  let constants = constantsOf(layer);
  if (activation == PRELU) constants += (<usize>first) << 2;
  activate(activation, constants, a, z, stride, units, rows);
}

/**
 * delta [rows x units] = dC/da (.) sigma'(z) for rows of a layer and `units` of its units, from unit `first` on: all of
 * them in a mixed layer. In place: on entry `delta` holds dC/da. Also writes SLOPE_DELTA of these rows and units, if
 * the layer has it.
 */
export function multiplyByLayerSlope(
  layer: usize,
  activation: i32,
  delta: usize,
  z: usize,
  a: usize,
  stride: usize,
  first: i32,
  units: i32,
  rows: i32,
): void {
  if (activation == MIXED) {
    multiplyByMixedSlope(layer, delta, z, a, stride, rows);
  } else if (activation == PRELU) {
    const terms = <usize>load<u32>(layer, SLOPE_DELTA) + (delta - <usize>load<u32>(layer, DELTA));
    const slopes = <usize>load<u32>(layer, SLOPES) + ((<usize>first) << 2);
    multiplyByPreluSlope(terms, slopes, delta, z, stride, units, rows);
  } else {
    multiplyBySlope(activation, layer + ACTIVATION_CONSTANT, delta, z, a, stride, units, rows);
  }
}
