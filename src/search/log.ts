import { crc32 } from '../check/crc32.js';
import { outOfRange, quote, wrongType } from '../check/errors.js';
import type { MetricNumbers } from '../model/metrics.js';
import type { Job, Outcome } from './part.js';

// The log of a search: lines of JSON, one for each training that has ended. Lines are only appended. Each has a
// checksum, so that one that was cut off when the process was killed counts as not written: its training is repeated,
// with the same figures. The first line tells which search it is.

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

/** JSON has no numbers that are not finite. */
const written = (numbers: MetricNumbers) =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)]),
  );

const read = (numbers: object) =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)])) as MetricNumbers;

type Place = Pick<Job, 'trial' | 'part' | 'round'>;

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
    const [first, ...outcomes] = text.split('\n').flatMap(fieldsOf);
    if (first) checkHead(first, identity);
    else if (!head.startsWith(text)) throw noLog(text);
    for (const fields of outcomes) {
      const { metrics, warnings, error } = fields as Outcome;
      const outcome = { metrics: metrics && read(metrics), warnings, error };
      book.#outcomes.set(keyOf(fields as unknown as Place), outcome);
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

  async add({ trial, part, round }: Place, { metrics, warnings, error }: Outcome): Promise<void> {
    await this.#append(lineOf({ trial, part, round, metrics: metrics && written(metrics), warnings, error }));
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
