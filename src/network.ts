/// <reference lib="esnext.disposable" preserve="true" />
import * as abi from '../assembly/abi.js';
import { Arena, checkSize } from './arena.js';
import { costImports } from './custom-cost.js';
import {
  type CheckedData,
  checkData,
  checkInputs,
  checkTargets,
  checkWeights,
  loadBatch,
  loadInputs,
  loadTargets,
  loadTrainingSet,
  setSize,
} from './data.js';
import { EarlyStopper } from './early-stopping.js';
import { startEngine } from './engine.js';
import { checkInteger, checkName, checkObject, checkPositive, outOfRange, wrongType } from './errors.js';
import { countParameters, encode } from './file.js';
import { BatchGuard } from './finite.js';
import { checkInitializers, initialize } from './initializer.js';
import { ArenaLayer, type Layer, type Pass } from './layer.js';
import { checkEvaluation, clearScores, meanRocAuc, readErrors } from './metrics.js';
import { checkOptimizer, isFullBatch, sgd, slotsOf, writeOptimizer } from './optimizer.js';
import { makePlan } from './plan.js';
import { RateClock, savedLearningRate } from './schedule.js';
import { BUILDS, checkSpec, DEFAULT_CAPACITY, isCustomCost, outputsOf, SPEC_KEYS, type Spec } from './spec.js';
import { checkStandardization, measure, measured, writeStandardization } from './standardize.js';
import { MAX_CHUNK_ROWS, type Trainee } from './stepper.js';
import type { StreamTrainee } from './stream.js';
import { checkSteps, checkTraining, EpochRunner, rowsOfStep, type TrainPlan, turnTaker } from './train.js';
import { TimeBoxedTraining } from './train-for.js';
import type {
  CostName,
  CustomCost,
  DataSet,
  DataSource,
  EpochReport,
  EvaluateOptions,
  Evaluation,
  Inputs,
  NetworkOptions,
  Optimizer,
  Standardization,
  StreamOptions,
  Targets,
  TrainForOptions,
  TrainForReport,
  TrainOptions,
} from './types.js';

type CoreOptions = Pick<NetworkOptions, 'batchSize' | 'build' | 'wasm'>;

const CORE_KEYS = ['batchSize', 'build', 'wasm'];
const NETWORK_KEYS = [...SPEC_KEYS, ...CORE_KEYS];

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
  readonly #pass: Pass = { rows: 0, done: 'nothing', isCurrent: false, isGuarded: false };
  readonly #guard = new BatchGuard();
  #optimizer: Optimizer = sgd({ learningRate: 0.1 });
  #clock = new RateClock(0.1);
  #timeBoxed: TimeBoxedTraining | undefined;
  #trainingSamples: number | undefined;
  #epochsTrained = 0;
  #standardization: Standardization | undefined;
  #isTraining = false;

  private constructor(arena: Arena) {
    this.#arena = arena;
    this.layers = arena.spec.layers.map((_, l) => new ArenaLayer(arena, l, this.#pass));
    this.parameters = countParameters(arena.spec);
  }

  /** A network with the weights its initialisers draw from the seed. */
  static async create(options: NetworkOptions): Promise<Network> {
    checkObject('options', options, NETWORK_KEYS);
    const spec = checkSpec(options);
    const initializers = checkInitializers(options.layers, spec.layers, spec.inputs);
    const net = await Network.#start(spec, options, isCustomCost(options.cost) ? options.cost : undefined);
    for (const [l, layer] of net.layers.entries()) initialize(net.#arena, layer, l, initializers[l]);
    return net;
  }

  /**
   * The network that `save` has put into `bytes`. Damaged, foreign and newer files are refused. A network with a cost of one's own wants
   * its functions again as `cost`.
   */
  static async load(bytes: Uint8Array, options: CoreOptions & { cost?: CustomCost } = {}): Promise<Network> {
    checkObject('options', options, [...CORE_KEYS, 'cost']);
    const { decode } = await import('./load.js');
    const saved = decode(bytes, options.cost);
    const net = await Network.#start(saved.spec, options, options.cost);
    let offset = 0;
    const take = (count: number) => {
      offset += count;
      return saved.parameters.subarray(offset - count, offset);
    };
    for (const layer of net.layers) {
      layer.weights = take(layer.units * layer.fanIn);
      layer.biases = take(layer.units);
    }
    net.#setOptimizer(saved.optimizer);
    net.#clock = new RateClock(saved.optimizer.learningRate, saved.schedule);
    net.#trainingSamples = saved.trainingSamples;
    net.#epochsTrained = saved.epochsTrained;
    net.standardization = saved.standardization;
    return net;
  }

  static async #start(
    spec: Spec,
    { batchSize, build, wasm }: CoreOptions,
    cost: CustomCost | undefined,
  ): Promise<Network> {
    const capacity = checkInteger('batchSize', batchSize ?? DEFAULT_CAPACITY, 1, 2 ** 31 - 1);
    const name = checkName('build', build ?? 'simd', BUILDS);
    const plan = checkSize(makePlan(spec, capacity));
    const engine = await startEngine(name, wasm, plan.bytes, cost && costImports(cost, outputsOf(spec), () => arena));
    const arena = new Arena(spec, plan, engine);
    return new Network(arena);
  }

  get inputs(): number {
    return this.#arena.spec.inputs;
  }

  get outputs(): number {
    return this.layers[this.layers.length - 1].units;
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
    return this.#optimizer;
  }

  set optimizer(optimizer: Optimizer) {
    const checked = checkOptimizer(optimizer);
    if (this.#isTraining && this.#isOther(checked)) {
      throw outOfRange(
        'optimizer',
        `another one, ${checked.name}, during fit`,
        `${this.#optimizer.name} until it ends`,
      );
    }
    this.#setOptimizer(checked);
    this.#clock = new RateClock(checked.learningRate);
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
   * What every input becomes before the first layer, in training and everywhere else; undefined: it stays as it is. `fit` sets it where
   * `standardize` asks for that. Reading gives copies. Assigning changes what the weights see: undefined takes it away. All inputs of a
   * standardised network cost their time, the zeros too.
   */
  get standardization(): Standardization | undefined {
    const own = this.#standardization;
    return own && { means: own.means.slice(), deviations: own.deviations.slice() };
  }

  set standardization(value: Standardization | undefined) {
    const checked = value === undefined ? undefined : checkStandardization('standardization', value, this.inputs);
    if (this.#isTraining)
      throw new Error('standardization: got a new one while this network is being trained, want it before or after');
    this.#standardize(checked);
  }

  #standardize(standardization: Standardization | undefined): void {
    writeStandardization(this.#arena, standardization);
    this.#standardization = standardization;
    this.#pass.isCurrent = false;
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
  async *train(data: DataSet, options: TrainOptions = {}): AsyncGenerator<EpochReport, void, undefined> {
    const split = options?.validationSplit === undefined ? undefined : await import('./split.js');
    const plan = checkTraining(data, options, this.#arena.spec, this.#optimizer, split);
    this.#checkIdle('fit');
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
    const { data, epochs, optimizer } = plan;
    this.#loadSet(data, plan.stepRows, optimizer);
    this.#timeBoxed = undefined;
    const runner = new EpochRunner(
      this.#trainee(() => data.samples),
      plan,
    );
    const stopper = plan.earlyStopping && new EarlyStopper(plan.earlyStopping);
    if (plan.standardize && !this.#standardization) {
      await measure(arena, data.samples, 0, turnTaker(plan.signal));
      this.#standardize(measured(arena, data.samples));
    }
    const lbfgs =
      optimizer.name === 'lbfgs'
        ? new (await import('./lbfgs.js')).LbfgsRunner(arena, runner, optimizer, this.#pass)
        : undefined;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const pass = lbfgs ? await lbfgs.run(epoch) : await runner.run(epoch, this.#epochsTrained);
      const { cost, elapsedMs, samples, learningRate, isStopped } = pass;
      this.#epochsTrained++;
      const report: EpochReport = {
        epoch,
        epochs,
        cost,
        learningRate,
        samples,
        elapsedMs,
        samplesPerSecond: (1000 * samples) / elapsedMs,
        secondsLeft: 0,
      };
      const { validation } = plan;
      if (samples === data.samples) {
        if (validation) report.validation = runner.timed(() => this.#validate(validation));
        this.#clock.endEpoch((report.validation ?? report).cost);
        const isEnough = report.validation && stopper?.observe(epoch, report.validation, arena);
        if (isEnough && epoch + 1 < epochs) report.stopped = 'earlyStopping';
      }
      if (stopper) report.bestEpoch = stopper.bestEpoch;
      if (lbfgs?.isDone && epoch + 1 < epochs) report.stopped = 'converged';
      if (isStopped) report.stopped = 'callback';
      report.secondsLeft = report.stopped ? 0 : runner.secondsLeft;
      if (plan.onEpoch?.(report) === false) report.stopped ??= 'callback';
      const isLast = report.stopped !== undefined || epoch + 1 === epochs;
      if (isLast && stopper) {
        stopper.restore(arena);
        this.#pass.isCurrent = false;
        this.#pass.isGuarded = false;
      }
      yield report;
      if (isLast) return;
    }
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
    // loaded where it is used: a small network should stay a small page
    const { checkStream, Stream } = await import('./stream.js');
    const arena = this.#arena;
    const settings = checkStream(source, options, arena.spec, this.#optimizer);
    if ((arena.spec.l1 || arena.spec.l2) && this.#trainingSamples === undefined) {
      throw outOfRange('trainingSamples', 'undefined', 'the number of samples of an epoch, for l1 and l2');
    }
    this.#checkIdle('fitStream');
    arena.checkAlive();
    settings.signal?.throwIfAborted();
    this.#isTraining = true;
    try {
      this.#setOptimizer(settings.optimizer);
      const clock = () => this.#clock;
      const trainee: StreamTrainee = {
        arena,
        pass: this.#pass,
        get clock() {
          return clock();
        },
        // without penalties no step asks for the number of samples
        writeStep: () => this.#writeStep(this.#trainingSamples ?? 1),
        runEpoch: (plan, epoch, order) => new EpochRunner(trainee, plan).run(epoch, order),
        optimizer: () => this.#optimizer,
        standardize: (measured) => this.#standardize(measured),
        isStandardized: () => this.#standardization !== undefined,
        evaluate: (data) => this.#validate(data),
        epochsTrained: () => this.#epochsTrained,
        countEpoch: () => {
          this.#epochsTrained++;
        },
      };
      return await new Stream(trainee, source, settings).run();
    } finally {
      this.#isTraining = false;
    }
  }

  /**
   * Trains for about so many milliseconds, synchronously, for pages that draw sixty times a second: the steps of `fit`, whole ones, until
   * the next might end too late, but at least one. The next call with the same arrays and options goes on where this one stopped, in the
   * middle of an epoch too; `fit` and other data begin a new one. The data are copied at the first call: later changes in the same arrays
   * are not seen. How many steps fit depends on the machine, what they compute does not.
   */
  trainFor(data: DataSet, milliseconds: number, options: TrainForOptions = {}): TrainForReport {
    this.#arena.checkAlive();
    checkObject('options', options, ['batchSize', 'accumulate', 'optimizer', 'shuffle', 'ignoreNonFinite']);
    checkPositive('milliseconds', milliseconds);
    const { stepRows, optimizer, ...rest } = checkSteps(options, this.#arena.spec, this.#optimizer);
    if (optimizer.name === 'lbfgs') {
      throw outOfRange('options.optimizer', 'lbfgs', 'one that takes a step at a time: lbfgs needs fit');
    }
    if (typeof data !== 'object' || data === null) throw wrongType('data', data, 'an object');
    this.#checkIdle('trainFor');
    const current = this.#timeBoxed;
    const optionsFor = (samples: number) => ({
      ...rest,
      samples,
      stepRows: rowsOfStep(stepRows, samples, optimizer),
      isTrial: false,
    });
    if (slotsOf(optimizer) === this.#arena.plan.slots && current?.continues(data, optionsFor(current.samples))) {
      this.#setOptimizer(optimizer);
      return this.#timed(current, milliseconds);
    }
    const checked = checkData('data', data, this.#arena.spec);
    const stepper = optionsFor(checked.samples);
    this.#loadSet(checked, stepper.stepRows, optimizer);
    const nextStream = () => this.#epochsTrained++;
    const training = new TimeBoxedTraining(
      this.#trainee(() => checked.samples),
      checked,
      stepper,
      nextStream,
    );
    this.#timeBoxed = training;
    return this.#timed(training, milliseconds);
  }

  /** After an error the next call begins an epoch. */
  #timed(training: TimeBoxedTraining, milliseconds: number): TrainForReport {
    this.#timeBoxed = undefined;
    const report = training.run(milliseconds);
    this.#timeBoxed = training;
    return report;
  }

  #checkIdle(call: string): void {
    if (this.#isTraining)
      throw new Error(`${call}: got a call while this network is being trained, want one at a time`);
  }

  /** Takes a whole data set into the network's memory, to be trained on by this optimizer. */
  #loadSet(data: CheckedData, stepRows: number, optimizer: Optimizer): void {
    this.#arena.reserve(Math.min(stepRows, MAX_CHUNK_ROWS), slotsOf(optimizer), setSize(data));
    this.#pass.done = 'nothing';
    this.#pass.isCurrent = false;
    loadTrainingSet(this.#arena, data);
    this.#setOptimizer(optimizer);
    this.#trainingSamples = data.samples;
  }

  #validate(data: CheckedData): Evaluation {
    // once more: the caller's arrays may have changed since
    checkTargets('options.validation.targets', data.targets, data.samples, this.#arena.spec);
    return this.#evaluate(data);
  }

  #trainee(samples: () => number): Trainee {
    const clock = () => this.#clock;
    return {
      arena: this.#arena,
      pass: this.#pass,
      get clock() {
        return clock();
      },
      writeStep: () => this.#writeStep(samples()),
    };
  }

  /**
   * One step of the optimizer on the mean gradient of the batch. `weights` [rows]: what each sample's cost is multiplied with. Returns
   * the mean cost before the step, without the L2 term. Throws a NonFiniteError where the cost or a weight is no longer finite: the network then has finite weights of at most 64 steps before.
   */
  trainBatch(x: Inputs, y: Targets, weights?: Float32Array): number {
    const rows = this.#checkBatch(x);
    checkTargets('y', y, rows, this.#arena.spec);
    if (weights !== undefined) checkWeights('weights', weights, rows);
    this.#checkStep('trainBatch', rows);
    this.#guard.enter(this.#arena, this.#pass, this.#clock);
    const rate = this.#clock.next();
    this.#reserveRows(rows);
    const { core, header } = this.#arena;
    this.#pass.keepStep?.();
    this.#writeStep(this.#trainingSamples ?? rows, rate);
    // a cost of one's own may throw: what lies in the batch is then no pass
    this.#pass.done = 'nothing';
    this.#pass.isCurrent = false;
    loadBatch(this.#arena, { samples: rows, inputs: x, targets: y, weights }, 0, rows);
    header.setFloat64(abi.COST_SUM, 0, true);
    const isTaken = Boolean(core.trainRows(rows));
    this.#pass.done = isTaken ? 'backward' : 'forward';
    if (isTaken) this.#clock.steps++;
    this.#guard.leave(this.#arena, this.#pass, this.#clock, isTaken);
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

  /**
   * Cost, accuracy and mean errors over a data set, and more if asked for. Sample weights count in the cost, with 1/samples before the
   * sum as in training; every other number takes the samples as they are.
   */
  evaluate(data: DataSet, options: EvaluateOptions = {}): Evaluation {
    const { spec } = this.#arena;
    checkEvaluation(options, spec);
    return this.#evaluate(checkData('data', data, spec), options);
  }

  #evaluate(data: CheckedData, { topK, rocAuc }: EvaluateOptions = {}): Evaluation {
    const { plan, core, header, spec } = this.#arena;
    clearScores(this.#arena, topK ?? 0);
    const { samples, targets } = data;
    const { classes } = plan;
    const { outputs } = this;
    const { a, stride } = plan.layers[plan.layers.length - 1];
    const scores = new Float32Array(rocAuc ? samples * outputs : 0);
    for (let first = 0; first < samples; first += plan.capacity) {
      const rows = Math.min(plan.capacity, samples - first);
      this.#pass.rows = rows;
      this.#pass.done = 'forward';
      this.#pass.isCurrent = true;
      loadBatch(this.#arena, data, first, rows);
      core.evaluateRows(rows);
      if (rocAuc) this.#arena.readRows(scores, first * outputs, a, stride, rows, outputs);
    }
    const counts = this.#arena.words(plan.confusion, classes * classes);
    const correct = header.getUint32(abi.CORRECT, true);
    return {
      cost: header.getFloat64(abi.COST_SUM, true) / samples,
      samples,
      correct,
      accuracy: correct / samples,
      confusion: classes
        ? Array.from({ length: classes }, (_, c) => counts.slice(c * classes, (c + 1) * classes))
        : undefined,
      ...readErrors(this.#arena, samples),
      topKAccuracy: topK ? header.getUint32(abi.TOP_K_HITS, true) / samples : undefined,
      rocAuc: rocAuc ? meanRocAuc(scores, outputs, targets, spec.cost === 'hinge' ? 0 : 0.5) : undefined,
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
    this.#pass.done = 'forward';
    this.#pass.keepStep?.();
    loadTargets(this.#arena, y, weights, rows);
    header.setFloat64(abi.COST_SUM, 0, true);
    header.setFloat64(abi.STEP_COST, core.addCost(rows) / rows, true);
    core.backward(rows);
    core.clearGradients();
    core.accumulateGradients(rows, 1 / rows);
    this.#pass.done = 'gradients';
    return header.getFloat64(abi.COST_SUM, true) / rows;
  }

  /** The optimizer's step on the gradients that `backward` has computed. */
  applyGradients(): void {
    this.#arena.checkAlive();
    if (this.#pass.done !== 'gradients' || !this.#pass.isCurrent) {
      throw new Error('applyGradients: got no gradients of the last batch, want forward(x) and backward(y) first');
    }
    this.#checkStep('applyGradients', this.#pass.rows);
    this.#guard.enter(this.#arena, this.#pass, this.#clock);
    this.#writeStep(this.#trainingSamples ?? this.#pass.rows, this.#clock.next());
    this.#arena.core.applyGradients();
    this.#pass.isCurrent = false;
    this.#clock.steps++;
    this.#guard.leave(this.#arena, this.#pass, this.#clock, true);
  }

  /**
   * The network as a file: architecture, weights, biases, standardization, optimizer, the place in its schedule and the count of epochs
   * trained. Weights must be finite. A learning rate that is a function is saved as the number it has come to. Not saved are what the
   * optimizer has gathered (momenta, step lengths, L-BFGS pairs) and the count of steps that dropout draws from: they start anew.
   */
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
      optimizer: {
        ...this.#optimizer,
        learningRate: savedLearningRate(this.#optimizer.learningRate, this.#clock),
      } as Optimizer,
      schedule: typeof this.#optimizer.learningRate === 'object' ? this.#clock.state : undefined,
      trainingSamples: this.#trainingSamples,
      epochsTrained: this.#epochsTrained,
      standardization: this.#standardization,
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

  /** Of another kind, or with another number of slots. */
  #isOther(optimizer: Optimizer): boolean {
    return optimizer.name !== this.#optimizer.name || slotsOf(optimizer) !== slotsOf(this.#optimizer);
  }

  /** Whether the optimizer can make a step on one batch of `rows`. */
  #checkStep(where: string, rows: number): void {
    const { name } = this.#optimizer;
    if (name === 'lbfgs') throw outOfRange(where, 'one batch with lbfgs', 'fit for this optimizer');
    const samples = this.#trainingSamples ?? rows;
    if (isFullBatch(this.#optimizer) && rows < samples) {
      throw outOfRange(where, `${rows} rows with ${name}`, `all ${samples} (trainingSamples) for this optimizer`);
    }
  }

  /** Another optimizer starts with an empty state; the same one with other numbers keeps what it has gathered. */
  #setOptimizer(optimizer: Optimizer): void {
    const arena = this.#arena;
    const isNew = this.#isOther(optimizer);
    if (slotsOf(optimizer) !== arena.plan.slots) {
      arena.reserve(arena.plan.capacity, slotsOf(optimizer));
      // the batch has moved
      this.#pass.done = 'nothing';
      this.#pass.isCurrent = false;
    }
    this.#optimizer = optimizer;
    if (isNew || !this.#clock.isOf(optimizer.learningRate)) this.#clock = new RateClock(optimizer.learningRate);
    this.#pass.isGuarded = false;
    if (!isNew) return;
    arena.floats(arena.plan.state, arena.plan.slots * arena.plan.parameterFloats).fill(0);
    arena.header.setUint32(abi.OPTIMIZER_STEPS, 0, true);
  }

  /** What the optimizer's step reads from the header. */
  #writeStep(samples: number, learningRate?: number): void {
    const { header } = this.#arena;
    writeOptimizer(header, this.#optimizer);
    if (learningRate !== undefined) header.setFloat64(abi.LEARNING_RATE, learningRate, true);
    header.setFloat64(abi.TRAINING_SAMPLES, samples, true);
  }

  #checkBatch(x: unknown): number {
    this.#arena.checkAlive();
    return checkInputs('x', x, this.#arena.spec);
  }

  /** Room for the batch that comes now; a training set in use stays where it is. */
  #reserveRows(rows: number): void {
    if (rows > this.#arena.plan.capacity) {
      if (this.#isTraining) {
        throw outOfRange('x', `${rows} rows during fit`, `at most batchSize = ${this.#arena.plan.capacity}`);
      }
      this.#arena.reserve(rows, slotsOf(this.#optimizer));
    }
    this.#pass.rows = rows;
  }
}
