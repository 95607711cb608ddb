import { outOfRange, quote } from '../check/errors.js';

// Divides the text of a CSV file into rows and fields, as in RFC 4180. Also accepts LF and CR as line ends, blanks
// around quoted fields, quotes within fields that are not quoted, and comments.

export interface Row {
  /** The number of the row in a spreadsheet: counted from 1, with the header, empty rows and comments. */
  readonly number: number;
  /** The fields with the blanks around them. Quoted fields are given without their quotes. */
  readonly fields: readonly string[];
}

/** How the text is written. */
export interface Dialect {
  /** The character between two fields: one UTF-16 unit that is no quote and no line end. */
  readonly delimiter: string;
  /** The character at the beginning of rows that are comments. Empty: there are no comments. */
  readonly comment: string;
}

/**
 * Finds the next place of a mark in a text. The places that are asked for must not decrease. The class remembers the
 * place that it found, so that it reads each character once. If each field searched by itself for a mark that is far
 * away, or missing, reading would take time quadratic in the length of the text.
 */
class Marks {
  readonly #text: string;
  readonly #mark: string;
  #next = -1;

  constructor(text: string, mark: string) {
    this.#text = text;
    this.#mark = mark;
  }

  /** The first place of the mark from `place` on, or the length of the text if there is none. */
  from(place: number): number {
    if (this.#next < place) {
      const next = this.#text.indexOf(this.#mark, place);
      this.#next = next < 0 ? this.#text.length : next;
    }
    return this.#next;
  }
}

/** A text that is read in parts. */
export interface Part {
  /** The number of the part's first row. */
  readonly first: number;
  /** False if more text follows. A row that may continue after the end of the part is then left to the next part. */
  readonly isLast: boolean;
}

const WHOLE: Part = { first: 1, isLast: true };

/**
 * Goes from row to row of a text, without comments and rows whose fields are all empty. The time is linear in the
 * length of the text. `name` is the beginning of error messages.
 */
export class RowScanner {
  /** The number of the present row: see `Row`. */
  number: number;
  /** Where the present row begins and ends. */
  start = 0;
  end = 0;
  /**
   * The fields of the present row, if it contains a quote. undefined if not: the delimiter then divides the text from
   * `start` to `end`.
   */
  quoted: readonly string[] | undefined;

  readonly #name: string;
  readonly #text: string;
  readonly #delimiter: string;
  readonly #comment: string;
  readonly #isLast: boolean;
  readonly #quotes: Marks;
  readonly #delimiters: Marks;
  readonly #feeds: Marks;
  readonly #returns: Marks;
  /** Where the next row begins, and its number. */
  #next: number;
  #nextNumber: number;

  constructor(name: string, text: string, { delimiter, comment }: Dialect, { first, isLast }: Part = WHOLE) {
    this.#name = name;
    this.#text = text;
    this.#delimiter = delimiter;
    this.#comment = comment;
    this.#isLast = isLast;
    this.#quotes = new Marks(text, '"');
    this.#delimiters = new Marks(text, delimiter);
    this.#feeds = new Marks(text, '\n');
    this.#returns = new Marks(text, '\r');
    // the text may begin with a byte order mark
    this.#next = first === 1 && text.startsWith('\ufeff') ? 1 : 0;
    this.#nextNumber = first;
    this.number = first;
  }

  /** The rows that are left to the next part: where they begin, and the number of the first one. */
  get rest(): { readonly place: number; readonly number: number } {
    return { place: this.#next, number: this.#nextNumber };
  }

  /** Goes to the next row. Returns false if there is none. Throws a RangeError for quotes that do not match. */
  next(): boolean {
    const text = this.#text;
    const { length } = text;
    while (this.#next < length) {
      const start = this.#next;
      let end = this.#lineEnd(start);
      let quoted: string[] | undefined;
      const isComment = this.#comment !== '' && text.startsWith(this.#comment, start);
      if (!isComment && this.#quotes.from(start) < end) {
        quoted = [];
        end = this.#readQuoted(start, quoted);
      }
      // a \r at the end of a part may be the first half of a \r\n
      if (!this.#isLast && (end >= length || (end === length - 1 && text[end] === '\r'))) return false;
      this.number = this.#nextNumber++;
      this.#next = text.startsWith('\r\n', end) ? end + 2 : end + 1;
      const isEmpty = quoted ? quoted.every((field) => field.trim() === '') : this.#isBlank(start, end);
      if (isComment || isEmpty) continue;
      this.start = start;
      this.end = end;
      this.quoted = quoted;
      return true;
    }
    return false;
  }

  #lineEnd(place: number): number {
    return Math.min(this.#feeds.from(place), this.#returns.from(place));
  }

  /** True if there are only blanks and delimiters. */
  #isBlank(start: number, end: number): boolean {
    const text = this.#text;
    for (let at = start; at < end; at++) {
      if (text[at] !== this.#delimiter && text[at].trim() !== '') return false;
    }
    return true;
  }

  #skipBlanks(place: number): number {
    const text = this.#text;
    let at = place;
    while (text[at] !== this.#delimiter && (text[at] === ' ' || text[at] === '\t')) at++;
    return at;
  }

  /** Appends the fields of a row with quotes, which may reach over several lines. Returns the place of its end. */
  #readQuoted(start: number, fields: string[]): number {
    const text = this.#text;
    const { length } = text;
    for (let place = start; ; place++) {
      const open = this.#skipBlanks(place);
      if (text[open] === '"') {
        const close = this.#closingQuote(open);
        if (close === length) return length;
        fields.push(text.slice(open + 1, close).replaceAll('""', '"'));
        place = this.#skipBlanks(close + 1);
        if (place < length && text[place] !== this.#delimiter && place !== this.#lineEnd(place)) {
          const got = `${quote(text.slice(close, place + 10))} where field ${fields.length} is closed`;
          throw outOfRange(
            `${this.#name}: row ${this.#nextNumber}`,
            got,
            `${quote(this.#delimiter)} or a line end there, and "" for a quote within quotes`,
          );
        }
      } else {
        const end = Math.min(this.#delimiters.from(place), this.#lineEnd(place));
        fields.push(text.slice(place, end));
        place = end;
      }
      if (text[place] !== this.#delimiter) return place;
    }
  }

  /** The place of the quote that closes a field; the length of the text if it is not in this part. */
  #closingQuote(open: number): number {
    const text = this.#text;
    const { length } = text;
    let close = this.#quotes.from(open + 1);
    while (text[close + 1] === '"') close = this.#quotes.from(close + 2);
    if (close < length || !this.#isLast) return close;
    const got = `the quote of ${quote(text.slice(open, open + 20))}, which is never closed`;
    throw outOfRange(
      `${this.#name}: row ${this.#nextNumber}`,
      got,
      'quotes that are opened and closed, and "" for a quote within quotes',
    );
  }
}

/**
 * The rows of a text, except comments and rows whose fields are all empty. `name` is the beginning of error messages.
 * Throws a RangeError for quotes that do not match. The time is linear in the length of the text.
 */
export function* readRows(name: string, text: string, dialect: Dialect, part?: Part): Generator<Row, void, undefined> {
  const rows = new RowScanner(name, text, dialect, part);
  while (rows.next()) {
    const { number, start, end, quoted } = rows;
    yield { number, fields: quoted ?? text.slice(start, end).split(dialect.delimiter) };
  }
}
