/** The fields of a job that its contestants read. */
export interface PeerJob {
  inputs: number;
  outputs: number;
  samples: number;
  batchSize: number;
  learningRate: number;
  /** The default is sgd. */
  optimizer?: string;
  /** `weights` [units x fanIn] row-major, `biases` [units]. */
  layers: { units: number; activation: string; fanIn: number; weights: Float32Array; biases: Float32Array }[];
  /** [samples x inputs]: floats, or bytes that are 255 times their value. */
  x: Uint8Array | Float32Array;
  /** [samples x outputs] */
  y: Float32Array;
}

/** What every contestant does: see `serve` of job.mjs. */
export interface Trainer {
  reset(): void | Promise<void>;
  train(samples: number, epochs: number): number | Promise<number>;
}

export function floatsOf(job: Pick<PeerJob, 'x'>): Float32Array;
export function transpose(layer: PeerJob['layers'][number]): Float32Array;
