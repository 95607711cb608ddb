import { checkSignal, throwIfAborted } from '../check/abort.js';
import type { Arena } from '../core/arena.js';
import type { CheckedData } from '../data/data-set.js';
import type { Goal } from '../data/task.js';
import { checkEvaluation, EVALUATE_KEYS, type EvaluateOptions, type EvaluateSpec, Scoring } from '../model/evaluate.js';
import type { Evaluation } from '../model/metrics.js';
import type { Pass } from '../model/pass.js';
import type { Spec } from '../spec/spec.js';
import { SLICE_MS, Yielder } from './event-loop.js';
import { readTimer } from './timer.js';

/** Options of `evaluateAsync`. */
export interface EvaluateAsyncOptions extends EvaluateOptions {
  /** Aborting it ends the evaluation: `evaluateAsync` rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Checks the options of evaluateAsync. */
export function checkSlicedEvaluation(options: unknown, goal: Goal, spec: Spec): EvaluateSpec {
  const checked = checkEvaluation(options, goal, spec, [...EVALUATE_KEYS, 'signal']);
  checkSignal('options.signal', (options as EvaluateAsyncOptions).signal);
  return checked;
}

/**
 * The arguments of an evaluation in slices. The first six are those of `evaluate`. Other code must not be able to
 * change the data.
 */
export interface SlicedEvaluation {
  readonly where: string;
  readonly arena: Arena;
  readonly pass: Pass;
  readonly data: CheckedData;
  readonly goal: Goal;
  readonly options: EvaluateSpec;
  readonly ignoresNonFinite: boolean;
  readonly signal: AbortSignal | undefined;
  /** Does a slice of the work, and may measure its time. */
  readonly timed: <T>(work: () => T) => T;
  /** Called if the network has changed while the event loop ran. It may throw; else the evaluation begins anew. */
  readonly onChange: () => void;
}

/**
 * The evaluation of a network on checked data, in slices that are short enough for the event loop to run in between.
 * The result has the bits of `evaluate`.
 */
export async function evaluateInSlices(evaluation: SlicedEvaluation): Promise<Evaluation> {
  const { where, arena, pass, data, goal, options, ignoresNonFinite } = evaluation;
  const { signal, timed, onChange } = evaluation;
  const yielder = new Yielder();
  let isWhole = false;
  for (;;) {
    const { revision } = pass;
    const scoring = timed(() => new Scoring(where, arena, pass, data, goal, options, ignoresNonFinite));
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
    // a program that changes the network in every frame must not keep this from ending
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
