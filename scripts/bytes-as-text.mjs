// Bytes as text for a source file. When the file is compressed for transfer, base64 would make WebAssembly a third
// longer: it cuts bytes into pieces of 6 bits, and gzip then no longer finds repetitions. Here every byte is one
// character, or two characters if it is rare.

/**
 * Printable ASCII, without characters that are escaped in strings or have a meaning in HTML. The last two begin pairs.
 */
export const ALPHABET = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
  .filter((character) => !'"\'`$\\<'.includes(character))
  .join('');

const SINGLES = ALPHABET.length - 2;

/**
 * Single characters stand for -FIRST to 76: WebAssembly consists mostly of small numbers, and of -3, its SIMD prefix.
 */
export const FIRST = 12;

/** src/core/from-text.ts reads it. */
export function textOf(bytes) {
  return Array.from(bytes, (byte) => {
    const value = (byte + FIRST) % 256;
    if (value < SINGLES) return ALPHABET[value];
    const rest = value - SINGLES;
    return ALPHABET[SINGLES + Math.floor(rest / ALPHABET.length)] + ALPHABET[rest % ALPHABET.length];
  }).join('');
}
