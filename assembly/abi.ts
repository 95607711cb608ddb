// Everything that src/ and the core must agree on. This file is valid TypeScript and valid AssemblyScript, and src/
// imports it as it is, so that the two sides cannot drift apart. Offsets are in bytes; a word has 4 bytes; an address
// is a u32 into the linear memory.
//
//   0           4096        4608                     4608 + 128 * layers
//   | constants | header    | a row for each layer   | the arena: planned by src/core/memory-plan.ts
//
// The constants are the tables of coefficients in math.ts and other files. A layer here is a layer of weights: row 0 is
// the layer that SPEC.md counts as layer 2, and its input a^1 is the batch.

/** Grows with every change below, from the first release on, so that a core recognises a wrapper of another version. */
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
export const MIXED = 13; // every unit has its own activation: see RUNS
export const GELU_TANH = 14;
export const RELU6 = 15;
export const HARD_SWISH = 16;
export const MISH = 17;
export const PRELU = 18; // its slopes are parameters: see SLOPES

// Costs
export const QUADRATIC = 0;
export const BINARY_CROSS_ENTROPY = 1;
export const CATEGORICAL_CROSS_ENTROPY = 2;
export const KULLBACK_LEIBLER = 3;
export const POISSON = 4;
export const MEAN_ABSOLUTE_ERROR = 5;
export const HUBER = 6;
export const HINGE = 7;
export const CUSTOM_COST = 8;
export const SEEDED = 9; // no cost: the caller has written dC/da to the output layer's delta

// Optimizers. update-rules.ts lists the numbers that each reads from HYPER and the values that it keeps in STATE.
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
export const LBFGS = 11; // the core only computes the gradient; src/training/lbfgs.ts moves the parameters

// The places of the optimizers' own numbers in HYPER, in bytes from its start
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
export const LBFGS_HISTORY = 0; // both are used only by src/training/lbfgs.ts
export const LBFGS_TOLERANCE = 8;

// Types of stored data
export const F32 = 0;
export const U8 = 1;
export const ROWS = 0;
export const LABELS = 1;

// The kinds of metrics that evaluations count besides the cost
export const SCORE_NOTHING = 0;
export const SCORE_CLASSES = 1;
export const SCORE_ERRORS = 2;

// The purposes of random numbers. The purpose is a word of the generator's counter, so that no two purposes share
// numbers.
export const RANDOM_WEIGHTS = 1;
export const RANDOM_BIASES = 2;
export const RANDOM_ORDER = 3;
export const RANDOM_DROPOUT = 4;
export const RANDOM_STEPS = 5;
export const RANDOM_SPLIT = 16;
export const RANDOM_SEARCH = 17;

/** The size of a cache line. Every region starts on a line, and every row of the batch takes whole lines. */
export const LINE_BYTES = 64;
/** Kernels read whole vectors, two at a time: up to this many bytes beyond the end of a data set's last sample. */
export const SLACK_BYTES = 32;

// Weights lie in panels of 16 units: w_jk lies in panel j / 16, at row k and column j % 16. A panel row is one line.
export const PANEL_UNITS = 16;
export const PANEL_ROW_BYTES = 64;
/** A panel of this many units or fewer is computed 4 units at a time. The rest of its columns are not touched. */
export const NARROW_UNITS = 8;

/**
 * The rows of a block of a product. A block is multiplied with all panels before the next one. The number is a multiple
 * of the height of every tile. The depth is not divided into blocks: see docs/kernels.md.
 */
export const BLOCK_ROWS = 360;
/** The inputs of a block of a gradient. They are transposed together, and take the place of the rows of a product. */
export const BLOCK_INPUTS = 180;

/**
 * For gradients, a block of inputs is transposed: it then has a row for each input, with a float for each of the
 * batch's `rows`. This is the number of bytes from one of these rows to the next. It is an odd number of cache lines,
 * because otherwise the lines of a column would compete for a few sets of the cache. The function is generic because
 * AssemblyScript needs an integer type here and TypeScript has none.
 */
export function transposedStride<T extends number>(rows: T): T {
  return <T>((((rows + 15) >> 4) | 1) * LINE_BYTES);
}

/**
 * Optimizers process this many floats at a time. Their gradient, with penalties and clipping, is written to EFFECTIVE.
 */
export const BLOCK_FLOATS = 1024;

/** The rows of a mixed layer that are gathered together. */
export const MIXED_ROWS = 8;

/** A network with fewer inputs than this has no LISTS and no MASKS. */
export const LISTED_INPUTS = 32;
/** Inputs are listed in groups of this many. Each group writes 8 numbers to the list, of which only some may count. */
export const LISTED_AT_ONCE = 8;
/** The bits of a row's mask are read for this many inputs at a time. */
export const MASK_WORD_INPUTS = 64;
/** POSITIONS has an entry of this many bytes for each of the 256 values of a byte. */
export const POSITIONS_ENTRY_BYTES = 8;
export const POSITIONS_BYTES = 2048;

/** The bytes of RANDOM_BLOCK. */
export const RANDOM_BLOCK_BYTES = 16;

/** CONFUSION has at least this many rows and columns: one output stands for two classes. */
export const LEAST_CLASSES = 2;

// The header. The address of a region that the network does not have is 0.
export const HEADER = 4096;
// Shapes and addresses: src/core/memory-plan.ts writes them whenever it plans the memory again
export const LAYER_COUNT = 0;
export const COST = 4;
export const INPUTS = 8;
export const OUTPUTS = 12;
export const SEED_LOW = 16;
export const SEED_HIGH = 20;
export const PENALIZE_BIASES = 24; // u32: 1 if L1 and L2 penalise the biases too
export const X = 28; // a^1 [rows x inputs]
export const X_STRIDE = 32;
export const Y = 36; // targets [rows x outputs]
export const Y_STRIDE = 40;
export const ROW_WEIGHTS = 44; // f32 [rows]: the samples' weights, used if IS_WEIGHTED is 1
export const ROW_COSTS = 48; // f64 [rows]: C_x of each row, times its sample's weight
export const LISTS = 52; // a list for each row: the numbers k of the inputs that are not zero, u16, ascending
export const LIST_STRIDE = 56;
export const LIST_COUNTS = 60; // u32 [rows]: the lengths of the lists
export const MASKS = 64; // a mask for each row, with a bit for each input: 1 if it is not zero
export const MASK_STRIDE = 68;
export const POSITIONS = 72; // u8 [256 x 8]: for each byte the places of its bits that are set
export const ZEROS = 76; // a panel row of zeros, from which the sums of errors and gradients start
export const PARAMETERS = 80; // all weights, then all biases, then all slopes of PRELU
export const WEIGHT_FLOATS = 84;
export const PARAMETER_FLOATS = 88;
export const GRADIENTS = 92; // laid out like the parameters
export const STATE = 96; // the optimizer's slots, each laid out like the parameters
export const CONFUSION = 100; // u32 [classes x classes]: a row for each target, a column for each prediction
export const ERROR_SUMS = 104; // a record of ERROR_BYTES for each pair of outputs

// Room that each thread has to itself. The addresses are those of the first thread.
export const RANDOM_BLOCK = 108; // u32 [4]: one block of random words
export const EFFECTIVE = 112; // f32 [BLOCK_FLOATS]: a block of the gradient, clipped and with the penalties
export const UNION = 116; // u16: the inputs that are not zero in at least one row
export const SUMS = 120; // f32 [inputs x 16]: sums over the rows, until they are added to their target; otherwise 0
// delta in panels and a transposed block of inputs (gradient.ts), or a transposed panel of W (delta.ts, and between the
// calls of the core src/core/parameters.ts)
export const PACKED = 124;
// f32 [3 x MIXED_ROWS x the widest mixed layer]: z, a and delta of the units of one function
export const SCRATCH = 128;
export const THREAD_BYTES = 132; // bytes from the room of one thread to that of the next

// Threads: see team.ts
export const TEAM = 136; // the words by which threads meet
export const TEAM_BYTES = 384;
export const TEAM_THREADS = 140; // u32: how many threads the network has
export const WIDE = 144; // u32: 1 if the engine's registers have 256 bits, so that tiles of five rows are used
// u32: one more thread takes part for each this many multiplications in a pass over the rows
export const THREAD_WORK = 148;
export const THREADS = 152; // u32: how many threads take part in the present call

// The records of the two data sets: the training set, and the window, which holds every other batch
export const WINDOW = 156; // SET_INPUTS of the window is the plan's, except while the training set is evaluated
export const TRAINING_SET = 184;

// Settings of the network, of its optimizer and of a call of training
export const SCALE = 212; // f32: a byte of input is multiplied by it
export const COST_PARAMETER = 216; // f32: delta of Huber's cost
export const LABEL_SMOOTHING = 220; // f32: s of y (1 - s) + s / outputs
export const L2 = 224; // f64: lambda
export const L1 = 232; // f64
export const TRAINING_SAMPLES = 240; // f64: n of lambda / (2n)
export const CLIP_VALUE = 248; // f64: the largest magnitude of a gradient's number; 0: no limit
export const CLIP_NORM = 256; // f64: the largest length of the whole gradient; 0: no limit
export const HYPER = 264; // f64 [6]: the optimizer's own numbers, at MOMENTUM_MU and so on
export const OPTIMIZER = 312;
export const TOP_K = 316; // u32: a hit is a sample whose target is among the K largest outputs; 0: hits are not counted
export const IGNORE_NON_FINITE = 320; // u32: 1 if a step is taken even if its cost is not finite
export const STEP_ROWS = 324; // u32: rows of a full step; see LONG_STEPS
export const CHUNK_ROWS = 328; // u32: rows that pass through the network at once
export const RATES = 332; // f64 [steps of a call]: their learning rates; 0: all have LEARNING_RATE

// Words that change from step to step
export const LEARNING_RATE = 336; // f64
export const IS_TRAINING = 344; // u32: 1 if the forward pass of the present batch was made with dropout
export const IS_WEIGHTED = 348; // u32: 1 if ROW_WEIGHTS are used, 0 if every sample has the weight 1
export const STEP_COUNT = 356; // u32: steps taken in the network's life; dropout masks depend on this number
export const OPTIMIZER_STEPS = 360; // u32: steps that this optimizer has taken, t of Adam
export const STOPPED = 364; // u32: 1 once a cost was not finite; the step with that cost has updated nothing
export const STEP_COST = 368; // f64: the mean cost of the step, so far
export const COEFFICIENTS = 376; // f32 [8]: c0 to c7 of the optimizer's rule in this step
export const CLIPPING = 408; // f32: the gradient of this step is multiplied by it, for CLIP_NORM

// Numbers that optimizers keep from step to step besides their slots
export const PAIRS = 412; // u32: pairs that L-BFGS has stored since its state was cleared
export const PREVIOUS_COST = 416; // f64: for iRPROP+: the last step's cost with the penalties
export const MOMENTUM_PRODUCT = 424; // f64: for NAdam: the product of all mu so far

// Sums and counts that evaluations and training add to until src/ clears them: see metrics.ts
export const COST_SUM = 432; // f64: the sum of C_x over the samples seen
export const CORRECT = 440; // u32: samples classified correctly
export const TOP_K_HITS = 444; // u32: samples whose target is among the TOP_K largest outputs
export const SCORED = 448; // u32: samples evaluated
// u32: 1 + the index of the first sample evaluated whose outputs are not all finite; 0: there is none
export const NOT_FINITE = 452;

// The settings of evaluations
export const SCORING = 456; // SCORE_CLASSES and so on
// f32: a single output means class 1 if it exceeds this; so does the second of two outputs, unless this is infinite
export const THRESHOLD = 460;
export const TARGET_THRESHOLD = 464; // f32: a single target means class 1 if it exceeds this

// u32: the number of steps of STEP_ROWS rows at the beginning of an epoch, if all others have one row less; 0: none has
export const LONG_STEPS = 468;

// u32: how many of the parameters L1 and L2 penalise: all weights and, if PENALIZE_BIASES is 1, all biases
export const PENALIZED_FLOATS = 472;

// Rounds of several threads: see round.ts
export const ROUND_CHUNKS = 476; // u32: the most chunks of a round; 0: there are none
export const ROUND_SUMS = 480; // f32: for each chunk of a round the sums of its gradients, laid out like the parameters
export const ROUND_COSTS = 484; // f64 [ROUND_CHUNKS]: the sum of the costs of each chunk

// The words of a data set's record, WINDOW or TRAINING_SET
export const SET_INPUTS = 0;
export const SET_INPUT_TYPE = 4; // F32 or U8
export const SET_TARGETS = 8;
export const SET_TARGET_TYPE = 12; // ROWS or LABELS
export const SET_WEIGHTS = 16; // f32 [samples]
export const SET_ORDER = 20; // u32 [samples]; 0: samples are taken in the order stored
export const SET_SAMPLES = 24;

// The words of TEAM, each on a cache line of its own
export const TEAM_GENERATION = 0; // counts the meetings at the barrier
export const TEAM_ARRIVED = 64; // how many threads have come to the present meeting
export const TEAM_SLEEPING = 128; // how many threads sleep until a word changes
export const TEAM_CALL = 192; // the number of the last call, and in the low byte how many threads take part in it
export const TEAM_DIED = 256; // 1 once a thread has died; only src/ writes and reads it
export const TEAM_COMMAND = 320; // {command, a, b} of the last call
/** The largest number of threads of a network. It must fit in the low byte of TEAM_CALL. */
export const MAX_THREADS = 64;

// The layer table: a row of LAYER_BYTES for each layer
export const LAYERS = 4608;
export const LAYER_BYTES = 128;
export const FAN_IN = 0;
export const UNITS = 4;
export const ACTIVATION = 8;
export const HAS_BIAS = 12; // u32: 0 if the biases stay 0
export const INPUT = 16; // a^(l-1) [rows x fanIn], after dropout
export const INPUT_STRIDE = 20;
export const STRIDE = 24; // bytes from one row of z, a or delta to the next
export const Z = 28;
export const A = 32;
export const DELTA = 36;
export const WEIGHTS = 40; // panels, one after the other, each with a row for each input
export const BIASES = 44;
export const WEIGHT_GRADIENTS = 48;
export const BIAS_GRADIENTS = 52;
// MIXED: the records of the layer's functions, one after another, each RUN_OFFSETS + 4 * units bytes long
export const RUNS = 56;
export const RUN_COUNT = 60; // u32: MIXED: how many functions the layer has
export const DROPPED = 64; // a after dropout, which is the next layer's INPUT; 0: the layer has no dropout
export const DROPOUT_MASK = 68; // [rows x units]: 0, or 1 / (1 - rate)
export const DROPOUT_RATE = 72; // f64
export const MAX_NORM = 80; // f64: the largest length of a unit's weights; 0: no limit
export const ACTIVATION_CONSTANT = 88; // f32: LEAKY_RELU: the slope below 0; ELU: alpha
// PRELU, or MIXED with PRELU; otherwise 0
export const SLOPES = 92; // the slopes below 0, one for each unit; 0 for units with another function
export const SLOPE_GRADIENTS = 96;
export const SLOPE_DELTA = 100; // [rows x units]: dC/d(slope) of each sample; 0 for units with another function

// The words of a record of RUNS, one function of a mixed layer
export const RUN_ACTIVATION = 0; // u32
export const RUN_CONSTANT = 4; // f32: what ACTIVATION_CONSTANT is for a layer
export const RUN_UNITS = 8; // u32: how many units have this function
export const RUN_OFFSETS = 12; // u32 for each of those units: 4j, its place in a row

// Records of doubles for two neighbouring columns. Every quantity has a double for the even column and, 8 bytes further
// on, one for the odd column.
export const RECORD_COLUMNS = 2;

// The record of two outputs in ERROR_SUMS
export const ERROR_BYTES = 80;
export const ERROR_SHIFT = 0; // s, the y of the first sample
export const ERROR_ABSOLUTE = 16; // the sum of |a - y|
export const ERROR_SQUARE = 32; // the sum of (a - y)^2
export const ERROR_CENTRED = 48; // the sum of y - s
export const ERROR_CENTRED_SQUARE = 64; // the sum of (y - s)^2
