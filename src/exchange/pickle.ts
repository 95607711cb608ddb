import { outOfRange, quote } from '../check/errors.js';
import { textOf } from './json.js';

// Reads pickles of Python without running anything: a stack machine that knows numbers, texts, lists and dicts. A
// pickle names functions and classes, and says how they are called. The few names that a caller knows are its own
// functions here; every other name is an `Unknown`, and so is whatever a pickle makes of one.

/** A class or function that the caller does not know, or an object that one of them would have made. */
export class Unknown {
  /** Such as `torch.nn.modules.linear.Linear`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A function by the name that pickles have for it: its arguments are what stands in the pickle. */
export type Known = (args: readonly unknown[]) => unknown;

export interface PickleOptions {
  /** Functions, and what else a name may stand for, by module and name, as `collections.OrderedDict`. */
  readonly known: ReadonlyMap<string, Known | object>;
  /** The object that a persistent id stands for. */
  readonly load: (id: unknown) => unknown;
}

/** A number that is longer than 53 bits, such as a seed: nobody needs it. */
const LONG = new Unknown('a long integer');

const NOTHING = Symbol('nothing');

/** Dicts become Maps, tuples and lists arrays. */
export function readPickle(where: string, bytes: Uint8Array, options: PickleOptions): unknown {
  return new Machine(where, bytes, options).run();
}

/** `count` pickles, one after another. `end`: where the last of them ends. */
export function readPickles(
  where: string,
  bytes: Uint8Array,
  count: number,
  options: PickleOptions,
): { values: unknown[]; end: number } {
  const values: unknown[] = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const machine = new Machine(where, bytes.subarray(end), options);
    values.push(machine.run());
    end += machine.end;
  }
  return { values, end };
}

class Machine {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #options: PickleOptions;
  #at = 0;
  #stack: unknown[] = [];
  readonly #marks: unknown[][] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(where: string, bytes: Uint8Array, options: PickleOptions) {
    this.#where = where;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#options = options;
  }

  /** The end of the pickle, in bytes from its beginning, once it has been run. */
  get end(): number {
    return this.#at;
  }

  run(): unknown {
    for (;;) {
      const code = this.#byte();
      // the letters of Python's pickletools
      const operation = String.fromCharCode(code);
      if (operation === '.') return this.#pop();
      const made = this.#made(operation, code);
      if (made === NOTHING) this.#step(operation, code);
      else this.#push(made);
    }
  }

  /** What an operation puts on the stack; NOTHING if it is one that only changes what is there. */
  #made(operation: string, code: number): unknown {
    switch (operation) {
      case '}':
        return new Map();
      case ')':
      case ']':
      case '\x8f':
        return [];
      case 'N':
        return null;
      case '\x88':
        return true;
      case '\x89':
        return false;
      case 'K':
        return this.#byte();
      case 'M':
        return this.#number(2, (at) => this.#view.getUint16(at, true));
      case 'J':
        return this.#number(4, (at) => this.#view.getInt32(at, true));
      case 'G':
        return this.#number(8, (at) => this.#view.getFloat64(at));
      case '\x8a':
        return this.#long(this.#byte());
      case '\x8b':
        return this.#long(this.#length(4));
      case '\x8c':
        return this.#text(this.#byte());
      case 'X':
        return this.#text(this.#length(4));
      case '\x8d':
        return this.#text(this.#length(8));
      case 'U':
      case 'C':
        return this.#take(this.#byte());
      case 'T':
      case 'B':
        return this.#take(this.#length(4));
      case '\x8e':
      case '\x96':
        return this.#take(this.#length(8));
      case '2':
        return this.#top();
      case 't':
        return this.#popMark();
      case 'l':
        return this.#popMark();
      case '\x91':
        return this.#popMark();
      case 'd':
        return new Map(this.#pairs(this.#popMark()));
      case '\x85':
      case '\x86':
      case '\x87':
        return this.#popMany(code - 0x84);
      case 'h':
        return this.#remembered(this.#byte());
      case 'j':
        return this.#remembered(this.#length(4));
      case 'c':
        return this.#named(this.#line(), this.#line());
      case '\x93': {
        const [module, name] = this.#popMany(2);
        return this.#named(keyText(module), keyText(name));
      }
      case 'R':
      case '\x81': {
        const [callee, args] = this.#popMany(2);
        return this.#call(callee, args);
      }
      case '\x92': {
        const [callee, args] = this.#popMany(3);
        return this.#call(callee, args);
      }
      case 'Q':
        return this.#options.load(this.#pop());
      default:
        return NOTHING;
    }
  }

  #step(operation: string, code: number): void {
    switch (operation) {
      case '\x80': // the version
        this.#byte();
        return;
      case '\x95': // the length of a frame
        this.#take(8);
        return;
      case '(':
        this.#marks.push(this.#stack);
        this.#stack = [];
        return;
      case '0':
        this.#pop();
        return;
      case '1':
        this.#popMark();
        return;
      case 'q':
        this.#memo.set(this.#byte(), this.#top());
        return;
      case 'r':
        this.#memo.set(this.#length(4), this.#top());
        return;
      case '\x94':
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 'b': // the state of an object, which stays behind
        this.#pop();
        return;
      case 'a': {
        const item = this.#pop();
        this.#extend([item]);
        return;
      }
      case 'e':
      case '\x90':
        this.#extend(this.#popMark());
        return;
      case 's': {
        const pair = this.#popMany(2);
        this.#update(pair);
        return;
      }
      case 'u':
        this.#update(this.#popMark());
        return;
      default:
        throw this.#damaged(`the operation 0x${code.toString(16)}`);
    }
  }

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw this.#damaged('an operation without what it works on');
    return this.#stack.pop();
  }

  #popMany(count: number): unknown[] {
    if (this.#stack.length < count) throw this.#damaged('an operation without what it works on');
    return this.#stack.splice(this.#stack.length - count);
  }

  /** What was pushed since the last mark. */
  #popMark(): unknown[] {
    const before = this.#marks.pop();
    if (!before) throw this.#damaged('an operation without its mark');
    const items = this.#stack;
    this.#stack = before;
    return items;
  }

  #top(): unknown {
    if (this.#stack.length === 0) throw this.#damaged('an operation without what it works on');
    return this.#stack[this.#stack.length - 1];
  }

  #remembered(key: number): unknown {
    if (!this.#memo.has(key)) throw this.#damaged(`a reference to ${key}, which is not there`);
    return this.#memo.get(key);
  }

  #named(module: string, name: string): unknown {
    const full = `${module}.${name}`;
    return this.#options.known.get(full) ?? new Unknown(full);
  }

  /** Calls a function of the caller's own; never one that the pickle only names. */
  #call(callee: unknown, args: unknown): unknown {
    if (callee instanceof Unknown) return callee;
    // the only functions on the stack are those of `known`
    if (typeof callee !== 'function' || !Array.isArray(args)) throw this.#damaged('a call of what is no function');
    return (callee as Known)(args);
  }

  #extend(items: readonly unknown[]): void {
    const list = this.#top();
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else if (!(list instanceof Unknown)) throw this.#damaged('items of what is no list');
  }

  #update(items: readonly unknown[]): void {
    const map = this.#top();
    if (map instanceof Map) for (const [key, value] of this.#pairs(items)) map.set(key, value);
    else if (!(map instanceof Unknown)) throw this.#damaged('entries of what is no dict');
  }

  #pairs(items: readonly unknown[]): [unknown, unknown][] {
    if (items.length % 2 !== 0) throw this.#damaged('a key without a value');
    return Array.from({ length: items.length / 2 }, (_, i) => [items[2 * i], items[2 * i + 1]]);
  }

  #byte(): number {
    return this.#take(1)[0];
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (!(end <= this.#bytes.length)) throw this.#damaged('an end in the middle of it');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  #number(bytes: number, read: (at: number) => number): number {
    const at = this.#at;
    this.#take(bytes);
    return read(at);
  }

  #length(bytes: 4 | 8): number {
    return this.#number(bytes, (at) =>
      bytes === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true)),
    );
  }

  /** A signed integer of any number of bytes. */
  #long(length: number): unknown {
    const bytes = this.#take(length);
    if (length > 7) return LONG;
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = 256 * value + bytes[i];
    return length > 0 && bytes[length - 1] >= 128 ? value - 256 ** length : value;
  }

  #text(length: number): string {
    return textOf(this.#where, this.#take(length));
  }

  #line(): string {
    const start = this.#at;
    while (this.#byte() !== 10) {}
    return textOf(this.#where, this.#bytes.subarray(start, this.#at - 1));
  }

  #damaged(got: string): RangeError {
    return outOfRange(this.#where, `a pickle with ${got} at byte ${this.#at}`, 'one that torch.save wrote, complete');
  }
}

/** A key or a name as text. Lists may contain each other, and their text could be endless: they are only named. */
export const keyText = (value: unknown): string => (typeof value === 'object' ? nameOf(value) : String(value));

/** What a value is, for messages. */
export const nameOf = (value: unknown): string =>
  value instanceof Unknown ? quote(value.name, 80) : Array.isArray(value) ? 'a list' : typeof value;
