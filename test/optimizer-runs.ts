import type { NetworkOptions, Optimizer } from '../src/index.js';
import type { ReferenceLayer, ReferenceNetwork } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { createNetwork } from './build.js';
import { arraysOf } from './parameters.js';
import { readGolden } from './read-golden.js';
import { flatten, type Penalties } from './reference-optimizers.js';

export type Parameters = { weights: Float64Array; biases: Float64Array };

export interface Run extends Partial<Pick<Penalties, 'l1' | 'l2' | 'penalizeBiases'>> {
  optimizer: Optimizer;
  afterOneStep: Parameters[];
  afterFiveSteps: Parameters[];
  afterTwentySteps: Parameters[];
}

export interface GoldenOptimizers {
  inputs: number;
  x: Float64Array;
  y: Float64Array;
  layers: ReferenceLayer[];
  runs: Run[];
  lbfgs: { l2: number; hidden: boolean; cost: number }[];
}

/** The results of torch.optim in float64: see test/golden-optimizers/generate.py. */
export const golden = readGolden<GoldenOptimizers>('golden-optimizers/optimizers.json');
export const { x, y } = golden;
export const rows = x.length / golden.inputs;
export const data = { inputs: Float32Array.from(x), targets: Float32Array.from(y) };
export const network: ReferenceNetwork = { ...golden, cost: 'binaryCrossEntropy' };
export const start = flatten(network.layers);

export const none: Penalties = { l1: 0, l2: 0, penalizeBiases: false, maxNorms: [0, 0] };

/** The golden network in the core. */
export function createGolden(options: Partial<NetworkOptions> = {}, maxNorms: number[] = [0, 0]): Promise<Network> {
  return createNetwork({
    inputs: golden.inputs,
    layers: golden.layers.map(({ units, activation, weights, biases }, l) => ({
      units,
      activation,
      maxNorm: maxNorms[l],
      initializer: { weights: Float32Array.from(weights), biases: Float32Array.from(biases) },
    })),
    ...options,
  });
}

export async function trainCore(optimizer: Optimizer, penalties: Penalties, steps: number): Promise<Float64Array> {
  const { maxNorms, ...options } = penalties;
  const net = await createGolden(options, maxNorms);
  await net.fit(data, { epochs: steps, batchSize: rows, shuffle: false, optimizer });
  return flatten(net.layers.map(arraysOf));
}
