import { checkCallback, checkInteger, outOfRange } from '../check/errors.js';
import { isPromise } from '../check/promises.js';
import type { DataSet } from '../data/data-set.js';
import { fit } from './fit.js';
import { isStateFinite } from './non-finite.js';
import type { StreamOptions, TrainOptions } from './options.js';
import type { DataSource } from './parts.js';
import type { Place } from './place.js';
import type { ProgressReport } from './reports.js';
import { Resumption } from './resumption.js';
import { fitStream } from './stream.js';
import type { Trainer } from './trainer.js';

// Trains up to a given step and no further. This file is loaded only by `replayTo`.

/** Ends a call after a step. It is thrown by a callback, and caught by replayTo. */
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
  const { ignoreNonFinite = false, onBatch, onEpoch, onProgress } = options;
  // the call checks all other options, but gets another onBatch
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
      const arrive = () => {
        // does not throw, so that the call itself throws the error that says what happened
        if (!ignoreNonFinite && !isStateFinite(trainer.arena)) return false;
        throw new Arrival(trainer.place);
      };
      return isPromise(answer) ? answer.then(arrive) : arrive();
    },
  };
  // callbacks may take steps of their own
  const isCounted = !onBatch && !onEpoch && !onProgress;
  const checkReach = (steps: number) => {
    const last = from + steps;
    if (isCounted && step > last) throw outOfRange('step', step, `at most ${last}, where training ends`);
  };
  try {
    if (typeof data === 'function') await fitStream(trainer, data, stopped);
    else for await (const _ of fit(trainer, data, stopped, { onBegin: checkReach }));
  } catch (error) {
    if (!(error instanceof Arrival)) throw error;
    if (error.place) trainer.call.resumption = new Resumption(error.place, trainer.arena);
    return;
  }
  throw outOfRange('step', step, `at most ${trainer.state.steps}, where training has ended`);
}
