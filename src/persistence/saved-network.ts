import type { KnownGoal } from '../data/task.js';
import type { Names } from '../spec/names.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { ClockState } from '../spec/schedule.js';
import type { Spec } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import type { SavedTraining } from '../training/place.js';
import type { Section } from './sections.js';

// What a file holds, before it is encoded and after it has been decoded.

/** Options of `save`. */
export interface SaveOptions {
  /**
   * true: also saves everything that training needs to resume.
   * @defaultValue `false`
   */
  training?: boolean | undefined;
  /**
   * `'f16'`: weights, biases and slopes are rounded to 16 bits, which halves the file: see docs/saving.md. Refused
   * with `training: true`, and for parameters beyond 65,504.
   * @defaultValue `'f32'`, which keeps every bit
   */
  precision?: Precision | undefined;
}

/** How many bits a file has for each parameter: 32 or 16. */
export type Precision = 'f32' | 'f16';

/** The method of a network that returns what its file holds. */
export const CONTENTS: unique symbol = Symbol('contents');

/** The optimizer and the progress of training. Plain files have it too. */
export interface SavedOptimizer {
  readonly optimizer: Optimizer;
  readonly trainingSamples: number | undefined;
  readonly epochsTrained: number;
  /** The state of the learning rate's schedule; undefined if the learning rate is a number or a function. */
  readonly schedule: ClockState | undefined;
}

export interface SavedNetwork extends SavedOptimizer {
  readonly spec: Spec;
  readonly goal: KnownGoal;
  readonly standardization: Standardization | undefined;
  readonly targetScale: Standardization | undefined;
  readonly names: Names;
  /** For each layer w [units × fanIn] row-major, then b [units], then the slopes [units] of prelu, if it has them. */
  readonly parameters: Float32Array;
  readonly training: SavedTraining | undefined;
  /** Optional sections that this version does not know. */
  readonly unknown: readonly Section[];
}
