import { checkBoolean, checkFloats, checkName, checkObject, keysOf, orDefault, outOfRange } from '../check/errors.js';
import type { Layer } from '../model/layer.js';
import { hasSlopes } from '../spec/activations.js';
import { savedLearningRate } from '../spec/schedule.js';
import type { Trainer } from '../training/trainer.js';
import { loadTraining } from './decode.js';
import type { Precision, SavedNetwork, SaveOptions } from './saved-network.js';

// Everything that Network.save and Network.load need for files. The first call of either one loads it, as one chunk. If
// reading and writing were two chunks, the code that both share would be a third one.

export { decode } from './decode.js';
export { encode } from './encode.js';

const SAVE_KEYS = keysOf<SaveOptions>({ training: true, precision: true });

/** Checks the options of `save`, two of which were read before. Returns the precision. */
export function precisionOf(options: unknown, training: unknown, precision: unknown): Precision {
  checkObject('options', options, SAVE_KEYS);
  const isTraining = checkBoolean('options.training', orDefault(training, false));
  const checked = checkName('options.precision', orDefault(precision, 'f32'), ['f32', 'f16']);
  if (!isTraining || checked === 'f32') return checked;
  throw outOfRange('options.precision', '"f16" with training: true', '"f32": training resumes with the same bits');
}

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
  // if the function has a rate neither for this step nor for the one before, the network could not be saved again
  savedLearningRate(saved.optimizer.learningRate, trainer.state.clock);
}
