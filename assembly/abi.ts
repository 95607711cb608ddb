// The numbers both sides share. Valid TypeScript and valid AssemblyScript: src/ imports this file as it stands, so the
// two sides cannot drift apart. Offsets are bytes; a word is 4 bytes; an address is a u32 into the linear memory.
//
//   0          4096        4352                       4352 + 128 * layers
//   | constants | header    | a row for each layer     | the arena: planned by src/plan.ts
//
// Below `HEADER` lie the polynomial tables of math.ts. A layer here is a layer of weights: row 0 is layer 2 of SPEC's
// count, whose input a^1 is the batch.

// Activations
export const LINEAR = 0;
export const SIGMOID = 1;
export const TANH = 2;
export const RELU = 3;
export const SOFTMAX = 4;

// Costs
export const QUADRATIC = 0;
export const BINARY_CROSS_ENTROPY = 1;
export const CATEGORICAL_CROSS_ENTROPY = 2;

// Types of stored data
export const F32 = 0;
export const U8 = 1;
export const ROWS = 0;
export const LABELS = 1;

// What a random number is for: the first word of the counter's key beside the seed
export const RANDOM_WEIGHTS = 1;
export const RANDOM_BIASES = 2;
export const RANDOM_ORDER = 3;

// Weights lie in panels of 16 units: w_jk at panel j / 16, row k, column j % 16. One row of a panel is one cache line.
export const PANEL_UNITS = 16;
export const PANEL_ROW_BYTES = 64;
// A panel with this many units or less is computed 4 at a time; what fills its rows is then neither written nor read.
export const NARROW_UNITS = 8;

// Header
export const HEADER = 4096;
export const LAYER_COUNT = 0;
export const COST = 4;
export const BATCH_ROWS = 8; // rows of a full mini-batch
export const X = 12; // a^1 [rows x inputs]
export const X_STRIDE = 16;
export const INPUTS = 20;
export const Y = 24; // targets [rows x outputs]
export const Y_STRIDE = 28;
export const OUTPUTS = 32;
export const ACTIVE = 36; // u32 byte offsets 4k of the inputs that are not zero in the whole batch, ascending
export const ACTIVE_COUNT = 40;
export const IDENTITY = 44; // u32 byte offsets 0, 4, 8, ...: the list for layers whose inputs are all used
export const ZEROS = 48; // zeros, as many as the widest layer's row: the accumulators' start where there is no bias
export const PARAMETERS = 52; // all weights, then all biases
export const WEIGHT_FLOATS = 56;
export const PARAMETER_FLOATS = 60;
export const GRADIENTS = 64; // laid out as the parameters
export const CONFUSION = 68; // u32 [outputs x outputs], rows = target; 0 when outputs is 1 or large
export const RANDOM_BLOCK = 72; // 16 bytes: one block of random words
export const SEED_LOW = 76;
export const SEED_HIGH = 80;
export const SCALE = 84; // f32: what a byte of input is multiplied with
export const LEARNING_RATE = 88; // f64
export const L2 = 96; // f64: lambda
export const TRAINING_SAMPLES = 104; // f64: n of lambda / (2n)
export const COST_SUM = 112; // f64: sum of C_x over the samples seen since it was cleared
export const CORRECT = 120; // u32: samples classified correctly since it was cleared
export const TOUCHED = 124;

// Two data sets: the one that is trained on, and the window through which everything else passes
export const TRAINING_SET = 128;
export const WINDOW = 160;
export const SET_INPUTS = 0; // addresses; 0: none
export const SET_INPUT_TYPE = 4;
export const SET_TARGETS = 8;
export const SET_TARGET_TYPE = 12;
export const SET_ORDER = 16; // u32 [samples]; 0: in the order stored
export const SET_SAMPLES = 20;

// Layer table
export const LAYERS = 4352;
export const LAYER_BYTES = 128;
export const FAN_IN = 0;
export const UNITS = 4;
export const ACTIVATION = 8;
export const INPUT = 12; // a^(l-1) [rows x fanIn]
export const INPUT_STRIDE = 16;
export const STRIDE = 20; // bytes from one row of z, a or delta to the next
export const Z = 24;
export const A = 28;
export const DELTA = 32;
export const WEIGHTS = 36;
export const BIASES = 40;
export const WEIGHT_GRADIENTS = 44;
export const BIAS_GRADIENTS = 48;
export const TRANSPOSED = 52; // panels of 16 inputs, a row for each unit: what BP2 reads; none for the first layer
