import { checkObject, checkPositive, outOfRange } from '../check/errors.js';
import { checkData, type DataSet, namedBy } from '../data/data-set.js';
import { misfitsOf } from '../data/misfit.js';
import { checkNamedTask, settleGoal } from '../data/task.js';
import { warningsOf } from '../data/warnings.js';
import { knownNames } from '../spec/names.js';
import { slotsOf } from '../spec/optimizer.js';
import { CallStart } from './call-start.js';
import { checkSteps, STEP_KEYS, type StepSettings, stepSizesOf, type TrainForOptions } from './options.js';
import type { TrainForReport } from './reports.js';
import { TimeBoxedTraining } from './time-boxed.js';
import type { Trainer } from './trainer.js';

// The calls of trainFor. The first of them loads this file.

/** The data of a call of trainFor. */
interface GivenData {
  /** That of the user's arrays: see identityOf. A later call with the same ones continues. */
  readonly identity: readonly unknown[];
  /** The arrays that are read: the same ones, or copies that were made before this file was loaded. */
  readonly data: DataSet;
}

/** See Network.trainFor. */
export function trainFor(
  trainer: Trainer,
  given: GivenData,
  milliseconds: number,
  options: TrainForOptions,
): TrainForReport {
  trainer.arena.checkAlive();
  checkObject('options', options, STEP_KEYS);
  checkPositive('milliseconds', milliseconds);
  const settings = checkSteps(options, trainer.optimizer);
  if (settings.optimizer.name === 'lbfgs') {
    throw outOfRange('options.optimizer', 'lbfgs', 'one that takes a step at a time: lbfgs needs fit');
  }
  const start = new CallStart(trainer);
  try {
    const training = trainingFor(trainer, given, settings);
    // after an error, the next call starts a new epoch
    trainer.timeBoxed = undefined;
    const report = training.run(milliseconds);
    trainer.timeBoxed = training;
    return report;
  } catch (error) {
    start.undo();
    throw error;
  }
}

/** The training of the last call, if a call with these data and settings continues it, or else a new one. */
function trainingFor(trainer: Trainer, given: GivenData, settings: StepSettings): TimeBoxedTraining {
  const { optimizer } = settings;
  const last = trainer.timeBoxed;
  const hasState = slotsOf(optimizer) === trainer.arena.plan.slots;
  const { names } = namedBy('data', given.data, trainer.arena);
  const asked = { identity: given.identity, ...names, goal: trainer.goal };
  if (!last || !hasState || !last.continues(asked, () => stepsOf(settings, last.samples))) {
    return startTraining(trainer, given, settings);
  }
  trainer.state.checkRate(optimizer);
  trainer.state.useOptimizer(optimizer);
  return last;
}

function startTraining(trainer: Trainer, { identity, data }: GivenData, settings: StepSettings): TimeBoxedTraining {
  const { arena, state } = trainer;
  // first of all, because the function of a learning rate may do anything, with the data too
  trainer.checkRate(settings.optimizer);
  const checked = checkData('data', data, arena, trainer.isLoaded);
  const goal = settleGoal(trainer.goal, { 'data.targets': checked.targets }, arena.spec);
  checkNamedTask('data.classes', knownNames(arena.names, checked.given).classes, goal.task, arena.spec);
  const steps = stepsOf(settings, checked.samples);
  const slots = slotsOf(settings.optimizer);
  const callOptions = once(() => ({ ...trainer.optionsOf('trainFor', checked.samples, steps), slots }));
  const place = trainer.loadSet(checked, steps, callOptions);
  trainer.goal = goal;
  trainer.takeNames(checked.given);
  const warnings = [...warningsOf(checked, arena), ...misfitsOf(checked, arena)];
  const begun = { identity, ...arena.names, goal };
  const training = new TimeBoxedTraining(state, begun, checked.samples, steps, callOptions, warnings);
  if (place) {
    state.useOptimizer(settings.optimizer);
    training.resume(place);
  }
  return training;
}

/** The settings of the steps on this many samples. */
function stepsOf(settings: StepSettings, samples: number) {
  const { optimizer, shuffle, ignoreNonFinite } = settings;
  return { ...stepSizesOf(settings, samples, optimizer), optimizer, shuffle, ignoreNonFinite, isTrial: false };
}

/** A function that calls `make` at most once, because checksums of data take time. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
