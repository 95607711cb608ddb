import { activationAt, constantOf } from '../spec/activations.js';
import type { Activation, SpecOptions } from '../spec/network-options.js';
import type { Standardization } from '../spec/standardization.js';

// What a network is on its way from one format to another: plain numbers and names. Readers of files make it, writers
// of files take it, and the files of src/ turn it into a Network and back.

/** One layer after the input layer. */
export interface ExchangedLayer {
  readonly units: number;
  /** One function for the layer, or one for each unit. */
  readonly activation: Activation | readonly Activation[];
  /** false: the layer has no biases, and `biases` are zeros. */
  readonly bias: boolean;
  /** w [units × fanIn], row-major. */
  readonly weights: Float32Array;
  /** b [units]. */
  readonly biases: Float32Array;
  /** The slopes [units] of prelu, 0 for units with another function; only for layers with prelu. */
  readonly slopes?: Float32Array;
  readonly dropout?: number;
  readonly maxNorm?: number;
}

/** What a network learns: see `Task`, which this folder cannot import. */
export type ExchangedTask = 'classes' | 'labels' | 'numbers';

export interface Exchanged {
  readonly inputs: number;
  readonly layers: readonly ExchangedLayer[];
  /** The number that inputs are multiplied by. */
  readonly scale?: number;
  /** The standardisation of the inputs, after `scale`. */
  readonly standardization?: Standardization;
  /** The outputs are multiplied by the deviations and moved by the means. */
  readonly targetScale?: Standardization;
  readonly classes?: readonly string[];
  readonly columns?: readonly string[];
  readonly task?: ExchangedTask;
  readonly isSigned?: boolean;
  /** Cost, L1, L2 and other options of training, as far as the format has them. */
  readonly training?: Omit<SpecOptions, 'inputs' | 'layers' | 'bias' | 'scale'>;
  /** From which output up a class or a label counts as predicted. */
  readonly threshold?: number;
  /** What the file has that the network does not have, or has in another form: sentences for the user. */
  readonly notes: readonly string[];
}

/** The slope of leakyRelu or prelu, or α of elu, of unit `j`; 0 for every other function. */
export function constantAt({ activation, slopes }: ExchangedLayer, j: number): number {
  const one = activationAt(activation, j);
  return one === 'prelu' ? (slopes?.[j] ?? 0) : constantOf(one);
}

/** What writers take: a network whose inputs and outputs are all known. */
export const outputsOfExchanged = ({ layers }: Exchanged): number => layers[layers.length - 1].units;

/** Number of inputs of layer `l`. */
export const fanInOf = ({ inputs, layers }: Exchanged, l: number): number => (l === 0 ? inputs : layers[l - 1].units);
