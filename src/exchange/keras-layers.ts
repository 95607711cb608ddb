import { checkIsObject, outOfRange, quote } from '../check/errors.js';
import { type ApproximateOption, dense, layersOf } from './chain.js';
import { type Columns, Composer, columnsOf, scaled } from './columns.js';
import type { Exchanged } from './exchanged.js';
import { clip, elu, ACTIVATION_FUNCTIONS as F, geluByTanh, leakyRelu, type Scalar, softplus } from './functions.js';
import { listAt, propertyOf, textAt } from './json.js';
import { type Tensor, transposed } from './tensor.js';

// The layers of Keras and TensorFlow.js, as their configurations describe them: one after another, with weights
// [inputs, units], which are transposed here.

/** The weights of a layer by their names without what numbers them: kernel, bias, gamma, mean, ... */
export type LayerWeights = ReadonlyMap<string, Tensor>;

export interface KerasModel {
  /** The configuration of the model: `{ class_name, config: { layers } }`. */
  readonly topology: unknown;
  /** 1: the hard sigmoid is 0.2 x + 0.5. 3: it is x / 6 + 0.5. */
  readonly version: 2 | 3;
  /** The weights of the layer of this name and class; `position`: how many of its class come before. */
  readonly weightsOf: (name: string, className: string, position: number) => LayerWeights;
  /** How many weights and biases the network may have. */
  readonly mostParameters: number;
}

export function networkOfLayers(where: string, model: KerasModel, { approximate }: ApproximateOption): Exchanged {
  const reading = new LayerReading(where, model);
  for (const layer of layersIn(where, model.topology)) reading.add(layer);
  const columns = reading.finished();
  const { notes, ...layers } = layersOf(columns, { where, approximate, mostParameters: model.mostParameters });
  return { ...layers, ...(columns.whole && { task: 'classes' }), notes };
}

/** The layers in their order. A functional model must be a chain. */
function layersIn(where: string, topology: unknown): unknown[] {
  checkIsObject(`${where}: model`, topology, 'the configuration of a model');
  const className = propertyOf(topology, 'class_name');
  const config = propertyOf(topology, 'config');
  if (className !== 'Sequential' && className !== 'Functional' && className !== 'Model') {
    throw outOfRange(`${where}: class_name`, quote(String(className)), 'Sequential or Functional');
  }
  const layers = listAt(`${where}: layers`, Array.isArray(config) ? config : propertyOf(config, 'layers'));
  if (layers.length > 2000) throw outOfRange(`${where}: layers`, `${layers.length}`, 'at most 2000');
  if (className === 'Sequential') return layers;
  // each layer takes the one before: anything else is a branch
  let before: string | undefined;
  for (const layer of layers) {
    const name = String(propertyOf(propertyOf(layer, 'config'), 'name') ?? propertyOf(layer, 'name'));
    const inbound = JSON.stringify(propertyOf(layer, 'inbound_nodes') ?? []);
    const given = layers
      .map((other) => String(propertyOf(propertyOf(other, 'config'), 'name') ?? propertyOf(other, 'name')))
      .filter((other) => inbound.includes(JSON.stringify(other)));
    const isChain = before === undefined ? given.length === 0 : given.length === 1 && given[0] === before;
    if (!isChain)
      throw outOfRange(`${where}: layer ${quote(name)}`, `the inputs ${given.join(', ')}`, 'one layer after another');
    before = name;
  }
  return layers;
}

class LayerReading {
  readonly #where: string;
  readonly #model: KerasModel;
  readonly #composer = new Composer();
  readonly #positions = new Map<string, number>();
  #columns: Columns | undefined;

  constructor(where: string, model: KerasModel) {
    this.#where = where;
    this.#model = model;
  }

  finished(): Columns {
    if (!this.#columns) throw outOfRange(this.#where, 'no layers', 'some');
    return this.#columns;
  }

  add(layer: unknown): void {
    const className = textAt(`${this.#where}: class_name`, propertyOf(layer, 'class_name'));
    const config = propertyOf(layer, 'config') ?? {};
    const name = String(propertyOf(config, 'name') ?? '');
    const where = `${this.#where}: layer ${className} ${quote(name)}`;
    const position = this.#positions.get(className) ?? 0;
    this.#positions.set(className, position + 1);
    if (className !== 'InputLayer' && this.#columns?.whole) throw outOfRange(where, 'a layer behind softmax', 'none');
    this.#start(where, config);
    if (className === 'InputLayer') return;
    const weights = this.#model.weightsOf(name, className, position);
    const setting = (key: string) => propertyOf(config, key);
    const numberOf = (key: string, missing: number) => {
      const value = setting(key);
      return typeof value === 'number' ? value : missing;
    };
    switch (className) {
      case 'Dense':
        this.#dense(where, name, weights, setting('activation'));
        break;
      case 'Activation':
        this.#activate(where, setting('activation'));
        break;
      case 'ReLU': {
        const [max, slope, threshold] = [setting('max_value'), numberOf('negative_slope', 0), numberOf('threshold', 0)];
        if (threshold !== 0) throw outOfRange(where, `threshold ${threshold}`, '0');
        const limit = typeof max === 'number' ? max : Number.POSITIVE_INFINITY;
        this.#apply(where, `ReLU ${slope} ${limit}`, (x) => Math.min(limit, x > 0 ? x : slope * x));
        break;
      }
      case 'LeakyReLU':
        this.#apply(where, className, leakyRelu(numberOf('negative_slope', numberOf('alpha', 0.3))));
        break;
      case 'ELU':
        this.#apply(where, className, elu(numberOf('alpha', 1)));
        break;
      case 'Softmax':
        this.#activate(where, 'softmax');
        break;
      case 'BatchNormalization':
        this.#normalize(where, weights, numberOf('epsilon', 1e-3));
        break;
      case 'Normalization':
        this.#standardize(where, weights, config);
        break;
      case 'Rescaling': {
        const [scale, offset] = [numberOf('scale', 1), numberOf('offset', 0)];
        this.#columns = scaled(this.finished(), () => scale, offset === 0 ? undefined : () => offset);
        break;
      }
      case 'Flatten':
      case 'Dropout':
      case 'GaussianNoise':
      case 'GaussianDropout':
      case 'AlphaDropout':
      case 'ActivityRegularization':
        break;
      default:
        throw outOfRange(
          where,
          `a layer of the class ${quote(className)}`,
          'Dense layers, activations and BatchNormalization',
        );
    }
  }

  /** Makes the inputs of the shape that the first layer names. */
  #start(where: string, config: unknown): void {
    if (this.#columns) return;
    const shape = ['batch_shape', 'batch_input_shape'].map((key) => propertyOf(config, key)).find(Array.isArray);
    if (!shape) return;
    const units = shape.slice(1).reduce<number>((product, size) => product * Number(size), 1);
    if (!Number.isInteger(units) || units < 1 || units > 65_536) {
      throw outOfRange(where, `inputs of the shape [${shape}]`, 'a fixed width, up to 65536');
    }
    this.#columns = columnsOf({ units, name: 'the inputs', hasBias: false });
  }

  #dense(where: string, name: string, weights: LayerWeights, activation: unknown): void {
    const kernel = weights.get('kernel');
    const bias = weights.get('bias');
    if (kernel?.shape.length !== 2) throw outOfRange(where, 'no kernel of two axes', 'one');
    const [fanIn, units] = kernel.shape;
    this.#columns ??= columnsOf({ units: fanIn, name: 'the inputs', hasBias: false });
    const { length } = this.#columns.columns;
    if (fanIn !== length || (bias && bias.values.length !== units)) {
      throw outOfRange(where, `a kernel [${kernel.shape}] and a bias [${bias?.shape}]`, `${length} inputs`);
    }
    const weightsOf = () => transposed(kernel.values, fanIn, units);
    this.#columns = dense(name, this.#columns, units, weightsOf, bias?.values);
    this.#activate(where, activation);
  }

  #apply(where: string, key: string, f: Scalar): void {
    this.#columns = this.#composer.compose(where, key, f, [this.finished()]);
  }

  /** An activation by its name, or by a configuration { class_name, config }. */
  #activate(where: string, activation: unknown): void {
    if (activation === undefined || activation === null || activation === 'linear') return;
    if (typeof activation !== 'string') {
      const className = propertyOf(activation, 'class_name');
      if (className === undefined) throw outOfRange(where, 'an activation without a name', 'a name');
      this.add(activation);
      return;
    }
    if (activation === 'softmax') {
      this.#columns = { ...this.finished(), whole: 'softmax' };
      return;
    }
    const known = this.#functions();
    if (!Object.hasOwn(known, activation)) {
      throw outOfRange(
        where,
        `the activation ${quote(activation)}`,
        `one of ${Object.keys(known).join(', ')}, softmax`,
      );
    }
    this.#apply(where, activation, known[activation]);
  }

  #functions(): Readonly<Record<string, Scalar>> {
    const isNew = this.#model.version === 3;
    const hardSigmoid: Scalar = isNew ? F.hardSigmoid : (x) => clip(0.2 * x + 0.5, 0, 1);
    return {
      relu: F.relu,
      relu6: (x) => clip(x, 0, 6),
      sigmoid: F.sigmoid,
      tanh: F.tanh,
      elu: F.elu,
      selu: F.selu,
      // tfjs has no approximation here either
      gelu: F.gelu,
      gelu_new: geluByTanh,
      silu: F.silu,
      swish: F.silu,
      softplus,
      softsign: F.softsign,
      hard_sigmoid: hardSigmoid,
      hardSigmoid,
      leaky_relu: leakyRelu(0.2),
      hard_silu: (x) => x * F.hardSigmoid(x),
      mish: (x) => x * Math.tanh(softplus(x)),
      exponential: Math.exp,
    };
  }

  #vector(where: string, weights: LayerWeights, name: string, missing: number): (i: number) => number {
    const tensor = weights.get(name);
    const { length } = this.finished().columns;
    if (!tensor) return () => missing;
    if (tensor.values.length === 1) return () => tensor.values[0];
    if (tensor.values.length !== length)
      throw outOfRange(where, `${name} of the shape [${tensor.shape}]`, `[${length}]`);
    return (i) => tensor.values[i];
  }

  #normalize(where: string, weights: LayerWeights, epsilon: number): void {
    const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name, n) =>
      this.#vector(where, weights, name, n === 0 || n === 3 ? 1 : 0),
    );
    const mul = (i: number) => gamma(i) / Math.sqrt(variance(i) + epsilon);
    this.#columns = scaled(this.finished(), mul, (i) => beta(i) - mean(i) * mul(i));
  }

  /** (x - mean) / max(√variance, 1e-7), with numbers that were adapted or given. */
  #standardize(where: string, weights: LayerWeights, config: unknown): void {
    const given = (name: string): [string, Tensor][] => {
      const list = [propertyOf(config, name)].flat(4);
      if (!list.every((value): value is number => typeof value === 'number')) return [];
      return [[name, { shape: [list.length], values: Float64Array.from(list) }]];
    };
    const all = new Map([...weights, ...given('mean'), ...given('variance')]);
    if (!all.has('mean') || !all.has('variance'))
      throw outOfRange(where, 'no mean and variance', 'a layer that was adapted');
    const [mean, variance] = [this.#vector(where, all, 'mean', 0), this.#vector(where, all, 'variance', 1)];
    const deviation = (i: number) => Math.max(Math.sqrt(variance(i)), 1e-7);
    const centred = scaled(this.finished(), () => 1, (i) => -mean(i)); // biome-ignore format: one line
    this.#columns = scaled(centred, (i) => 1 / deviation(i));
  }
}
