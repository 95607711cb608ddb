import { arrayType, isKind } from '../check/arrays.js';
import type { Bytes } from '../check/bytes.js';
import { checkObject, keysOf, wrongType } from '../check/errors.js';
import { isPlain } from '../check/plain-arrays.js';
import { DEFAULT_CAPACITY, type WasmModule } from '../core/core-options.js';
import { checkInputShape, type InputArray, type Inputs } from '../data/inputs.js';
import { typedInputs } from '../data/plain-data.js';
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
   * The compiled module of `simdprop/predict.wasm`, for hosts that compile no WebAssembly from bytes. Default: it is
   * compiled from bytes.
   */
  wasm?: WasmModule | undefined;
}

const KEYS = keysOf<PredictorOptions>({ wasm: true });

/** Nobody reads what a batch leaves in the memory. */
const PASS = { holdForward() {} };

/**
 * The predictor of a network that `save` has written to `bytes`. It predicts the same bits. Throws a TypeError or
 * RangeError for other files, damaged ones and those of newer versions, and an Error if the host does not compile the
 * WebAssembly.
 *
 * @example
 * const predictor = await loadPredictor(await (await fetch('network.simdprop')).arrayBuffer());
 * predictor.predict([0, 1]); // Float32Array [ 0.98 ]
 */
export async function loadPredictor(bytes: Bytes, options: PredictorOptions = {}): Promise<Predictor> {
  if (arrayType(bytes) !== 'Uint8Array' && !isKind(bytes, 'ArrayBuffer')) {
    throw wrongType('load', bytes, 'a Uint8Array or an ArrayBuffer that save() made');
  }
  checkObject('options', options, KEYS);
  // a copy: another thread may change the bytes
  const network = readNetwork(new Uint8Array(bytes).slice());
  return new Predictor(await startMemory(network, options.wasm), network);
}

/** A saved network that predicts, and does nothing else. It is frozen. `loadPredictor` makes it. */
export class Predictor {
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
   * The outputs a^L [rows × outputs] for inputs [rows × inputs], with any number of rows, in the units of the targets:
   * the bits of `Network.predict`. Throws a TypeError or RangeError for other inputs, and a RangeError if an output is
   * not finite.
   */
  predict(x: Inputs): Float32Array {
    const memory = this.#inUse();
    // V8 inlines the path of typed arrays only as long as it is short
    if (isPlain(x)) return this.predict(typedInputs('x', x, memory) as InputArray);
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
   * `Network.classify` returns. Throws a RangeError for a network that learns numbers, and an Error if the file does
   * not say what it has learnt.
   */
  classify<Answer extends Label | Label[] = Label>(
    x: Inputs,
    options: ClassifyOptions & { probabilities: true },
  ): Classified<Answer>[];
  classify<Answer extends Label | Label[] = Label>(x: Inputs, options?: ClassifyOptions): Answer[];
  classify(x: Inputs, options: ClassifyOptions = {}): unknown[] {
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
