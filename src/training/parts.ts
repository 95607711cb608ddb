import { throwIfAborted } from '../check/abort.js';
import { checkIsObject, outOfRange, wrongType } from '../check/errors.js';
import { dropPromise, isPromise } from '../check/promises.js';
import type { Arena } from '../core/arena.js';
import type { DataSet } from '../data/data-set.js';

// Reads the parts of an epoch from the user's source, which may keep a call waiting forever and must be closed.

/**
 * Returns the data of one epoch, from the start: parts that each fit into memory, from a file, a socket or a generator.
 */
export type DataSource = () => AsyncIterable<DataSet> | Iterable<DataSet>;

/** A part as the source has given it, and its name in messages. */
export interface GivenPart {
  readonly where: string;
  readonly given: DataSet;
}

/**
 * The parts of one epoch. The caller must check and copy each of them before it awaits anything, because the source may
 * change its arrays. If the signal is aborted or the network disposed of, throws without waiting for the source.
 */
export async function* partsOf(
  source: DataSource,
  arena: Arena,
  userSignal: AbortSignal | undefined,
): AsyncGenerator<GivenPart, void, undefined> {
  const iterator = iterate(source());
  const { signal, release } = abortSignalFor(arena, userSignal);
  let part = 0;
  let isAtEnd = false;
  try {
    for (; ; part++) {
      throwIfAborted(signal);
      isAtEnd = true;
      const next = await orAborted(iterator.next(), signal);
      checkIsObject('source: the result of next()', next, 'an object { done, value }');
      if (next.done) break;
      isAtEnd = false;
      yield { where: `source: part ${part}`, given: next.value };
    }
  } finally {
    release();
    // a source that has not ended by itself gets a chance to close. If the call was aborted, this is not awaited,
    // because the source may wait forever for more data
    const closing = isAtEnd && !signal.aborted ? undefined : Promise.resolve(iterator.return?.());
    if (signal.aborted) closing?.catch(() => {});
    else await closing;
  }
  if (part === 0) throw outOfRange('source', 'no part', 'one or more each time it is called');
}

function iterate(parts: unknown): AsyncIterator<DataSet> | Iterator<DataSet> {
  const object = Object(parts);
  const method = object[Symbol.asyncIterator] ?? object[Symbol.iterator];
  if (typeof method !== 'function') {
    dropPromise(parts);
    const wanted = 'a function that returns an iterable or async iterable of { inputs, targets }';
    throw wrongType('source', parts, isPromise(parts) ? `${wanted}, such as async function*` : wanted);
  }
  return method.call(parts);
}

/** A signal that is aborted with the user's signal, or when the network is disposed of. */
function abortSignalFor(arena: Arena, signal: AbortSignal | undefined) {
  const end = new AbortController();
  const notice = () => {
    try {
      throwIfAborted(signal);
      arena.checkAlive();
    } catch (error) {
      end.abort(error);
    }
  };
  signal?.addEventListener('abort', notice);
  arena.onDispose = notice;
  // either may have happened since the last part
  notice();
  const release = () => {
    signal?.removeEventListener('abort', notice);
    arena.onDispose = undefined;
  };
  return { signal: end.signal, release };
}

/** Resolves as `value` does, or rejects as soon as the signal is aborted. */
function orAborted<T>(value: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    // the source itself may just have aborted it
    if (signal.aborted) abort();
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
