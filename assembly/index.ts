// The entry of the builds without threads: every exported function, in the order in which src/ calls them. Shapes and
// addresses lie in the header and the layer table (abi.ts), which src/core/memory-plan.ts writes before any call.
import { ABI_VERSION } from './abi';
import { exp, log, log1p, tanh } from './math';
import { sigmoid } from './power-activation';

// Creation
export { fillNormal, fillUniform } from './random';

// Training: measures the inputs, shuffles the order, then takes many mini-batches of an epoch in each call
export { shuffle } from './random';
export { trainChunks } from './step';

// One batch at a time, from the window
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

// Weights that are read or set
export { transposeRows } from './gradient';

// Checks whether all numbers are still finite
export { largestMagnitude } from './finite';
// Full batches with L-BFGS, whose loop is in src/training/lbfgs.ts
export { penalty } from './cost';
export { addScaled, dot, scaleFloats } from './float-arrays';

// Kernels. They are exported for two reasons: they stay functions of their own, because V8 compiles a loop well only in
// a function that is called often; and tests can call them.
export { activate, multiplyByPreluSlope, multiplyBySlope } from './activation';
export { outputError, rowCosts } from './cost';
export { errorsOfTwo, transposePanel } from './delta';
export { addColumnSums, addProducts, outerTile } from './gradient';
export { panelProduct, productShallow } from './forward';
export { normalQuantile, philox } from './random';
export { product, productAhead, productNarrow, productTwelve } from './generated/tile';
export { addOuterProductsListed, productListed } from './sparse';

/** target [floats] = f(source), for the tests of math.ts. f is 0 for exp, 1 log, 2 log1p, 3 tanh, 4 sigmoid. */
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

/** ABI_VERSION of the source that this core was compiled from. */
export function abiVersion(): i32 {
  return ABI_VERSION;
}

/** The end of the constants, which must not be greater than HEADER. */
export function constantsEnd(): usize {
  return __heap_base;
}
