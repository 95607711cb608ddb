// The entry of the build that only predicts.
import { ABI_VERSION, HEADER, LAYERS, LAYER_BYTES, LAYER_COUNT, SET_INPUT_TYPE, WINDOW } from './abi';
import { forwardLayer } from './forward';
import { gatherInputs } from './gather-samples';
import { isSparse } from './sparse';
import { forwardVectors, isTinyNetwork } from './tiny-network';

export { activate } from './activation';
export { panelProduct } from './forward';
export { product, productNarrow, productTwelve } from './generated/tile';
export { productListed } from './sparse';

export function forwardWindow(rows: i32, inputType: i32): void {
  store<i32>(HEADER + WINDOW, inputType, SET_INPUT_TYPE);
  gatherInputs(HEADER + WINDOW, 0, 0, rows);
  if (rows == 1 && isTinyNetwork()) {
    forwardVectors();
    return;
  }
  const end = <usize>LAYERS + <usize>load<i32>(HEADER, LAYER_COUNT) * LAYER_BYTES;
  for (let layer: usize = LAYERS; layer < end; layer += LAYER_BYTES) {
    forwardLayer(layer, 0, rows, layer == LAYERS && isSparse(0, rows));
  }
}

export function abiVersion(): i32 {
  return ABI_VERSION;
}
