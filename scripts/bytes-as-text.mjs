// Bytes as text for a source file. Every byte becomes one character, or two if it is rare. base64, which cuts bytes
// into pieces of 6 bits, would make WebAssembly a third longer after gzip, which then finds no repetitions.

/**
 * Printable ASCII, without characters that are escaped in strings or have a meaning in HTML: first those that are
 * frequent in minified JavaScript.
 */
const CHARACTERS = [...'tersn, oi()a=u.cfPl{}:h;ypdmwb0g+?[]!1>2&Av468*k|3SFMx-/UjCNIO#Bz5WREQ_DLT%V9JXY^H7KGZq~@'];

const SINGLES = CHARACTERS.length - 2;

/**
 * Single characters stand for -FIRST to 76: WebAssembly consists mostly of small numbers, and of -3, its SIMD prefix.
 */
const FIRST = 12;

/**
 * The text of `bytes`, and what src/core/from-text.ts needs to read it: `alphabet`, whose characters stand for the
 * values from -`first` on, and whose last two begin pairs. The most frequent bytes have the characters that are most
 * frequent in JavaScript, because gzip gives both the same codes if they are in one file.
 */
export function textOf(bytes) {
  const values = Array.from(bytes, (byte) => (byte + FIRST) % 256);
  const counts = new Array(256).fill(0);
  for (const value of values) counts[value]++;
  const byFrequency = Array.from({ length: SINGLES }, (_, value) => value).sort(
    (p, q) => counts[q] - counts[p] || p - q,
  );
  const letters = [...CHARACTERS];
  byFrequency.forEach((value, rank) => {
    letters[value] = CHARACTERS[rank];
  });
  const alphabet = letters.join('');
  const text = values.map((value) => {
    if (value < SINGLES) return letters[value];
    const rest = value - SINGLES;
    return letters[SINGLES + Math.floor(rest / letters.length)] + letters[rest % letters.length];
  });
  return { alphabet, first: FIRST, text: text.join('') };
}
