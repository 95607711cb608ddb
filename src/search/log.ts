import { crc32 } from '../check/crc32.js';
import { outOfRange, quote, wrongType } from '../check/errors.js';
import { readOutcome, type SearchJobResult, writeOutcome } from './outcome-json.js';
import type { Job, Outcome } from './part.js';

// The log of a search: lines of JSON, one for each training that has ended. Lines are only appended. Each has a
// checksum, so that one that was cut off when the process was killed counts as not written: its training is repeated,
// with the same figures. The first line tells which search it is. Logs of several processes, one behind another, are a
// log too.

/** Where a log is kept. */
export interface SearchLog {
  /**
   * Reads the log.
   * @returns all text that has been appended so far; an empty text at first
   */
  read(): string | Promise<string>;
  /**
   * Appends text.
   * @param text lines of JSON
   * @returns anything; a promise is awaited before the next call
   * @throws any error: it ends the search
   */
  append(text: string): unknown;
}

/** What must be equal for a search to continue a log, as texts. */
export interface Identity {
  readonly data: string;
  readonly settings: string;
  readonly division: string;
  readonly rounds: string;
}

/** What the parts of an identity are called in messages. */
const NAMES: Readonly<Record<keyof Identity, string>> = {
  data: 'other data',
  settings: 'other settings',
  division: 'other folds or validation data',
  rounds: 'other rounds of halving',
};

const KIND = 'simdprop search 1';

/** The ends of lines. The log of another process may begin where the last line of one before it was cut off. */
const LINE_ENDS = /\n|(?=\{"kind":)/;

const checksumOf = (text: string) => crc32(new TextEncoder().encode(text)).toString(16).padStart(8, '0');

function lineOf(fields: object): string {
  return `${JSON.stringify({ ...fields, crc: checksumOf(JSON.stringify(fields)) })}\n`;
}

/** The fields of a line, in an array; nothing unless it is as it was written. */
function fieldsOf(line: string): Record<string, unknown>[] {
  try {
    const { crc, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return crc === checksumOf(JSON.stringify(fields)) ? [fields] : [];
  } catch {
    return [];
  }
}

export function checkLog(where: string, log: unknown): SearchLog {
  const { read, append } = Object(log) as Partial<SearchLog>;
  if (typeof read === 'function' && typeof append === 'function') return log as SearchLog;
  throw wrongType(where, log, 'the path of a file, or an object { read(), append(text) }');
}

type Place = Pick<Job, 'trial' | 'part' | 'round'>;

/** A line for a training that has ended. */
type Entry = Place & SearchJobResult;

const keyOf = ({ trial, part, round }: Place) => `${trial}/${part}/${round}`;

/** A log that is open. */
export class Logbook {
  readonly #log: SearchLog;
  readonly #outcomes = new Map<string, Outcome>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(log: SearchLog) {
    this.#log = log;
  }

  /** Reads a log, and begins it if it is empty. Throws a RangeError if it is that of another search. */
  static async open(log: SearchLog, identity: Identity): Promise<Logbook> {
    const text: unknown = await log.read();
    if (typeof text !== 'string') throw wrongType('options.log: read()', text, 'the text that was appended');
    const book = new Logbook(log);
    const head = lineOf({ kind: KIND, ...identity });
    const [first, ...rest] = text.split(LINE_ENDS).flatMap(fieldsOf);
    if (first) checkHead(first, identity);
    else if (!head.startsWith(text)) throw noLog(text);
    for (const fields of rest) {
      if ('kind' in fields) checkHead(fields, identity);
      else book.#enter(fields as unknown as Entry);
    }
    // the rest of a line that was cut off must not become a part of the next one
    const isCut = text !== '' && !text.endsWith('\n');
    await book.#append((isCut ? '\n' : '') + (first ? '' : head));
    return book;
  }

  /** The outcome of a training, if it is in the log. */
  outcomeOf(job: Place): Outcome | undefined {
    return this.#outcomes.get(keyOf(job));
  }

  async add({ trial, part, round }: Place, outcome: Outcome): Promise<void> {
    await this.#append(lineOf({ trial, part, round, ...writeOutcome(outcome) }));
  }

  /** Takes the result of a training from a line. Several processes may have trained it, with the same figures. */
  #enter(entry: Entry): void {
    const outcome = readOutcome(entry);
    const other = this.#outcomes.get(keyOf(entry));
    if (other && JSON.stringify(writeOutcome(other)) !== JSON.stringify(writeOutcome(outcome))) {
      const got = `two results of trial ${entry.trial}, part ${entry.part}, that differ`;
      throw outOfRange('options.log', got, 'those of one version and one build of simdprop, or a new log');
    }
    this.#outcomes.set(keyOf(entry), outcome);
  }

  /** Appends one text after another, also if workers end at the same time. */
  #append(text: string): Promise<unknown> {
    if (text) this.#last = this.#last.then(() => this.#log.append(text));
    return this.#last;
  }
}

function checkHead({ kind, ...fields }: Record<string, unknown>, identity: Identity): void {
  if (kind !== KIND) throw noLog(JSON.stringify({ kind, ...fields }));
  const other = (Object.keys(NAMES) as (keyof Identity)[]).find((name) => fields[name] !== identity[name]);
  if (other === undefined) return;
  throw outOfRange('options.log', `the log of a search with ${NAMES[other]}`, 'that of this search, or a new one');
}

const noLog = (text: string) =>
  outOfRange('options.log', `${quote(text)}, which is no log of a search`, 'one, or a file that is empty or new');
