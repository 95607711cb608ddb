/** A mistake that the person at the keyboard can correct. It is reported in one line, without a stack trace. */
export class CommandError extends Error {
  constructor(
    message: string,
    /** The exit code of the process: 1 for a file, 2 for an option, 130 for Ctrl-C. */
    readonly exitCode: number,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
