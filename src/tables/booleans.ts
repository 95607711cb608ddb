const WORDS: Readonly<Record<string, 0 | 1>> = { true: 1, false: 0, yes: 1, no: 0, t: 1, f: 0, y: 1, n: 0, 1: 1, 0: 0 };

/** 1 or 0 for a word that means true or false in a column of booleans, in any case; undefined for every other text. */
export function toBoolean(text: string): 0 | 1 | undefined {
  const word = text.toLowerCase();
  return Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
}

/** True for the words that can mean only true or false. */
export const isBooleanWord = (text: string): boolean => /^(true|false)$/i.test(text);
