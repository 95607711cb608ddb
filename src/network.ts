import { type Bytes, checkBytes } from './check/bytes.js';
import {
  advise,
  calledAlone,
  checkFloats,
  checkInteger,
  checkIsObject,
  checkName,
  checkNoMore,
  checkNotNegative,
  checkObject,
  orDefault,
  outOfRange,
  wrongType,
} from './check/errors.js';
import { isPlain } from './check/plain-arrays.js';
import { Arena, checkSize } from './core/arena.js';
import { BUILDS, type BuildName, CORE_KEYS, type CoreOptions, DEFAULT_CAPACITY } from './core/core-options.js';
import { type CoreImports, preload, startEngine } from './core/engine.js';
import { makePlan } from './core/memory-plan.js';
import { unpack } from './core/parameters.js';
import {
  checkData,
  checkIsData,
  type DataSet,
  identityOf,
  namedBy,
  ownData,
  PreparedData,
  writeWindowInputs,
  writeWindowTargets,
} from './data/data-set.js';
import { checkInputShape, type InputArray, type Inputs, preparationOf } from './data/inputs.js';
import { typedInputs, typedWeights } from './data/plain-data.js';
import { checkScalable, toTargetUnits } from './data/target-scale.js';
import { checkWeights, type SampleWeights, type Targets } from './data/targets.js';
import { checkNamedTask, checkScaledTask, checkTask, goalGiven, settleGoal, type Task } from './data/task.js';
import type { Inspector } from './inspection/inspector.js';
import { activationsOf } from './model/activations.js';
import { answersOf, type Classified, type ClassifyOptions, checkClassifier, type Label } from './model/classify.js';
import { blendParameters, type CopyWeightsOptions } from './model/copy-weights.js';
import { describe, INSPECT, tableOf } from './model/describe.js';
import { EVALUATE_KEYS, type EvaluateOptions } from './model/evaluate-options.js';
import { checkInitializers, initialize } from './model/initializer.js';
import { ArenaLayer, type ChangeSpec, type Layer } from './model/layer.js';
import type { Evaluation } from './model/metrics.js';
import { OutputsError } from './model/outputs-error.js';
import { Pass } from './model/pass.js';
import { hideUncounted } from './model/uncounted-rows.js';
import type { LoadOptions } from './persistence/decode.js';
import type * as filesCode from './persistence/network-file.js';
import { CONTENTS, type SavedNetwork, type SaveOptions } from './persistence/saved-network.js';
import type { SavedBytes, Section } from './persistence/sections.js';
import { checkClassNames, checkNames, checkNetworkNames, classCountOf } from './spec/names.js';
import type { CostName, CustomCost, SpecOptions } from './spec/network-options.js';
import type { Optimizer } from './spec/optimizer.js';
import { savedLearningRate } from './spec/schedule.js';
import {
  checkSmoothing,
  checkSpec,
  countParameters,
  isCustomCost,
  outputsOf,
  SPEC_KEYS,
  type Spec,
} from './spec/spec.js';
import {
  checkStandardization,
  copyOfScale,
  type GivenStandardization,
  type Standardization,
} from './spec/standardization.js';
import type { Started } from './threads/team.js';
import type * as evaluationCode from './training/evaluation.js';
import { fit, train } from './training/fit.js';
import { History } from './training/history.js';
import {
  STEP_KEYS,
  STREAM_KEYS,
  type StreamOptions,
  TRAIN_KEYS,
  type TrainForOptions,
  type TrainOptions,
  takeOptions,
} from './training/options.js';
import type { DataSource } from './training/parts.js';
import type { EpochReport, TrainForReport } from './training/reports.js';
import type * as trainForCode from './training/train-for.js';
import { Trainer } from './training/trainer.js';

/** Options of `Network.create`: what the network computes, and how it runs. */
export interface NetworkOptions extends SpecOptions, CoreOptions {
  /**
   * The task: what the network learns.
   * @defaultValue the targets of the first call that trains on a data set decide it: see `Network.task`
   */
  task?: Task | undefined;
  /**
   * Names of the classes or labels [outputs]; [2] for the two classes of one output. See `Network.classes`.
   * @defaultValue none
   */
  classes?: readonly string[] | undefined;
  /**
   * Names of the input columns [inputs]. See `Network.columns`.
   * @defaultValue none
   */
  columns?: readonly string[] | undefined;
}

export const NETWORK_KEYS = [...SPEC_KEYS, ...CORE_KEYS, 'task', 'classes', 'columns'];

/** The name of an internal method. */
export const FIT_UNWATCHED = Symbol('fitUnwatched');

/** Loaded by the first call of evaluate. Later calls begin at once, so that no training can come before them. */
let evaluation: typeof evaluationCode | undefined;

/** Loaded by the first call of save. Later calls copy the parameters to the file at once. */
let files: typeof filesCode | undefined;

/** Loaded by the first call of trainFor. Later calls train before they return their promise. */
let timeBoxed: typeof trainForCode | undefined;

/**
 * The method that `using` calls. TypeScript knows `Symbol.dispose` from version 5.2 on, with the lib
 * `esnext.disposable`. Without it, this type is an object without known properties.
 */
export type Disposer = SymbolConstructor extends { readonly dispose: infer Key extends symbol }
  ? { [name in Key]: () => void }
  : object;

export interface Network extends Disposer {}

/**
 * A feed-forward network and everything that it needs to learn, in a linear memory of its own.
 *
 * Calls on a single batch are synchronous; calls on data sets and files are asynchronous. A wrong
 * argument throws a TypeError or RangeError that says where it stands, which value was given and which is allowed. The
 * network is then unchanged. Arguments that a method does not take are refused too.
 *
 * A network is frozen: in strict mode, assigning a property throws a TypeError, unless its description says that it can
 * be assigned. `structuredClone` of a network throws; `Network.load(await net.save())` makes a copy.
 *
 * @example
 * import { Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 8, activation: 'tanh' }, { units: 1 }], seed: 1 });
 * const inputs = [[0, 0], [0, 1], [1, 0], [1, 1]];
 * await net.fit({ inputs, targets: [[0], [1], [1], [0]] });
 * console.log(net.predict(inputs)); // close to 0, 1, 1, 0
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the class has the method that the interface declares
export class Network {
  /** The layers after the input layer, in order. */
  readonly layers: readonly Layer[];
  /** Number of weights and biases. */
  readonly parameters: number;
  readonly #arena: Arena;
  readonly #pass = new Pass();
  readonly #trainer: Trainer;
  readonly #cost: CustomCost | undefined;

  /** Sections of the file it was loaded from that this version does not know: the next file has them too. */
  #unknown: readonly Section[] = [];

  /** Why wide registers are not used although they were asked for; undefined otherwise. */
  readonly wideReason: string | undefined;
  /** Why there is one thread although `threads: 'auto'` was asked for; undefined otherwise. */
  readonly threadsReason: string | undefined;

  private constructor(arena: Arena, started: Started, cost: CustomCost | undefined) {
    if (!(arena instanceof Arena))
      throw new TypeError('Network: got new Network(), want await Network.create(options)');
    const { wideReason, threadsReason } = started;
    this.#arena = arena;
    this.#cost = cost;
    this.wideReason = wideReason;
    this.threadsReason = threadsReason;
    this.#trainer = new Trainer(arena, this.#pass);
    const change: ChangeSpec = (where, changes) => this.#change(where, changes);
    this.layers = Object.freeze(arena.spec.layers.map((_, l) => new ArenaLayer(arena, l, this.#pass, change)));
    this.parameters = countParameters(arena.spec);
    // private fields can still change
    Object.freeze(this);
  }

  /**
   * A new network, whose initialisers draw its weights from the seed.
   *
   * @param options what the network computes, and how it runs
   * @returns the network
   * @throws TypeError or RangeError for wrong options; Error if the engine cannot run the core
   */
  static create(options: NetworkOptions, none?: undefined): Promise<Network> {
    return Network.#create(options, none).catch(advise);
  }

  static async #create(options: NetworkOptions, none: undefined): Promise<Network> {
    checkNoMore('create', 2, none);
    preload(options);
    checkObject('options', options, NETWORK_KEYS);
    const spec = checkSpec(options);
    const task = options.task === undefined ? undefined : checkTask('task', options.task, spec);
    const initializers = checkInitializers(options.layers, spec.layers, spec.inputs);
    const names = checkNetworkNames('', options, spec, task);
    checkNamedTask('classes', names.classes, task, spec);
    return Network.#start(spec, options, isCustomCost(options.cost) ? options.cost : undefined, async (net) => {
      net.#arena.names = names;
      net.#trainer.goal = goalGiven(task, spec);
      for (const [l, layer] of net.layers.entries()) await initialize(net.#arena, layer, l, initializers[l]);
    });
  }

  /**
   * Reads a network that `save` has written. A network with a custom cost needs its functions again, as `cost`. A
   * network that was saved with `training: true` resumes where the saved one stood: the same call of `fit`, `train`,
   * `fitStream` or `trainFor`, with equal data and options, continues with the next step.
   *
   * @param bytes the whole file; it is copied at the call
   * @param options what the file cannot hold, and how the network runs
   * @returns the network
   * @throws TypeError or RangeError for damaged files, files of another kind and files of newer versions; Error if the
   *   engine cannot run the core
   */
  static load(bytes: Bytes, options: LoadOptions = {}, none?: undefined): Promise<Network> {
    return Network.#load(bytes, options, none).catch(advise);
  }

  static async #load(bytes: Bytes, options: LoadOptions, none: undefined): Promise<Network> {
    checkNoMore('load', 3, none);
    // a copy at once: the caller may change them while the rest is loaded
    const file = new Uint8Array(checkBytes('load', bytes, 'a Uint8Array or an ArrayBuffer that save() made'));
    preload(options);
    const { decode, restore } = await import('./persistence/network-file.js');
    const saved = await decode(file, options);
    return Network.#start(saved.spec, options, options.cost, async (net) => {
      await restore(saved, net.layers, net.#trainer);
      net.#unknown = saved.unknown;
    });
  }

  /** A network that `fill` has given its parameters. If that fails, the memory and all threads are given back. */
  static async #start(
    spec: Spec,
    options: CoreOptions,
    cost: CustomCost | undefined,
    fill: (net: Network) => void | Promise<void>,
  ): Promise<Network> {
    const capacity = checkInteger('batchSize', orDefault(options.batchSize, DEFAULT_CAPACITY), 1, 2 ** 31 - 1);
    const name = checkName('build', orDefault(options.build, 'simd'), BUILDS);
    const custom = cost && (await import('./model/custom-cost.js'));
    const imports = custom?.costImports(cost as CustomCost, outputsOf(spec), () => arena);
    const started = await Network.#startEngine(spec, capacity, name, options, imports);
    const arena = new Arena(spec, started.plan, started.engine);
    const net = new Network(arena, started, cost);
    try {
      await fill(net);
    } catch (error) {
      net.dispose();
      throw error;
    }
    return net;
  }

  static async #startEngine(
    spec: Spec,
    capacity: number,
    build: BuildName,
    options: CoreOptions,
    imports: CoreImports | undefined,
  ): Promise<Started> {
    const { threads, wide, createWorker, wasm, team } = options;
    const asksBoth = wasm !== undefined && options.build !== undefined;
    if (asksBoth || [threads, wide, createWorker, team].some((option) => option !== undefined)) {
      return await (await import('./threads/team.js')).startTeam(spec, capacity, build, options, imports);
    }
    const plan = checkSize(makePlan(spec, capacity));
    return { plan, engine: await startEngine(build, wasm, plan.bytes, imports) };
  }

  /**
   * Refuses a method that is called without its network or after dispose(), and argument `n` of one that takes fewer.
   */
  static #checkCall(net: unknown, call: string, n: number, surplus: unknown): void {
    if (!(net instanceof Network)) throw calledAlone(`net.${call}`);
    checkNoMore(call, n, surplus);
    net.#arena.checkAlive();
  }

  /** Width of the input layer. */
  get inputs(): number {
    return this.#arena.spec.inputs;
  }

  /** Width of the output layer. */
  get outputs(): number {
    return outputsOf(this.#arena.spec);
  }

  /** How many threads share the work. */
  get threads(): number {
    return this.#arena.plan.team.threads;
  }

  /** true: the core computes in registers of 256 bits. */
  get wide(): boolean {
    return this.#arena.plan.team.isWide;
  }

  /** The name of the cost function; `'custom'` for a custom cost. */
  get cost(): CostName | 'custom' {
    return this.#arena.spec.cost;
  }

  /** λ of the L2 term: see `NetworkOptions`. It can be assigned between two calls that train. */
  get l2(): number {
    return this.#arena.spec.l2;
  }

  set l2(l2: number) {
    this.#change('l2', { l2: checkNotNegative('l2', l2) });
  }

  /** λ of the L1 term. It can be assigned between two calls that train. */
  get l1(): number {
    return this.#arena.spec.l1;
  }

  set l1(l1: number) {
    this.#change('l1', { l1: checkNotNegative('l1', l1) });
  }

  /** s of label smoothing. It can be assigned between two calls that train. */
  get labelSmoothing(): number {
    return this.#arena.spec.labelSmoothing;
  }

  set labelSmoothing(smoothing: number) {
    this.#change('labelSmoothing', { labelSmoothing: checkSmoothing(smoothing, this.#arena.spec.cost) });
  }

  /** Changes what the network trains with, in all that follows: a call that is running began without it. */
  #change(where: string, changes: Partial<Spec>): void {
    this.#trainer.call.checkChange(where);
    this.#arena.change({ ...this.#arena.spec, ...changes });
    this.#pass.clear();
    this.#pass.outdate();
  }

  /** The seed of every random number of the network. */
  get seed(): number {
    return this.#arena.spec.seed;
  }

  /**
   * The factor that all inputs are multiplied by before anything else, whatever the type of their array; undefined for
   * a network from an old file, in which the type matters: see docs/saving.md.
   */
  get scale(): number | undefined {
    const { scale = 1, scaled } = this.#arena.spec;
    return scaled === 'all' ? scale : undefined;
  }

  /**
   * The task: what the network learns. It determines which metrics `evaluate` returns. It is given at create, or
   * decided by the first call of `fit`, `train`, `fitStream` or `trainFor` from all its targets, those for validation
   * included:
   * - class labels, one-hot rows, and all rows under categoricalCrossEntropy and kullbackLeibler: `classes`;
   * - for one output, only 0 and 1, or only -1 and 1: `classes`, of which there are two;
   * - for several outputs, other rows of only 0 and 1, or of only -1 and 1: `labels`;
   * - everything else: `numbers`. This includes all targets under the poisson cost, which are counts, and targets that
   *   are all the same number, unless the cost is binaryCrossEntropy or hinge.
   *
   * Until it is decided, the task is undefined. The decision is kept in the network, and later targets that contradict
   * it are refused. Assigning a task replaces the decision. If undefined is assigned, the next of these calls decides
   * again.
   */
  get task(): Task | undefined {
    return this.#trainer.goal.task;
  }

  set task(task: Task | undefined) {
    const { spec, targetScale } = this.#arena;
    this.#trainer.call.checkChange('task');
    const checked = task === undefined ? undefined : checkTask('task', task, spec);
    if (targetScale) checkScaledTask('task', checked);
    checkNamedTask('task', this.classes, checked, spec);
    this.#trainer.goal = goalGiven(checked, spec);
  }

  /**
   * The names of the classes or labels, in the order of the outputs; of one output, those of the classes 0 and 1.
   * undefined: they have none, and `classify` returns their numbers. They are given at create, come with the first data
   * that the network is trained on, such as those of `readCsv`, or are assigned, but not while a call trains the
   * network. Targets may then be names. The result is frozen. Names may contain anything: escape them wherever you
   * write them.
   */
  get classes(): readonly string[] | undefined {
    return this.#arena.names.classes;
  }

  set classes(classes: readonly string[] | undefined) {
    this.#trainer.call.checkChange('classes');
    const checked = checkClassNames('classes', classes, classCountOf(this.outputs, this.task));
    checkNamedTask('classes', checked, this.task, this.#arena.spec);
    this.#arena.names = { ...this.#arena.names, classes: checked };
  }

  /** The names of the input columns, which errors use; undefined: they have none. See `classes`. */
  get columns(): readonly string[] | undefined {
    return this.#arena.names.columns;
  }

  set columns(columns: readonly string[] | undefined) {
    this.#trainer.call.checkChange('columns');
    const checked = checkNames('columns', columns, this.inputs);
    this.#arena.names = { ...this.#arena.names, columns: checked };
  }

  /**
   * The optimizer: the rule by which a training step changes the weights. Default `adam({ learningRate: 0.01
   * })`. Assigning one starts the schedule of its learning rate from the beginning. A call with an equal optimizer in
   * its options continues the schedule.
   */
  get optimizer(): Optimizer {
    return this.#trainer.optimizer;
  }

  set optimizer(optimizer: Optimizer) {
    this.#trainer.optimizer = optimizer;
  }

  /**
   * n of the L2 term λ/(2n) Σ w²: the number of samples in the training set. `fit` sets it to the number of its
   * samples. While it is undefined, `trainBatch` and `applyGradients` take the number of rows in their batch, without
   * those of weight 0.
   */
  get trainingSamples(): number | undefined {
    return this.#trainer.state.trainingSamples;
  }

  set trainingSamples(samples: number | undefined) {
    this.#trainer.state.trainingSamples = samples;
  }

  /**
   * Epochs trained in the network's life, by all calls; `trainFor` counts an epoch when it begins. The `epoch` of
   * reports begins with 0 in each call. The number is kept in the file, and decides the next order of the samples.
   */
  get epochs(): number {
    return this.#trainer.state.epochsTrained;
  }

  /** Steps taken in the network's life, modulo 2³². For L-BFGS, passes over the samples. */
  get steps(): number {
    return this.#trainer.state.steps;
  }

  /**
   * The standardisation of every input before the first layer, in training and everywhere else. `fit` sets it if its
   * option `standardize` is true. It is computed in doubles when inputs are copied into the memory, which then holds
   * four bytes for each. Zeros that it moves away from 0 can no longer be skipped, so sparse inputs take more time.
   *
   * @returns a copy; undefined if inputs stay as they are
   */
  getStandardization(none?: undefined): Standardization | undefined {
    Network.#checkCall(this, 'getStandardization', 1, none);
    return copyOfScale(this.#arena.standardization);
  }

  /**
   * Replaces the standardisation of the inputs.
   *
   * @param value the means and deviations [inputs], which are copied; undefined: inputs stay as they are
   * @throws TypeError or RangeError for other numbers; Error during training
   */
  setStandardization(value: GivenStandardization | undefined, none?: undefined): void {
    Network.#checkCall(this, 'setStandardization', 2, none);
    this.#trainer.call.checkChange('setStandardization');
    const checked = value === undefined ? undefined : checkStandardization('setStandardization', value, this.inputs);
    this.#trainer.scaling = { ...this.#trainer.scaling, standardization: checked };
  }

  /**
   * The standardisation of the targets: the network learns (y - mean) / deviation, each output with its own numbers
   * [outputs]. `fit` sets it if its option `standardize` is `'targets'` or `'both'`. `predict` returns outputs in the
   * units of the targets, mean + deviation · a, computed in doubles and rounded once; the errors of `evaluate` are in
   * these units too. Costs, and what layers and inspectors return, are those of the standardised numbers.
   *
   * @returns a copy; undefined if targets stay as they are
   */
  getTargetStandardization(none?: undefined): Standardization | undefined {
    Network.#checkCall(this, 'getTargetStandardization', 1, none);
    return copyOfScale(this.#arena.targetScale);
  }

  /**
   * Replaces the standardisation of the targets. While the task is undecided, it becomes `'numbers'`.
   *
   * @param value the means and deviations [outputs], which are copied; undefined: targets stay as they are
   * @throws TypeError or RangeError for other numbers, for networks that learn classes or labels or have names of them,
   *   for outputs that are not linear, leakyRelu or prelu, and for costs other than quadratic, meanAbsoluteError,
   *   huber and custom ones; Error during training
   */
  setTargetStandardization(value: GivenStandardization | undefined, none?: undefined): void {
    const where = 'setTargetStandardization';
    Network.#checkCall(this, where, 2, none);
    const { spec } = this.#arena;
    this.#trainer.call.checkChange(where);
    const checked = value === undefined ? undefined : checkStandardization(where, value, this.outputs);
    if (checked) {
      checkScalable(where, spec);
      checkScaledTask(where, this.task ?? 'numbers');
      checkNamedTask(where, this.classes, 'numbers', spec);
    }
    if (checked) this.#trainer.goal = goalGiven('numbers', spec);
    this.#trainer.scaling = { ...this.#trainer.scaling, targetScale: checked };
  }

  /**
   * A checked copy of data, for many calls on the same samples. `fit`, `train`, `trainFor`, `replayTo`, `evaluate` and
   * the option `validation` take it in place of the data, with the same results. It cannot be changed, so a call that
   * trains on it does not copy it into the network's memory if it lies there already: until then, no call has trained
   * on other data and the standardisation has not changed. If they have, it is copied again. Other networks take it
   * too.
   *
   * It takes as much room as the arrays, which are no longer needed. With `validationSplit`, `classWeights` or weights
   * of 0, each call copies the samples that it takes.
   *
   * @param data the samples; they are copied at the call
   * @returns the copy, which is released when nothing refers to it
   * @throws TypeError or RangeError for wrong data
   *
   * @example
   * import { Network } from 'simdprop';
   *
   * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
   * const data = await net.prepareData({ inputs: [[-1], [0], [1]], targets: [[0], [0], [1]] });
   * for (let i = 0; i < 100; i++) await net.fit(data, { epochs: 1 });
   * console.log((await net.evaluate(data)).cost); // ...
   */
  async prepareData(data: DataSet, none?: undefined): Promise<PreparedData> {
    Network.#checkCall(this, 'prepareData', 2, none);
    return await this.#prepareData(data).catch(advise);
  }

  async #prepareData(data: DataSet): Promise<PreparedData> {
    const arena = this.#arena;
    const contents = ownData('data', data, arena);
    // a call may standardise numbers that 32 bits cannot hold
    const checked = checkData('data', contents, preparationOf(arena, { inputs: true, targets: false }));
    return new PreparedData(contents, checked.samples);
  }

  /**
   * Trains for a number of epochs. Data and options are read at the call: arrays that are changed afterwards have no
   * effect. The event loop runs every few milliseconds. While `fit` runs, the network can be used, but not trained by
   * another call. If the signal is aborted, `fit` rejects with its reason, and the weights are those after the last
   * step. If a callback returns false or a promise of it, training ends. A second call continues where the first one
   * ended.
   *
   * @param data the samples
   * @param options how to train, and what to do meanwhile
   * @returns the numbers of all epochs
   * @throws TypeError or RangeError for wrong data and options; NonFiniteError if a cost or a weight is no longer
   *   finite: the network then returns to the start of the call; Error if another call is training the network
   */
  async fit(data: DataSet | PreparedData, options: TrainOptions = {}, none?: undefined): Promise<History> {
    // fit(x, y, options) is told about its first argument, not about its third
    Network.#checkCall(this, 'fit', 3, Array.isArray(data) ? undefined : none);
    return await this.#trainer.call.run('fit', () => this.#fit(data, options)).catch(advise);
  }

  /** @internal `fit` for code that reads no reports: validation data are evaluated only where training needs it. */
  [FIT_UNWATCHED](data: DataSet, options: TrainOptions): Promise<History> {
    return this.#trainer.call.run('fit', () => this.#fit(data, options, false));
  }

  async #fit(data: DataSet | PreparedData, options: TrainOptions, isWatched?: boolean): Promise<History> {
    const history = new History();
    const reports = fit(this.#trainer, PreparedData.open(data), options, { isWatched });
    for await (const report of reports) history.add(report);
    return history;
  }

  /**
   * Trains like `fit`, as an iterator of reports, each of which is trained for when it is asked for; `break` ends
   * training. Data and options are copied and checked at the call. `validationSplit`, `earlyStopping`, `classWeights`
   * and L-BFGS are checked when the first report is asked for, because only then their code is loaded; so is what the
   * network itself decides, which may change until then.
   *
   * @param data the samples
   * @param options how to train, and what to do meanwhile
   * @returns an iterator of a report on each epoch
   * @throws TypeError or RangeError for wrong data and options, and NonFiniteError as `fit` does; Error if another call
   *   is training the network
   */
  train(
    data: DataSet | PreparedData,
    options: TrainOptions = {},
    none?: undefined,
  ): AsyncGenerator<EpochReport, void, undefined> {
    Network.#checkCall(this, 'train', 3, none);
    return train(this.#trainer, PreparedData.open(data), options);
  }

  /**
   * Trains on data that are larger than memory. `source` is called once for each epoch, and once before the first to
   * `standardize`. It returns the parts of the data one after another, and only one of them lies in the network's
   * memory at a time. Every sample is used once in each epoch. Samples are shuffled within their part. The last step of
   * a part takes the samples that are left; if the size of a part is a multiple of batchSize, it is a whole batch. A
   * data set in a single part gives the same bits as `fit`.
   *
   * Each part is checked when it comes. If it is refused, the steps on earlier parts have already been taken. A part
   * whose weights are all 0 counts nowhere; an epoch without any weight above 0 is refused. For a network with l1 or
   * l2, `trainingSamples` must be set before the call.
   *
   * @param source returns the parts of the data, for one epoch
   * @param options how to train, and what to do meanwhile
   * @returns the numbers of all epochs
   * @throws TypeError or RangeError for wrong options and parts, and NonFiniteError as `fit` does; Error if another
   *   call is training the network; whatever the source throws
   *
   * @example
   * import { Network } from 'simdprop';
   *
   * async function* parts() {
   *   for (let part = 0; part < 3; part++) {
   *     // in place of a file or an answer of a server
   *     yield { inputs: [[part, 0], [part, 1]], targets: [[0], [1]] };
   *   }
   * }
   * const net = await Network.create({ inputs: 2, layers: [{ units: 1 }] });
   * const history = await net.fitStream(parts, { epochs: 10 });
   * console.log(history.samples); // 60
   */
  async fitStream(source: DataSource, options: StreamOptions = {}, none?: undefined): Promise<History> {
    Network.#checkCall(this, 'fitStream', 3, none);
    return await this.#trainer.call.run('fitStream', () => this.#fitStream(source, options)).catch(advise);
  }

  async #fitStream(source: DataSource, options: StreamOptions): Promise<History> {
    const taken = takeOptions(options, STREAM_KEYS, this.#arena);
    const { fitStream } = await import('./training/stream.js');
    return await fitStream(this.#trainer, source, taken);
  }

  /**
   * Trains for about this many milliseconds, for pages that draw sixty times a second. It takes the steps of `fit`:
   * at least one, and further whole steps until the next might end too late. The next call with the same arrays, names
   * and options resumes where this one stopped, also in the middle of an epoch; `fit`, other data and another task
   * start a new epoch. The data are copied in the first call, so that later changes in the same arrays have no effect.
   * The machine determines how many steps fit into the time, but not their results. After a NonFiniteError the network
   * is as it was before this one call, and the next one starts a new epoch.
   *
   * @param data the samples; they are copied in the first call
   * @param milliseconds about how long to train; a positive number
   * @param options how to train
   * @returns what was trained in this time
   * @throws TypeError or RangeError for wrong arguments; NonFiniteError if a cost or a weight is no longer finite;
   *   Error if another call is training the network
   */
  async trainFor(
    data: DataSet | PreparedData,
    milliseconds: number,
    options: TrainForOptions = {},
    none?: undefined,
  ): Promise<TrainForReport> {
    Network.#checkCall(this, 'trainFor', 4, none);
    return await this.#trainer.call
      .run('trainFor', () => this.#trainFor(PreparedData.open(data), milliseconds, options))
      .catch(advise);
  }

  async #trainFor(data: DataSet, milliseconds: number, options: TrainForOptions): Promise<TrainForReport> {
    checkIsData('data', data);
    const arena = this.#arena;
    const identity = identityOf(data);
    if (timeBoxed) return timeBoxed.trainFor(this.#trainer, { data, identity }, milliseconds, options);
    // the code must be loaded first: everything is read before
    const taken = takeOptions(options, STEP_KEYS, arena);
    const given = { data: ownData('data', data, arena), identity };
    timeBoxed = await import('./training/train-for.js');
    return timeBoxed.trainFor(this.#trainer, given, milliseconds, taken);
  }

  /**
   * Trains until `steps` is `step`, and stops there, in the middle of the call. From there, `save({ training: true
   * })`, the same `replayTo` with a later step, or the call itself can continue. The state of the network is the one
   * that training without a stop would have at this step, whether the network was loaded or has begun here.
   *
   * @param step the value of `steps` to stop at, not before the present one
   * @param data the samples, as `fit` got them, or the source that `fitStream` got
   * @param options the options of that call
   * @throws TypeError or RangeError for wrong arguments, and for a step that is over or that the call does not reach;
   *   Error if another call is training the network
   */
  async replayTo(
    step: number,
    data: DataSet | PreparedData | DataSource,
    options: TrainOptions | StreamOptions = {},
    none?: undefined,
  ): Promise<void> {
    Network.#checkCall(this, 'replayTo', 4, none);
    await this.#trainer.call
      .run('replayTo', () => this.#replayTo(step, PreparedData.open(data), options))
      .catch(advise);
  }

  async #replayTo(step: number, data: DataSet | DataSource, options: TrainOptions | StreamOptions): Promise<void> {
    const isStream = typeof data === 'function';
    const named = isStream ? this.#arena : namedBy('data', data, this.#arena);
    const taken = takeOptions<TrainOptions>(options, isStream ? STREAM_KEYS : TRAIN_KEYS, named);
    const ownSource = isStream ? data : ownData('data', data, this.#arena);
    const { replayTo } = await import('./training/replay.js');
    await replayTo(this.#trainer, step, ownSource, taken);
  }

  /**
   * Takes one step of the optimizer on the mean gradient of the batch.
   *
   * @param x inputs [rows × inputs]
   * @param y targets: labels [rows], or rows [rows × outputs]
   * @param weights [rows]: the weight that each sample's cost is multiplied by; 1 for each if left out
   * @returns the mean cost before the step, without L1 and L2
   * @throws TypeError or RangeError for wrong arguments; NonFiniteError if the cost or a weight is no longer finite:
   *   the network then has the finite weights that it had at most 64 steps before, which may be very large already
   */
  trainBatch(x: Inputs, y: Targets, weights?: SampleWeights, none?: undefined): number {
    Network.#checkCall(this, 'trainBatch', 4, none);
    return this.#trainer.trainBatch(x, y, weights);
  }

  /**
   * The outputs for any number of rows of inputs. A row gives the same bits alone and among others.
   *
   * @param x inputs [rows × inputs]
   * @returns a^L [rows × outputs]
   * @throws TypeError or RangeError for wrong inputs; RangeError if an output is not finite
   */
  predict(x: Inputs, none?: undefined): Float32Array {
    Network.#checkCall(this, 'predict', 2, none);
    const arena = this.#arena;
    // V8 inlines the path of typed arrays only as long as it is short
    if (isPlain(x)) return this.predict(typedInputs('x', x, arena) as InputArray);
    const { layers } = arena.plan;
    const predictions = activationsOf(arena, this.#pass, x, layers[layers.length - 1]);
    return arena.targetScale ? this.#toTargetUnits(predictions, arena.targetScale) : predictions;
  }

  #toTargetUnits(predictions: Float32Array, scale: Standardization): Float32Array {
    if (!toTargetUnits(predictions, scale)) throw new OutputsError('x', predictions, this.outputs);
    return predictions;
  }

  /**
   * The activations of a layer for any number of rows of inputs. Those of hidden layers are features, such as the codes
   * of an autoencoder. Those of the last layer are the outputs, in standardised units if the targets are standardised.
   *
   * @param x inputs [rows × inputs]
   * @param layer the index of the layer in `layers`
   * @returns a [rows × units of the layer]
   * @throws TypeError or RangeError for wrong arguments; RangeError if a number is not finite
   */
  activations(x: Inputs, layer: number, none?: undefined): Float32Array {
    Network.#checkCall(this, 'activations', 3, none);
    const arena = this.#arena;
    const inputs = typedInputs('x', x, arena) as InputArray;
    const { layers } = arena.plan;
    return activationsOf(arena, this.#pass, inputs, layers[checkInteger('layer', layer, 0, layers.length - 1)]);
  }

  /**
   * Copies the weights and biases of another network whose layers have the same widths, or blends them in: with
   * `share: 0.01`, w becomes 0.99 · w + 0.01 · w of the other, as the target networks of reinforcement learning do.
   * Optimizers and standardisations stay as they are.
   *
   * @param other the network whose weights are copied
   * @param options the share of the other network's weights
   * @throws TypeError or RangeError for networks of other shapes or other imports, and for wrong options; Error during
   *   a step of lbfgs, which would overwrite the weights
   */
  copyWeights(other: Network, options: CopyWeightsOptions = {}, none?: undefined): void {
    Network.#checkCall(this, 'copyWeights', 3, none);
    const wanted = 'a Network of the same import';
    checkIsObject('other', other, wanted);
    if (!(#arena in other)) throw wrongType('other', other, wanted);
    this.#pass.checkUnlocked('copyWeights');
    blendParameters(this.#arena, other.#arena, options);
    this.#pass.setParameters();
  }

  /**
   * The class of each row of inputs [rows × inputs]: its name, or its number if the network has no `classes`. For a
   * network that learns labels: an array of those that the sample has. With `probabilities: true`, each is an object `{
   * label, probabilities }`. The rules are those of `evaluate`: the largest output is the class, and of equal ones the
   * first; with one output, it is class 1 if the output exceeds the threshold, and so for each label. Labels that were
   * given as -1 and 1, for the cost hinge, are the classes 0 and 1.
   *
   * @param x inputs [rows × inputs]
   * @param options the threshold, and whether to return probabilities
   * @returns an answer for each row; with `probabilities: true`, objects with the answer as `label`
   * @throws TypeError or RangeError for wrong arguments; Error while the task is not known; RangeError for networks
   *   that learn numbers
   *
   * @example
   * import { Network } from 'simdprop';
   *
   * const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], classes: ['low', 'high'], seed: 1 });
   * await net.fit({ inputs: [[-2], [-1], [1], [2]], targets: ['low', 'low', 'high', 'high'] });
   * console.log(net.classify([[-3], [3]])); // [ 'low', 'high' ]
   */
  classify<Answer extends Label | Label[] = Label>(
    x: Inputs,
    options: ClassifyOptions & { probabilities: true },
  ): Classified<Answer>[];
  classify<Answer extends Label | Label[] = Label>(x: Inputs, options?: ClassifyOptions): Answer[];
  classify(x: Inputs, options: ClassifyOptions = {}, none?: undefined): unknown[] {
    Network.#checkCall(this, 'classify', 3, none);
    const classifier = checkClassifier(options, this.#trainer.goal, this.#arena.spec);
    return answersOf(classifier, this.predict(x), this.outputs, this.classes);
  }

  /**
   * Cost and metrics over a data set. The metrics are those of the network's `task`; while that is undefined, those
   * of the task that these targets would decide. Sample weights count only in the cost, which is divided by the number
   * of samples, as in training; samples of weight 0 count nowhere.
   *
   * Data and options are copied at the call. The event loop runs about every 12 ms, so that a page stays responsive. In
   * a callback of `fit`, await it.
   *
   * @param data the samples
   * @param options the metrics that take more time or need a choice
   * @returns the cost and the metrics of the task
   * @throws TypeError or RangeError for wrong data and options; RangeError if an output is not finite; Error if the
   *   network is trained, or is given other weights or settings, before the evaluation has ended; the reason of the
   *   signal if it is aborted
   */
  async evaluate(data: DataSet | PreparedData, options: EvaluateOptions = {}, none?: undefined): Promise<Evaluation> {
    Network.#checkCall(this, 'evaluate', 3, none);
    return await this.#evaluate(PreparedData.open(data), options).catch(advise);
  }

  async #evaluate(data: DataSet, options: EvaluateOptions): Promise<Evaluation> {
    const arena = this.#arena;
    checkIsData('data', data);
    const taken = takeOptions(options, EVALUATE_KEYS, arena);
    const checked = checkData('data', ownData('data', data, arena), arena, this.#trainer.isLoaded);
    const goal = settleGoal(this.#trainer.goal, { 'data.targets': checked.targets }, arena.spec);
    const read = { data: checked, goal, classes: this.classes, revision: this.#pass.revision };
    evaluation ??= await import('./training/evaluation.js');
    return await evaluation.evaluate(this.#trainer, read, taken);
  }

  /**
   * Computes z and a of every layer for a batch. Read them with the methods of `layers`.
   *
   * @param x inputs [rows × inputs]
   * @throws TypeError or RangeError for wrong inputs
   */
  forward(x: Inputs, none?: undefined): void {
    Network.#checkCall(this, 'forward', 2, none);
    const arena = this.#arena;
    const inputs = typedInputs('x', x, arena) as InputArray;
    const rows = checkInputShape('x', inputs, arena.spec);
    this.#trainer.reserveRows(inputs, rows);
    const type = writeWindowInputs('x', arena, inputs, 0, rows);
    arena.core.forwardWindow(rows, type);
    this.#pass.holdCurrentForward(rows);
  }

  /**
   * Computes delta and the mean gradients for the batch of the last `forward`. Read them with the methods of `layers`.
   *
   * @param y targets: labels [rows], or rows [rows × outputs]
   * @param weights [rows]: the weight that each sample's cost and delta are multiplied by; 1 for each if left out
   * @returns the mean cost, without L1 and L2
   * @throws Error if there was no `forward` with the present weights; TypeError or RangeError for wrong arguments
   */
  backward(y: Targets, weights?: SampleWeights, none?: undefined): number {
    Network.#checkCall(this, 'backward', 3, none);
    const { rows, isCurrent } = this.#pass;
    if (!isCurrent) throw new Error('backward: got no forward pass of these weights, want forward(x) first');
    const targets = this.#trainer.takeTargets('y', y, rows);
    const each = typedWeights('weights', weights, rows) as Float32Array | undefined;
    if (each !== undefined) checkWeights('weights', each, rows);
    const counted = each === undefined ? rows : each.reduce((sum, weight) => sum + Number(weight > 0), 0);
    if (counted === 0) throw outOfRange('weights', '0 for every sample', 'a weight above 0 for one or more');
    const { core, header } = this.#arena;
    writeWindowTargets(this.#arena, targets, each, rows);
    // a custom cost may throw; z and a are then still those of the last forward
    this.#pass.startBackward();
    core.loadWindowTargets(rows);
    header.costSum = 0;
    const show = counted < rows && each ? hideUncounted(this.#arena, each) : undefined;
    try {
      header.stepCost = core.addCost(rows) / counted;
      core.backward(rows);
      core.meanGradients(rows, counted);
    } finally {
      show?.();
    }
    this.#pass.holdGradients(counted);
    return header.costSum / counted;
  }

  /**
   * Takes the optimizer's step on the gradients that `backward` has computed.
   *
   * @throws Error if there are no gradients of the present weights; NonFiniteError as `trainBatch` does
   */
  applyGradients(none?: undefined): void {
    Network.#checkCall(this, 'applyGradients', 1, none);
    this.#trainer.applyGradients();
  }

  /**
   * The network as a file: architecture, weights, biases, standardization, optimizer, the state of its schedule, and
   * the number of epochs trained. A learning rate that is a function is saved as the number that it has reached. With
   * `training: true`, which is possible at any time, the file also holds the optimizer's state, the number of steps,
   * and the place in a call in progress: a network loaded from it continues training with the same bits as this one.
   * The state is that at the call. With `precision: 'f16'`, parameters are rounded to 16 bits.
   *
   * @param options what to save, and how precisely
   * @returns the bytes of the file
   * @throws TypeError or RangeError for wrong options; RangeError if a weight is not finite
   */
  async save(options: SaveOptions = {}, none?: undefined): Promise<SavedBytes> {
    Network.#checkCall(this, 'save', 2, none);
    return await this.#save(options).catch(advise);
  }

  async #save(options: SaveOptions): Promise<SavedBytes> {
    // read at the call; checked by code that may be loaded only now
    const { training, precision } = Object(options) as SaveOptions;
    const isTraining = training === true;
    const contents = this.#contents(isTraining);
    const copy = files ? undefined : this.#parametersOf(isTraining);
    files ??= await import('./persistence/network-file.js');
    const read = (values: Float32Array) => {
      if (copy) values.set(copy);
      else this.#parametersOf(isTraining, values);
    };
    return files.encode(contents, read, files.precisionOf(options, training, precision));
  }

  /** @internal What a file of this network holds: writers of other formats take it too. */
  [CONTENTS](): SavedNetwork {
    return { ...this.#contents(false), parameters: this.#parametersOf(false) };
  }

  /** The parameters for a file, which must be finite. `isTraining`: those with which training resumes. */
  #parametersOf(isTraining: boolean, values?: Float32Array): Float32Array {
    const region = isTraining ? this.#trainer.parameters : this.#arena.plan.parameters;
    const wanted = 'a finite number: training has diverged';
    const parameters = unpack(this.#arena, region, values);
    return checkFloats('save: parameters', parameters, this.parameters, Number.isFinite, wanted);
  }

  #contents(isTraining: boolean): Omit<SavedNetwork, 'parameters'> {
    const trainer = this.#trainer;
    const { optimizer, clock, trainingSamples, epochsTrained } = trainer.state;
    return {
      spec: this.#arena.spec,
      goal: trainer.goal,
      optimizer: { ...optimizer, learningRate: savedLearningRate(optimizer.learningRate, clock) } as Optimizer,
      schedule: typeof optimizer.learningRate === 'object' ? clock.state : undefined,
      trainingSamples,
      epochsTrained,
      ...trainer.scaling,
      names: this.#arena.names,
      training: isTraining ? trainer.saved : undefined,
      unknown: this.#unknown,
    };
  }

  /**
   * Loads the inspector, which shows the inside of this network: the optimizer's moments, Jacobians, gradients by
   * sample and by input, the effect of a change of one weighted input, and a check of the gradients. It can be used as
   * long as the network.
   *
   * @returns the inspector
   * @throws Error if the network has been disposed of
   */
  async inspect(none?: undefined): Promise<Inspector> {
    Network.#checkCall(this, 'inspect', 1, none);
    return new (await import('./inspection/inspector.js')).Inspector(this, this.#trainer, this.#cost);
  }

  /**
   * A table of the layers: shape, activation, number of parameters, and memory for parameters, gradients, the
   * optimizer's numbers and the rows of a batch. The last line has the memory of the whole network.
   *
   * @returns a table of several lines
   */
  summary(none?: undefined): string {
    Network.#checkCall(this, 'summary', 1, none);
    return `${this}\n${tableOf(this.#arena.spec, this.#arena.plan)}`;
  }

  /**
   * A line about the network, which console.log shows too.
   *
   * @returns a text such as `Network 784-30-10 sigmoid, 23,860 parameters, adam, step 1,200`
   */
  toString(): string {
    const steps = this.#arena.isReadable ? this.steps : undefined;
    return describe(this.#arena.spec, this.parameters, this.#trainer.state.optimizer.name, steps);
  }

  /**
   * The line of `toString`: JSON cannot hold a network. `save` writes one.
   *
   * @returns the line
   */
  toJSON(): string {
    return String(this);
  }

  /** @internal */
  [INSPECT](): string {
    return String(this);
  }

  /**
   * Gives the memory back. Every later call and assignment throws, and a `fit` in progress rejects. The network can
   * still be printed, and its properties can be read, except `steps`, which lies in the memory.
   */
  dispose(): void {
    this.#arena.dispose();
  }

  /** @internal Disposer declares it, if TypeScript knows Symbol.dispose. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
