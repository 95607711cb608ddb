// The numbers both sides share. Valid TypeScript and valid AssemblyScript: src/ imports this file as it stands, so the
// two sides cannot drift apart. Offsets are bytes; a word is 4 bytes; an address is a u32 into the linear memory.
//
//   0          4096        4608                       4608 + 128 * layers
//   | constants | header    | a row for each layer     | the arena: planned by src/core/memory-plan.ts
//
// Below `HEADER` lie the polynomial tables of math.ts. A layer here is a layer of weights: row 0 is layer 2 of SPEC's
// count, whose input a^1 is the batch.

/** From the first release on, grows with every change below, so that a core and a wrapper of different versions know each other. */
export const ABI_VERSION = 1;

// Activations
export const LINEAR = 0;
export const SIGMOID = 1;
export const TANH = 2;
export const RELU = 3;
export const SOFTMAX = 4;
export const LEAKY_RELU = 5;
export const ELU = 6;
export const SELU = 7;
export const GELU = 8;
export const SILU = 9;
export const SOFTPLUS = 10;
export const SOFTSIGN = 11;
export const HARD_SIGMOID = 12;
export const MIXED = 13; // one for each unit: see RUNS

// Costs
export const QUADRATIC = 0;
// costs that cancel the slope of the one output activation they take
export const BINARY_CROSS_ENTROPY = 1;
export const CATEGORICAL_CROSS_ENTROPY = 2;
export const KULLBACK_LEIBLER = 3; // up to here, what they give delta is a - y
export const POISSON = 4; // the last that cancels
export const MEAN_ABSOLUTE_ERROR = 5;
export const HUBER = 6;
export const HINGE = 7;
export const CUSTOM_COST = 8;
export const SEEDED = 9; // none: dC/da lies in the output layer's delta

// Optimizers. What each takes from HYPER and keeps in its slots of STATE is said in update.ts.
export const SGD = 0;
export const MOMENTUM = 1;
export const NESTEROV = 2;
export const ADAGRAD = 3;
export const ADADELTA = 4;
export const RMSPROP = 5;
export const ADAM = 6;
export const ADAMW = 7;
export const NADAM = 8;
export const LION = 9;
export const IRPROP = 10;
export const LBFGS = 11; // src/training/lbfgs.ts moves the parameters, the core computes the gradient

// Where the optimizers' own numbers lie in HYPER, in bytes from its start
export const MOMENTUM_MU = 0; // momentum and nesterov
export const ADAGRAD_EPSILON = 0;
export const RMSPROP_ALPHA = 0;
export const RMSPROP_EPSILON = 8;
export const ADADELTA_RHO = 0;
export const ADADELTA_EPSILON = 8;
export const ADAM_BETA1 = 0; // adam, adamw and nadam
export const ADAM_BETA2 = 8;
export const ADAM_EPSILON = 16;
export const ADAMW_WEIGHT_DECAY = 24;
export const NADAM_WARMTH = 24; // 0.96^momentumDecay
export const LION_BETA1 = 0;
export const LION_BETA2 = 8;
export const LION_WEIGHT_DECAY = 16;
export const IRPROP_ETA_PLUS = 0;
export const IRPROP_ETA_MINUS = 8;
export const IRPROP_STEP_MIN = 16;
export const IRPROP_STEP_MAX = 24;
export const LBFGS_HISTORY = 0; // both for src/training/lbfgs.ts alone
export const LBFGS_TOLERANCE = 8;

// Types of stored data
export const F32 = 0;
export const U8 = 1;
export const ROWS = 0;
export const LABELS = 1;

// What a random number is for: the first word of the counter's key beside the seed
export const RANDOM_WEIGHTS = 1;
export const RANDOM_BIASES = 2;
export const RANDOM_ORDER = 3;
export const RANDOM_DROPOUT = 4;
export const RANDOM_SPLIT = 16;

/** A cache line. Every region starts on one, and rows of the batch are whole lines. */
export const LINE_BYTES = 64;
/** Kernels read whole vectors, two at a time: so many bytes at most past the end of a set's last sample. */
export const SLACK_BYTES = 32;

// Weights lie in panels of 16 units: w_jk at panel j / 16, row k, column j % 16. One row of a panel is one cache line.
export const PANEL_UNITS = 16;
export const PANEL_ROW_BYTES = 64;
/** Networks of fewer inputs have no lists. */
export const LISTED_INPUTS = 32;
// A panel with this many units or less is computed 4 at a time; what fills its rows is then neither written nor read.
export const NARROW_UNITS = 8;

/**
 * Rows of a product's block, and inputs that a gradient turns at once: those of one stay near while panel after panel passes. A multiple of
 * every tile's height. The depth is in no blocks: see docs/kernels.md.
 */
export const BLOCK_ROWS = 180;

/**
 * Bytes from one row to the next of a transposed block, which has a row of `rows` floats for each input: an odd number of cache lines, so
 * that a column does not lie in few sets of the cache. Generic because AssemblyScript wants an integer type and TypeScript knows none.
 */
export function transposedStride<T extends number>(rows: T): T {
  return <T>((((rows + 15) >> 4) | 1) * LINE_BYTES);
}

/** Floats that the optimizer moves at once. What penalties and clipping make of their gradient lies at EFFECTIVE. */
export const BLOCK_FLOATS = 1024;

/** Rows of a mixed layer that are gathered at once. */
export const MIXED_ROWS = 8;

/** Inputs that one step of the listing takes: a byte of the mask, and 16 bytes written to the list, whatever of them counts. */
export const LISTED_AT_ONCE = 8;
/** A row's mask is read by words of so many inputs. */
export const MASK_WORD_INPUTS = 64;
/** POSITIONS has an entry of 8 places for each of the 256 bytes. */
export const POSITIONS_ENTRY_BYTES = 8;
export const POSITIONS_BYTES = 2048;

/** Of RANDOM_BLOCK. */
export const RANDOM_BLOCK_BYTES = 16;

/** Rows and columns of CONFUSION at least: one output stands for two classes. */
export const LEAST_CLASSES = 2;

// Header. Addresses are 0 where there is no such thing.
export const HEADER = 4096;
// What src/core/memory-plan.ts lays down: Plan.words has these, in this order
export const LAYER_COUNT = 0;
export const COST = 4;
export const INPUTS = 8;
export const OUTPUTS = 12;
export const SEED_LOW = 16;
export const SEED_HIGH = 20;
export const PENALIZE_BIASES = 24; // u32: L1 and L2 count the biases too
export const X = 28; // a^1 [rows x inputs]
export const X_STRIDE = 32;
export const Y = 36; // targets [rows x outputs]
export const Y_STRIDE = 40;
export const ROW_WEIGHTS = 44; // f32 [rows]: the samples' weights, 1 where the data have none
export const ROW_COSTS = 48; // f64 [rows]: C_x of each, times its sample's weight
export const LISTS = 52; // for each row the numbers k of the inputs that are not zero, u16, ascending; 0: no lists
export const LIST_STRIDE = 56;
export const LIST_COUNTS = 60; // u32 [rows]: the lists' lengths; standardised inputs count as all
export const MASKS = 64; // for each row a bit for each input, 1: not zero
export const MASK_STRIDE = 68;
export const POSITIONS = 72; // u8 [256 x 8]: the places of the bits that are set in a byte
export const ZEROS = 76; // a panel's row of zeros: where the sums of errors and gradients start
export const PARAMETERS = 80; // all weights, then all biases
export const WEIGHT_FLOATS = 84;
export const PARAMETER_FLOATS = 88;
export const GRADIENTS = 92; // laid out as the parameters
export const STATE = 96; // the optimizer's slots, each laid out as the parameters
export const CONFUSION = 100; // u32 [outputs x outputs], rows = target
export const ERROR_SUMS = 104; // a record of ERROR_BYTES for each pair of outputs

// What each thread has for itself: the address is that of the first
export const RANDOM_BLOCK = 108; // 16 bytes: one block of random words
export const EFFECTIVE = 112; // a block of the gradient, clipped and with the penalties
export const UNION = 116; // u16: the inputs that are not zero in every row
export const SUMS = 120; // of the rows' products, on their way into gradients or weights: [inputs x 16]
export const PACKED = 124; // delta in panels and a block of inputs turned (gradient.ts), or a panel of W turned (delta.ts)
export const SCRATCH = 128; // z, a and delta of the units of one function: 3 x [MIXED_ROWS x the widest mixed layer]
export const THREAD_BYTES = 132; // from what one has for itself to the next one's

// Threads: see team.ts
export const TEAM = 136;
export const TEAM_BYTES = 384;
export const TEAM_THREADS = 140; // u32: all there are
export const WIDE = 144; // u32: the engine's registers have 256 bits, and tiles have five rows
export const THREAD_WORK = 148; // u32: multiplications of a pass over the rows that are worth one more thread
export const THREADS = 152; // u32: those of this call

// Words of TEAM, each on a cache line of its own
export const TEAM_GENERATION = 0; // meetings at the barrier so far
export const TEAM_ARRIVED = 64; // threads that have come to the next one
export const TEAM_SLEEPING = 128; // threads that sleep until a word changes
export const TEAM_CALL = 192; // the last call: its number, and in the low byte how many threads it is for
export const TEAM_DIED = 256; // 1 once a thread has died: src/ writes and reads it
export const TEAM_COMMAND = 320; // what the call is: {command, a, b}
/** The low byte of TEAM_CALL would hold 255. */
export const MAX_THREADS = 64;

// Two data sets: the one that is trained on, and the window through which everything else passes, whose inputs stay where they are
export const WINDOW = 156;
export const TRAINING_SET = 184;
export const SET_INPUTS = 0; // addresses
export const SET_INPUT_TYPE = 4;
export const SET_TARGETS = 8;
export const SET_TARGET_TYPE = 12;
export const SET_WEIGHTS = 16; // f32 [samples]
export const SET_ORDER = 20; // u32 [samples]; 0: in the order stored
export const SET_SAMPLES = 24;

// What the network, its optimizer and a call of training settle
// SCALE with the two after it, and L2 with L1, are written together by src/core/memory-plan.ts
export const SCALE = 212; // f32: what a byte of input is multiplied with
export const COST_PARAMETER = 216; // f32: delta of Huber
export const LABEL_SMOOTHING = 220; // f32: y (1 - s) + s / outputs
export const MEANS = 224; // f32 [inputs]: standardisation of x, (x - mean) / deviation
export const INVERSE_DEVIATIONS = 228; // f32 [inputs]
export const L2 = 232; // f64: lambda
export const L1 = 240; // f64
export const TRAINING_SAMPLES = 248; // f64: n of lambda / (2n)
export const CLIP_VALUE = 256; // f64, 0: none
export const CLIP_NORM = 264; // f64, 0: none
export const HYPER = 272; // f64 [6]: the optimizer's own numbers, see MOMENTUM_MU and so on
export const OPTIMIZER = 320;
export const TOP_K = 324; // u32: 0, or how many outputs may come first
export const IGNORE_NON_FINITE = 328; // u32: a step whose cost is not finite is taken all the same
export const STEP_ROWS = 332; // rows of a full step
export const CHUNK_ROWS = 336; // rows that go through the network at once
export const RATES = 340; // f64 [steps of a call]: learning rates that change from step to step

// What changes from step to step
export const LEARNING_RATE = 344; // f64
export const IS_TRAINING = 352; // u32: the pass that lies in the buffers has dropped
export const IS_WEIGHTED = 356; // u32: ROW_WEIGHTS count
export const STEP_ROW = 360; // u32: rows of this step that went before the chunk: dropout counts them
export const STEP_COUNT = 364; // u32: steps taken in the network's life: dropout counts them
export const OPTIMIZER_STEPS = 368; // u32: steps this optimizer has taken, t of Adam
export const STOPPED = 372; // u32: 1 once a cost was not finite; nothing was updated by that step
export const STEP_COST = 376; // f64: the step's mean cost, so far
export const COEFFICIENTS = 384; // f32 [8]: of the rule, this step
export const CLIPPING = 416; // f32: what the gradient is multiplied with in this step

// What optimizers keep from step to step beside their slots
export const PAIRS = 420; // u32: pairs that L-BFGS has stored since its state was cleared
export const PREVIOUS_COST = 424; // f64: the last step's, penalties included: iRPROP+
export const MOMENTUM_PRODUCT = 432; // f64: NAdam's product of all mu so far

// What is summed up and counted until it is cleared; see score.ts
export const COST_SUM = 440; // f64: sum of C_x over the samples seen
export const CORRECT = 448; // u32: samples classified correctly
export const TOP_K_HITS = 452; // u32
export const SCORED = 456; // u32: samples in ERROR_SUMS

// Layer table
export const LAYERS = 4608;
export const LAYER_BYTES = 128;
// The numbers of a LayerPlan, in this order
export const FAN_IN = 0;
export const UNITS = 4;
export const ACTIVATION = 8;
export const HAS_BIAS = 12; // u32
export const INPUT = 16; // a^(l-1) [rows x fanIn], after dropout
export const INPUT_STRIDE = 20;
export const STRIDE = 24; // bytes from one row of z, a or delta to the next
export const Z = 28;
export const A = 32;
export const DELTA = 36;
export const WEIGHTS = 40;
export const BIASES = 44;
export const WEIGHT_GRADIENTS = 48;
export const BIAS_GRADIENTS = 52;
export const RUNS = 56; // MIXED: a record of RUN_OFFSETS for each function that occurs, one after the other
export const RUN_COUNT = 60;
export const DROPPED = 64; // a after dropout, the next layer's INPUT
export const DROPOUT_MASK = 68; // [rows x units]: 0, or 1 / (1 - rate)
// Beside them, and written together
export const DROPOUT_RATE = 72; // f64
export const MAX_NORM = 80; // f64, 0: none: the largest length of a unit's weights

// A record of RUNS
export const RUN_ACTIVATION = 0;
export const RUN_UNITS = 4;
export const RUN_OFFSETS = 8; // u32 for each of those units: 4j, where it lies in a row

// Records of doubles for two neighbouring columns: of each quantity one for the even column and, 8 bytes on, one for the odd
export const RECORD_COLUMNS = 2;

// What measureColumns keeps of each pair of inputs
export const MOMENT_BYTES = 32;
export const MOMENT_MEAN = 0;
export const MOMENT_SQUARES = 16; // the sum of (x - mean)^2

// ERROR_SUMS: what an evaluation keeps of each pair of outputs
export const ERROR_BYTES = 80;
export const ERROR_SHIFT = 0; // s: the output's first y
export const ERROR_ABSOLUTE = 16; // the sum of |a - y|
export const ERROR_SQUARE = 32; // of (a - y)^2
export const ERROR_CENTRED = 48; // of y - s
export const ERROR_CENTRED_SQUARE = 64; // of (y - s)^2
