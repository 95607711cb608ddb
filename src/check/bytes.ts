import { arrayType, copyOf, isDetached, isKind, isShared } from './arrays.js';
import { awaited, outOfRange, wrongType } from './errors.js';

/** The contents of a file. */
export type Bytes = Uint8Array | ArrayBuffer;

/**
 * Returns the bytes as a Uint8Array: a copy if another thread can change them while they are checked, else the bytes
 * themselves. They may come from another realm. Refuses detached ones, which would otherwise look like 0 bytes. In the
 * message for all other values, `wanted` describes what is allowed.
 */
export function checkBytes(where: string, value: unknown, wanted: string): Uint8Array {
  const isBytes = arrayType(value) === 'Uint8Array';
  if (!isBytes && !isKind(value, 'ArrayBuffer')) throw wrongType(where, value, wanted + wayToBytes(value));
  if (isBytes ? isDetached(value as Uint8Array) : !isUsable(value as ArrayBuffer)) {
    const way = 'copy them with slice() before their buffer is transferred or its memory grows';
    throw outOfRange(where, 'bytes that are detached', `bytes that are not: ${way}`);
  }
  if (!isBytes) return new Uint8Array(value as ArrayBuffer, 0, (value as ArrayBuffer).byteLength);
  return isShared(value) ? copyOf(value as Uint8Array) : (value as Uint8Array);
}

/** The end of the message for a value that is not the contents of a file, but says where they are. */
const wayToBytes = (value: unknown) =>
  typeof value === 'string' || isKind(value, 'URL') ? ': readFileSync(path) or fetch(url) gets them' : awaited(value);

/** False for a detached buffer, and for an object that only claims to be a buffer. */
function isUsable(buffer: ArrayBuffer): boolean {
  try {
    ArrayBuffer.prototype.slice.call(buffer, 0, 0);
    return true;
  } catch {
    return false;
  }
}
