// The ways in which the command ends.

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The command was called in the wrong way. */
export class UsageError extends Error {}

/** Ctrl-C has ended the command before it was done. */
export class Interrupted extends Error {}
