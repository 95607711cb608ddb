// The entry of the build that only predicts: the forward pass of index.ts, from the same functions, with the same bits.
// It reads the words of the header and of the layer table that src/core/predict-plan.ts writes. All others are 0.
import { ABI_VERSION, HEADER, LAYERS, LAYER_BYTES, LAYER_COUNT, SET_INPUT_TYPE, UNITS, WINDOW } from './abi';
import { forwardLayer } from './forward';
import { gatherInputs } from './gather-samples';
import { isSparse } from './sparse';
import { forwardVectors, isTinyNetwork } from './tiny-network';

// Kernels, so that they stay functions of their own: see index.ts
export { activate } from './activation';
export { panelProduct } from './forward';
export { product, productNarrow, productTwelve } from './generated/tile';
export { productListed } from './sparse';

/** z and a of every layer for rows of the window's inputs, whose type is F32 or U8. */
export function forwardWindow(rows: i32, inputType: i32): void {
  store<i32>(HEADER + WINDOW, inputType, SET_INPUT_TYPE);
  gatherInputs(HEADER + WINDOW, 0, 0, rows);
  if (rows == 1 && isTinyNetwork()) {
    forwardVectors();
    return;
  }
  const end = <usize>LAYERS + <usize>load<i32>(HEADER, LAYER_COUNT) * LAYER_BYTES;
  for (let layer: usize = LAYERS; layer < end; layer += LAYER_BYTES) {
    forwardLayer(layer, 0, rows, 0, load<i32>(layer, UNITS), layer == LAYERS && isSparse(0, rows));
  }
}

/** ABI_VERSION of the source. It is not called abiVersion, so that this build is not taken for a whole core. */
export function predictVersion(): i32 {
  return ABI_VERSION;
}
