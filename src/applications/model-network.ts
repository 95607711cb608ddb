import { outOfRange, quote } from '../check/errors.js';
import type { NetworkOptions } from '../network.js';
import type { Encoder } from '../tables/encoder.js';
import type { ModelPlan } from './model-options.js';

// The options of a model's network: its output layer follows from the targets.

/** The options of the network for a table that is encoded in this way. It takes its names from the data. */
export function networkOptionsOf(
  encoder: Encoder,
  { hidden, activation, dropout, l2, seed, network }: ModelPlan,
): NetworkOptions {
  const { task, targets } = encoder;
  if (task === 'classes' && encoder.classes && encoder.classes.length < 2) {
    const got = `${quote(targets[0])} with the class ${quote(encoder.classes[0])} alone`;
    throw outOfRange('options.target', got, 'two classes or more');
  }
  const units = task === 'classes' ? (encoder.classes?.length ?? 0) : targets.length;
  const output = { classes: 'softmax', labels: 'sigmoid', numbers: 'linear' } as const;
  return {
    inputs: encoder.width,
    layers: [
      ...hidden.map((width) => ({ units: width, activation, dropout })),
      { units, activation: output[task ?? 'numbers'] },
    ],
    l2,
    seed,
    task,
    ...network,
  };
}
