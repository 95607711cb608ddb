import { adam } from '../src/index.js';
import { oneOf, type SearchedNetwork, type SearchOptions } from '../src/search.js';
import { randomNumbers } from './random-numbers.js';

/** 60 samples of three inputs and two classes, the second if the sum of the first two inputs is above 1. */
export function searchData(seed = 5) {
  const random = randomNumbers(seed);
  const inputs = Float32Array.from({ length: 180 }, random);
  const targets = Uint8Array.from({ length: 60 }, (_, i) => Number(inputs[3 * i] + inputs[3 * i + 1] > 1));
  return { inputs, targets };
}

/** Three settings. */
export const SEARCHED: SearchedNetwork = {
  inputs: 3,
  layers: [{ units: oneOf([2, 4, 8]), activation: 'tanh' }, { units: 1 }],
  seed: 4,
};

/** A search of 24 trainings by two workers. Each takes long enough for a process to be killed within it. */
export const LONG: SearchOptions = {
  optimizer: oneOf([0.01, 0.1]).map((learningRate) => adam({ learningRate })),
  epochs: 30,
  batchSize: 1,
  folds: 4,
  workers: 2,
};

/** A search of nine settings, whose trials the processes of a job array divide. */
export const SHARED: SearchOptions = {
  optimizer: oneOf([0.003, 0.01, 0.1]).map((learningRate) => adam({ learningRate })),
  epochs: 3,
  folds: 2,
  workers: 0,
};

/** A log that is kept in memory. */
export function textLog(text = '') {
  return {
    text,
    read() {
      return this.text;
    },
    append(more: string) {
      this.text += more;
    },
  };
}
