import { arrayType, isKind } from '../check/arrays.js';
import type { Bytes } from '../check/bytes.js';
import { checkNoMore, checkObject, keysOf, wrongType } from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import { isPlain } from '../check/plain-arrays.js';
import { DEFAULT_CAPACITY, type WasmModule } from '../core/core-options.js';
import { checkInputShape, type Inputs, plainInputs } from '../data/inputs.js';
import { toTargetUnits } from '../data/target-scale.js';
import type { KnownGoal, Task } from '../data/task.js';
import { activationsOf } from '../model/activations.js';
import { answersOf, type Classified, type ClassifyOptions, checkClassifier, type Label } from '../model/classify.js';
import { OutputsError } from '../model/outputs-error.js';
import { outputsOf } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import { type PredictMemory, startMemory } from './memory.js';
import { type ReadNetwork, readNetwork } from './read-network.js';

/** Options of `loadPredictor`. */
export interface PredictorOptions {
  /**
   * The compiled module of `simdprop/predict.wasm`, for hosts that compile no WebAssembly from bytes.
   * @defaultValue it is compiled from bytes
   */
  wasm?: WasmModule | undefined;
}

const KEYS = keysOf<PredictorOptions>({ wasm: true });

/**
 * Told when a batch overwrites the memory. Nothing is to be done, because nobody reads what the last batch has left.
 */
const PASS = { holdForward() {} };

/**
 * Reads a network that `save` has written, to predict with it and do nothing else. It predicts the same bits.
 *
 * @param bytes the whole file; it is copied at the call
 * @param options what the host cannot do by itself
 * @returns the predictor
 * @throws TypeError or RangeError for other files, damaged ones and those of newer versions; Error if the host does not
 *   compile the WebAssembly
 *
 * @example
 * import { Network } from 'simdprop';
 * import { loadPredictor } from 'simdprop/predict';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 1 }], seed: 1 });
 * const predictor = await loadPredictor(await net.save());
 * console.log(predictor.predict([0, 1])[0] === net.predict([0, 1])[0]); // true
 */
export async function loadPredictor(
  bytes: Bytes,
  options: PredictorOptions = {},
  none?: undefined,
): Promise<Predictor> {
  checkNoMore('loadPredictor', 3, none);
  if (arrayType(bytes) !== 'Uint8Array' && !isKind(bytes, 'ArrayBuffer')) {
    throw wrongType('load', bytes, 'a Uint8Array or an ArrayBuffer that save() made');
  }
  checkObject('options', options, KEYS);
  const network = readNetwork(bytes);
  return new Predictor(await startMemory(network, options.wasm), network);
}

/**
 * A saved network that predicts, and does nothing else. It is frozen. `loadPredictor` makes it.
 *
 * @example
 * import { Network } from 'simdprop';
 * import { loadPredictor } from 'simdprop/predict';
 *
 * const layers = [{ units: 3, activation: 'softmax' }];
 * const net = await Network.create({ inputs: 2, layers, task: 'classes', seed: 1 });
 * const predictor = await loadPredictor(await net.save());
 * console.log(predictor.inputs, predictor.outputs, predictor.task); // 2 3 classes
 */
export class Predictor {
  /** @internal */
  readonly notCloned = notCloned('a Predictor: loadPredictor(bytes) makes another');
  /** Width of the input layer. */
  readonly inputs: number;
  /** Width of the output layer. */
  readonly outputs: number;
  /** What the network has learnt: see `Network.task`. undefined: the file does not say it. */
  readonly task: Task | undefined;
  /** The names of the classes or labels; undefined: they have none. Names may contain anything: escape them. */
  readonly classes: readonly string[] | undefined;
  /** The names of the input columns; undefined: they have none. */
  readonly columns: readonly string[] | undefined;
  /** The encoder in a file of `TableModel`, for `Encoder.fromJSON`, which checks it; undefined: there is none. */
  readonly encoder: unknown;
  #memory: PredictMemory | undefined;
  readonly #goal: KnownGoal;
  readonly #targetScale: Standardization | undefined;

  /** @internal */
  constructor(memory: PredictMemory, { goal, targetScale, encoder }: ReadNetwork) {
    this.#memory = memory;
    this.#goal = goal;
    this.#targetScale = targetScale;
    this.inputs = memory.spec.inputs;
    this.outputs = outputsOf(memory.spec);
    this.task = goal.task;
    this.classes = memory.names.classes;
    this.columns = memory.names.columns;
    this.encoder = encoder;
    Object.freeze(this);
  }

  /**
   * The outputs for any number of rows of inputs, in the units of the targets: the bits of `Network.predict`.
   *
   * @param x inputs [rows × inputs]
   * @returns a^L [rows × outputs]
   * @throws TypeError or RangeError for wrong inputs; RangeError if an output is not finite
   */
  predict(x: Inputs, none?: undefined): Float32Array {
    checkNoMore('predict', 2, none);
    const memory = this.#inUse();
    // V8 inlines the path of typed arrays only as long as it is short
    if (isPlain(x)) return this.predict(plainInputs('x', x, memory));
    const rows = checkInputShape('x', x, memory.spec);
    const most = Math.min(rows, DEFAULT_CAPACITY);
    if (most > memory.plan.capacity) memory.reserve(most);
    const { layers } = memory.plan;
    const outputs = activationsOf(memory, PASS, x, layers[layers.length - 1]);
    if (this.#targetScale && !toTargetUnits(outputs, this.#targetScale)) {
      throw new OutputsError('x', outputs, this.outputs);
    }
    return outputs;
  }

  /**
   * The class of each row, or all labels that it is predicted to have, by name if there are names: what
   * `Network.classify` returns.
   *
   * @param x inputs [rows × inputs]
   * @param options the threshold, and whether to return probabilities
   * @returns an answer for each row; with `probabilities: true`, objects with the answer as `label`
   * @throws TypeError or RangeError for wrong arguments; RangeError for a network that learns numbers; Error if the
   *   file does not say what it has learnt
   */
  classify<Answer extends Label | Label[] = Label>(
    x: Inputs,
    options: ClassifyOptions & { probabilities: true },
  ): Classified<Answer>[];
  classify<Answer extends Label | Label[] = Label>(x: Inputs, options?: ClassifyOptions): Answer[];
  classify(x: Inputs, options: ClassifyOptions = {}, none?: undefined): unknown[] {
    checkNoMore('classify', 3, none);
    const classifier = checkClassifier(options, this.#goal, this.#inUse().spec);
    return answersOf(classifier, this.predict(x), this.outputs, this.classes);
  }

  /** Gives the memory back. Every later call throws. */
  dispose(): void {
    this.#memory = undefined;
  }

  #inUse(): PredictMemory {
    if (!this.#memory) throw new Error('Predictor: got a call after dispose(), want a predictor in use');
    return this.#memory;
  }
}
