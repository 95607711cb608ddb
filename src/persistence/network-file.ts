import { checkFloats } from '../check/errors.js';
import type { Layer } from '../model/layer.js';
import { hasSlopes } from '../spec/activations.js';
import { savedLearningRate } from '../spec/schedule.js';
import type { Trainer } from '../training/trainer.js';
import { loadTraining } from './decode.js';
import type { SavedNetwork } from './saved-network.js';

// Files of networks: everything that Network.save and Network.load have in common with each other. The first of these
// calls loads it, as one chunk: if reading and writing were apart, what they share would be a third chunk.

export { decode } from './decode.js';
export { encode } from './encode.js';

/** Puts the contents of a file into a new network. */
export async function restore(saved: SavedNetwork, layers: readonly Layer[], trainer: Trainer): Promise<void> {
  checkFloats('load: parameters', saved.parameters, saved.parameters.length);
  let offset = 0;
  const next = (count: number) => {
    offset += count;
    return saved.parameters.subarray(offset - count, offset);
  };
  for (const layer of layers) {
    layer.setWeights(next(layer.units * layer.fanIn));
    layer.setBiases(next(layer.units));
    if (hasSlopes(layer.activation)) layer.setSlopes(next(layer.units));
  }
  trainer.goal = saved.goal;
  trainer.takeNames(saved.names);
  trainer.state.restore(saved);
  trainer.restoreScaling(saved);
  if (saved.training) (await loadTraining()).restoreTraining(saved.training, trainer);
  // a function that has no rate for the step reached, nor for the one before, could not be saved again
  savedLearningRate(saved.optimizer.learningRate, trainer.state.clock);
}
