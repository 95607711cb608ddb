import { outOfRange, quote } from '../check/errors.js';
import type { NetworkOptions } from '../network.js';
import type { Encoder } from '../tables/encoder.js';
import type { ModelPlan } from './model-options.js';

// What the network of a model computes: its output layer and its names follow from the targets.

/** The longest name that a network can have. */
const LONGEST_NAME = 1000;

/** The options of the network for a table that is encoded in this way. `classes`: the names of its outputs. */
export function networkOptionsOf(
  encoder: Encoder,
  classes: readonly string[] | undefined,
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
    classes: namesFor(classes),
    columns: namesFor(encoder.inputs),
    ...network,
  };
}

/** The names if a network can have them. The encoder has them in any case. */
function namesFor(names: readonly string[] | undefined): readonly string[] | undefined {
  return names?.every((name) => name !== '' && name.length <= LONGEST_NAME) ? names : undefined;
}
