import { type Bytes, checkBytes } from '../check/bytes.js';
import { checkInteger, checkObject, keysOf } from '../check/errors.js';
import type { WasmModule } from '../core/core-options.js';
import { checkInputShape, type InputArray, type Inputs } from '../data/inputs.js';
import { typedInputs } from '../data/plain-data.js';
import { toTargetUnits } from '../data/target-scale.js';
import type { KnownGoal, Task } from '../data/task.js';
import { activationsOf } from '../model/activations.js';
import { answersOf, type Classified, type ClassifyOptions, checkClassifier, type Label } from '../model/classify.js';
import { OutputsError } from '../model/outputs-error.js';
import { outputsOf } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import { PredictMemory } from './memory.js';
import { readNetwork } from './read-network.js';

export interface PredictorOptions {
  batchSize?: number;
  wasm?: WasmModule;
}

const KEYS = keysOf<PredictorOptions>({ batchSize: true, wasm: true });

/** The state of the batch, which nobody reads here. */
const PASS = { holdForward() {} };

export async function loadPredictor(bytes: Bytes, options: PredictorOptions = {}): Promise<Predictor> {
  const file = new Uint8Array(checkBytes('load', bytes, 'a Uint8Array or an ArrayBuffer that save() made'));
  checkObject('options', options, KEYS);
  const batchSize = checkInteger('options.batchSize', options.batchSize ?? 128, 1, 2 ** 31 - 1);
  const network = readNetwork(file);
  return new Predictor(await PredictMemory.start(network, options.wasm), network.goal, network.targetScale, batchSize);
}

export class Predictor {
  readonly inputs: number;
  readonly outputs: number;
  readonly task: Task | undefined;
  readonly classes: readonly string[] | undefined;
  readonly columns: readonly string[] | undefined;
  #memory: PredictMemory | undefined;
  readonly #goal: KnownGoal;
  readonly #targetScale: Standardization | undefined;
  readonly #batchSize: number;

  constructor(memory: PredictMemory, goal: KnownGoal, targetScale: Standardization | undefined, batchSize: number) {
    this.#memory = memory;
    this.#goal = goal;
    this.#targetScale = targetScale;
    this.#batchSize = batchSize;
    this.inputs = memory.spec.inputs;
    this.outputs = outputsOf(memory.spec);
    this.task = goal.task;
    this.classes = memory.names.classes;
    this.columns = memory.names.columns;
    Object.freeze(this);
  }

  predict(x: Inputs): Float32Array {
    const memory = this.#inUse();
    const inputs = typedInputs('x', x, memory) as InputArray;
    memory.reserve(Math.min(checkInputShape('x', inputs, memory.spec), this.#batchSize));
    const { layers } = memory.plan;
    const outputs = activationsOf(memory, PASS, inputs, layers[layers.length - 1]);
    if (this.#targetScale && !toTargetUnits(outputs, this.#targetScale)) {
      throw new OutputsError('x', outputs, this.outputs);
    }
    return outputs;
  }

  classify(x: Inputs, options?: ClassifyOptions): (Label | Label[] | Classified<Label | Label[]>)[] {
    const { spec } = this.#inUse();
    const classifier = checkClassifier(options ?? {}, this.#goal, spec);
    return answersOf(classifier, this.predict(x), this.outputs, this.classes);
  }

  dispose(): void {
    this.#memory = undefined;
  }

  #inUse(): PredictMemory {
    if (!this.#memory) throw new Error('Predictor: got a call after dispose(), want a predictor in use');
    return this.#memory;
  }
}
