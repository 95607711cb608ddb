import * as abi from '../../assembly/abi.js';
import type { OptimizerNumbers } from '../spec/optimizer.js';

// Names for the words through which src/ and the core communicate: those of the header, of the two data sets that it
// describes, and of the layer table. Only this file knows where they lie. assembly/abi.ts explains each word next to
// its offset.

interface Word {
  readonly offset: number;
  readonly type: 'u32' | 'f32' | 'f64';
}

const u32 = (offset: number): Word => ({ offset, type: 'u32' });
const f32 = (offset: number): Word => ({ offset, type: 'f32' });
const f64 = (offset: number): Word => ({ offset, type: 'f64' });

type Numbers<Table> = { -readonly [Name in keyof Table]: number };

/** The descriptor of a property that reads and writes one word through the object's `view`. */
function propertyOf({ offset, type }: Word): PropertyDescriptor & ThisType<{ view: DataView }> {
  switch (type) {
    case 'u32':
      return {
        get() {
          return this.view.getUint32(offset, true);
        },
        set(value: number) {
          this.view.setUint32(offset, value, true);
        },
      };
    case 'f32':
      return {
        get() {
          return this.view.getFloat32(offset, true);
        },
        set(value: number) {
          this.view.setFloat32(offset, value, true);
        },
      };
    case 'f64':
      return {
        get() {
          return this.view.getFloat64(offset, true);
        },
        set(value: number) {
          this.view.setFloat64(offset, value, true);
        },
      };
  }
}

/**
 * Makes a class whose objects have a property for each word of the table. An object is valid until the memory grows.
 */
function recordOf<const Table extends Readonly<Record<string, Word>>>(table: Table) {
  class WordsOfMemory {
    readonly view: DataView;

    constructor(buffer: ArrayBuffer, address: number) {
      this.view = new DataView(buffer, address);
    }
  }
  for (const [name, word] of Object.entries(table)) {
    Object.defineProperty(WordsOfMemory.prototype, name, propertyOf(word));
  }
  return WordsOfMemory as new (
    buffer: ArrayBuffer,
    address: number,
  ) => WordsOfMemory & Numbers<Table>;
}

/** The words that follow from the memory plan: the shape of the network, and the address of everything. */
const PLANNED = {
  layerCount: u32(abi.LAYER_COUNT),
  cost: u32(abi.COST),
  inputs: u32(abi.INPUTS),
  outputs: u32(abi.OUTPUTS),
  seedLow: u32(abi.SEED_LOW),
  seedHigh: u32(abi.SEED_HIGH),
  penalizeBiases: u32(abi.PENALIZE_BIASES),
  x: u32(abi.X),
  xStride: u32(abi.X_STRIDE),
  y: u32(abi.Y),
  yStride: u32(abi.Y_STRIDE),
  rowWeights: u32(abi.ROW_WEIGHTS),
  rowCosts: u32(abi.ROW_COSTS),
  lists: u32(abi.LISTS),
  listStride: u32(abi.LIST_STRIDE),
  listCounts: u32(abi.LIST_COUNTS),
  masks: u32(abi.MASKS),
  maskStride: u32(abi.MASK_STRIDE),
  positions: u32(abi.POSITIONS),
  zeros: u32(abi.ZEROS),
  parameters: u32(abi.PARAMETERS),
  weightFloats: u32(abi.WEIGHT_FLOATS),
  parameterFloats: u32(abi.PARAMETER_FLOATS),
  penalizedFloats: u32(abi.PENALIZED_FLOATS),
  gradients: u32(abi.GRADIENTS),
  state: u32(abi.STATE),
  confusion: u32(abi.CONFUSION),
  errorSums: u32(abi.ERROR_SUMS),
  randomBlock: u32(abi.RANDOM_BLOCK),
  effective: u32(abi.EFFECTIVE),
  union: u32(abi.UNION),
  sums: u32(abi.SUMS),
  packed: u32(abi.PACKED),
  scratch: u32(abi.SCRATCH),
  threadBytes: u32(abi.THREAD_BYTES),
  teamWords: u32(abi.TEAM),
  teamThreads: u32(abi.TEAM_THREADS),
  isWide: u32(abi.WIDE),
  threadWork: u32(abi.THREAD_WORK),
  roundChunks: u32(abi.ROUND_CHUNKS),
  roundSums: u32(abi.ROUND_SUMS),
  roundCosts: u32(abi.ROUND_COSTS),
  windowInputs: u32(abi.WINDOW + abi.SET_INPUTS),
};

export type PlannedWords = Numbers<typeof PLANNED>;

export const PLANNED_WORDS = Object.keys(PLANNED) as readonly (keyof PlannedWords)[];

/**
 * All words of the header: those of the plan, the settings of the network, of its optimizer and of the present call,
 * and the core's counts and sums.
 */
const HEADER = {
  ...PLANNED,
  callThreads: u32(abi.THREADS),
  scale: f32(abi.SCALE),
  costParameter: f32(abi.COST_PARAMETER),
  labelSmoothing: f32(abi.LABEL_SMOOTHING),
  l2: f64(abi.L2),
  l1: f64(abi.L1),
  trainingSamples: f64(abi.TRAINING_SAMPLES),
  clipValue: f64(abi.CLIP_VALUE),
  clipNorm: f64(abi.CLIP_NORM),
  optimizer: u32(abi.OPTIMIZER),
  topK: u32(abi.TOP_K),
  ignoreNonFinite: u32(abi.IGNORE_NON_FINITE),
  stepRows: u32(abi.STEP_ROWS),
  longSteps: u32(abi.LONG_STEPS),
  chunkRows: u32(abi.CHUNK_ROWS),
  rates: u32(abi.RATES),
  learningRate: f64(abi.LEARNING_RATE),
  isWeighted: u32(abi.IS_WEIGHTED),
  stepCount: u32(abi.STEP_COUNT),
  optimizerSteps: u32(abi.OPTIMIZER_STEPS),
  stopped: u32(abi.STOPPED),
  stepCost: f64(abi.STEP_COST),
  pairs: u32(abi.PAIRS),
  previousCost: f64(abi.PREVIOUS_COST),
  momentumProduct: f64(abi.MOMENTUM_PRODUCT),
  costSum: f64(abi.COST_SUM),
  correct: u32(abi.CORRECT),
  topKHits: u32(abi.TOP_K_HITS),
  scored: u32(abi.SCORED),
  notFinite: u32(abi.NOT_FINITE),
  scoring: u32(abi.SCORING),
  threshold: f32(abi.THRESHOLD),
  targetThreshold: f32(abi.TARGET_THRESHOLD),
};

/** The words that describe a data set to the core: the addresses and types of its data. */
const SetWords = recordOf({
  inputs: u32(abi.SET_INPUTS),
  inputType: u32(abi.SET_INPUT_TYPE),
  targets: u32(abi.SET_TARGETS),
  targetType: u32(abi.SET_TARGET_TYPE),
  weights: u32(abi.SET_WEIGHTS),
  order: u32(abi.SET_ORDER),
  samples: u32(abi.SET_SAMPLES),
});
export type SetWords = InstanceType<typeof SetWords>;

/** The header of a network's memory. */
export class Header extends recordOf(HEADER) {
  /** The data set that holds every batch which does not come from the training set. */
  readonly window: SetWords;
  /** The data set that training steps take their samples from. */
  readonly trainingSet: SetWords;

  constructor(buffer: ArrayBuffer) {
    super(buffer, abi.HEADER);
    this.window = new SetWords(buffer, abi.HEADER + abi.WINDOW);
    this.trainingSet = new SetWords(buffer, abi.HEADER + abi.TRAINING_SET);
  }

  /** Writes everything that the core reads of an optimizer, except its learning rate. */
  setOptimizer({ code, hyper, clipValue, clipNorm }: OptimizerNumbers): void {
    this.optimizer = code;
    for (const { offset, value } of hyper) this.view.setFloat64(abi.HYPER + offset, value, true);
    this.clipValue = clipValue;
    this.clipNorm = clipNorm;
  }
}

/** The words of a layer's row in the layer table that follow from the memory plan. */
const LAYER = {
  fanIn: u32(abi.FAN_IN),
  units: u32(abi.UNITS),
  activation: u32(abi.ACTIVATION),
  hasBias: u32(abi.HAS_BIAS),
  input: u32(abi.INPUT),
  inputStride: u32(abi.INPUT_STRIDE),
  stride: u32(abi.STRIDE),
  z: u32(abi.Z),
  a: u32(abi.A),
  delta: u32(abi.DELTA),
  weights: u32(abi.WEIGHTS),
  biases: u32(abi.BIASES),
  weightGradients: u32(abi.WEIGHT_GRADIENTS),
  biasGradients: u32(abi.BIAS_GRADIENTS),
  runs: u32(abi.RUNS),
  runCount: u32(abi.RUN_COUNT),
  dropped: u32(abi.DROPPED),
  dropoutMask: u32(abi.DROPOUT_MASK),
  activationConstant: f32(abi.ACTIVATION_CONSTANT),
  slopes: u32(abi.SLOPES),
  slopeGradients: u32(abi.SLOPE_GRADIENTS),
  slopeDelta: u32(abi.SLOPE_DELTA),
};

export type LayerWords = Numbers<typeof LAYER>;

/** A layer's row in the layer table. */
export class LayerRow extends recordOf({ ...LAYER, dropoutRate: f64(abi.DROPOUT_RATE), maxNorm: f64(abi.MAX_NORM) }) {
  constructor(buffer: ArrayBuffer, index: number) {
    super(buffer, abi.LAYERS + index * abi.LAYER_BYTES);
  }
}

/** The address and size of the header together with the layer table of a network with this many layers. */
export function tablesOf(layers: number): { readonly start: number; readonly bytes: number } {
  return { start: abi.HEADER, bytes: abi.LAYERS - abi.HEADER + layers * abi.LAYER_BYTES };
}
