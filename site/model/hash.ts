/**
 * Two FNV-1a hashes of the bytes of arrays, as 16 digits. It tells networks apart; it is no protection against forgery.
 */
export function hashOf(arrays: readonly Float32Array[]): string {
  let [first, second] = [0x811c9dc5, 0x9747b28c];
  for (const array of arrays) {
    for (const byte of new Uint8Array(array.buffer, array.byteOffset, array.byteLength)) {
      first = Math.imul(first ^ byte, 0x01000193);
      second = Math.imul(second ^ byte, 0x01000193);
    }
  }
  return [first, second].map((value) => (value >>> 0).toString(16).padStart(8, '0')).join('');
}
