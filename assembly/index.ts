// The ABI: every exported function, in the order src/ calls them. Shapes and addresses are in the header and the layer
// table (abi.ts), which src/core/memory-plan.ts writes before any of these is called.
import { ABI_VERSION } from './abi';
import { exp, log, log1p, sigmoid, tanh } from './math';

// Creation
export { fillNormal, fillUniform } from './random';

// Training: measure the inputs, shuffle the order, then the mini-batches of an epoch, many a call
export { shuffle } from './random';
export { measureColumns } from './standardize';
export { trainChunks } from './step';

// One batch at a time, from the window
export { convertIntegers } from './batch';
export {
  addCost,
  applyGradients,
  backward,
  evaluateRows,
  forward,
  forwardWindow,
  loadWindowTargets,
  meanGradients,
  trainRows,
} from './step';

// Whether training is still among the finite numbers
export { largestMagnitude } from './finite';
// Full batches with L-BFGS: the optimizer's loop is in src/training/lbfgs.ts
export { penalty } from './update';
export { addScaled } from './rules';
export { dot, scaleFloats } from './vector';

// Kernels. Exported so that they stay functions of their own (V8 compiles a loop well only in a function that is called
// often) and so that tests reach them.
export { activate, multiplyBySlope } from './activation';
export { outputError, rowCosts } from './cost';
export { errorsOfTwo, turnPanel } from './delta';
export { addColumnSums, addProducts } from './gradient';
export { panelProduct } from './forward';
export { normalQuantile, philox } from './random';
export { product, productNarrow, productTwelve, productWide } from './generated/tile';
export { addOuterProductsListed, productListed } from './sparse';

/** target [floats] = f(source), for the tests of math.ts: 0 exp, 1 log, 2 log1p, 3 tanh, 4 sigmoid. */
export function mapFloats(f: i32, target: usize, source: usize, floats: i32): void {
  for (const end = source + ((<usize>floats) << 2); source < end; source += 16) {
    const x = v128.load(source);
    let y: v128;
    if (f == 0) y = exp(x);
    else if (f == 1) y = log(x);
    else if (f == 2) y = log1p(x);
    else if (f == 3) y = tanh(x);
    else y = sigmoid(x);
    v128.store(target, y);
    target += 16;
  }
}

export function abiVersion(): i32 {
  return ABI_VERSION;
}

/** Where the constants end: the header must lie past it. */
export function constantsEnd(): usize {
  return __heap_base;
}
