/** True for a promise, and for everything else that can be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * To be called with a result that cannot be awaited, before it is refused: if it is a promise that rejects, nobody else
 * will take notice, and an unnoticed rejection ends a process.
 */
export function dropPromise(value: unknown): void {
  if (isPromise(value)) value.then(undefined, () => {});
}
