// Layers models of TensorFlow.js, made here, because it is not installed.

export const floats = (count: number, first = 0) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(first + 1.7 * i));

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** model.json and weights.bin as tf.model.save writes them. */
export function saved(layers: readonly object[], weights: readonly Weight[], className = 'Sequential') {
  const model = {
    modelTopology: { class_name: className, config: { name: 'model', layers }, keras_version: 'tfjs-layers 4.22.0' },
    weightsManifest: [
      { paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
    ],
    format: 'layers-model',
  };
  const all = Float32Array.from(weights.flatMap(({ values }) => [...values]));
  return [model, { 'weights.bin': new Uint8Array(all.buffer) }] as const;
}

export const dense = (name: string, units: number, activation: string, more: object = {}) => ({
  class_name: 'Dense',
  config: { name, units, activation, use_bias: true, ...more },
});
export const weightsOf = (name: string, fanIn: number, units: number, first: number): Weight[] => [
  { name: `${name}/kernel`, shape: [fanIn, units], values: floats(fanIn * units, first) },
  { name: `${name}/bias`, shape: [units], values: floats(units, first + 50) },
];
export const INPUT = { batch_input_shape: [null, 3] };
export const WEIGHTS = [...weightsOf('a', 3, 4, 1), ...weightsOf('b', 4, 2, 2)];
