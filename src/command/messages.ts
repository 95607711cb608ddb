import { columnsOf, fold, type Terminal } from './terminal.js';

/** Writes what is not a result to the standard error. */
export class Messages {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;

  constructor(terminal: Terminal, isQuiet: boolean) {
    this.#terminal = terminal;
    this.#isQuiet = isQuiet;
  }

  /** One line, which a narrow terminal wraps. */
  line(text: string): void {
    if (!this.#isQuiet) this.urgent(text);
  }

  /** Lines of a table. A terminal that is too narrow for a line gets the rest of it below, indented. */
  lines(texts: readonly string[]): void {
    const { err } = this.#terminal;
    for (const text of texts) for (const line of err.isTTY ? fold(text, columnsOf(err)) : [text]) this.line(line);
  }

  /** Writes a text even with --quiet. */
  urgent(text: string): void {
    this.#terminal.err.write(`${text}\n`);
  }
}
