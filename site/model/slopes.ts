import type { Point } from './datasets.js';
import { featuresOf } from './features.js';
import type { Session } from './session.js';

/**
 * σ′(z) of each unit of a hidden layer or the output, for one point. The Jacobian of a layer is its W, with the row of
 * each unit multiplied by its slope. So the slope is the Jacobian divided by w, taken at the largest |w| of the row.
 * Changes the network's batch.
 */
export function slopesOf({ net, inspector, state }: Session, layer: number, point: Point): number[] {
  const { fanIn, units } = net.layers[layer];
  const jacobian = inspector.jacobian(featuresOf([point], state.features), { of: layer, by: layer - 1 });
  const weights = net.layers[layer].getWeights();
  return Array.from({ length: units }, (_, j) => {
    let largest = j * fanIn;
    for (let i = j * fanIn; i < (j + 1) * fanIn; i++)
      if (Math.abs(weights[i]) > Math.abs(weights[largest])) largest = i;
    return jacobian[largest] / weights[largest];
  });
}
