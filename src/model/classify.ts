import { checkBoolean, checkObject, keysOf, outOfRange } from '../check/errors.js';
import { outputActivations } from '../data/target-scale.js';
import type { KnownGoal } from '../data/task.js';
import { activationName, showActivation } from '../spec/activations.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import { checkThreshold, type EvaluateOptions, PROBABILITIES } from './evaluate-options.js';

// Turns outputs into the classes or labels that they predict. The rules are those of evaluate.

/** Options of `classify`. */
export interface ClassifyOptions extends Pick<EvaluateOptions, 'threshold'> {
  /**
   * true: returns the probabilities too. For softmax, sigmoid and hardSigmoid outputs.
   * @defaultValue `false`
   */
  probabilities?: boolean | undefined;
}

/** The name of a class, or its number if the network has no names. */
export type Label = string | number;

/** A sample that `classify` has classified, with its probabilities. */
export interface Classified<Answer extends Label | Label[] = Label> {
  /** The class, or all labels that the sample is predicted to have. */
  label: Answer;
  /**
   * A probability for each class or label, in the order of the network's classes. Those of softmax outputs, and of the
   * two classes of one output, add up to 1; those of several sigmoid outputs do not depend on each other.
   */
  probabilities: Float32Array;
}

const KEYS = keysOf<ClassifyOptions>({ probabilities: true, threshold: true });

/** Checked options: what turns a row of outputs into an answer. */
export interface Classifier {
  readonly hasProbabilities: boolean;
  readonly isForLabels: boolean;
  /** For labels and for two classes; undefined: the largest output is the class. */
  readonly thresholds: Float32Array | undefined;
}

/** Checks the options of `classify`, for a network that has learnt this. */
export function checkClassifier(
  options: unknown,
  { task, isSigned = false }: KnownGoal,
  spec: Pick<Spec, 'layers'>,
): Classifier {
  checkObject('options', options, KEYS);
  const { probabilities = false, threshold } = options as ClassifyOptions;
  if (task === undefined) {
    throw new Error('classify: got a network whose task is not known, want training before, or net.task = "classes"');
  }
  if (task === 'numbers') {
    throw outOfRange('classify', 'a network that learns numbers', 'one that learns classes or labels: see predict');
  }
  const outputs = outputsOf(spec);
  const hasProbabilities = checkBoolean('options.probabilities', probabilities);
  const other = outputActivations(spec).find((activation) => !PROBABILITIES.includes(activationName(activation)));
  if (hasProbabilities && (other || isSigned)) {
    const got = other ? `${showActivation(other)} outputs` : 'targets of -1 and 1';
    throw outOfRange('options.probabilities', `true for ${got}`, `outputs of ${PROBABILITIES.join(', ')}`);
  }
  const given = threshold === undefined ? undefined : checkThreshold(threshold, task, spec);
  const isForLabels = task === 'labels';
  const standard = isForLabels || outputs === 1 ? new Float32Array(outputs).fill(isSigned ? 0 : 0.5) : undefined;
  return { hasProbabilities, isForLabels, thresholds: given ?? standard };
}

/** The answers for rows of outputs. `classes`: the names, if there are any. */
export function answersOf(
  { hasProbabilities, isForLabels, thresholds }: Classifier,
  outputs: Float32Array,
  width: number,
  classes: readonly string[] | undefined,
): (Label | Label[] | Classified<Label | Label[]>)[] {
  const nameOf = (c: number): Label => classes?.[c] ?? c;
  const isIn = (row: Float32Array, k: number, t = k) => row[k] > (thresholds as Float32Array)[t];
  const labelOf = (row: Float32Array): Label | Label[] => {
    if (isForLabels)
      return Array.from(row.keys())
        .filter((k) => isIn(row, k))
        .map(nameOf);
    return nameOf(thresholds ? Number(isIn(row, width - 1, 0)) : largestOf(row));
  };
  return Array.from({ length: outputs.length / width }, (_, i) => {
    const row = outputs.subarray(i * width, (i + 1) * width);
    const label = labelOf(row);
    if (!hasProbabilities) return label;
    return { label, probabilities: width === 1 && !isForLabels ? Float32Array.of(1 - row[0], row[0]) : row.slice() };
  });
}

/** The place of the largest number; of equal ones, the first. */
function largestOf(row: Float32Array): number {
  let largest = 0;
  for (let k = 1; k < row.length; k++) if (row[k] > row[largest]) largest = k;
  return largest;
}
