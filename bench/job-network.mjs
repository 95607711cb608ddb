// The networks and the data of mpi-job.mjs and threads-job.mjs.

/** Layers of so many units, with relu in all but the last one, which has softmax. */
export function reluLayers(units) {
  return units.map((n, l) => ({ units: n, activation: l + 1 < units.length ? 'relu' : 'softmax' }));
}

/** Samples of ten classes, with about as many zeros as MNIST has. All calls continue one sequence of random numbers. */
export function makeSamples(samples, inputs) {
  return {
    inputs: Float32Array.from({ length: samples * inputs }, () => (random() < 0.8 ? 0 : random())),
    targets: Uint8Array.from({ length: samples }, () => Math.floor(10 * random())),
  };
}

let state = 7;
function random() {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return state / 2 ** 32;
}
