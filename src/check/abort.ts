import { isKind } from './arrays.js';
import { wrongType } from './errors.js';

// Signals that abort a call. They may come from another realm, or from a test environment that implements them only in
// part.

export function checkSignal(where: string, value: unknown): void {
  if (value === undefined) return;
  const signal = value as AbortSignal;
  if (!isKind(signal, 'AbortSignal') || typeof signal.addEventListener !== 'function') {
    throw wrongType(where, value, 'an AbortSignal');
  }
}

/** Throws the reason of a signal that is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw signal.reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' });
}
