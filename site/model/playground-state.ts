import type { ActivationName } from 'simdprop';
import { DATASETS, type DatasetName, type Point, type Task } from './datasets.js';
import type { FeatureName } from './features.js';
import { OPTIMIZERS, type OptimizerName } from './optimizers.js';

// All settings that decide what the playground computes. A link contains them.

export type HiddenActivation = Exclude<ActivationName, 'softmax'>;

export const ACTIVATIONS: readonly HiddenActivation[] = [
  'tanh',
  'relu',
  'sigmoid',
  'linear',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'silu',
  'softplus',
  'softsign',
  'hardSigmoid',
];

/** The costs, with the output activation that each goes with. */
export const COSTS = {
  quadratic: { name: 'quadratic', classes: 'tanh', numbers: 'linear' },
  binaryCrossEntropy: { name: 'binary cross-entropy', classes: 'sigmoid', numbers: undefined },
  hinge: { name: 'hinge', classes: 'tanh', numbers: undefined },
  huber: { name: 'Huber', classes: 'tanh', numbers: 'linear' },
  meanAbsoluteError: { name: 'mean absolute error', classes: 'tanh', numbers: 'linear' },
} as const;
export type Cost = keyof typeof COSTS;

export interface HiddenLayer {
  readonly units: number;
  readonly activation: HiddenActivation;
  /** The share of activations that is dropped in training. */
  readonly dropout: number;
}

export interface PlaygroundState {
  readonly data: DatasetName | 'own';
  /** The points, if the data are the visitor's own. */
  readonly own: readonly Point[];
  readonly ownTask: Task;
  /** Percent. */
  readonly noise: number;
  /** Percent of the points that are trained on; the others are the test. */
  readonly split: number;
  readonly features: readonly FeatureName[];
  readonly layers: readonly HiddenLayer[];
  readonly cost: Cost;
  readonly optimizer: OptimizerName;
  readonly rate: number;
  readonly batch: number;
  readonly l1: number;
  readonly l2: number;
  readonly seed: number;
}

export const LIMITS = {
  noise: { least: 0, most: 50 },
  split: { least: 10, most: 90 },
  layers: { least: 0, most: 6 },
  units: { least: 1, most: 128 },
  dropout: { least: 0, most: 0.9 },
  rate: { least: 1e-5, most: 10 },
  batch: { least: 1, most: 500 },
  l1: { least: 0, most: 10 },
  l2: { least: 0, most: 10 },
  seed: { least: 0, most: 2 ** 32 - 1 },
  points: { least: 2, most: 5000 },
} as const;

export const DEFAULT_STATE: PlaygroundState = {
  data: 'spiral',
  own: [],
  ownTask: 'classes',
  noise: 0,
  split: 50,
  features: ['x1', 'x2'],
  layers: [
    { units: 8, activation: 'tanh', dropout: 0 },
    { units: 8, activation: 'tanh', dropout: 0 },
  ],
  cost: 'quadratic',
  optimizer: 'adam',
  rate: OPTIMIZERS.adam.rate,
  batch: 10,
  l1: 0,
  l2: 0,
  seed: 1,
};

export const taskOf = ({ data, ownTask }: PlaygroundState): Task => (data === 'own' ? ownTask : DATASETS[data].task);

/** The widths of all layers, such as 2-4-2-1. */
export const shapeOf = ({ features, layers }: PlaygroundState): string =>
  [features.length, ...layers.map(({ units }) => units), 1].join('-');

/** The cost of the state, or the quadratic cost if the state's does not fit the data. */
export const costOf = (state: PlaygroundState): Cost => (COSTS[state.cost][taskOf(state)] ? state.cost : 'quadratic');
