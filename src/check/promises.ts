/** True for a promise, and for everything else that can be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * To be called before a result is refused because it cannot be awaited. If it is a promise that rejects, nobody else
 * handles the rejection, and an unhandled rejection ends a process.
 */
export function dropPromise(value: unknown): void {
  if (isPromise(value)) value.then(undefined, () => {});
}
