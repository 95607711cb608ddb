import { F32, HEADER, HYPER, ROWS } from '../../assembly/abi.js';
import { Header, LayerRow, type SetWords } from '../core/header.js';
import { addNumber, addWord, addWords, EMPTY } from './fingerprint.js';

// Fingerprints of what lies in a network's memory and must be the same in every process of a team before a step.
// Addresses may differ: a process that has predicted a larger batch has other ones.

const SETTINGS = [
  'layerCount',
  'cost',
  'inputs',
  'outputs',
  'seedLow',
  'seedHigh',
  'penalizeBiases',
  'parameterFloats',
  'scale',
  'costParameter',
  'labelSmoothing',
  'l2',
  'l1',
  'trainingSamples',
  'clipValue',
  'clipNorm',
  'optimizer',
  'ignoreNonFinite',
  'stepRows',
  'longSteps',
  'chunkRows',
] as const;

const LAYER_SETTINGS = [
  'fanIn',
  'units',
  'activation',
  'hasBias',
  'activationConstant',
  'dropoutRate',
  'maxNorm',
] as const;

/** The optimizer's own numbers. */
const HYPER_NUMBERS = 6;
/** Of a large array, about this many words are read each time. */
const SAMPLED_WORDS = 512;

/** A core that can read its memory for a fingerprint: see assembly/fingerprint.ts. */
export interface WordsCore {
  addWords(fingerprint: number, address: number, words: number): number;
}

/** What the memory of a network has that must be the same in every process. */
export class Compared {
  readonly #core: WordsCore;
  readonly #memory: WebAssembly.Memory;
  /** The sample of the parameters when training has left them: they have not been set since then. */
  #parameters: number | undefined;
  /** The sample of the last training set that was read as a whole. */
  #set: number | undefined;

  constructor(core: WordsCore, memory: WebAssembly.Memory) {
    this.#core = core;
    this.#memory = memory;
  }

  /** The settings of the network, of its optimizer and of a call, and the number of the next step. */
  settings(): number {
    const { buffer } = this.#memory;
    const header = this.#header;
    let result = EMPTY;
    for (const name of SETTINGS) result = addNumber(result, header[name]);
    result = addWords(result, new Int32Array(buffer, HEADER + HYPER, 2 * HYPER_NUMBERS));
    for (let l = 0; l < header.layerCount; l++) {
      const layer = new LayerRow(buffer as ArrayBuffer, l);
      for (const name of LAYER_SETTINGS) result = addNumber(result, layer[name]);
    }
    result = addWord(addWord(result, header.stepCount), header.optimizerSteps);
    return header.rates ? result : addNumber(result, header.learningRate);
  }

  /**
   * The learning rates of the next `chunks` chunks, if each step has its own; undefined if all have the same. A step
   * whose chunks do not all belong to them is left out, except for the first.
   */
  rates(chunks: number): number | undefined {
    const { rates, stepRows, chunkRows } = this.#header;
    if (!rates) return undefined;
    const steps = Math.max(1, Math.floor(chunks / Math.ceil(stepRows / chunkRows)));
    return this.#add(EMPTY, rates, 2 * steps);
  }

  /** All data and parameters are read as a whole again: others may have come, or a comparison has failed. */
  forget(): void {
    this.#parameters = undefined;
    this.#set = undefined;
  }

  /** The training set and its order: the first time all of it, then a sample. */
  trainingSet(): number {
    const { trainingSet } = this.#header;
    const sample = this.#samples(trainingSet, trainingSet.samples, SAMPLED_WORDS);
    const { order, samples } = trainingSet;
    const ordered = order ? this.#add(sample, order, samples, SAMPLED_WORDS) : sample;
    if (sample === this.#set) return ordered;
    this.#set = sample;
    return this.#samples(trainingSet, samples) ^ ordered;
  }

  /** All rows of the window. */
  window(rows: number): number {
    return this.#samples(this.#header.window, rows);
  }

  /** The parameters: all of them if they have been set since the last step, or else a sample. */
  parameters(): number {
    const sample = this.#sampleOfParameters();
    if (sample === this.#parameters) return sample;
    const { parameters, parameterFloats } = this.#header;
    return this.#add(EMPTY, parameters, parameterFloats);
  }

  /** The gradients of the last batch. */
  gradients(): number {
    const { gradients, parameterFloats } = this.#header;
    return this.#add(EMPTY, gradients, parameterFloats, SAMPLED_WORDS);
  }

  /** Training has moved the parameters. */
  keepParameters(): void {
    this.#parameters = this.#sampleOfParameters();
  }

  /** Data of a record: all, or about `most` words of each array. */
  #samples(set: SetWords, count: number, most?: number): number {
    const { inputs, outputs } = this.#header;
    const bytes = (set.inputType === F32 ? 4 : 1) * count * inputs;
    let result = addWord(addWord(EMPTY, set.inputType), set.targetType);
    result = this.#add(result, set.inputs, Math.floor(bytes / 4), most);
    for (const byte of new Uint8Array(this.#memory.buffer, set.inputs, bytes).subarray(bytes - (bytes % 4))) {
      result = addWord(result, byte);
    }
    result = this.#add(result, set.targets, set.targetType === ROWS ? count * outputs : count, most);
    return set.weights ? this.#add(result, set.weights, count, most) : result;
  }

  #sampleOfParameters(): number {
    const { parameters, parameterFloats } = this.#header;
    return this.#add(EMPTY, parameters, parameterFloats, SAMPLED_WORDS);
  }

  get #header(): Header {
    return new Header(this.#memory.buffer as ArrayBuffer);
  }

  #add(fingerprint: number, address: number, words: number, most?: number): number {
    if (most === undefined) return this.#core.addWords(fingerprint, address, words) >>> 0;
    return addWords(fingerprint, new Int32Array(this.#memory.buffer, address, words), most);
  }
}
