import type { Spec } from '../spec/spec.js';
import type { ProcessTeam } from './core-options.js';
import type { Engine } from './engine.js';
import type { Plan } from './memory-plan.js';

/** The key of the method by which a team starts the engine of a network. Only simdprop/mpi makes such objects. */
export const START: unique symbol = Symbol.for('simdprop/mpi: start');

/** The team as simdprop uses it. */
export interface StartingTeam extends ProcessTeam {
  /** Starts the engine of a network that all processes of the team create. */
  [START](spec: Spec, capacity: number): Promise<{ readonly engine: Engine; readonly plan: Plan }>;
}
