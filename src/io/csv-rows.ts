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

/**
 * The rows of a text, except comments and rows whose fields are all empty. `name` is the beginning of error messages.
 * Throws a RangeError for quotes that do not match. The time is linear in the length of the text.
 */
export function* readRows(
  name: string,
  text: string,
  { delimiter, comment }: Dialect,
): Generator<Row, void, undefined> {
  const { length } = text;
  const quotes = new Marks(text, '"');
  const delimiters = new Marks(text, delimiter);
  const feeds = new Marks(text, '\n');
  const returns = new Marks(text, '\r');
  const lineEnd = (place: number) => Math.min(feeds.from(place), returns.from(place));
  const skipBlanks = (place: number) => {
    let at = place;
    while (text[at] !== delimiter && (text[at] === ' ' || text[at] === '\t')) at++;
    return at;
  };
  // the text may begin with a byte order mark
  let at = text.startsWith('\ufeff') ? 1 : 0;

  for (let number = 1; at < length; number++) {
    let end = lineEnd(at);
    let fields: string[] = [];
    if (end === at || (comment !== '' && text.startsWith(comment, at))) {
      // an empty row or a comment has no fields
    } else if (quotes.from(at) >= end) {
      fields = text.slice(at, end).split(delimiter);
    } else {
      end = readQuoted(at, number, fields);
    }
    if (fields.some((field) => field.trim() !== '')) yield { number, fields };
    at = text.startsWith('\r\n', end) ? end + 2 : end + 1;
  }

  /** Appends the fields of a row with quotes, which may reach over several lines. Returns the place of its end. */
  function readQuoted(start: number, number: number, fields: string[]): number {
    for (let place = start; ; place++) {
      const open = skipBlanks(place);
      if (text[open] === '"') {
        const close = closingQuote(open, number);
        fields.push(text.slice(open + 1, close).replaceAll('""', '"'));
        place = skipBlanks(close + 1);
        if (place < length && text[place] !== delimiter && place !== lineEnd(place)) {
          const got = `${quote(text.slice(close, place + 10))} where field ${fields.length} is closed`;
          throw outOfRange(
            `${name}: row ${number}`,
            got,
            `${quote(delimiter)} or a line end there, and "" for a quote within quotes`,
          );
        }
      } else {
        const end = Math.min(delimiters.from(place), lineEnd(place));
        fields.push(text.slice(place, end));
        place = end;
      }
      if (text[place] !== delimiter) return place;
    }
  }

  function closingQuote(open: number, number: number): number {
    let close = quotes.from(open + 1);
    while (text[close + 1] === '"') close = quotes.from(close + 2);
    if (close < length) return close;
    const got = `the quote of ${quote(text.slice(open, open + 20))}, which is never closed`;
    throw outOfRange(
      `${name}: row ${number}`,
      got,
      'quotes that are opened and closed, and "" for a quote within quotes',
    );
  }
}
