import { copyOf, isDetached, isShared, type NumberArray, newLike } from '../check/arrays.js';
import { isFloats, isIntegers } from './numbers.js';

// Data are read at the call. If other code may run before they are used, they are copied once, at the call. The copies
// are then checked and used, and nobody else can change them. Numbers in memory that is shared with other threads are
// also copied, wherever they are read more than once.

/** The arrays to which only this library has references. They are never passed to the user, and never copied again. */
const ours = new WeakSet<object>();

/** Marks an array to which only this library has a reference, and returns it. */
export function markOwn<T extends NumberArray>(values: T): T {
  ours.add(values);
  return values;
}

/** True for such an array. */
export const isOwn = (values: object): boolean => ours.has(values);

/** A new array of the same type, to which only this library has a reference. */
export function newOwn<T extends NumberArray>(values: T, length: number): T {
  return markOwn(newLike(values, length));
}

/**
 * A copy of the numbers, in such an array. Values that are not arrays of numbers are returned unchanged, to be refused.
 */
export function own<T>(values: T): T {
  if (!isFloats(values) && !isIntegers(values)) return values;
  if (ours.has(values) || isDetached(values)) return values;
  return markOwn(copyOf(values));
}

/** Copies numbers that other threads can change. All others are returned unchanged. */
export function ownIfShared<T>(values: T): T {
  return isShared(values) ? own(values) : values;
}
