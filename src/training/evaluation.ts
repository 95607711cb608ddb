import { throwIfAborted } from '../check/abort.js';
import type { CheckedData } from '../data/data-set.js';
import type { Goal } from '../data/task.js';
import { checkEvaluation, type EvaluateSpec, Scoring } from '../model/evaluate.js';
import type { EvaluateOptions } from '../model/evaluate-options.js';
import type { Evaluation } from '../model/metrics.js';
import { OutputsError } from '../model/outputs-error.js';
import type { Names } from '../spec/names.js';
import { SLICE_MS, Yielder } from './event-loop.js';
import { readTimer } from './timer.js';
import type { Trainer } from './trainer.js';

// Evaluates a network in slices that are short enough for the event loop to run in between: for Network.evaluate, and
// for the validation data of fit and fitStream. Loaded by the first evaluation.

/** The arguments of an evaluation. Other code must not be able to change the data. */
interface SlicedEvaluation {
  /** The name of the data in messages. */
  readonly where: string;
  /** undefined: the training set that lies in the memory. */
  readonly data: CheckedData | undefined;
  readonly goal: Goal;
  /** The names of the network's classes. */
  readonly classes: Names['classes'];
  readonly options: EvaluateSpec;
  readonly ignoresNonFinite: boolean;
  readonly signal: AbortSignal | undefined;
  /** Does a slice of the work, and may measure its time. */
  readonly timed: <T>(work: () => T) => T;
  /** Called if the network has changed since it had this revision. It may throw; else the evaluation begins anew. */
  readonly revision: number;
  readonly onChange: () => void;
}

/** See Network.evaluate. `read`: what has been read at the call. */
export async function evaluate(
  trainer: Trainer,
  read: Pick<SlicedEvaluation, 'data' | 'goal' | 'classes' | 'revision'>,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const checked = checkEvaluation(options, read.goal, trainer.arena.spec);
  const { signal } = options;
  throwIfAborted(signal);
  return await evaluateInSlices(trainer, {
    ...read,
    where: 'data',
    options: checked,
    ignoresNonFinite: false,
    signal,
    timed: (work) => work(),
    onChange: () => {
      const wanted = 'them to stay until it is awaited';
      throw new Error(`evaluate: got other weights or settings before it had ended, want ${wanted}`);
    },
  });
}

/**
 * Evaluates the network on validation data, or else on the training set that lies in the memory. It must be known what
 * the network learns.
 */
export async function validate(
  trainer: Trainer,
  data: CheckedData | undefined,
  how: Pick<SlicedEvaluation, 'options' | 'ignoresNonFinite' | 'signal' | 'timed'>,
): Promise<Evaluation> {
  const { revision } = trainer.pass;
  const goal = trainer.goal as Goal;
  try {
    return await evaluateInSlices(trainer, {
      where: data ? 'options.validation' : 'data',
      data,
      goal,
      classes: trainer.arena.names.classes,
      ...how,
      revision,
      onChange: () => {},
    });
  } catch (error) {
    if (error instanceof OutputsError) trainer.state.fallback.restore();
    throw error;
  }
}

async function evaluateInSlices({ arena, pass }: Trainer, evaluation: SlicedEvaluation): Promise<Evaluation> {
  const { where, data, goal, classes, options, ignoresNonFinite, signal, timed, onChange } = evaluation;
  const yielder = new Yielder();
  let { revision } = evaluation;
  let isWhole = false;
  arena.checkAlive();
  for (;;) {
    const scoring = timed(() => new Scoring(where, arena, pass, data, { goal, classes }, options, ignoresNonFinite));
    while (pass.revision === revision) {
      const isDone = timed(() => advance(scoring, isWhole));
      if (isDone) return timed(() => scoring.result);
      if (!yielder.isDue()) continue;
      const putBack = scoring.keepSums();
      await yielder.yieldIfDue();
      throwIfAborted(signal);
      arena.checkAlive();
      putBack();
    }
    onChange();
    revision = pass.revision;
    // even if a program changes the network in every frame, this must end
    isWhole = true;
  }
}

/** Works for as long as a slice, or to the end. Returns true if it is done. */
function advance(scoring: Scoring, isWhole: boolean): boolean {
  const start = readTimer();
  do scoring.advance();
  while (!scoring.isDone && (isWhole || readTimer() - start < SLICE_MS));
  return scoring.isDone;
}
