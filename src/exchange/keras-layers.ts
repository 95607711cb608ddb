import { checkIsObject, counted, outOfRange, quote } from '../check/errors.js';
import { type ApproximateOption, dense, layersOf } from './chain.js';
import { type Columns, Composer, columnsOf, foldedNorm, PRELU, preluOf, scaled } from './columns.js';
import type { Exchanged } from './exchanged.js';
import { clip, elu, ACTIVATION_FUNCTIONS as F, leakyRelu, type Scalar } from './functions.js';
import { listAt, propertyOf, textAt } from './json.js';
import { compiledOf, leftBehind, maxNormOf, notesOfLayer } from './keras-training.js';
import { type Tensor, transposed } from './tensor.js';

// The layers of Keras and TensorFlow.js, as their configurations describe them: one after another, with weights
// [inputs, units], which are transposed here.

/** The weights of a layer by their names without what numbers them: kernel, bias, gamma, mean, ... */
export type LayerWeights = ReadonlyMap<string, Tensor>;

/** Where a layer stands: in the model, or in a model that is a layer of it. */
export interface LayerPlace {
  /** The names of the models around it, the outermost first, and its own. */
  readonly names: readonly string[];
  /** The same as .keras files number them: by the class, and how many of it come before. */
  readonly folders: readonly string[];
  readonly className: string;
  readonly config: unknown;
}

export interface KerasModel {
  /** The configuration of the model: `{ class_name, config: { layers } }`. */
  readonly topology: unknown;
  /** 1: the hard sigmoid is 0.2 x + 0.5. 3: it is x / 6 + 0.5. */
  readonly version: 2 | 3;
  readonly weightsOf: (place: LayerPlace) => LayerWeights;
  /** What model.compile was given, if the file says it. */
  readonly compiled: unknown;
  /** How many weights and biases the network may have. */
  readonly mostParameters: number;
}

export function networkOfLayers(where: string, model: KerasModel, { approximate }: ApproximateOption): Exchanged {
  const reading = new LayerReading(where, model);
  reading.addAll(model.topology, { names: [], folders: [] });
  const columns = reading.finished();
  const left = reading.notes();
  const { notes, ...network } = layersOf(columns, { where, approximate, mostParameters: model.mostParameters });
  const compiled = compiledOf(model.compiled, network.layers[network.layers.length - 1].activation);
  const { training } = compiled;
  const all = [...notes, ...left, ...compiled.notes];
  return { ...network, ...(columns.whole && { task: 'classes' }), ...(training && { training }), notes: all };
}

/** Layers that only training needs. */
const OF_TRAINING = ['Dropout', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout', 'ActivityRegularization'];

/** Layers that may come behind a softmax, because they leave predictions as they are. */
const PASSIVE = ['InputLayer', 'Flatten', 'Reshape', ...OF_TRAINING];

/** The classes of models, which may be layers of others. */
const MODELS: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

/** The name of a layer: Keras has had it in two places. */
const nameOf = (layer: unknown) => String(propertyOf(propertyOf(layer, 'config'), 'name') ?? propertyOf(layer, 'name'));

/** The layers in their order. A functional model must be a chain. */
function layersIn(where: string, topology: unknown): unknown[] {
  checkIsObject(`${where}: model`, topology, 'the configuration of a model');
  const className = propertyOf(topology, 'class_name');
  const config = propertyOf(topology, 'config');
  if (!MODELS.has(String(className))) {
    throw outOfRange(`${where}: class_name`, quote(String(className)), 'Sequential or Functional');
  }
  const layers = listAt(`${where}: layers`, Array.isArray(config) ? config : propertyOf(config, 'layers'));
  if (layers.length > 2000) throw outOfRange(`${where}: layers`, `${layers.length}`, 'at most 2000');
  if (className === 'Sequential') return layers;
  const names = layers.map(nameOf);
  const namedIn = (value: unknown) => {
    const text = JSON.stringify(value ?? []);
    return names.filter((name) => text.includes(JSON.stringify(name)));
  };
  // each layer takes the one before: anything else is a branch
  for (const [l, layer] of layers.entries()) {
    const given = namedIn(propertyOf(layer, 'inbound_nodes'));
    const wanted = l === 0 ? [] : [names[l - 1]];
    if (given.length === wanted.length && given[0] === wanted[0]) continue;
    const label = `${where}: layer ${quote(names[l])}`;
    const got = given.length === 0 ? 'inputs of its own' : `the inputs ${given.map((name) => quote(name)).join(', ')}`;
    throw outOfRange(label, got, 'one layer after another, from one input');
  }
  const outputs = namedIn(propertyOf(config, 'output_layers'));
  if (outputs.length > 0 && (outputs.length > 1 || outputs[0] !== names[names.length - 1])) {
    throw outOfRange(`${where}: output_layers`, outputs.map((name) => quote(name)).join(', '), 'the last layer alone');
  }
  return layers;
}

class LayerReading {
  readonly #where: string;
  readonly #model: KerasModel;
  readonly #composer = new Composer();
  readonly #notes: string[] = [];
  #columns: Columns | undefined;
  /** A dropout that no layer has taken yet. */
  #dropout: { readonly label: string; readonly rate: number; readonly behind: Columns | undefined } | undefined;

  constructor(where: string, model: KerasModel) {
    this.#where = where;
    this.#model = model;
  }

  finished(): Columns {
    if (!this.#columns) throw outOfRange(this.#where, 'no layers', 'some');
    return this.#columns;
  }

  /** What the layers say that the network does not have. To be called behind the last layer. */
  notes(): readonly string[] {
    this.#leaveDropout();
    return this.#notes;
  }

  #note(note: string): void {
    if (!this.#notes.includes(note)) this.#notes.push(note);
  }

  /** The layers of a model, at this place. */
  addAll(topology: unknown, { names, folders }: Pick<LayerPlace, 'names' | 'folders'>): void {
    const counts = new Map<string, number>();
    for (const layer of layersIn(this.#where, topology)) {
      const className = textAt(`${this.#where}: class_name`, propertyOf(layer, 'class_name'));
      const count = counts.get(className) ?? 0;
      counts.set(className, count + 1);
      const folder = `${snakeCase(className)}${count === 0 ? '' : `_${count}`}`;
      const config = propertyOf(layer, 'config') ?? {};
      const place = { names: [...names, nameOf(layer)], folders: [...folders, folder], className, config };
      if (MODELS.has(className)) this.addAll(layer, place);
      else this.#add(place);
    }
  }

  #add(place: LayerPlace): void {
    const { className, config } = place;
    const name = place.names.join('/');
    const where = `${this.#where}: layer ${className} ${quote(name)}`;
    if (this.#columns?.whole && !PASSIVE.includes(className)) throw outOfRange(where, 'a layer behind softmax', 'none');
    this.#start(where, config);
    if (className === 'InputLayer') return;
    const precision = precisionOf(where, config);
    if (precision) this.#note(`the model computes in ${precision}: the network computes in 32 bits`);
    const label = `layer ${className} ${quote(name)}`;
    for (const note of notesOfLayer(label, config)) this.#note(note);
    const weights = this.#model.weightsOf(place);
    const setting = (key: string) => propertyOf(config, key);
    const numberOf = (key: string, missing: number) => {
      const value = setting(key);
      return typeof value === 'number' ? value : missing;
    };
    switch (className) {
      case 'Dense':
        this.#dense(where, place, weights);
        break;
      case 'Activation':
        this.#activate(where, place);
        break;
      case 'ReLU': {
        const [max, slope, threshold] = [setting('max_value'), numberOf('negative_slope', 0), numberOf('threshold', 0)];
        if (threshold !== 0) throw outOfRange(where, `threshold ${threshold}`, '0');
        const limit = typeof max === 'number' ? max : Number.POSITIVE_INFINITY;
        this.#apply(where, `ReLU ${slope} ${limit}`, (x) => Math.min(limit, x > 0 ? x : slope * x));
        break;
      }
      case 'LeakyReLU': {
        const slope = numberOf('negative_slope', numberOf('alpha', 0.3));
        this.#apply(where, `LeakyReLU ${slope}`, leakyRelu(slope));
        break;
      }
      case 'PReLU':
        this.#columns = this.#composer.compose(where, PRELU, preluOf, [
          this.finished(),
          this.#vector(where, weights, 'alpha', 0),
        ]);
        break;
      case 'ELU': {
        const alpha = numberOf('alpha', 1);
        this.#apply(where, `ELU ${alpha}`, elu(alpha));
        break;
      }
      case 'Softmax':
        // of rows [samples, units], the units are axis 1, which is also the last one
        if (![-1, 1].includes(numberOf('axis', -1))) {
          throw outOfRange(where, `the axis ${numberOf('axis', -1)}`, '-1: a softmax over the units of each sample');
        }
        this.#columns = { ...this.finished(), whole: 'softmax' };
        break;
      case 'BatchNormalization':
        this.#normalize(where, weights, numberOf('epsilon', 1e-3));
        this.#note(foldedNorm(name));
        break;
      case 'Normalization':
        this.#standardize(where, weights, config);
        break;
      case 'Rescaling': {
        const [scale, offset] = [this.#setting(where, config, 'scale', 1), this.#setting(where, config, 'offset', 0)];
        const isMoved = this.finished().columns.some((_, i) => offset(i) !== 0);
        this.#columns = scaled(this.finished(), scale, isMoved ? offset : undefined);
        break;
      }
      case 'Flatten':
      case 'Reshape': // the order of numbers stays; a Dense layer refuses any width but its own
        break;
      case 'Dropout':
        this.#drop(label, numberOf('rate', 0), setting('noise_shape'));
        break;
      default:
        if (OF_TRAINING.includes(className)) {
          this.#note(leftBehind(label, config));
          break;
        }
        throw outOfRange(where, `a layer of the class ${quote(className)}`, wayOutOf(className));
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

  #dense(where: string, place: LayerPlace, weights: LayerWeights): void {
    const kernel = weights.get('kernel');
    const bias = weights.get('bias');
    if (kernel?.shape.length !== 2) throw outOfRange(where, 'no kernel of two axes', 'one');
    const [fanIn, units] = kernel.shape;
    this.#columns ??= columnsOf({ units: fanIn, name: 'the inputs', hasBias: false });
    const { length } = this.#columns.columns;
    if (fanIn !== length || (bias && bias.values.length !== units)) {
      throw outOfRange(where, `a kernel [${kernel.shape}] and a bias [${bias?.shape}]`, counted(length, 'input'));
    }
    const weightsOf = () => transposed(kernel.values, fanIn, units);
    this.#takeDropout();
    this.#columns = dense(place.names.join('/'), this.#columns, units, weightsOf, bias?.values);
    this.#columns.source.training = { maxNorm: maxNormOf(place.config) };
    this.#activate(where, place);
  }

  /** Dropout, which the next dense layer gives to the layer below. */
  #drop(label: string, rate: number, noiseShape: unknown): void {
    if (rate === 0) return;
    this.#leaveDropout();
    // a share of units that rows or columns have in common is something else
    const isOfUnits = rate > 0 && rate < 1 && (noiseShape === undefined || noiseShape === null);
    if (isOfUnits) this.#dropout = { label, rate, behind: this.#columns };
    else this.#note(leftBehind(label, { rate }));
  }

  /** Gives a dropout to the layer below, if it comes right behind its function. */
  #takeDropout(): void {
    const { rate, behind } = this.#dropout ?? {};
    if (behind?.source.from && behind === this.#columns) {
      behind.source.training = { ...behind.source.training, dropout: rate };
      this.#dropout = undefined;
    }
    this.#leaveDropout();
  }

  #leaveDropout(): void {
    if (!this.#dropout) return;
    const { label, rate } = this.#dropout;
    this.#note(`${leftBehind(label, { rate })}, and here only right behind the function of a hidden layer`);
    this.#dropout = undefined;
  }

  /** `key`: the name of the function with its constants, the same for the same function alone. */
  #apply(where: string, key: string, f: Scalar): void {
    this.#columns = this.#composer.compose(where, key, f, [this.finished()]);
  }

  /** The activation of a layer: by its name, by the configuration of a function, or by that of a layer. */
  #activate(where: string, place: LayerPlace): void {
    const given = propertyOf(place.config, 'activation');
    const className = propertyOf(given, 'class_name');
    const activation = className === 'function' ? propertyOf(given, 'config') : given;
    if (activation === undefined || activation === null || activation === 'linear') return;
    if (typeof activation !== 'string') {
      if (typeof className !== 'string') throw outOfRange(where, 'an activation without a name', 'a name');
      const config = propertyOf(activation, 'config') ?? {};
      this.#add({ ...place, className, config });
      return;
    }
    if (activation === 'softmax' || activation === 'log_softmax') {
      this.#columns = { ...this.finished(), whole: activation === 'softmax' ? 'softmax' : 'logSoftmax' };
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
      relu6: F.relu6,
      sigmoid: F.sigmoid,
      tanh: F.tanh,
      elu: F.elu,
      selu: F.selu,
      // tfjs has no approximation here either
      gelu: F.gelu,
      gelu_new: F.geluTanh,
      silu: F.silu,
      swish: F.silu,
      softplus: F.softplus,
      softsign: F.softsign,
      hard_sigmoid: hardSigmoid,
      hardSigmoid,
      leaky_relu: leakyRelu(0.2),
      hard_silu: F.hardSwish,
      hard_swish: F.hardSwish,
      mish: F.mish,
      exponential: Math.exp,
    };
  }

  /** A number, or one for each column, of a configuration. */
  #setting(where: string, config: unknown, key: string, missing: number): (i: number) => number {
    const list = numbersOf(propertyOf(config, key) ?? missing);
    if (!list) throw outOfRange(`${where}: ${key}`, 'no numbers', 'a number, or one for each column');
    return this.#vector(where, new Map([[key, { shape: [list.length], values: list }]]), key, missing);
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
      const list = numbersOf(propertyOf(config, name));
      return list ? [[name, { shape: [list.length], values: list }]] : [];
    };
    const all = new Map([...weights, ...given('mean'), ...given('variance')]);
    if (!all.has('mean') || !all.has('variance'))
      throw outOfRange(where, 'no mean and variance', 'a layer that was adapted');
    const [mean, variance] = [this.#vector(where, all, 'mean', 0), this.#vector(where, all, 'variance', 1)];
    const deviation = (i: number) => Math.max(Math.sqrt(variance(i)), 1e-7);
    if (propertyOf(config, 'invert') === true) {
      this.#columns = scaled(this.finished(), deviation, mean);
      return;
    }
    const centred = scaled(this.finished(), () => 1, (i) => -mean(i)); // biome-ignore format: one line
    this.#columns = scaled(centred, (i) => 1 / deviation(i));
  }
}

/** The numbers of a configuration: one, a list, or an array of NumPy as Keras writes it. */
function numbersOf(value: unknown): Float64Array | undefined {
  const list = [propertyOf(propertyOf(value, 'config'), 'value') ?? value].flat(4);
  return list.every((item): item is number => typeof item === 'number') ? Float64Array.from(list) : undefined;
}

/**
 * The precision of a layer, if it is another one than 32 bits. Weights that are integers with scales are refused: they
 * would be read as if they had none.
 */
function precisionOf(where: string, config: unknown): string | undefined {
  const policy = JSON.stringify(propertyOf(config, 'dtype') ?? '');
  if (/int\d|float8|Quantized/.test(policy)) {
    throw outOfRange(where, `quantised weights, ${quote(policy)}`, 'a model that was saved before quantisation');
  }
  return /\b(mixed_)?(b?float16|float64)\b/.exec(policy)?.[0];
}

/** What to do about a layer of another class. */
function wayOutOf(className: string): string {
  if (/Conv|Pool/.test(className)) return 'Dense layers: this library has no convolutions and pooling';
  if (/LSTM|GRU|RNN|Bidirectional|Attention|Embedding/.test(className)) {
    return 'Dense layers: this library has no loops, attention and embeddings';
  }
  if (/Lookup|Encoding|Hashing|Discretization|TextVectorization/.test(className)) {
    return 'numbers as inputs: encode them with simdprop/tabular, and save the network behind this layer';
  }
  if (className === 'Lambda') return 'layers without code: what a file contains is never run';
  return 'Dense layers, activations, BatchNormalization, Normalization and Rescaling';
}

export const snakeCase = (name: string) =>
  name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/**
 * The weights of a layer, among tensors whose paths contain its name. Where layers of several models have the same
 * name, their models' names decide.
 */
export function weightsNamed(
  where: string,
  paths: Iterable<readonly [path: string, read: () => Tensor]>,
  names: readonly string[],
): LayerWeights {
  // names may contain slashes too
  const isOf = (path: string, name: string) => `/${path}`.includes(`/${name}/`);
  const own = [...paths].filter(([path]) => isOf(path, names[names.length - 1]));
  const nested = own.filter(([path]) => names.every((name) => isOf(path, name)));
  const kindOf = (path: string) => path.slice(path.lastIndexOf('/') + 1).replace(/:0$/, '');
  const isUnique = new Set(own.map(([path]) => kindOf(path))).size === own.length;
  const found = new Map<string, Tensor>();
  for (const [path, read] of isUnique ? own : nested) {
    const kind = kindOf(path);
    if (found.has(kind)) {
      throw outOfRange(
        `${where}: layer ${quote(names.join('/'))}`,
        `two tensors ${quote(kind)}`,
        'layers of different names',
      );
    }
    found.set(kind, read());
  }
  return found;
}
