import type { Point } from '../model/datasets.js';
import type { PlaygroundState } from '../model/playground-state.js';
import type { Session } from '../model/session.js';
import type { UnitAt } from './network-view.js';

/** The settings to be changed. A function gets the state to which earlier changes have led. */
export type Changes = Partial<PlaygroundState> | ((state: PlaygroundState) => Partial<PlaygroundState>);
export type Change = (changes: Changes) => Promise<void>;

/** The playground, as its panels see it. */
export interface Lab {
  readonly state: PlaygroundState;
  readonly session: Session;
  /** The sample whose numbers are shown. */
  readonly point: Point;
  /** The unit whose numbers are shown. */
  readonly chosen: UnitAt;
  pause(): void;
  /** Draws everything again, after weights were changed. */
  redraw(): void;
  /** Starts training again with other settings. */
  change(changes: Changes): Promise<void>;
  /** Shows an error. */
  fail(error: unknown): void;
}

/** A panel of the playground. */
export interface Panel {
  readonly element: HTMLElement;
  /** Called some times a second while the panel is open, and after every change. */
  update(): void;
}
