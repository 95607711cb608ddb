/// <reference lib="esnext.disposable" preserve="true" />
import * as abi from '../assembly/abi.js';
import { Arena, checkSize } from './arena.js';
import {
  type CheckedData,
  checkData,
  checkInputs,
  checkTargets,
  loadBatch,
  loadInputs,
  loadTargets,
  loadTrainingSet,
  setSize,
} from './data.js';
import { startEngine } from './engine.js';
import { checkInteger, checkName, checkObject, outOfRange } from './errors.js';
import { countParameters, decode, encode } from './file.js';
import { ArenaLayer, type Layer, type Pass } from './layer.js';
import { checkOptimizer, sgd } from './optimizer.js';
import { makePlan } from './plan.js';
import { BUILDS, checkSpec, DEFAULT_CAPACITY, INITIALIZERS, type Spec } from './spec.js';
import { checkTraining, EpochRunner, type TrainPlan } from './train.js';
import type {
  CostName,
  DataSet,
  EpochReport,
  Evaluation,
  Inputs,
  NetworkOptions,
  Optimizer,
  Targets,
  TrainOptions,
} from './types.js';

type CoreOptions = Pick<NetworkOptions, 'batchSize' | 'build' | 'wasm'>;

const CORE_KEYS = ['batchSize', 'build', 'wasm'];
const NETWORK_KEYS = ['inputs', 'layers', 'cost', 'l2', 'seed', 'scale', ...CORE_KEYS];

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
  readonly #pass: Pass = { rows: 0, done: 'nothing', isCurrent: false };
  #optimizer: Optimizer = sgd({ learningRate: 0.1 });
  #trainingSamples: number | undefined;
  #epochsTrained = 0;
  #isTraining = false;

  private constructor(arena: Arena) {
    this.#arena = arena;
    this.layers = arena.spec.layers.map((_, l) => new ArenaLayer(arena, l, this.#pass));
    this.parameters = countParameters(arena.spec);
  }

  /** A network with the weights its initialisers draw from the seed. */
  static async create(options: NetworkOptions): Promise<Network> {
    checkObject('options', options, NETWORK_KEYS);
    const net = await Network.#start(checkSpec(options), options);
    net.#initialize();
    return net;
  }

  /** The network that `save` has put into `bytes`. Damaged, foreign and newer files are refused. */
  static async load(bytes: Uint8Array, options: CoreOptions = {}): Promise<Network> {
    checkObject('options', options, CORE_KEYS);
    const saved = decode(bytes);
    const net = await Network.#start(saved.spec, options);
    let offset = 0;
    const take = (count: number) => {
      offset += count;
      return saved.parameters.subarray(offset - count, offset);
    };
    for (const layer of net.layers) {
      layer.weights = take(layer.units * layer.fanIn);
      layer.biases = take(layer.units);
    }
    net.#optimizer = saved.optimizer;
    net.#trainingSamples = saved.trainingSamples;
    net.#epochsTrained = saved.epochsTrained;
    return net;
  }

  static async #start(spec: Spec, { batchSize, build, wasm }: CoreOptions): Promise<Network> {
    const capacity = checkInteger('batchSize', batchSize ?? DEFAULT_CAPACITY, 1, 2 ** 31 - 1);
    const name = checkName('build', build ?? 'simd', BUILDS);
    const plan = checkSize(makePlan(spec, capacity));
    return new Network(new Arena(spec, plan, await startEngine(name, wasm, plan.bytes)));
  }

  get inputs(): number {
    return this.#arena.spec.inputs;
  }

  get outputs(): number {
    return this.layers[this.layers.length - 1].units;
  }

  get cost(): CostName {
    return this.#arena.spec.cost;
  }

  get l2(): number {
    return this.#arena.spec.l2;
  }

  get seed(): number {
    return this.#arena.spec.seed;
  }

  /** What each training step does with the gradients. Default `sgd({ learningRate: 0.1 })`. */
  get optimizer(): Optimizer {
    return this.#optimizer;
  }

  set optimizer(optimizer: Optimizer) {
    this.#optimizer = checkOptimizer(optimizer);
  }

  /**
   * n of the L2 term λ/(2n) Σ w²: the number of samples that stand behind the cost. `fit` sets it to those of its data.
   * While it is undefined, `trainBatch` and `applyGradients` take the rows of their batch.
   */
  get trainingSamples(): number | undefined {
    return this.#trainingSamples;
  }

  set trainingSamples(samples: number | undefined) {
    this.#trainingSamples =
      samples === undefined ? undefined : checkInteger('trainingSamples', samples, 1, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Trains for a number of epochs and returns a report on each. The event loop gets a turn every few milliseconds: the
   * network can be used meanwhile, but not trained by a second `fit`. An aborted signal rejects with its reason; the weights
   * are then those after the last step. A second call continues where the first ended.
   */
  async fit(data: DataSet, options: TrainOptions = {}): Promise<EpochReport[]> {
    const reports: EpochReport[] = [];
    for await (const report of this.train(data, options)) reports.push(report);
    return reports;
  }

  /** The same as an iterator of reports: an epoch is trained when its report is asked for, `break` ends the training. */
  async *train(data: DataSet, options: TrainOptions = {}): AsyncGenerator<EpochReport, void, undefined> {
    const plan = checkTraining(data, options, this.#arena.spec);
    if (this.#isTraining) throw new Error('fit: got a call while this network is being trained, want one at a time');
    plan.signal?.throwIfAborted();
    this.#isTraining = true;
    try {
      yield* this.#epochs(plan);
    } finally {
      this.#isTraining = false;
    }
  }

  async *#epochs(plan: TrainPlan): AsyncGenerator<EpochReport, void, undefined> {
    const arena = this.#arena;
    const { data, epochs } = plan;
    arena.reserve(plan.batchSize, setSize(data));
    this.#pass.done = 'nothing';
    loadTrainingSet(arena, data);
    if (plan.optimizer) this.#optimizer = plan.optimizer;
    this.#trainingSamples = data.samples;
    const runner = new EpochRunner(arena, plan, this.#pass, () => this.#writeStep(data.samples));
    for (let epoch = 0; epoch < epochs; epoch++) {
      const { cost, elapsedMs } = await runner.run(epoch, this.#epochsTrained);
      this.#epochsTrained++;
      const report: EpochReport = {
        epoch,
        epochs,
        cost,
        learningRate: this.#optimizer.learningRate,
        samples: data.samples,
        elapsedMs,
        samplesPerSecond: (1000 * data.samples) / elapsedMs,
      };
      if (plan.validation) {
        // once more: the caller's arrays may have changed since
        checkTargets('options.validation.targets', plan.validation.targets, plan.validation.samples, arena.spec);
        report.validation = this.#evaluate(plan.validation);
      }
      plan.onEpoch?.(report);
      yield report;
    }
  }

  /** One step of the optimizer on the mean gradient of the batch. Returns the mean cost before the step, without the L2 term. */
  trainBatch(x: Inputs, y: Targets): number {
    const rows = this.#checkBatch(x);
    checkTargets('y', y, rows, this.#arena.spec);
    this.#reserveRows(rows);
    const { core, header } = this.#arena;
    this.#writeStep(this.#trainingSamples ?? rows);
    loadBatch(this.#arena, { samples: rows, inputs: x, targets: y }, 0, rows);
    header.setFloat64(abi.COST_SUM, 0, true);
    core.trainRows(rows);
    this.#pass.done = 'backward';
    this.#pass.isCurrent = false;
    return header.getFloat64(abi.COST_SUM, true) / rows;
  }

  /** a^L [rows × outputs] for inputs [rows × inputs], any number of rows. The same bits for a row alone or among others. */
  predict(x: Inputs): Float32Array {
    const rows = this.#checkBatch(x);
    const { plan, core } = this.#arena;
    const { outputs } = this;
    const predictions = new Float32Array(rows * outputs);
    const { a, stride } = plan.layers[plan.layers.length - 1];
    for (let first = 0; first < rows; first += plan.capacity) {
      const count = Math.min(plan.capacity, rows - first);
      this.#pass.rows = count;
      this.#pass.done = 'forward';
      this.#pass.isCurrent = true;
      loadInputs(this.#arena, x, first, count);
      core.forward(count);
      this.#arena.readRows(predictions, first * outputs, a, stride, count, outputs);
    }
    return predictions;
  }

  /** Cost and accuracy over a data set. */
  evaluate(data: DataSet): Evaluation {
    return this.#evaluate(checkData('data', data, this.#arena.spec));
  }

  #evaluate(data: CheckedData): Evaluation {
    const { plan, core, header } = this.#arena;
    header.setFloat64(abi.COST_SUM, 0, true);
    header.setUint32(abi.CORRECT, 0, true);
    const { samples } = data;
    const { classes } = plan;
    const counts = this.#arena.words(plan.confusion, classes * classes).fill(0);
    for (let first = 0; first < samples; first += plan.capacity) {
      const rows = Math.min(plan.capacity, samples - first);
      this.#pass.rows = rows;
      this.#pass.done = 'forward';
      this.#pass.isCurrent = true;
      loadBatch(this.#arena, data, first, rows);
      core.evaluateRows(rows);
    }
    const correct = header.getUint32(abi.CORRECT, true);
    return {
      cost: header.getFloat64(abi.COST_SUM, true) / samples,
      samples,
      correct,
      accuracy: correct / samples,
      confusion: classes
        ? Array.from({ length: classes }, (_, c) => counts.slice(c * classes, (c + 1) * classes))
        : undefined,
    };
  }

  /** Computes z and a of every layer for a batch of inputs [rows × inputs]. */
  forward(x: Inputs): void {
    const rows = this.#checkBatch(x);
    this.#reserveRows(rows);
    loadInputs(this.#arena, x, 0, rows);
    this.#arena.core.forward(rows);
    this.#pass.done = 'forward';
    this.#pass.isCurrent = true;
  }

  /** Computes delta and the mean gradients for the batch of the last `forward`. Returns its mean cost, without the L2 term. */
  backward(y: Targets): number {
    this.#arena.checkAlive();
    const { rows, isCurrent } = this.#pass;
    if (!isCurrent) throw new Error('backward: got no forward pass of these weights, want forward(x) first');
    checkTargets('y', y, rows, this.#arena.spec);
    const { core, header } = this.#arena;
    loadTargets(this.#arena, y, rows);
    header.setFloat64(abi.COST_SUM, 0, true);
    core.addCost(rows);
    core.backward(rows);
    core.computeGradients(rows);
    this.#pass.done = 'gradients';
    return header.getFloat64(abi.COST_SUM, true) / rows;
  }

  /** The optimizer's step on the gradients that `backward` has computed. */
  applyGradients(): void {
    this.#arena.checkAlive();
    if (this.#pass.done !== 'gradients' || !this.#pass.isCurrent) {
      throw new Error('applyGradients: got no gradients of the last batch, want forward(x) and backward(y) first');
    }
    this.#writeStep(this.#trainingSamples ?? this.#pass.rows);
    this.#arena.core.applyGradients();
    this.#pass.isCurrent = false;
  }

  /** The network as a file: architecture, weights, biases, optimizer and the count of epochs trained. Weights must be finite. */
  save(): Uint8Array {
    const parameters = new Float32Array(this.parameters);
    let offset = 0;
    for (const { weights, biases } of this.layers) {
      parameters.set(weights, offset);
      parameters.set(biases, offset + weights.length);
      offset += weights.length + biases.length;
    }
    const bad = parameters.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw outOfRange(`save: parameter ${bad}`, parameters[bad], 'a finite number: training has diverged');
    return encode({
      spec: this.#arena.spec,
      optimizer: this.#optimizer,
      trainingSamples: this.#trainingSamples,
      epochsTrained: this.#epochsTrained,
      parameters,
    });
  }

  /** Gives the memory back. Every call after this throws; a `fit` in progress rejects. */
  dispose(): void {
    this.#arena.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Draws in the order of w_jk and b_j, so that the numbers do not depend on how the core stores them. */
  #initialize(): void {
    const arena = this.#arena;
    this.layers.forEach((layer, l) => {
      const { distribution, variance, biasDeviation } = INITIALIZERS[arena.spec.layers[l].initializer];
      const deviation = Math.sqrt(variance(layer.fanIn, layer.units));
      const count = layer.units * layer.fanIn;
      const { core } = arena;
      // the gradients' place is free until the first backward pass
      const { gradients } = arena.plan;
      // a uniform distribution over [-r, r] has the variance r^2 / 3
      if (distribution === 'uniform') {
        core.fillUniform(gradients, count, Math.sqrt(3) * deviation, abi.RANDOM_WEIGHTS, l);
      } else {
        core.fillNormal(gradients, count, deviation, abi.RANDOM_WEIGHTS, l);
      }
      layer.weights = arena.floats(gradients, count);
      core.fillNormal(gradients, layer.units, biasDeviation, abi.RANDOM_BIASES, l);
      layer.biases = arena.floats(gradients, layer.units);
    });
  }

  /** What the optimizer's step reads from the header. */
  #writeStep(samples: number): void {
    const { header } = this.#arena;
    header.setFloat64(abi.LEARNING_RATE, this.#optimizer.learningRate, true);
    header.setFloat64(abi.TRAINING_SAMPLES, samples, true);
  }

  #checkBatch(x: unknown): number {
    this.#arena.checkAlive();
    return checkInputs('x', x, this.inputs);
  }

  /** Room for the batch that comes now; a training set in use stays where it is. */
  #reserveRows(rows: number): void {
    if (rows > this.#arena.plan.capacity) {
      if (this.#isTraining) {
        throw outOfRange('x', `${rows} rows during fit`, `at most batchSize = ${this.#arena.plan.capacity}`);
      }
      this.#arena.reserve(rows);
    }
    this.#pass.rows = rows;
  }
}
