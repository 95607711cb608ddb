import { adam, Network } from 'simdprop';
import { EXTENT, makePoints, type Point } from './datasets.js';
import { featuresOf, gridPoints } from './features.js';
import { randomNumbers, shuffle } from './random.js';

// The network of the home page, and the four equations with the numbers of one of its samples.

const UNITS = 4;
const BATCH = 10;
/** After so many epochs, there is little left to learn. */
const EPOCHS = 400;
/** The noise: with it, some points lie on the wrong side, so that the network goes on changing. */
const NOISE = 0.12;
const FEATURES = ['x1', 'x2'] as const;

/** The right side of an equation with its numbers, and the left side as the library computes it. */
export interface Line {
  readonly terms: readonly number[];
  readonly right: number;
  readonly library: number;
}

/** The numbers of one sample in the network. Arrays have a number for each hidden unit. */
export interface Sample {
  readonly x: Float32Array;
  readonly z: Float32Array;
  readonly a: Float32Array;
  readonly delta: Float32Array;
  /** [units × 2] */
  readonly weightGradients: Float32Array;
  readonly bp1: Line;
  readonly bp2: Line;
  readonly bp3: Line;
  readonly bp4: Line;
}

export class Hero {
  readonly points: readonly Point[];
  readonly gridSize = 50;
  readonly #net: Network;
  readonly #data: { inputs: Float32Array; targets: Float32Array };
  readonly #grid: Float32Array;
  /** Mean cost over the last call of `train`. */
  cost = Number.NaN;
  samples = 0;
  trainingMs = 0;

  private constructor(net: Network, seed: number) {
    this.#net = net;
    net.optimizer = adam({ learningRate: 0.01 });
    this.points = shuffle(makePoints('circle', NOISE, seed), randomNumbers(seed));
    const inputs = featuresOf(this.points, FEATURES).map((x) => x / EXTENT);
    this.#data = { inputs, targets: Float32Array.from(this.points, ({ y }) => (y + 1) / 2) };
    this.#grid = featuresOf(gridPoints(this.gridSize), FEATURES).map((x) => x / EXTENT);
  }

  static async create(seed: number): Promise<Hero> {
    const layers = [
      { units: UNITS, activation: 'tanh' },
      { units: 1, activation: 'sigmoid' },
    ] as const;
    return new Hero(await Network.create({ inputs: 2, layers, cost: 'quadratic', seed }), seed);
  }

  get epochs(): number {
    return Math.floor(this.samples / this.points.length);
  }

  get isDone(): boolean {
    return this.epochs >= EPOCHS;
  }

  /** Takes this many steps, of 10 samples each. */
  train(steps: number): void {
    const { inputs, targets } = this.#data;
    const started = performance.now();
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const first = this.samples % this.points.length;
      const [x, y] = [inputs.subarray(2 * first, 2 * (first + BATCH)), targets.subarray(first, first + BATCH)];
      sum += this.#net.trainBatch(x, y);
      this.samples += BATCH;
    }
    this.trainingMs += performance.now() - started;
    this.cost = sum / steps;
  }

  /** The output over the plane, from -1 to 1 [gridSize²]. */
  map(): Float32Array {
    return this.#net.predict(this.#grid).map((a) => 2 * a - 1);
  }

  /** Sends one sample forward and back. `unit`: the hidden unit whose numbers the equations show. */
  look(index: number, unit: number): Sample {
    const net = this.#net;
    const x = this.#data.inputs.slice(2 * index, 2 * index + 2);
    const y = this.#data.targets[index];
    net.forward(x);
    net.backward(new Float32Array([y]));
    const [hidden, output] = net.layers;
    const [z, a, delta] = [hidden.getZ(), hidden.getA(), hidden.getDelta()];
    const [aL] = output.getA();
    const [deltaL] = output.getDelta();
    const w = output.getWeights()[unit];
    const weightGradients = hidden.getWeightGradients();
    const slopeL = aL * (1 - aL);
    const slope = 1 - a[unit] ** 2;
    return {
      x,
      z,
      a,
      delta,
      weightGradients,
      bp1: { terms: [aL, y, slopeL], right: (aL - y) * slopeL, library: deltaL },
      bp2: { terms: [w, deltaL, slope], right: w * deltaL * slope, library: delta[unit] },
      bp3: { terms: [], right: delta[unit], library: hidden.getBiasGradients()[unit] },
      bp4: { terms: [delta[unit], x[0]], right: delta[unit] * x[0], library: weightGradients[2 * unit] },
    };
  }

  dispose(): void {
    this.#net.dispose();
  }
}
