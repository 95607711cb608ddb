import { createHash } from 'node:crypto';
import type { Layer } from '../src/model/layer.js';
import type { Network } from '../src/network.js';
import { hasSlopes } from '../src/spec/activations.js';

// A network's weights and biases, in forms that can be compared.

/** The bits of floats, so that -0 differs from 0 and NaN equals NaN. */
export const bits = (values: Float32Array) => new Uint32Array(values.slice().buffer);

/** The FNV-1a hash of the words of floats. `hash`: the hash of earlier floats, which this one continues. */
export function hashOfWords(floats: Float32Array, hash = 2166136261): number {
  return bits(floats).reduce((h, word) => Math.imul(h ^ word, 16777619) >>> 0, hash);
}

/** The arrays of a layer as properties. Each property reads its array again every time. */
export const arraysOf = (layer: Layer) => ({
  fanIn: layer.fanIn,
  units: layer.units,
  activation: layer.activation,
  get weights() {
    return layer.getWeights();
  },
  get biases() {
    return layer.getBiases();
  },
  get z() {
    return layer.getZ();
  },
  get a() {
    return layer.getA();
  },
  get delta() {
    return layer.getDelta();
  },
  get weightGradients() {
    return layer.getWeightGradients();
  },
  get biasGradients() {
    return layer.getBiasGradients();
  },
  get slopes() {
    return layer.getSlopes();
  },
  get slopeGradients() {
    return layer.getSlopeGradients();
  },
});

/** Sets the weights and biases of a layer. */
export function setParameters(
  layer: Layer,
  { weights, biases }: { weights: Float32Array; biases: Float32Array },
): void {
  layer.setWeights(weights);
  layer.setBiases(biases);
}

/** Weights and biases of each layer, and the slopes of prelu. */
export function parametersOf({ layers }: Network): Float32Array[] {
  return layers.flatMap((layer) => [
    layer.getWeights(),
    layer.getBiases(),
    ...(hasSlopes(layer.activation) ? [layer.getSlopes()] : []),
  ]);
}

export const parameterBits = (net: Network): Uint32Array[] => parametersOf(net).map(bits);

/** The SHA-256 of all parameters. */
export function hashOf(net: Network): string {
  const hash = createHash('sha256');
  for (const values of parametersOf(net)) hash.update(values);
  return hash.digest('hex');
}
