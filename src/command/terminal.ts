import picocolors from 'picocolors';
import stringWidth from 'string-width';
import { quote } from '../check/errors.js';

// What the command reads from and writes to. Results are written to `out`, everything else to `err`.

export interface Output {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  /** True for a terminal. */
  readonly isTTY?: boolean;
  /** The width of the terminal, in characters. */
  readonly columns?: number;
}

export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  readonly input: AsyncIterable<string | Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `listener` whenever the user interrupts the command. Returns a function that ends this. */
  onInterrupt(listener: () => void): () => void;
}

const DEFAULT_COLUMNS = 80;
const LEAST_COLUMNS = 20;

export function columnsOf({ isTTY, columns }: Output): number {
  return isTTY && columns ? Math.max(LEAST_COLUMNS, columns) : DEFAULT_COLUMNS;
}

/** True if the output is a terminal that shows colours and NO_COLOR (https://no-color.org) is not set. */
export function hasColours({ isTTY }: Output, env: Terminal['env']): boolean {
  return isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

export function coloursOf(output: Output, env: Terminal['env']) {
  return picocolors.createColors(hasColours(output, env));
}

/** A name as it is if a terminal shows it unchanged, otherwise in quotes and escaped. */
export function printable(name: string): string {
  const quoted = quote(name, 200);
  return quoted === `"${name}"` && name === name.trim() && name !== '' ? name : quoted;
}

/** A text of at most `width` columns of the terminal. What is cut off is replaced by `…`. */
export function fit(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = '';
  for (const character of text) {
    if (stringWidth(short + character) > width - 1) break;
    short += character;
  }
  return `${short}…`;
}

/** Divides a text into lines of at most `width` columns, at blanks if there are any. All but the first are indented. */
export function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (stringWidth(rest) > width) {
    const most = fit(rest, width + 1).slice(0, -1);
    const blank = most.trimEnd().lastIndexOf(' ');
    const end = blank > most.search(/\S/) ? blank : most.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = `    ${rest.slice(end).trimStart()}`;
  }
  return [...lines, rest];
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - stringWidth(text))) + text;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

export const widthOf = (text: string): number => stringWidth(text);

/** Writes a text and waits until the reader has taken it. */
export function write(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
