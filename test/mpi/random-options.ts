import {
  adadelta,
  adagrad,
  adam,
  adamw,
  cosine,
  irprop,
  lbfgs,
  lion,
  momentum,
  type NetworkOptions,
  nadam,
  nesterov,
  rmsprop,
  sgd,
  step,
  type TrainOptions,
  type TypedDataSet,
} from '../../src/index.js';
import { randomNumbers } from '../random-numbers.js';

// Networks, data and options of fit that are drawn at random, the same in every process.

const HIDDEN = ['sigmoid', 'tanh', 'relu', 'leakyRelu', 'prelu', 'gelu', 'silu', 'mish', 'softsign', 'selu'] as const;
const MIXED = ['tanh', 'relu', 'prelu', 'sigmoid', 'linear'] as const;

/** A choice of random things from one seed. */
function drawing(seed: number) {
  const random = randomNumbers(seed);
  const integer = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const oneOf = <T>(values: readonly T[]): T => values[integer(0, values.length - 1)];
  const maybe = <T>(value: () => T, share = 0.3): T | undefined => (random() < share ? value() : undefined);
  return { random, integer, oneOf, maybe };
}

type Drawing = ReturnType<typeof drawing>;

function drawNetwork({ integer, oneOf, maybe }: Drawing, inputs: number, classes: number, isLbfgs: boolean) {
  const hidden = Array.from({ length: integer(0, 2) }, () => {
    const units = integer(1, 90);
    const isMixed = maybe(() => true, 0.2);
    return {
      units,
      activation: isMixed ? Array.from({ length: units }, () => oneOf(MIXED)) : oneOf(HIDDEN),
      ...(!isLbfgs && { dropout: maybe(() => oneOf([0.1, 0.5])), maxNorm: maybe(() => oneOf([0.5, 3]), 0.2) }),
      bias: maybe(() => false, 0.15),
    };
  });
  const last = oneOf(['softmax', 'sigmoid', 'linear', 'tanh'] as const);
  return {
    inputs,
    layers: [...hidden, { units: classes, activation: last }],
    cost: oneOf(
      last === 'softmax' ? (['categoricalCrossEntropy', 'quadratic'] as const) : (['quadratic', 'huber'] as const),
    ),
    l2: maybe(() => oneOf([0.01, 0.5])),
    ...(!isLbfgs && { l1: maybe(() => 0.02, 0.2) }),
    penalizeBiases: maybe(() => true, 0.2),
    seed: integer(0, 1000),
  } satisfies NetworkOptions;
}

function drawOptimizer({ oneOf, maybe }: Drawing, isFull: boolean) {
  const clipping = { clipNorm: maybe(() => 0.1), clipValue: maybe(() => 0.01) };
  const rate = oneOf([0.1, 0.01, step({ initial: 0.1, factor: 0.5, epochs: 1 })]);
  const plain = { learningRate: oneOf([0.1, 0.02, cosine({ initial: 0.1, steps: 20 })]), ...clipping };
  if (isFull) return oneOf([() => irprop({ learningRate: 0.01, ...clipping }), () => lbfgs({ history: 3 })])();
  return oneOf([
    () => sgd({ learningRate: 0.1 }),
    () => sgd(plain),
    () => momentum({ learningRate: 0.05, ...clipping }),
    () => nesterov({ learningRate: 0.05, ...clipping }),
    () => adagrad(clipping),
    () => adadelta(clipping),
    () => rmsprop({ ...clipping, learningRate: typeof rate === 'number' ? rate / 10 : 0.01 }),
    () => adam({ learningRate: 0.01, ...clipping }),
    () => adamw({ learningRate: 0.01, ...clipping }),
    () => nadam({ learningRate: 0.01, ...clipping }),
    () => lion({ learningRate: 0.001, ...clipping }),
  ])();
}

function drawData({ random, oneOf, maybe }: Drawing, samples: number, inputs: number, classes: number): TypedDataSet {
  const zeros = oneOf([0, 0.8]);
  const draw = () => (random() < zeros ? 0 : random());
  const isBytes = maybe(() => true);
  const values = Array.from({ length: samples * inputs }, draw);
  return {
    inputs: isBytes ? Uint8Array.from(values, (x) => 255 * x) : Float32Array.from(values),
    targets: maybe(() => true, 0.7)
      ? Uint8Array.from({ length: samples }, () => Math.floor(random() * classes))
      : Float32Array.from({ length: samples * classes }, random),
    weights: maybe(() => Float32Array.from({ length: samples }, () => (random() < 0.2 ? 0 : random()))),
  };
}

/** Case number `seed`. */
export function drawCase(seed: number) {
  const drawn = drawing(seed);
  const { integer, maybe } = drawn;
  const inputs = integer(1, 70);
  const classes = integer(2, 40);
  const samples = integer(1, 400);
  const isFull = maybe(() => true, 0.2) === true;
  const optimizer = drawOptimizer(drawn, isFull);
  const data = drawData(drawn, samples, inputs, classes);
  const network = drawNetwork(drawn, inputs, classes, optimizer.name === 'lbfgs');
  const isLabels = data.targets instanceof Uint8Array;
  if (network.cost === 'categoricalCrossEntropy' && !isLabels) network.cost = 'quadratic';
  const options: TrainOptions = {
    epochs: integer(1, 4),
    optimizer,
    ...(!isFull && { batchSize: integer(1, 300), accumulate: maybe(() => integer(1, 3)) }),
    shuffle: maybe(() => false),
    trainingMetrics: maybe(() => true),
    ...(data.inputs instanceof Float32Array && { standardize: maybe(() => 'inputs' as const, 0.2) }),
  };
  return { network: { ...network, scale: isFull ? undefined : maybe(() => 1 / 255) }, data, options };
}
