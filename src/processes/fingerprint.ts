// Short numbers by which processes compare what they have. They are no proof against intent, only against mistakes.

/** The fingerprint of nothing. */
export const EMPTY = 0;

/** The fingerprint of something and one more 32-bit word. */
export function addWord(fingerprint: number, word: number): number {
  const mixed = Math.imul(fingerprint ^ word, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);

/** The fingerprint of something and one more number of any kind. */
export function addNumber(fingerprint: number, value: number): number {
  double[0] = value;
  return addWord(addWord(fingerprint, halves[0]), halves[1]);
}

/** The fingerprint of something and a text. */
export function addText(fingerprint: number, text: string): number {
  let result = addWord(fingerprint, text.length);
  for (let i = 0; i < text.length; i++) result = addWord(result, text.charCodeAt(i));
  return result;
}

/** The fingerprint of something and words of a memory: all of them, or about `most` at equal distances. */
export function addWords(fingerprint: number, words: Uint32Array, most = words.length): number {
  const distance = Math.max(1, Math.floor(words.length / most));
  let result = addWord(fingerprint, words.length);
  for (let i = 0; i < words.length; i += distance) result = addWord(result, words[i]);
  return result;
}
