import { counted, outOfRange } from '../check/errors.js';
import { dense } from './chain.js';
import { type Columns, scaled } from './columns.js';
import { decisionOf } from './onnx-decisions.js';
import { nameOf, type OnnxAttribute } from './onnx-model.js';
import { MOVES } from './onnx-moves.js';
import {
  beforeIt,
  type Call,
  checkRow,
  constantAt,
  type Data,
  dataAt,
  inputAt,
  type Operator,
  type Value,
} from './onnx-values.js';

// The operators of ai.onnx.ml that converters of scikit-learn write: scalers, linear models, and what makes names of
// classes of the outputs.

/** (x - offset) · scale of scikit-learn's scalers. */
function scaler(call: Call): Value {
  const x = dataAt(call, 0);
  const [offset, scale] = ['offset', 'scale'].map((name) => call.node.attributes.get(name)?.floats ?? []);
  const width = checkRow(call, x);
  for (const list of [offset, scale]) {
    if (list.length === width || list.length === 1) continue;
    throw outOfRange(
      call.where,
      `${counted(list.length, 'number')} for ${counted(width, 'column')}`,
      '1 or one for each',
    );
  }
  const at = (list: readonly number[], i: number) => list[list.length === 1 ? 0 : i];
  const centred = scaled(x.columns, () => 1, (i) => -at(offset, i)); // biome-ignore format: one line
  return { ...x, columns: scaled(centred, (i) => at(scale, i)) };
}

/** Names of classes in the attributes of a node, or in a constant that it takes its answer from. */
export function keepClasses(call: Call): void {
  const { node, reading, inputs } = call;
  for (const [name, { strings, ints }] of node.attributes) {
    if (name.startsWith('classlabels')) reading.classes = strings.length > 0 ? strings : ints.map(String);
  }
  if (node.op === 'LabelEncoder') keepLabels(call);
  if (node.op !== 'ArrayFeatureExtractor' && node.op !== 'Gather') return;
  const [names] = inputs;
  if (names?.kind === 'constant') reading.classes = names.strings ?? Array.from(names.values, String);
}

/** The names that stand for the places 0, 1, 2, ... */
function keepLabels({ node, reading }: Call): void {
  const [keys, names] = ['keys_int64s', 'values_strings'].map((name) => node.attributes.get(name));
  if (keys && names && keys.ints.every((key, i) => key === i)) reading.classes = names.strings;
}

function linearModel(call: Call): Value | readonly Value[] {
  const { node, where } = call;
  const x = dataAt(call, 0);
  const width = checkRow(call, x);
  const floats = (name: string) => node.attributes.get(name)?.floats ?? [];
  const weights = floats('coefficients');
  const units = weights.length / width;
  const biases = floats('intercepts');
  if (!Number.isInteger(units) || units < 1 || (biases.length > 0 && biases.length !== units)) {
    throw outOfRange(
      where,
      `${weights.length} coefficients and ${biases.length} intercepts`,
      `some for ${counted(width, 'input')}`,
    );
  }
  const z = dense(nameOf(node), x.columns, units, () => weights, biases.length > 0 ? biases : undefined);
  const after = node.attributes.get('post_transform')?.s ?? 'NONE';
  const isClassifier = node.op === 'LinearClassifier';
  if (after !== 'NONE' && after !== 'SOFTMAX' && after !== 'LOGISTIC') {
    throw outOfRange(where, `post_transform=${after}`, 'NONE, SOFTMAX or LOGISTIC');
  }
  if (isClassifier && units === 1)
    throw outOfRange(where, 'coefficients for one unit', 'for one unit of each class, as skl2onnx writes them');
  keepClasses(call);
  const columns: Columns =
    after === 'SOFTMAX'
      ? { ...z, whole: 'softmax' }
      : after === 'LOGISTIC'
        ? call.composer.compose(where, 'Sigmoid', (u) => 1 / (1 + Math.exp(-u)), [z])
        : z;
  const scores: Data = { ...x, shape: [units], columns };
  return isClassifier ? [decisionOf(call, 'classes'), scores] : scores;
}

/** Divides by a norm, which changes nothing where the outputs already add up to 1. */
function normalizer(call: Call): Value {
  const x = dataAt(call, 0);
  if (x.columns.whole === 'softmax' && call.node.attributes.get('norm')?.s === 'L1') return x;
  throw outOfRange(call.where, 'a norm of several units', `none, or L1 after a softmax${beforeIt(call)}`);
}

/** Columns at these places of the last axis. */
function picked(call: Call): Value | readonly Value[] {
  const places = constantAt(call, 1);
  const flat = places && { ...places, shape: [places.values.length] };
  const axis: OnnxAttribute = { name: 'axis', i: -1, floats: [], ints: [], strings: [] };
  return MOVES.Gather({ ...call, inputs: [call.inputs[0], flat], node: { ...call.node, attributes: new Map([['axis', axis]]) } }); // biome-ignore format: one line
}

export const OF_LEARNING: Readonly<Record<string, Operator>> = {
  ArrayFeatureExtractor: picked,
  // inputs one after another
  FeatureVectorizer: (call) => MOVES.Concat({ ...call, node: { ...call.node, attributes: new Map() } }),
  LinearClassifier: linearModel,
  LinearRegressor: linearModel,
  Normalizer: normalizer,
  Scaler: scaler,
  ZipMap: (call) => {
    keepClasses(call);
    return inputAt(call, 0);
  },
};
