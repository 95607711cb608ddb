import { checkName, counted, outOfRange, wrongType } from '../check/errors.js';
import { classCountOf, type Names } from '../spec/names.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import { type FloatArray, isFloats } from './numbers.js';
import type { TargetArray } from './targets.js';

// The task of a network. The user or the first targets decide it once; it is never inferred again.

/**
 * What a network learns:
 * - `classes`: each sample belongs to one class. There is an output for each class, and the largest one is predicted;
 *   or there is one output for two classes.
 * - `labels`: each sample has any number of labels, with an output for each label.
 * - `numbers`: each output is a number.
 */
export type Task = 'classes' | 'labels' | 'numbers';

export const TASKS: readonly Task[] = ['classes', 'labels', 'numbers'];

/** The task of a network, and the kind of its targets. */
export interface Goal {
  readonly task: Task;
  /** true: the targets of classes or labels are -1 and 1. false: they are 0 and 1. */
  readonly isSigned: boolean;
}

/** The part of a goal that is known: nothing before the first targets, unless the user has given the task. */
export type KnownGoal = Partial<Goal>;

/** The part of a network that decides what it can learn. `cost`: its name, or what a file has instead. */
export interface TaskSpec extends Pick<Spec, 'layers'> {
  readonly cost: unknown;
}

/** Checks a task that is given for a network. */
export function checkTask(where: string, value: unknown, { cost }: TaskSpec): Task {
  const task = checkName(where, value, TASKS);
  if (task === 'numbers' && cost === 'hinge') {
    throw outOfRange(where, '"numbers" with the cost "hinge"', '"classes" or "labels": its targets are -1 and 1');
  }
  if (task === 'labels' && isOfShares(cost)) {
    const wanted =
      '"classes" or "numbers": its targets add up to 1. Labels go with sigmoid outputs and binaryCrossEntropy';
    throw outOfRange(where, `"labels" with the cost "${cost}"`, wanted);
  }
  return task;
}

/** Refuses standardised targets for a network that learns classes or labels. */
export function checkScaledTask(where: string, task: Task | undefined): void {
  if (task === 'numbers') return;
  const wanted = 'a network that learns numbers: task: "numbers" at create says so';
  throw outOfRange(where, `standardised targets for a network that learns ${task}`, wanted);
}

/** Refuses names of classes that a network with this task cannot have: it learns numbers, or needs more or fewer. */
export function checkNamedTask(where: string, classes: Names['classes'], task: Task | undefined, spec: TaskSpec): void {
  if (!classes) return;
  if (task === 'numbers') {
    const wanted = 'classes or labels (net.task), or none';
    throw outOfRange(where, 'names of classes for a network that learns numbers', wanted);
  }
  const count = classCountOf(outputsOf(spec), task);
  if (classes.length === count) return;
  throw outOfRange(where, counted(classes.length, 'name'), `${count} for a network that learns ${task ?? 'classes'}`);
}

/** The known part of the goal of a network whose task is given. */
export function goalGiven(task: Task | undefined, { cost }: TaskSpec): KnownGoal {
  if (task === undefined) return {};
  if (task === 'numbers') return { task, isSigned: false };
  return cost === 'hinge' ? { task, isSigned: true } : { task };
}

/** True if the targets of a row add up to 1 under this cost. */
function isOfShares(cost: unknown): boolean {
  return cost === 'categoricalCrossEntropy' || cost === 'kullbackLeibler';
}

/** Collects what all targets of a call have in common. They may come in parts. */
export class TargetSurvey {
  readonly #spec: Spec;
  #hasClassLabels = false;
  #hasRows = false;
  #areZerosAndOnes = true;
  #areSigns = true;
  /** True if every row has exactly one 1. */
  #areOneHot = true;
  #hasOnes = false;
  #hasOthers = false;

  constructor(spec: Spec) {
    this.#spec = spec;
  }

  /** Adds checked targets. Refuses class labels together with rows that are neither classes nor labels. */
  add(where: string, targets: TargetArray): void {
    if (!isFloats(targets)) this.#hasClassLabels = true;
    else {
      this.#hasRows = true;
      this.#addRows(targets, outputsOf(this.#spec));
    }
    if (this.#hasClassLabels && this.#hasRows && (this.#task === 'numbers' || (this.#areNegative && !this.#isHinge))) {
      const wanted = 'class labels for all data of a call, or rows of numbers for all';
      throw wrongType(where, targets, wanted);
    }
  }

  #addRows(targets: FloatArray, outputs: number): void {
    for (let start = 0; start < targets.length && this.#areMarks; start += outputs) {
      let [ones, zeros, minusOnes] = [0, 0, 0];
      for (let k = start; k < start + outputs; k++) {
        ones += Number(targets[k] === 1);
        zeros += Number(targets[k] === 0);
        minusOnes += Number(targets[k] === -1);
      }
      if (ones > 0) this.#hasOnes = true;
      if (ones < outputs) this.#hasOthers = true;
      if (ones !== 1) this.#areOneHot = false;
      if (ones + zeros < outputs) this.#areZerosAndOnes = false;
      if (ones + minusOnes < outputs) this.#areSigns = false;
    }
  }

  /** True if all targets are 0 or 1, or all are -1 or 1. */
  get #areMarks(): boolean {
    return this.#areZerosAndOnes || this.#areSigns;
  }

  /** True if there are rows of -1 and 1. */
  get #areNegative(): boolean {
    return this.#hasRows && this.#areSigns && !this.#areZerosAndOnes;
  }

  get #isHinge(): boolean {
    return this.#spec.cost === 'hinge';
  }

  /** True if the targets so far are numbers, whatever comes after them. */
  get areNumbers(): boolean {
    const { cost } = this.#spec;
    return this.#hasRows && !isOfShares(cost) && (!this.#areMarks || cost === 'poisson');
  }

  /** The goal of a network with these targets. `known` is kept. */
  goal(known: KnownGoal): Goal {
    return { task: known.task ?? this.#task, isSigned: known.isSigned ?? (this.#isHinge || this.#areNegative) };
  }

  get #task(): Task {
    const { cost } = this.#spec;
    if (!this.#hasRows || isOfShares(cost)) return 'classes';
    // counts, for the cost poisson, may be only 0 and 1 by chance
    if (this.areNumbers) return 'numbers';
    // if all targets are the same number, only the cost or class labels show that it means yes or no
    const mayBeOneNumber = this.#isHinge || cost === 'binaryCrossEntropy' || this.#hasClassLabels;
    if (!(this.#hasOnes && this.#hasOthers) && !mayBeOneNumber) return 'numbers';
    return outputsOf(this.#spec) === 1 || this.#areOneHot ? 'classes' : 'labels';
  }
}

/** Targets by their names in messages. */
export type NamedTargets = Readonly<Record<string, TargetArray>>;

/** The goal of a network with these first targets. `known` is kept. Refuses targets that contradict the result. */
export function settleGoal(known: KnownGoal, named: NamedTargets, spec: Spec): Goal {
  const survey = new TargetSurvey(spec);
  const each = Object.entries(named);
  if (!isSettled(known)) for (const [where, targets] of each) survey.add(where, targets);
  const goal = survey.goal(known);
  for (const [where, targets] of each) checkGoal(where, targets, goal, spec);
  return goal;
}

/** True if everything is known. */
export function isSettled(known: KnownGoal): known is Goal {
  return known.task !== undefined && known.isSigned !== undefined;
}

/** Refuses targets that contradict what is known so far. */
export function checkKnownGoal(where: string, targets: TargetArray, known: KnownGoal, spec: Spec): void {
  if (isSettled(known)) checkGoal(where, targets, known, spec);
  else if (known.task !== undefined) settleGoal(known, { [where]: targets }, spec);
}

/** Refuses targets that contradict what the network learns. All other checks have been made. */
export function checkGoal(where: string, targets: TargetArray, { task, isSigned }: Goal, spec: Spec): void {
  const { cost } = spec;
  const outputs = outputsOf(spec);
  if (!isFloats(targets)) {
    if (task === 'numbers') {
      throw wrongType(where, targets, 'rows in a Float32Array or Float64Array: this network learns numbers (net.task)');
    }
    if (isSigned && cost !== 'hinge') {
      throw wrongType(
        where,
        targets,
        'rows of -1 and 1, which this network has learnt: class labels stand for 0 and 1',
      );
    }
  } else if (task === 'numbers' || isOfShares(cost)) {
    // a row that adds up to 1 stands for the class of its largest number, so it is not checked here
  } else if (task === 'classes' && outputs > 1) checkOneHot(where, targets, outputs, isSigned);
  // under binaryCrossEntropy, targets may be probabilities
  else if (cost !== 'binaryCrossEntropy') checkMarks(where, targets, outputs, { task, isSigned });
}

/** Refuses targets that are neither 1 nor the other number of this network, which is 0 or -1. */
function checkMarks(
  where: string,
  targets: Float32Array | Float64Array,
  outputs: number,
  { task, isSigned }: Goal,
): void {
  const other = isSigned ? -1 : 0;
  const bad = targets.findIndex((y: number) => y !== 1 && y !== other);
  if (bad < 0) return;
  const wanted = `${other} or 1: this network learns ${task} (net.task)`;
  throw outOfRange(`${where}[${bad}] (row ${Math.floor(bad / outputs)})`, targets[bad], wanted);
}

/** Refuses rows that do not have exactly one 1. */
function checkOneHot(where: string, targets: FloatArray, outputs: number, isSigned: boolean): void {
  checkMarks(where, targets, outputs, { task: 'classes', isSigned });
  for (let start = 0; start < targets.length; start += outputs) {
    let ones = 0;
    for (let k = start; k < start + outputs; k++) if (targets[k] === 1) ones++;
    if (ones === 1) continue;
    const wanted = '1: this network learns classes (net.task); rows with any number of ones need the task "labels"';
    throw outOfRange(`${where}, row ${start / outputs}`, counted(ones, 'one'), wanted);
  }
}
