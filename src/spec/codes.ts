// The numbers that stand for names between src/ and the core. Their one home is assembly/abi.ts; this file hands on those that rooms
// above it need, so that none of them imports the layout of the header, which is core/header.ts's alone.

export {
  // activations
  ELU,
  GELU,
  HARD_SIGMOID,
  LEAKY_RELU,
  LINEAR,
  MIXED,
  RELU,
  SELU,
  SIGMOID,
  SILU,
  SOFTMAX,
  SOFTPLUS,
  SOFTSIGN,
  TANH,
} from '../../assembly/abi.js';
export {
  // costs
  BINARY_CROSS_ENTROPY,
  CATEGORICAL_CROSS_ENTROPY,
  CUSTOM_COST,
  HINGE,
  HUBER,
  KULLBACK_LEIBLER,
  MEAN_ABSOLUTE_ERROR,
  POISSON,
  QUADRATIC,
  SEEDED,
} from '../../assembly/abi.js';
export {
  // optimizers
  ADADELTA,
  ADAGRAD,
  ADAM,
  ADAMW,
  IRPROP,
  LBFGS,
  LION,
  MOMENTUM,
  NADAM,
  NESTEROV,
  RMSPROP,
  SGD,
} from '../../assembly/abi.js';
export {
  // types of stored data
  F32,
  LABELS,
  ROWS,
  U8,
} from '../../assembly/abi.js';
export {
  // what a random number is for
  RANDOM_BIASES,
  RANDOM_ORDER,
  RANDOM_SPLIT,
  RANDOM_WEIGHTS,
} from '../../assembly/abi.js';
