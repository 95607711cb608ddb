// What errors are about, for the code that adds ways out to them (see advise), and a way out that all calls name.

/** What was refused, and where. */
export interface Refusal {
  readonly where: string;
  readonly got: unknown;
  /** If `got` is an unknown word: the known words. */
  readonly known?: readonly string[] | undefined;
  /** If a number is wanted: true for numbers that are accepted. */
  readonly accepts?: ((value: number) => boolean) | undefined;
}

const refusals = new WeakMap<object, Refusal>();

/** Remembers what an error is about, and returns the error. */
export function refused<E extends Error>(error: E, refusal: Refusal): E {
  refusals.set(error, refusal);
  return error;
}

/** What an error is about; undefined: it is not known, or has been asked for before. */
export function takeRefusal(error: unknown): Refusal | undefined {
  const refusal = refusals.get(Object(error));
  refusals.delete(Object(error));
  return refusal;
}

/** The end of the message for a text in place of a number that would be accepted. */
export const withoutQuotes = (text: unknown, accepts: (value: number) => boolean): string =>
  typeof text === 'string' && text.trim() !== '' && accepts(Number(text)) ? `: ${Number(text)} without quotes` : '';
