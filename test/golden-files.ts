/**
 * The golden values of test/golden, which PyTorch computed in float64 for small fixed networks. generate.py defines
 * them and their shapes.
 */
import { readdirSync } from 'node:fs';
import type { ReferenceActivation, ReferenceCost } from '../src/inspection/reference.js';
import { readGolden } from './read-golden.js';

export interface GoldenParameters {
  /** [units x fanIn] */
  weights: Float64Array;
  /** [units] */
  biases: Float64Array;
}

/** `weights` and `biases` are those at the start, exact in float32. The other values follow from them. */
export interface GoldenLayer extends GoldenParameters {
  units: number;
  activation: ReferenceActivation;
  /** [rows x units], as are a and delta. */
  z: Float64Array;
  a: Float64Array;
  /** dC_x/dz for the cost of each sample by itself, not divided by the number of rows. */
  delta: Float64Array;
  /** Mean over the rows, without the L2 term. [units x fanIn] */
  weightGradients: Float64Array;
  /** Mean over the rows. [units] */
  biasGradients: Float64Array;
  afterOneStep: GoldenParameters;
  afterFiveSteps: GoldenParameters;
}

export interface GoldenFile {
  name: string;
  versions: { torch: string; numpy: string; python: string };
  inputs: number;
  cost: ReferenceCost;
  learningRate: number;
  l2: number;
  /** n of the L2 term. */
  trainingSamples: number;
  rows: number;
  /** [rows x inputs], exact in float32. */
  x: Float64Array;
  /** [rows x outputs], exact in float32. */
  y: Float64Array;
  /**
   * Mean cost, without the L2 term, before each of the five steps: the first belongs to z, a, delta and the gradients.
   */
  costs: Float64Array;
  layers: GoldenLayer[];
}

export const goldenFiles: GoldenFile[] = readdirSync(new URL('golden/', import.meta.url))
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => readGolden(`golden/${name}`));
