import { type Inspector, type Layer, Network } from 'simdprop';
import { makePoints, type Point } from './datasets.js';
import { featuresOf, gridPoints } from './features.js';
import { isFullBatch, makeOptimizer, type OptimizerName } from './optimizers.js';
import { COSTS, costOf, type PlaygroundState, taskOf } from './playground-state.js';
import { randomNumbers, shuffle } from './random.js';

// A network of the playground with its data.

/** Weights that a visitor types in are at most so large, so that float32 can hold them and what is computed of them. */
const LARGEST_WEIGHT = 1e6;
const within = (value: number) => Math.max(-LARGEST_WEIGHT, Math.min(LARGEST_WEIGHT, value));

/** Width of the small map of a unit. */
export const MAP_SIZE = 20;

/** The large map has fewer points for larger networks, because each point takes them more time. */
const OUTPUT_SIZES = [
  { weights: 600, size: 100 },
  { weights: 2500, size: 60 },
  { weights: Number.POSITIVE_INFINITY, size: 40 },
];

export interface DataSet {
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

/** The numbers of one sample in a layer. */
export interface LayerValues {
  readonly z: Float32Array;
  readonly a: Float32Array;
  readonly delta: Float32Array;
  /** [units × fanIn] */
  readonly weightGradients: Float32Array;
  readonly biasGradients: Float32Array;
}

export interface Score {
  readonly cost: number;
  /** The share of points on the right side; undefined for numbers. */
  readonly accuracy: number | undefined;
}

/** The points of a state in random order, divided into those to train on and those for the test. */
export function splitPoints(state: PlaygroundState): { training: Point[]; test: Point[] } {
  const { data, own, noise, seed, split } = state;
  const points = data === 'own' ? [...own] : makePoints(data, noise / 100, seed);
  shuffle(points, randomNumbers(seed));
  const count = Math.max(1, Math.round((points.length * split) / 100));
  return { training: points.slice(0, count), test: points.slice(count) };
}

/** A network with the settings of the state and initial weights. */
export function createNetwork(state: PlaygroundState): Promise<Network> {
  const cost = costOf(state);
  const activation = COSTS[cost][taskOf(state)] ?? 'linear';
  return Network.create({
    inputs: state.features.length,
    layers: [...state.layers, { units: 1, activation }],
    cost,
    l1: state.l1,
    l2: state.l2,
    seed: state.seed,
  });
}

/** Points as a data set for the network of the state. */
export function dataSetOf(points: readonly Point[], state: PlaygroundState): DataSet {
  const isProbability = costOf(state) === 'binaryCrossEntropy';
  return {
    inputs: featuresOf(points, state.features),
    targets: Float32Array.from(points, ({ y }) => (isProbability ? (y + 1) / 2 : y)),
  };
}

/** Weights and biases of all layers. */
export const parametersOf = (net: Network): Float32Array[] =>
  net.layers.flatMap((layer) => [layer.getWeights(), layer.getBiases()]);

export class Session {
  readonly state: PlaygroundState;
  readonly net: Network;
  readonly training: readonly Point[];
  readonly test: readonly Point[];
  /** The training points as a data set for the network. */
  readonly data: DataSet;
  readonly outputSize: number;
  readonly #testData: DataSet;
  readonly #mapGrid: Float32Array;
  readonly #outputGrid: Float32Array;
  readonly #random: () => number;
  #inspector: Inspector | undefined;
  /** The samples that `step` has not yet taken in this epoch. */
  #order: number[] = [];
  steps = 0;
  samples = 0;

  private constructor(state: PlaygroundState, net: Network) {
    this.state = state;
    this.net = net;
    const { training, test } = splitPoints(state);
    this.training = training;
    this.test = test;
    this.data = dataSetOf(training, state);
    this.#testData = dataSetOf(test, state);
    this.#random = randomNumbers(state.seed);
    this.#mapGrid = featuresOf(gridPoints(MAP_SIZE), state.features);
    this.outputSize = (OUTPUT_SIZES.find(({ weights }) => net.parameters <= weights) ?? OUTPUT_SIZES[2]).size;
    this.#outputGrid = featuresOf(gridPoints(this.outputSize), state.features);
    net.trainingSamples = training.length;
    net.optimizer = makeOptimizer(state.optimizer, state.rate);
  }

  static async create(state: PlaygroundState): Promise<Session> {
    return new Session(state, await createNetwork(state));
  }

  /** Loads the inspector, which the panels need. The first picture does not wait for it. */
  async openInspector(): Promise<void> {
    this.#inspector ??= await this.net.inspect();
  }

  get inspector(): Inspector {
    if (!this.#inspector) throw new Error('inspector: got none yet, want openInspector() before');
    return this.#inspector;
  }

  get epochs(): number {
    return this.samples / this.training.length;
  }

  /** Takes one step, on the next samples of a random order. */
  step(settings: PlaygroundState): void {
    const { net } = this;
    const { optimizer, batchSize } = stepOptions(settings, this.training.length);
    const { name, learningRate } = net.optimizer;
    if (name !== optimizer.name || learningRate !== optimizer.learningRate) net.optimizer = optimizer;
    const chosen = this.#nextSamples(batchSize);
    const inputs = new Float32Array(chosen.length * net.inputs);
    chosen.forEach((sample, i) => {
      inputs.set(this.data.inputs.subarray(sample * net.inputs, (sample + 1) * net.inputs), i * net.inputs);
    });
    net.trainBatch(
      inputs,
      Float32Array.from(chosen, (sample) => this.data.targets[sample]),
    );
    this.steps++;
    this.samples += chosen.length;
  }

  /** At most `count` samples; the last step of an epoch takes those that are left. */
  #nextSamples(count: number): number[] {
    if (this.#order.length === 0) this.#order = shuffle([...this.training.keys()], this.#random);
    return this.#order.splice(0, count);
  }

  /**
   * Trains for this many milliseconds, at least one step. `settings`: the settings that may change without a new
   * network.
   */
  async train(milliseconds: number, settings: PlaygroundState): Promise<void> {
    const report = await this.net.trainFor(this.data, milliseconds, stepOptions(settings, this.training.length));
    this.steps += report.stepsTaken;
    this.samples += report.samples;
  }

  /** Costs and accuracies, of the test only if there are points for it. */
  async scores(): Promise<{ training: Score; test: Score | undefined }> {
    return {
      training: await this.#score(this.data),
      test: this.test.length > 0 ? await this.#score(this.#testData) : undefined,
    };
  }

  async #score(data: DataSet): Promise<Score> {
    const evaluation = await this.net.evaluate(data);
    return { cost: evaluation.cost, accuracy: evaluation.task === 'classes' ? evaluation.accuracy : undefined };
  }

  /** The activations of a layer over the plane [MAP_SIZE² × units], from -1 to 1 for bounded functions. */
  maps(layer: number): Float32Array {
    return shown(this.net.activations(this.#mapGrid, layer), this.net.layers[layer].activation);
  }

  /** The features over the plane [MAP_SIZE² × features]. */
  featureMaps(): Float32Array {
    const { features } = this.state;
    const isSquare = features.map((name) => name === 'x1x1' || name === 'x2x2' || name === 'x1x2');
    const isPlain = features.map((name) => name === 'x1' || name === 'x2');
    return this.#mapGrid.map((value, i) => {
      const k = i % features.length;
      return isSquare[k] ? value / 18 : isPlain[k] ? value / 6 : value;
    });
  }

  /** The activation of one unit over the plane [outputSize²], as in `maps`. */
  unitMap(layer: number, unit: number): Float32Array {
    const { activation, units } = this.net.layers[layer];
    const all = shown(this.net.activations(this.#outputGrid, layer), activation);
    return Float32Array.from({ length: this.outputSize ** 2 }, (_, i) => all[i * units + unit]);
  }

  /** The output over the plane [outputSize²]. */
  output(): Float32Array {
    return shown(this.net.predict(this.#outputGrid), this.net.layers[this.net.layers.length - 1].activation);
  }

  /** Sends one point forward and back. */
  look(point: Point): LayerValues[] {
    const { net } = this;
    const { inputs, targets } = dataSetOf([point], this.state);
    net.forward(inputs);
    net.backward(targets);
    return net.layers.map((layer) => ({
      z: layer.getZ(),
      a: layer.getA(),
      delta: layer.getDelta(),
      weightGradients: layer.getWeightGradients(),
      biasGradients: layer.getBiasGradients(),
    }));
  }

  /** The inputs of the network for a point [features]. */
  inputsOf(point: Point): Float32Array {
    return featuresOf([point], this.state.features);
  }

  /** The targets of the network for a point. */
  targetOf(point: Point): number {
    return dataSetOf([point], this.state).targets[0];
  }

  /** The cost of one point. */
  costOf(point: Point): number {
    this.net.forward(this.inputsOf(point));
    return this.net.backward(dataSetOf([point], this.state).targets);
  }

  /** Takes a step of the network's optimizer on one point. */
  stepOn(point: Point): void {
    this.costOf(point);
    this.net.applyGradients();
    this.steps++;
    this.samples++;
  }

  /** Changes a weight. */
  setWeight(layer: number, unit: number, input: number, value: number): void {
    const weights = this.net.layers[layer].getWeights(unit);
    weights[input] = within(value);
    this.net.layers[layer].setWeights(weights, unit);
  }

  /** Changes the bias of a unit. */
  setBias(layer: number, unit: number, value: number): void {
    const biases = this.net.layers[layer].getBiases();
    biases[unit] = within(value);
    this.net.layers[layer].setBiases(biases);
  }

  dispose(): void {
    this.net.dispose();
  }
}

/** The options of a step, for `samples` points. */
export function stepOptions(
  { optimizer, rate, batch }: { optimizer: OptimizerName; rate: number; batch: number },
  samples: number,
) {
  return {
    optimizer: makeOptimizer(optimizer, rate),
    batchSize: isFullBatch(optimizer) ? samples : Math.min(batch, samples),
  };
}

/** Activations on a scale from -1 to 1: those of functions with results from 0 to 1 are stretched. */
function shown(values: Float32Array, activation: Layer['activation']): Float32Array {
  if (activation !== 'sigmoid' && activation !== 'hardSigmoid') return values;
  return values.map((a) => 2 * a - 1);
}
