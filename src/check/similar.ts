import { refused, takeRefusal } from './refusals.js';

// Finds the option or name that was probably meant in place of an unknown one. Asynchronous calls load this file only
// if they have been refused because of such a word.

/** Names that other libraries use, in small letters and without underscores, and ours for them. */
const OTHER_NAMES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    lr: ['learningRate'],
    rate: ['learningRate'],
    eta: ['learningRate'],
    loss: ['cost'],
    iterations: ['epochs'],
    hidden: ['layers'],
    layers: ['hidden'],
    hiddenlayers: ['layers', 'hidden'],
    hiddenlayersizes: ['layers', 'hidden'],
    neurons: ['units'],
    x: ['inputs'],
    y: ['targets', 'target'],
    label: ['target'],
    output: ['targets', 'save'],
    earlystopping: ['patience'],
    errorthresh: ['stopAt'],
    alpha: ['l2'],
    weightdecay: ['l2'],
    randomstate: ['seed'],
    sampleweight: ['weights'],
    sampleweights: ['weights'],
    testsize: ['test'],
    sep: ['delimiter'],
    separator: ['delimiter'],
    out: ['save'],
    cv: ['folds'],
    nsplits: ['folds'],
    mse: ['quadratic'],
    meansquarederror: ['quadratic'],
    squarederror: ['quadratic'],
    mae: ['meanAbsoluteError'],
    l1loss: ['meanAbsoluteError'],
    bce: ['binaryCrossEntropy'],
    logloss: ['binaryCrossEntropy'],
    crossentropy: ['categoricalCrossEntropy'],
    kld: ['kullbackLeibler'],
    kldivergence: ['kullbackLeibler'],
    xavier: ['glorotUniform'],
    kaiming: ['heUniform'],
    swish: ['silu'],
    identity: ['linear'],
    logistic: ['sigmoid'],
    regression: ['numbers'],
    classification: ['classes'],
  }),
);

const PROGRESS = 'onEpoch: (report) => console.log(report.cost) shows progress';

/** What other calls take, or what there is instead. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    learningrate: 'an optimizer takes it: fit(data, { optimizer: adam({ learningRate: 0.01 }) })',
    momentum: 'an optimizer takes it: fit(data, { optimizer: momentum({ learningRate: 0.1, momentum: 0.9 }) })',
    optimizer: 'fit takes it',
    epochs: 'fit takes it',
    weights: 'the data set has them: { inputs, targets, weights }',
    activation: "each layer has its own: layers: [{ units: 10, activation: 'relu' }]",
    dropout: 'each layer has its own: layers: [{ units: 10, dropout: 0.5 }, ...]',
    outputs: 'the units of the last layer are the outputs',
    outputsize: 'the units of the last layer are the outputs',
    metrics: 'evaluate returns all metrics of the task',
    inputshape: 'inputs at create says it',
    type: 'every layer is dense: { units: 10 }',
    callbacks: PROGRESS,
    callback: PROGRESS,
    verbose: PROGRESS,
    log: PROGRESS,
    logperiod: PROGRESS,
  }),
);

/** The most characters of a word that are compared. */
const MOST = 30;

/** Adds a way out to the message of an error. */
export function addWay(error: Error, way: string): void {
  const { message, stack } = error;
  // the message may have another way out already
  error.message += `${/, want .*: /.test(message) ? ';' : ':'} ${way}`;
  // some engines have the message in the stack
  if (stack) error.stack = stack.replace(message, () => error.message);
}

/** The result of a synchronous call. If it refuses an unknown word, the error says what was probably meant. */
export function withMeant<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const refusal = takeRefusal(error);
    const way = refusal?.known && meant(String(refusal.got), refusal.known);
    if (way) addWay(error as Error, way);
    // an asynchronous call around this one may know another way
    else if (refusal) refused(error as Error, refusal);
    throw error;
  }
}

/** What was probably meant by an unknown word: a known one, or what there is instead. */
export function meant(word: string, known: readonly string[]): string | undefined {
  const elsewhere = namesOf(word)
    .map((name) => ELSEWHERE.get(name))
    .find(Boolean);
  const similar = knownOf(word, known) ?? (elsewhere ? undefined : similarTo(word, known));
  return similar === undefined ? elsewhere : `did you mean ${similar}?`;
}

/** The known word that was probably meant by an unknown one. */
export function meantWord(word: string, known: readonly string[]): string | undefined {
  return knownOf(word, known) ?? similarTo(word, known);
}

/** A word, and what it is called here, without capital letters and hyphens. */
const namesOf = (word: string): string[] => [plainOf(word), ...(OTHER_NAMES.get(plainOf(word)) ?? []).map(plainOf)];

/** The known word that is written in another way, or is the name for the same thing. */
function knownOf(word: string, known: readonly string[]): string | undefined {
  const [own, ...others] = namesOf(word).map((plain) => known.find((name) => plainOf(name) === plain));
  return others.find(Boolean) ?? own;
}

const similarTo = (word: string, known: readonly string[]): string | undefined =>
  known.find((name) => isSimilar(plainOf(word), plainOf(name)));

const plainOf = (word: string) => word.slice(0, MOST).toLowerCase().replace(/[_-]/g, '');

/** True if one word is the beginning of the other, or differs from it in at most every third letter. */
function isSimilar(a: string, b: string): boolean {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  return (shorter.length > 2 && longer.startsWith(shorter)) || distance(a, b) <= longer.length / 3;
}

/** The least number of letters that are inserted, left out, replaced, or swapped with the next one (Damerau, 1964). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const isSwapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      const swapped = isSwapped ? before[j - 1] + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + Number(a[i] !== b[j]), swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
