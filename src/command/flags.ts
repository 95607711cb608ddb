import { parseArgs } from 'node:util';
import { quote } from '../check/errors.js';
import { meantWord } from '../check/similar.js';
import { UsageError } from './failure.js';

// The options of the commands, as they are given: `--name value`, `--name=value` or `--name`.

export interface Flag {
  /** What the help calls its value. Without one, the flag has no value. */
  readonly value?: string;
  /** The flag may be given more than once. */
  readonly isMultiple?: boolean;
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The values of flags by their names: a text, a list of texts, or true. */
export type Given = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Arguments {
  readonly given: Given;
  readonly operands: readonly string[];
}

/** Flags of every command. */
const COMMON: Flags = { help: { help: 'shows this help' } };

/** Divides the arguments of a command. Throws a UsageError for flags that it does not have. */
export function parseFlags(args: readonly string[], flags: Flags): Arguments {
  const options = Object.entries({ ...flags, ...COMMON }).map(([name, { value, isMultiple }]) => [
    name,
    { type: value ? 'string' : 'boolean', multiple: isMultiple ?? false, ...(name === 'help' && { short: 'h' }) },
  ]);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(options),
      allowPositionals: true,
      strict: true,
    });
    return { given: values as Given, operands: positionals };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('ERR_PARSE_ARGS')) throw error;
    throw new UsageError(
      code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? unknownFlag(message, flags) : wrongValue(message, flags),
    );
  }
}

/** The message for a wrong value of a known flag. `message`: the message of Node, which names the flag. */
function wrongValue(message: string, flags: Flags): string {
  const name = /'(?:-h, )?--([\w-]+)/.exec(message)?.[1] ?? '';
  const value = flags[name]?.value;
  if (value === undefined) return `--${name}: got a value, want none`;
  const isDash = message.includes('ambiguous');
  return isDash
    ? `--${name}: got no value, or one that begins with -, want --${name}=${value} for such a value`
    : `--${name}: got no value, want --${name} ${value}`;
}

function unknownFlag(message: string, flags: Flags): string {
  const name = /'(-[^']*)'/.exec(message)?.[1] ?? message;
  const word = name.replace(/^-+/, '');
  // any letter could be a misspelling of a single letter, so nothing is suggested
  const near = word.length > 1 ? meantWord(word, Object.keys(flags)) : undefined;
  const isOutput = near === undefined && /^(o|out|output|save)$/i.test(word);
  const way = near
    ? `: did you mean --${near}?`
    : isOutput
      ? ': > FILE behind the call writes the results to a file'
      : '';
  return `${quote(name)} is no option of this command${way}`;
}

export function textOf(given: Given, name: string): string | undefined {
  return given[name] as string | undefined;
}

export function listOf(given: Given, name: string): readonly string[] | undefined {
  return given[name] as readonly string[] | undefined;
}

/** The parts of a text that commas divide. */
export function partsOf(given: Given, name: string): readonly string[] | undefined {
  return textOf(given, name)
    ?.split(',')
    .map((part) => part.trim());
}

/** A number in a range. */
export function numberOf(given: Given, name: string, from: number, to: number): number | undefined {
  const text = textOf(given, name);
  return text === undefined ? undefined : parseNumber(`--${name}`, text, from, to, false);
}

/** The size of a part of the rows: 0, a share below 1, or a number of rows. */
export function sizeOf(given: Given, name: string): number | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const wanted = '0, a share below 1, such as 0.2, or a number of rows';
  return parse(`--${name}`, text, (value) => value >= 0 && (value < 1 || Number.isInteger(value)), wanted);
}

/** A whole number in a range. */
export function integerOf(given: Given, name: string, from: number, to: number): number | undefined {
  const text = textOf(given, name);
  return text === undefined ? undefined : parseNumber(`--${name}`, text, from, to, true);
}

export function parseNumber(where: string, text: string, from: number, to: number, isWhole: boolean): number {
  const isWanted = (value: number) => value >= from && value <= to && (!isWhole || Number.isInteger(value));
  return parse(where, text, isWanted, `${isWhole ? 'a whole number' : 'a number'} from ${from} to ${to}`);
}

function parse(where: string, text: string, isWanted: (value: number) => boolean, wanted: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  if (isWanted(value)) return value;
  throw new UsageError(`${where}: got ${quote(text)}, want ${wanted}`);
}

/** One of some words. */
export function wordOf<Word extends string>(given: Given, name: string, words: readonly Word[]): Word | undefined {
  const text = textOf(given, name);
  if (text === undefined || words.includes(text as Word)) return text as Word | undefined;
  throw new UsageError(`--${name}: got ${quote(text)}, want one of ${words.join(', ')}`);
}
