import { quote } from '../check/errors.js';
import { isMixed, showActivation } from '../spec/activations.js';
import type { CostName } from '../spec/network-options.js';
import { naturalCost, REQUIRED_OUTPUTS } from '../spec/spec.js';
import type { Exchanged, ExchangedLayer } from './exchanged.js';
import { propertyOf } from './json.js';

// What files of Keras and TensorFlow.js say about training, besides the layers: what model.compile was given, and the
// settings of layers that only training needs. The cost comes along where it is one of this library. All else is named
// in notes.

/** The costs by the names of Keras' losses, without capitals and lines: functions, classes and short names. */
const COSTS: Readonly<Record<string, CostName>> = {
  mse: 'quadratic',
  meansquarederror: 'quadratic',
  mae: 'meanAbsoluteError',
  meanabsoluteerror: 'meanAbsoluteError',
  huber: 'huber',
  huberloss: 'huber',
  binarycrossentropy: 'binaryCrossEntropy',
  categoricalcrossentropy: 'categoricalCrossEntropy',
  sparsecategoricalcrossentropy: 'categoricalCrossEntropy',
  hinge: 'hinge',
  kld: 'kullbackLeibler',
  kldivergence: 'kullbackLeibler',
  kullbackleiblerdivergence: 'kullbackLeibler',
  poisson: 'poisson',
};

/** As many metrics are named. */
const MOST_METRICS = 8;

/** `compiled`: what the file says about model.compile; undefined or null for models that were not compiled. */
export function compiledOf(
  compiled: unknown,
  output: ExchangedLayer['activation'],
): Pick<Exchanged, 'training' | 'notes'> {
  const { training, notes } = lossOf(onlyOne(propertyOf(compiled, 'loss')), output);
  const optimizer = propertyOf(compiled, 'optimizer_config') ?? propertyOf(compiled, 'optimizer');
  const metrics = [propertyOf(compiled, 'metrics') ?? []].flat(2).filter((metric) => isGiven(metric));
  return {
    training,
    notes: [
      ...notes,
      ...(isGiven(optimizer) ? [`the optimizer, ${shown(optimizer)}, stays behind: pass one to fit`] : []),
      ...(metrics.length > 0 ? [`the metrics, ${named(metrics)}, stay behind: evaluate has those of the task`] : []),
      ...(isGiven(propertyOf(compiled, 'loss_weights')) ? ['the loss_weights stay behind'] : []),
    ],
  };
}

const named = (metrics: readonly unknown[]) => metrics.slice(0, MOST_METRICS).map(shown).join(', ');

/** The one loss of a model with one output, which may be in a list or under the name of the output. */
function onlyOne(loss: unknown): unknown {
  if (Array.isArray(loss)) return loss.length === 1 ? loss[0] : loss;
  if (typeof loss !== 'object' || loss === null || propertyOf(loss, 'class_name') !== undefined) return loss;
  const all = Object.values(loss);
  return all.length === 1 ? all[0] : loss;
}

function lossOf(loss: unknown, output: ExchangedLayer['activation']): Pick<Exchanged, 'training' | 'notes'> {
  if (!isGiven(loss)) return { notes: [] };
  const behind = (reason: string) => ({ notes: [`the loss, ${shown(loss)}, stays behind: ${reason}`] });
  const name = lowerName(loss);
  const cost = Object.hasOwn(COSTS, name) ? COSTS[name] : undefined;
  if (!cost) return behind('it is no cost of this library');
  const wanted = REQUIRED_OUTPUTS[cost];
  const outputs = isMixed(output) ? 'mixed' : showActivation(output);
  if (wanted && !wanted.some((activation) => activation === outputs)) {
    return behind(`${cost} needs ${wanted.join(' or ')} outputs, and the network has ${outputs} ones`);
  }
  const config = propertyOf(loss, 'config');
  const setting = (key: string) => {
    const value = propertyOf(config, key);
    return typeof value === 'number' && value > 0 ? value : undefined;
  };
  const [delta, smoothing] = [setting('delta'), setting('label_smoothing')];
  const isSmoothed = smoothing !== undefined && smoothing < 1;
  const isOfClasses = cost === 'categoricalCrossEntropy';
  const own = cost === 'huber' && delta !== undefined ? ({ name: 'huber', delta } as const) : cost;
  return {
    training: {
      ...(cost !== naturalCost(output) && { cost: own }),
      ...(isSmoothed && isOfClasses && { labelSmoothing: smoothing }),
    },
    notes: isSmoothed && !isOfClasses ? [`the label_smoothing ${smoothing} of the loss stays behind`] : [],
  };
}

/** What a layer's configuration says that only training needs. `label`: the layer, for notes. */
export function notesOfLayer(label: string, config: unknown): string[] {
  const notes: string[] = [];
  if (propertyOf(config, 'trainable') === false) {
    notes.push(`${label} is frozen in the file: training here changes it`);
  }
  for (const [key, value] of Object.entries(Object(config) as object)) {
    if (!/^[a-z_]{1,40}_(regularizer|constraint)$/.test(key) || !isGiven(value)) continue;
    if (key === 'kernel_constraint' && maxNormOf(config) !== undefined) continue;
    notes.push(`${key} of ${label}, ${shown(value)}, stays behind${wayOf(key, value)}`);
  }
  return notes;
}

/** What to do about a penalty. Keras' factors do not depend on the number of samples, those of this library do. */
function wayOf(key: string, value: unknown): string {
  if (key !== 'kernel_regularizer') return '';
  const options = Object.entries({ l1: 'n *', l2: '2 * n *' }).flatMap(([name, times]) => {
    const factor = propertyOf(propertyOf(value, 'config'), name);
    return typeof factor === 'number' && factor !== 0 ? [`${name}: ${times} ${round(factor)}`] : [];
  });
  if (options.length === 0) return '';
  return `: with n training samples, ${options.join(', ')} of the network is the same for all layers`;
}

/** The largest length of the weights of a unit, if the constraint of a kernel is that. */
export function maxNormOf(config: unknown): number | undefined {
  const constraint = propertyOf(config, 'kernel_constraint');
  const settings = propertyOf(constraint, 'config');
  const [limit, axis = 0] = [propertyOf(settings, 'max_value'), propertyOf(settings, 'axis')];
  // the inputs of each unit are axis 0 of a kernel
  const isOfUnits = axis === 0 && lowerName(constraint) === 'maxnorm';
  return isOfUnits && typeof limit === 'number' && limit > 0 ? limit : undefined;
}

const isGiven = (value: unknown) => value !== undefined && value !== null;

/** The name in `{ class_name, config }`, of which functions have it in their configuration, or a name alone. */
function nameOf(value: unknown): string {
  const className = propertyOf(value, 'class_name');
  const name = (className === 'function' ? propertyOf(value, 'config') : className) ?? value;
  return typeof name === 'string' ? name : 'of a form of its own';
}

/** Names of classes and of functions are the same so. */
const lowerName = (value: unknown) => nameOf(value).toLowerCase().replaceAll('_', '');

/** Such as `Adam (learning_rate 0.001)`. */
function shown(value: unknown): string {
  const name = nameOf(value);
  const config = propertyOf(value, 'config');
  const from = propertyOf(config, 'from_logits') === true ? ' of logits' : '';
  return `${/^\w{1,60}$/.test(name) ? name : quote(name)}${from}${numbersOf(config)}`;
}

/** The note for a layer that only training has. */
export const leftBehind = (label: string, config: unknown) =>
  `${label}${numbersOf(config)} stays behind: only training has it`;

const SHOWN = ['learning_rate', 'learningRate', 'l1', 'l2', 'max_value', 'min_value', 'rate', 'stddev', 'delta'];

/** The numbers of a configuration that matter: ` (rate 0.5)`. */
function numbersOf(config: unknown): string {
  const numbers = SHOWN.flatMap((key) => {
    const value = propertyOf(config, key);
    return typeof value === 'number' && value !== 0 ? [`${key} ${round(value)}`] : [];
  });
  return numbers.length > 0 ? ` (${numbers.join(', ')})` : '';
}

/** Files have numbers that were rounded to 32 bits, such as 0.009999999776482582. */
const round = (value: number) => Number(value.toPrecision(6));
