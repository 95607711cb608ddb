import { counted, outOfRange } from '../check/errors.js';

// The wire format of protocol buffers: a message is a sequence of fields, each with a number and one of four forms. A
// message does not say what its fields mean; the code that reads it does.

/** A field: its number, and a number (varint) or bytes (fixed 32 or 64 bits, or of any length). */
export interface Field {
  readonly number: number;
  /** Of a varint, as a signed integer of 64 bits; NaN if the field has another form. */
  readonly integer: number;
  /** Empty if the field is a varint. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The fields of a message, in their order. Throws a RangeError for bytes that are no message. */
export function* fieldsOf(where: string, message: Uint8Array): Generator<Field> {
  const reader = new Reader(where, message);
  while (!reader.isAtEnd) {
    const key = reader.varint();
    const number = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        yield { number, integer: reader.varint(), bytes: NOTHING };
        break;
      case 1:
        yield { number, integer: Number.NaN, bytes: reader.take(8) };
        break;
      case 2:
        yield { number, integer: Number.NaN, bytes: reader.take(reader.varint()) };
        break;
      case 5:
        yield { number, integer: Number.NaN, bytes: reader.take(4) };
        break;
      default:
        throw outOfRange(
          where,
          `a field of the form ${key % 8}`,
          'a protocol buffer: the file is damaged or of another kind',
        );
    }
  }
}

/** Integers that stand one after another in the bytes of a field, or the one of a varint. */
export function integersOf(where: string, { integer, bytes }: Field): number[] {
  if (bytes.length === 0 && !Number.isNaN(integer)) return [integer];
  const reader = new Reader(where, bytes);
  const integers: number[] = [];
  while (!reader.isAtEnd) integers.push(reader.varint());
  return integers;
}

class Reader {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(where: string, bytes: Uint8Array) {
    this.#where = where;
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (!(length >= 0 && end <= this.#bytes.length)) throw this.#cutShort();
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  /** A signed integer of 64 bits. It is rounded beyond 2^53, which is larger than any valid length or size. */
  varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.isAtEnd) throw this.#cutShort();
      const byte = this.#bytes[this.#at++];
      if (shift < 28) low += (byte & 127) * 2 ** shift;
      else high += (byte & 127) * 2 ** (shift - 28);
      if (byte < 128) return low + (high >= 2 ** 35 ? (high % 2 ** 36) - 2 ** 36 : high) * 2 ** 28;
    }
    throw outOfRange(this.#where, 'a number of more than 64 bits', 'a protocol buffer that is not damaged');
  }

  #cutShort(): RangeError {
    return outOfRange(
      this.#where,
      `a part that ends beyond its ${counted(this.#bytes.length, 'byte')}`,
      'a complete file',
    );
  }
}
