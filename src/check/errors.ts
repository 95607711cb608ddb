import { arrayType, copyOf, isDetached, isFloat32Array, isKind, isShared, type NumberArray } from './arrays.js';
import { firstInfinite } from './finite.js';
import { refused, takeRefusal, withoutQuotes } from './refusals.js';

// All error messages have one form: where the value stands, which value was given (got), and which is allowed (want).

/**
 * Characters that a terminal or a page does not show but acts on: control characters, the line ends of Unicode, marks
 * of text direction, characters of no width. JSON.stringify escapes all other such characters.
 */
const UNSEEN = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The first `most` characters of a text, in quotes and escaped, so that a message can contain any name or field. */
export function quote(text: string, most = 40): string {
  const short = text.length > most ? `${text.slice(0, most)}...` : text;
  return JSON.stringify(short).replace(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A value as a message shows it: short and recognisable. */
function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') return `${value}n (a BigInt)`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return showView(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const name = value.constructor?.name ?? 'without prototype';
  return /^(Big)?(Ui|I)nt\d+(Clamped)?Array$|^Float\d+Array$/.test(name)
    ? `an object that only looks like a ${name}`
    : `an object (${name})`;
}

function showView(view: ArrayBufferView): string {
  const type = arrayType(view) ?? 'DataView';
  return isDetached(view)
    ? `a ${type} whose memory has gone, transferred or grown: only a copy made before is of use`
    : `${type} of ${view.byteLength} bytes`;
}

/** The largest finite f32. */
export const MAX_FLOAT = 3.4028234663852886e38;

/** The end of a message for a value that must be awaited, or that has a method whose result must be awaited. */
export function awaited(value: unknown, method = 'arrayBuffer'): string {
  if (isKind(value, 'Promise')) return ': await the promise';
  return typeof Object(value)[method] === 'function' ? `: await its ${method}()` : '';
}

/** The end of the message for a value that is not the typed array wanted: how to convert it, if that is known. */
export function wayOut(value: unknown): string {
  const type = arrayType(value);
  if (type?.startsWith('Big')) return ': Float64Array.from(values, Number) converts BigInts';
  if ('inputs' in Object(value)) return ': its inputs, and its targets apart from them';
  return type ? ': Float32Array.from(values) converts an array' : awaited(value);
}

/** A number of things as a message shows it: `1 row`, `2 rows`, `2 classes`. */
export function counted(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : one.endsWith('s') ? 'es' : 's'}`;
}

/** The end of the message for a table, records or a record in place of numbers: what takes them. */
export function tableHint(value: unknown): string {
  const one = Array.isArray(value) ? value[0] : value;
  const isRecord = isKind(one, 'Object') && (one.constructor === Object || 'toRecords' in one);
  return isRecord ? ': TableModel and Encoder of simdprop/tabular take tables and records' : '';
}

/** The length of an array as a message shows it. If its memory is lost, the length is 0 and the message says why. */
export function countOf(values: NumberArray, one = 'number'): string {
  return values.length === 0 && isDetached(values) ? show(values) : counted(values.length, one);
}

export function wrongType(where: string, got: unknown, wanted: string): TypeError {
  return refused(new TypeError(`${where}: got ${show(got)}, want ${wanted}`), { where, got });
}

export function outOfRange(where: string, got: unknown, wanted: string): RangeError {
  const shown = typeof got === 'string' ? got : show(got);
  return refused(new RangeError(`${where}: got ${shown}, want ${wanted}`), { where, got });
}

/**
 * Returns `value` if it is a number and `isWanted` is true for it. In a message, `wanted` describes the allowed
 * numbers; `type` does so if `value` is not a number at all.
 */
export function checkNumber(
  where: string,
  value: unknown,
  isWanted: (value: number) => boolean,
  wanted: string,
  type = wanted,
): number {
  const refusal = { where, got: value, accepts: isWanted };
  if (typeof value !== 'number') throw refused(wrongType(where, value, type + withoutQuotes(value, isWanted)), refusal);
  if (!isWanted(value)) throw refused(outOfRange(where, value, wanted), refusal);
  return value;
}

export function checkInteger(where: string, value: unknown, from: number, to: number): number {
  const isWanted = (n: number) => Number.isInteger(n) && n >= from && n <= to;
  return checkNumber(where, value, isWanted, `an integer from ${from} to ${to}`);
}

/** Accepts the positive numbers that f32 can hold. */
export function checkPositive(where: string, value: unknown): number {
  return checkFrom(where, value, 2 ** -149);
}

/** Accepts the numbers from `from`, which is positive, to the largest f32. */
export function checkFrom(where: string, value: unknown, from: number): number {
  const isWanted = (x: number) => x >= from && x <= MAX_FLOAT;
  return checkNumber(where, value, isWanted, `a positive number from ${from} to ${MAX_FLOAT}`, 'a positive number');
}

/** Accepts a finite number from 0 up. */
export function checkNotNegative(where: string, value: unknown): number {
  return checkNumber(where, value, (x) => x >= 0 && Number.isFinite(x), 'a number from 0 up');
}

export function checkFinite(where: string, value: unknown): number {
  return checkNumber(where, value, Number.isFinite, 'a finite number');
}

/** Accepts a number from 0 to below 1, such as a decay. */
export function checkFraction(where: string, value: unknown): number {
  return checkNumber(where, value, (x) => x >= 0 && x < 1, 'a number from 0 to below 1');
}

/** Accepts a number above 0 and below 1, such as a share. */
export function checkShare(where: string, value: unknown): number {
  return checkNumber(where, value, (x) => x > 0 && x < 1, 'a number above 0 and below 1');
}

export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(where, value, 'true or false');
  return value;
}

/** Accepts a function or undefined. In a message, `wanted` describes it. */
export function checkCallback(where: string, value: unknown, wanted = 'a function'): void {
  if (value !== undefined && typeof value !== 'function') throw wrongType(where, value, wanted);
}

/** Throws the error of an asynchronous call. If it is known what was meant, it says so, too. */
export async function advise(error: unknown): Promise<never> {
  const refusal = takeRefusal(error);
  // if it cannot be loaded, the message is shorter
  if (refusal) await import('./advice.js').then((advice) => advice.advise(error as Error, refusal)).catch(() => {});
  throw error;
}

/** An option, or its default if it is undefined. null is no option: its check refuses it. */
export const orDefault = <T>(value: T | undefined, fallback: T): T => (value === undefined ? fallback : value);

/** Accepts one of the known names. */
export function checkName<T extends string>(where: string, value: unknown, known: readonly T[]): T {
  if (known.includes(value as T)) return value as T;
  const wanted = `${known.length > 1 ? 'one of ' : ''}${known.join(', ')}`;
  if (typeof value !== 'string') throw wrongType(where, value, wanted);
  throw refused(outOfRange(where, show(value), wanted), { where, got: value, known });
}

/** Accepts what can have keys. In a message, `wanted` describes it. */
export function checkIsObject(where: string, value: unknown, wanted = 'an object'): asserts value is object {
  const isList = Array.isArray(value) || ArrayBuffer.isView(value);
  if (typeof value !== 'object' || value === null || isList || isKind(value, 'Promise')) {
    throw wrongType(where, value, wanted + awaited(value));
  }
}

/**
 * The keys of an options type as a list. The compiler refuses an argument that lacks a key of the type or has another
 * key.
 */
export function keysOf<T>(keys: Readonly<Record<keyof T, true>>): readonly (keyof T & string)[] {
  return Object.keys(keys) as (keyof T & string)[];
}

/**
 * Refuses an object with a key that is not in `keys`, so that a misspelt option is not silently ignored. If a number is
 * given in place of the object, the message says that it may be the first of the keys.
 */
export function checkObject(
  where: string,
  value: unknown,
  keys: readonly string[],
  wanted = `an object such as { ${keys[0]}: ${typeof value === 'number' ? value : '...'} }`,
): void {
  checkIsObject(where, value, wanted);
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    const owner = value.constructor === Object ? '' : `${show(value)} with `;
    const message = `${where}: got ${owner}the unknown key ${show(key)}, want ${keys.join(', ')}`;
    throw refused(new TypeError(message), { where, got: key, known: keys });
  }
}

/** The error for a method that was taken out of its object and called alone. `call`: such as `net.fit`. */
export const calledAlone = (call: string) => new TypeError(`${call}: got the method alone, want ${call}(...)`);

/** Refuses argument `n` of a call that takes fewer, so that it is not silently ignored. */
export function checkNoMore(call: string, n: number, value: unknown): void {
  if (value !== undefined) throw wrongType(`${call}: argument ${n}`, value, 'none');
}

/**
 * Accepts a Float32Array of `count` numbers if `isWanted` is true for each. In a message, `wanted` describes the
 * allowed numbers. Returns the numbers that were checked: a copy if another thread can change those that were given.
 */
export function checkFloats(
  where: string,
  values: unknown,
  count: number,
  isWanted: (value: number) => boolean = Number.isFinite,
  wanted = 'a finite number',
): Float32Array {
  if (!isFloat32Array(values)) {
    const isLayer = 'getWeights' in Object(values);
    const way = isLayer ? ': its getWeights() and getBiases() return them' : wayOut(values);
    throw wrongType(where, values, `an array of ${counted(count, 'number')}${way}`);
  }
  return checkEach(where, values, count, isWanted, wanted);
}

/**
 * Accepts `count` numbers if `isWanted` is true for each. Returns those that were checked: a copy if another thread can
 * change those that were given.
 */
export function checkEach<T extends Float32Array | Float64Array>(
  where: string,
  values: T,
  count: number,
  isWanted: (value: number) => boolean,
  wanted: string,
): T {
  if (values.length !== count) throw outOfRange(where, countOf(values), `${count}`);
  const checked = isShared(values) ? copyOf(values) : values;
  // for large arrays, firstInfinite is far faster than a call for each number
  const bad =
    isWanted === Number.isFinite ? firstInfinite(checked) : checked.findIndex((value: number) => !isWanted(value));
  if (bad >= 0) throw outOfRange(`${where}[${bad}]`, checked[bad], wanted);
  return checked;
}
