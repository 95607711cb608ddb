import { copyOf, isDetached, isShared, type NumberArray, newLike } from '../check/arrays.js';
import { isFloats, isIntegers } from './numbers.js';

// Data are read at the call. Where they are used later, after other code may have run, they are copied first, once; the
// copies are checked and used, and nobody else can change them. The same is done with numbers in memory that other
// threads share, wherever they are read more than once.

/** The arrays that only this library has. They never reach the user, and are not copied again. */
const ours = new WeakSet<object>();

/** A new array of the same type that only this library has. */
export function newOwn<T extends NumberArray>(values: T, length: number): T {
  const array = newLike(values, length);
  ours.add(array);
  return array;
}

/** The numbers in an array that only this library has. Everything else is returned as it is, to be refused. */
export function own<T>(values: T): T {
  if (!isFloats(values) && !isIntegers(values)) return values;
  if (ours.has(values) || isDetached(values)) return values;
  const copy = copyOf(values);
  ours.add(copy);
  return copy;
}

/** The same for numbers that other threads can change. All others are returned as they are. */
export function ownIfShared<T>(values: T): T {
  return isShared(values) ? own(values) : values;
}
