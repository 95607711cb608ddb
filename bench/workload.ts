import type { ActivationName, CostName } from 'simdprop';

export interface Workload {
  name: string;
  inputs: number;
  /** Every layer has one activation, because plain JavaScript knows no mixed layers. */
  layers: { units: number; activation: ActivationName }[];
  cost: CostName;
  /** The default is sgd. */
  optimizer?: 'adam';
  learningRate: number;
  batchSize: number;
  /** Epochs in one call of fit. */
  epochs: number;
  /** What inputs are multiplied by. Default 1. */
  scale?: number;
  data: { inputs: Float32Array | Uint8Array; targets: Float32Array | Uint8Array };
  /** The targets as rows, one number for each output. */
  targetRows: Float32Array;
  /**
   * `samples`: how many a round of inference predicts. `batchSizes`: the numbers of samples in a call for which it is
   * timed.
   */
  inference: { samples: number; batchSizes: number[] };
}

/** Park and Miller's generator, so that every run has the same points: uniform in (0, 1). */
export function parkMiller(): () => number {
  let state = 1;
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}
