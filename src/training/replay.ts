import { checkCallback, checkInteger, checkObject, outOfRange } from '../check/errors.js';
import type { DataSet } from '../data/data-set.js';
import { train } from './fit.js';
import { isStateFinite } from './non-finite.js';
import type { StreamOptions, TrainOptions } from './options.js';
import type { Place } from './place.js';
import type { ProgressReport } from './reports.js';
import { type DataSource, fitStream } from './stream.js';
import type { Trainer } from './trainer.js';

// Training up to a step and no further. Loaded where it is asked for.

/** Ends a call amid its work: as an abort does, but after a step, and nobody gets to see it. */
class Arrival extends Error {
  readonly place: Place | undefined;

  constructor(place: Place | undefined) {
    super('replayTo: arrived');
    this.place = place;
  }
}

export async function replayTo(
  trainer: Trainer,
  step: number,
  data: DataSet | DataSource,
  options: TrainOptions | StreamOptions,
): Promise<void> {
  const from = trainer.state.steps;
  checkInteger('step', step, from, 2 ** 32 - 1);
  checkObject('options', options, Object.keys(options ?? {}));
  const { ignoreNonFinite = false, onBatch } = options;
  // the call itself, which checks all the others, gets one of ours
  checkCallback('options.onBatch', onBatch);
  if (step === from) return;
  if ((options.optimizer ?? trainer.optimizer).name === 'lbfgs') {
    throw outOfRange('replayTo', 'lbfgs', 'an optimizer that takes a step at a time: for lbfgs fit with fewer epochs');
  }
  const stopped = {
    ...options,
    onBatch(report: ProgressReport) {
      const answer = onBatch?.(report);
      if (trainer.state.steps < step) return answer;
      // the error that says what has happened comes from the call itself
      if (!ignoreNonFinite && !isStateFinite(trainer.arena)) return false;
      throw new Arrival(trainer.place);
    },
  };
  try {
    if (typeof data === 'function') await fitStream(trainer, data, stopped);
    else for await (const _ of train(trainer, data, stopped));
  } catch (error) {
    if (!(error instanceof Arrival)) throw error;
    trainer.call.resumeAt(error.place);
    return;
  }
  throw outOfRange('step', step, `at most ${trainer.state.steps}, where training has ended`);
}
