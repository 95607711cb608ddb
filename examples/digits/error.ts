/** Something the person at the keyboard can put right: told in one line, without a stack trace. */
export class CommandError extends Error {
  constructor(
    message: string,
    /** What the process ends with: 1 a file, 2 an option, 130 Ctrl-C. */
    readonly exitCode: number,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
