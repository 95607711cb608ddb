// What is searched, and by which data. All processes of the sweep need the same data; only sweep.mjs needs the rest.
import { oneOf } from 'simdprop/search';

const SAMPLES = 2000;
const INPUTS = 64;
const CLASSES = 10;

/** Numbers from 0 to below 1, the same in every engine. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
}

/** Noisy points around ten centres. Replace it by the reading of a file that every host has. */
export function readData() {
  const random = randomNumbers(7);
  const centres = Float32Array.from({ length: CLASSES * INPUTS }, random);
  const targets = Uint8Array.from({ length: SAMPLES }, (_, i) => i % CLASSES);
  const inputs = Float32Array.from(
    { length: SAMPLES * INPUTS },
    (_, i) => centres[targets[Math.floor(i / INPUTS)] * INPUTS + (i % INPUTS)] + 4 * (random() - 0.5),
  );
  return { inputs, targets };
}

export const network = {
  inputs: INPUTS,
  layers: [
    { units: oneOf([32, 64, 128]), activation: 'relu' },
    { units: CLASSES, activation: 'softmax' },
  ],
  seed: 1,
};

export const options = {
  epochs: 40,
  optimizer: { name: 'adam', learningRate: oneOf([0.001, 0.01]) },
  folds: 3,
  metric: 'accuracy',
};
