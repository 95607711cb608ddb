import type { Flag, Flags } from './flags.js';

// The texts of --help.

export interface Usage {
  /** The arguments, such as `<data.csv> --target <column>`. */
  readonly usage: string;
  readonly summary: string;
  readonly flags: Flags;
  readonly examples: readonly string[];
}

/** Where the explanations of flags begin, if the terminal is wide enough. */
const INDENT = 24;

export function helpOf(name: string, { usage, summary, flags, examples }: Usage, columns: number): string {
  const lines = [
    `Usage: simdprop ${name} ${usage}`,
    '',
    ...wrap(summary, columns),
    '',
    'Options:',
    ...Object.entries(flags).flatMap(([flag, it]) => linesOf(flag, it, columns)),
    ...linesOf('help', { help: 'shows this help' }, columns),
    '',
    'Examples:',
    ...examples.map((example) => `  ${example}`),
  ];
  return `${lines.join('\n')}\n`;
}

export function overview(commands: Readonly<Record<string, Usage>>, columns: number): string {
  const lines = [
    'Usage: simdprop <command> [options]',
    '',
    ...wrap('Trains neural networks on tables in CSV files, predicts with them, and converts networks.', columns),
    '',
    'Commands:',
    ...Object.entries(commands).flatMap(([name, { usage, summary }]) => [
      `  ${name} ${usage}`,
      ...wrap(summary, columns - 6).map((line) => `      ${line}`),
    ]),
    '',
    'Options:',
    ...linesOf('help', { help: 'shows this help; behind a command: that of the command' }, columns),
    ...linesOf('version', { help: 'prints the version' }, columns),
    '',
    'A file named - is the standard input. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.',
  ];
  return `${lines.flatMap((line) => (line.startsWith('A file') ? wrap(line, columns) : [line])).join('\n')}\n`;
}

function linesOf(name: string, { value, help }: Flag, columns: number): string[] {
  const head = `  --${name}${value ? ` ${value}` : ''}`;
  const indent = columns < 60 ? 6 : INDENT;
  const texts = wrap(help, columns - indent);
  const isBeside = head.length < indent;
  const first = isBeside ? [head.padEnd(indent) + (texts.shift() ?? '')] : [head];
  return [...first, ...texts.map((text) => ' '.repeat(indent) + text)];
}

export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
