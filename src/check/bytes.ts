import { awaited, outOfRange, wrongType } from './errors.js';

// Bytes at the door. Arrays are told by what they are, not by `instanceof`: those of another realm (a frame, a vm context, a test
// environment) are arrays too.

/** What wants the bytes of a file takes either. */
export type Bytes = Uint8Array | ArrayBuffer;

/** The bytes as a Uint8Array, without a copy. `wanted` ends the message for anything else. */
export function checkBytes(where: string, value: unknown, wanted: string): Uint8Array {
  const type = Object.prototype.toString.call(value);
  const isView = ArrayBuffer.isView(value) && type === '[object Uint8Array]';
  if (!isView && type !== '[object ArrayBuffer]') throw wrongType(where, value, wanted + awaited(value));
  try {
    if (!isView) return new Uint8Array(sliceable(value as ArrayBuffer));
    // throws where the buffer has gone: such an array would pass as one of 0 bytes
    Uint8Array.prototype.keys.call(value);
    return value as Uint8Array;
  } catch {
    throw outOfRange(
      where,
      'bytes that are detached',
      'bytes that are still there: slice() them before they are transferred, or their memory grows',
    );
  }
}

/** The buffer itself: throws for one that is detached, and for an object that only calls itself a buffer. */
function sliceable(buffer: ArrayBuffer): ArrayBuffer {
  ArrayBuffer.prototype.slice.call(buffer, 0, 0);
  return buffer;
}
