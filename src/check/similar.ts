// Finds the option or name that was probably meant in place of an unknown one. This file is loaded only if an
// asynchronous call has been refused because of such a word.

/** Names that other libraries use, in small letters and without underscores. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  loss: 'cost',
  iterations: 'epochs',
  hidden: 'layers',
  neurons: 'units',
  x: 'inputs',
  y: 'targets',
  output: 'targets',
  mse: 'quadratic',
  crossentropy: 'categoricalCrossEntropy',
  xavier: 'glorotUniform',
  swish: 'silu',
  regression: 'numbers',
  classification: 'classes',
};

/** What other calls take. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  learningrate: 'an optimizer takes it: fit(data, { optimizer: adam({ learningRate: 0.01 }) })',
  optimizer: 'fit takes it',
  epochs: 'fit takes it',
};

/** The most characters of a word that are compared. */
const MOST = 30;

/** Adds the known word that was probably meant to an error about an unknown one. */
export function advise(error: Error, word: string, known: readonly string[]): void {
  const { message, stack } = error;
  error.message += meant(word, known);
  // some engines have the message in the stack
  if (stack) error.stack = stack.replace(message, () => error.message);
}

/** The end of a message about an unknown word: the known one that was probably meant, if there is one. */
function meant(word: string, known: readonly string[]): string {
  const plain = plainOf(word);
  const other = OTHER_NAMES[plain] ?? '';
  const best = known.includes(other)
    ? other
    : (known.find((name) => plainOf(name) === plain) ?? known.find((name) => isSimilar(plain, plainOf(name))));
  if (best !== undefined) return `: did you mean ${best}?`;
  const elsewhere = ELSEWHERE[plainOf(other || word)];
  return elsewhere ? `: ${elsewhere}` : '';
}

const plainOf = (word: string) => word.slice(0, MOST).toLowerCase().replace(/[_-]/g, '');

/** True if one word is the beginning of the other, or differs from it in at most every third letter. */
function isSimilar(a: string, b: string): boolean {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  return (shorter.length > 2 && longer.startsWith(shorter)) || distance(a, b) <= longer.length / 3;
}

/** The least number of letters that are inserted, left out or replaced (Levenshtein, 1965). */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + Number(a[i] !== b[j])));
    }
    row = next;
  }
  return row[b.length];
}
