/// <reference lib="esnext.disposable" preserve="true" />
import { checkBoolean, checkFloats, checkInteger, checkName, checkObject } from './check/errors.js';
import { Arena, checkSize } from './core/arena.js';
import { BUILDS, type BuildName, CORE_KEYS, type CoreOptions, DEFAULT_CAPACITY } from './core/core-options.js';
import { type CoreImports, preload, startEngine } from './core/engine.js';
import { makePlan } from './core/memory-plan.js';
import { unpack } from './core/parameters.js';
import {
  checkData,
  checkInputs,
  checkTargets,
  checkWeights,
  type DataSet,
  forwardInputs,
  type Inputs,
  loadTargets,
  type Targets,
} from './data/data-set.js';
import { checkStandardization, type Standardization } from './data/standardization.js';
import type { Inspector } from './inspection/inspector.js';
import { checkEvaluation, type EvaluateOptions, type Evaluation, evaluate } from './model/evaluate.js';
import { checkInitializers, initialize } from './model/initializer.js';
import { ArenaLayer, type Layer } from './model/layer.js';
import { Pass } from './model/pass.js';
import type { LoadOptions } from './persistence/decode.js';
import { encode, SAVE_KEYS, type SavedBytes, type SaveOptions } from './persistence/encode.js';
import type { CostName, CustomCost, SpecOptions } from './spec/network-options.js';
import type { Optimizer } from './spec/optimizer.js';
import { savedLearningRate } from './spec/schedule.js';
import { checkSpec, countParameters, isCustomCost, outputsOf, SPEC_KEYS, type Spec } from './spec/spec.js';
import type { Started } from './threads/team.js';
import { train } from './training/fit.js';
import type { StreamOptions, TrainForOptions, TrainOptions } from './training/options.js';
import type { EpochReport, TrainForReport } from './training/reports.js';
import type { DataSource } from './training/stream.js';
import { Trainer } from './training/trainer.js';

/** What a network is, and how it runs. */
export interface NetworkOptions extends SpecOptions, CoreOptions {}

export const NETWORK_KEYS = [...SPEC_KEYS, ...CORE_KEYS];

/**
 * A feed-forward network and everything it needs to learn, in one linear memory of its own.
 *
 * Creating and `fit` are asynchronous; every call on one batch is synchronous. Wrong arguments throw a TypeError or
 * RangeError that says where, what was got and what is wanted, and change nothing.
 *
 * @example
 * const net = await Network.create({
 *   inputs: 2,
 *   layers: [{ units: 3, activation: 'tanh' }, { units: 1, activation: 'sigmoid' }],
 *   seed: 1,
 * });
 * const inputs = new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]);
 * const targets = new Float32Array([0, 1, 1, 0]);
 * await net.fit({ inputs, targets }, { epochs: 500, batchSize: 4, optimizer: sgd({ learningRate: 1 }) });
 * net.predict(inputs); // close to 0, 1, 1, 0
 */
export class Network {
  /** The layers after the input layer, in order. */
  readonly layers: readonly Layer[];
  /** Number of weights and biases. */
  readonly parameters: number;
  readonly #arena: Arena;
  readonly #pass = new Pass();
  readonly #trainer: Trainer;
  readonly #cost: CustomCost | undefined;

  /** Why wide registers are not used though they were asked for. */
  readonly wideReason: string | undefined;

  private constructor(arena: Arena, wideReason: string | undefined, cost: CustomCost | undefined) {
    this.#arena = arena;
    this.#cost = cost;
    this.wideReason = wideReason;
    this.#trainer = new Trainer(arena, this.#pass);
    this.layers = arena.spec.layers.map((_, l) => new ArenaLayer(arena, l, this.#pass));
    this.parameters = countParameters(arena.spec);
  }

  /** A network with the weights its initialisers draw from the seed. */
  static async create(options: NetworkOptions): Promise<Network> {
    checkObject('options', options, NETWORK_KEYS);
    const spec = checkSpec(options);
    const initializers = checkInitializers(options.layers, spec.layers, spec.inputs);
    return Network.#start(spec, options, isCustomCost(options.cost) ? options.cost : undefined, async (net) => {
      for (const [l, layer] of net.layers.entries()) await initialize(net.#arena, layer, l, initializers[l]);
    });
  }

  /**
   * The network that `save` has put into `bytes`. Damaged, foreign and newer files are refused. A network with a cost of one's own wants
   * its functions again as `cost`. One that was saved with `training: true` trains on where the saved one stood: the same call of `fit`,
   * `train`, `fitStream` or `trainFor`, with the same data and options, goes on with the next step.
   */
  static async load(bytes: Uint8Array, options: LoadOptions = {}): Promise<Network> {
    preload(options);
    const { decode, restore } = await import('./persistence/decode.js');
    const saved = decode(bytes, options);
    return Network.#start(saved.spec, options, options.cost, (net) => {
      restore(saved, net.layers, net.#trainer);
    });
  }

  /** A network with what `fill` gives it. If that fails, none is left, nor a thread of it. */
  static async #start(
    spec: Spec,
    options: CoreOptions,
    cost: CustomCost | undefined,
    fill: (net: Network) => void | Promise<void>,
  ): Promise<Network> {
    const capacity = checkInteger('batchSize', options.batchSize ?? DEFAULT_CAPACITY, 1, 2 ** 31 - 1);
    const name = checkName('build', options.build ?? 'simd', BUILDS);
    preload(options);
    const custom = cost && (await import('./model/custom-cost.js'));
    const imports = custom?.costImports(cost as CustomCost, outputsOf(spec), () => arena);
    const { plan, engine, wideReason } = await Network.#startEngine(spec, capacity, name, options, imports);
    const arena = new Arena(spec, plan, engine);
    const net = new Network(arena, wideReason, cost);
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
    if (options.threads !== undefined || options.wide !== undefined) {
      return await (await import('./threads/team.js')).startTeam(spec, capacity, build, options, imports);
    }
    const plan = checkSize(makePlan(spec, capacity));
    return { plan, engine: await startEngine(build, options.wasm, plan.bytes, imports) };
  }

  get inputs(): number {
    return this.#arena.spec.inputs;
  }

  get outputs(): number {
    return outputsOf(this.#arena.spec);
  }

  /** How many threads share the work. */
  get threads(): number {
    return this.#arena.plan.team.threads;
  }

  /** Whether the core computes in registers of 256 bits. */
  get wide(): boolean {
    return this.#arena.plan.team.isWide;
  }

  get cost(): CostName | 'custom' {
    return this.#arena.spec.cost;
  }

  get l2(): number {
    return this.#arena.spec.l2;
  }

  get seed(): number {
    return this.#arena.spec.seed;
  }

  /**
   * What each training step does with the gradients. Default `sgd({ learningRate: 0.1 })`. Assigning starts a schedule anew; an optimizer
   * with an equal one in the options of a call goes on with it.
   */
  get optimizer(): Optimizer {
    return this.#trainer.optimizer;
  }

  set optimizer(optimizer: Optimizer) {
    this.#trainer.optimizer = optimizer;
  }

  /**
   * n of the L2 term λ/(2n) Σ w²: the number of samples that stand behind the cost. `fit` sets it to those of its data.
   * While it is undefined, `trainBatch` and `applyGradients` take the rows of their batch.
   */
  get trainingSamples(): number | undefined {
    return this.#trainer.state.trainingSamples;
  }

  set trainingSamples(samples: number | undefined) {
    this.#trainer.state.trainingSamples = samples;
  }

  /** Steps taken in the network's life, modulo 2³². For L-BFGS, its passes over the samples. */
  get steps(): number {
    return this.#trainer.state.steps;
  }

  /**
   * What every input becomes before the first layer, in training and everywhere else; undefined: it stays as it is. `fit` sets it where
   * `standardize` asks for that. Reading gives copies. Assigning changes what the weights see: undefined takes it away. All inputs of a
   * standardised network cost their time, the zeros too.
   */
  get standardization(): Standardization | undefined {
    const own = this.#trainer.standardization;
    return own && { means: own.means.slice(), deviations: own.deviations.slice() };
  }

  set standardization(value: Standardization | undefined) {
    const checked = value === undefined ? undefined : checkStandardization('standardization', value, this.inputs);
    if (this.#trainer.call.isRunning)
      throw new Error('standardization: got a new one while this network is being trained, want it before or after');
    this.#trainer.standardize(checked);
  }

  /**
   * Trains for a number of epochs and returns a report on each. The event loop gets a turn every few milliseconds: the
   * network can be used meanwhile, but not trained by a second `fit`. An aborted signal rejects with its reason; the weights
   * are then those after the last step. A callback may end the training by returning false. Where a cost or a weight is no longer finite,
   * it rejects with a NonFiniteError. A second call continues where the first ended.
   */
  async fit(data: DataSet, options: TrainOptions = {}): Promise<EpochReport[]> {
    const reports: EpochReport[] = [];
    for await (const report of this.train(data, options)) reports.push(report);
    return reports;
  }

  /** The same as an iterator of reports: an epoch is trained when its report is asked for, `break` ends the training. */
  train(data: DataSet, options: TrainOptions = {}): AsyncGenerator<EpochReport, void, undefined> {
    return train(this.#trainer, data, options);
  }

  /**
   * Trains on data larger than memory. `source` is called once an epoch (and once before the first, to `standardize`) and returns the
   * parts one after another; only one of them lies in the network's memory at a time. Every sample is used once an epoch. Samples are
   * shuffled within their part, and the last step of a part takes what is left of it, as that of an epoch does: parts of a multiple of
   * batchSize samples leave nothing. Data sets in one part give the same bits as `fit`.
   *
   * A part is checked when it comes: if it is refused, the steps before it have been made. For a network with l1 or l2, set
   * `trainingSamples` before.
   *
   * @example
   * async function* parts() {
   *   for (const url of urls) {
   *     const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
   *     yield { inputs: bytes.subarray(1000), targets: bytes.subarray(0, 1000) };
   *   }
   * }
   * await net.fitStream(parts, { epochs: 10 });
   */
  async fitStream(source: DataSource, options: StreamOptions = {}): Promise<EpochReport[]> {
    const { fitStream } = await import('./training/stream.js');
    return await fitStream(this.#trainer, source, options);
  }

  /**
   * Trains for about so many milliseconds, synchronously, for pages that draw sixty times a second: the steps of `fit`, whole ones, until
   * the next might end too late, but at least one. The next call with the same arrays and options goes on where this one stopped, in the
   * middle of an epoch too; `fit` and other data begin a new one. The data are copied at the first call: later changes in the same arrays
   * are not seen. How many steps fit depends on the machine, what they compute does not.
   */
  trainFor(data: DataSet, milliseconds: number, options: TrainForOptions = {}): TrainForReport {
    return this.#trainer.trainFor(data, milliseconds, options);
  }

  /**
   * Trains until `steps` is `step`, and stands there amid the call: `save({ training: true })`, the same `replayTo` with a later step and
   * the call itself go on from it. `data` and `options` are those of `fit`, or of `fitStream` where `data` is a function. The state reached
   * is that of a training that was there without a stop, whether it was loaded or has begun here.
   */
  async replayTo(step: number, data: DataSet | DataSource, options: TrainOptions | StreamOptions = {}): Promise<void> {
    const { replayTo } = await import('./training/replay.js');
    await replayTo(this.#trainer, step, data, options);
  }

  /**
   * One step of the optimizer on the mean gradient of the batch. `weights` [rows]: what each sample's cost is multiplied with. Returns
   * the mean cost before the step, without the L2 term. Throws a NonFiniteError where the cost or a weight is no longer finite: the network then has finite weights of at most 64 steps before.
   */
  trainBatch(x: Inputs, y: Targets, weights?: Float32Array): number {
    return this.#trainer.trainBatch(x, y, weights);
  }

  /** a^L [rows × outputs] for inputs [rows × inputs], any number of rows. The same bits for a row alone or among others. */
  predict(x: Inputs): Float32Array {
    const rows = this.#checkBatch(x);
    const { plan } = this.#arena;
    const { outputs } = this;
    const predictions = new Float32Array(rows * outputs);
    const output = plan.layers[plan.layers.length - 1];
    for (let first = 0; first < rows; first += plan.capacity) {
      const count = Math.min(plan.capacity, rows - first);
      this.#pass.holdForward(count);
      forwardInputs(this.#arena, x, first, count);
      this.#arena.readRows(predictions, first * outputs, output.a, output, count);
    }
    return predictions;
  }

  /**
   * Cost, accuracy and mean errors over a data set, and more if asked for. Sample weights count in the cost, with 1/samples before the
   * sum as in training; every other number takes the samples as they are.
   */
  evaluate(data: DataSet, options: EvaluateOptions = {}): Evaluation {
    const { spec } = this.#arena;
    checkEvaluation(options, spec);
    return evaluate(this.#arena, this.#pass, checkData('data', data, spec), options);
  }

  /** Computes z and a of every layer for a batch of inputs [rows × inputs]. */
  forward(x: Inputs): void {
    const rows = this.#checkBatch(x);
    this.#trainer.reserveRows(rows);
    forwardInputs(this.#arena, x, 0, rows);
    this.#pass.holdCurrentForward(rows);
  }

  /**
   * Computes delta and the mean gradients for the batch of the last `forward`. `weights` [rows]: what each sample's cost is multiplied
   * with, and its delta. Returns the mean cost, without the L2 term.
   */
  backward(y: Targets, weights?: Float32Array): number {
    this.#arena.checkAlive();
    const { rows, isCurrent } = this.#pass;
    if (!isCurrent) throw new Error('backward: got no forward pass of these weights, want forward(x) first');
    checkTargets('y', y, rows, this.#arena.spec);
    if (weights !== undefined) checkWeights('weights', weights, rows);
    const { core, header } = this.#arena;
    // a cost of one's own may throw: z and a are then still those of the last forward
    this.#pass.startBackward();
    loadTargets(this.#arena, y, weights, rows);
    header.costSum = 0;
    header.stepCost = core.addCost(rows) / rows;
    core.backward(rows);
    core.meanGradients(rows);
    this.#pass.holdGradients();
    return header.costSum / rows;
  }

  /** The optimizer's step on the gradients that `backward` has computed. */
  applyGradients(): void {
    this.#trainer.applyGradients();
  }

  /**
   * The network as a file: architecture, weights, biases, standardization, optimizer, the place in its schedule and the count of epochs
   * trained. Weights must be finite. A learning rate that is a function is saved as the number it has come to. With `training: true`, at any
   * time, also what the optimizer has gathered, the count of steps, and the place in a call that is under way: a network loaded from it
   * trains on as this one does, to the bit. Default false.
   */
  save(options: SaveOptions = {}): SavedBytes {
    checkObject('options', options, SAVE_KEYS);
    const isTraining = checkBoolean('options.training', options.training ?? false);
    const trainer = this.#trainer;
    const { optimizer, clock, trainingSamples, epochsTrained } = trainer.state;
    const parameters = unpack(this.#arena, isTraining ? trainer.parameters : this.#arena.plan.parameters);
    const wanted = 'a finite number: training has diverged';
    checkFloats('save: parameters', parameters, this.parameters, Number.isFinite, wanted);
    return encode({
      spec: this.#arena.spec,
      optimizer: { ...optimizer, learningRate: savedLearningRate(optimizer.learningRate, clock) } as Optimizer,
      schedule: typeof optimizer.learningRate === 'object' ? clock.state : undefined,
      trainingSamples,
      epochsTrained,
      standardization: trainer.standardization,
      parameters,
      training: isTraining ? trainer.saved : undefined,
    });
  }

  /**
   * What shows and proves the inside of this network: the optimizer's moments, Jacobians, gradients by sample and by input, the demon that
   * moves one weighted input, the check of the gradients. Loaded where it is asked for; good for as long as the network.
   */
  async inspect(): Promise<Inspector> {
    return new (await import('./inspection/inspector.js')).Inspector(this, this.#trainer, this.#cost);
  }

  /** Gives the memory back. Every call after this throws; a `fit` in progress rejects. */
  dispose(): void {
    this.#arena.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkBatch(x: unknown): number {
    this.#arena.checkAlive();
    return checkInputs('x', x, this.#arena.spec);
  }
}
