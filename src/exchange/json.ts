import { outOfRange, wrongType } from '../check/errors.js';
import { decodeUtf8 } from '../check/utf8.js';

// JSON of files of unknown origin. JSON.parse makes "__proto__" an ordinary key, which must not reach an object
// literal or Object.assign: readers take keys by name, from objects whose keys they have checked.

/**
 * More levels than any network needs. JSON with very many levels would exhaust the stack of the code that walks through
 * it.
 */
const DEEPEST = 200;

/** The value of JSON, as bytes in UTF-8 or as text. Throws a RangeError if it is none or nested too deeply. */
export function parseUntrusted(where: string, json: Uint8Array | string): unknown {
  const text = typeof json === 'string' ? json : textOf(where, json);
  checkDepth(where, text);
  try {
    return JSON.parse(text);
  } catch (error) {
    const way = /^[^\s{[]+$/.test(text.slice(0, 1000))
      ? ": readFileSync(path, 'utf8') or (await fetch(url)).text() gets it"
      : '';
    throw new RangeError(`${where}: got no JSON (${(error as Error).message}), want JSON${way}`, { cause: error });
  }
}

/** Text in UTF-8. Throws a RangeError if the bytes are none. */
export function textOf(where: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw new RangeError(`${where}: got bytes that are no UTF-8, want text in UTF-8`, { cause: error });
  }
}

function checkDepth(where: string, text: string): void {
  let depth = 0;
  let isInText = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (isInText) {
      if (c === 0x5c) i++;
      else if (c === 0x22) isInText = false;
    } else if (c === 0x22) isInText = true;
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > DEEPEST) throw outOfRange(where, 'JSON of more levels', `at most ${DEEPEST} levels`);
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
}

/** The property of an untrusted object; undefined if the value is no object or has no such own property. */
export function propertyOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

export function textAt(where: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(where, value, 'a string');
  return value;
}

export function listAt(where: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw wrongType(where, value, 'an array');
  return value;
}
