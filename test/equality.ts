import { isTypedArray } from 'node:util/types';
import { expect } from 'vitest';

const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

// Typed arrays with the same bytes are equal. Vitest compares element by element, which takes a second for 235,200;
// it still does where bytes differ, because two kinds of NaN are equal, and to say where arrays differ.
expect.addEqualityTesters([
  (a, b) =>
    isTypedArray(a) && isTypedArray(b) && a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b))
      ? true
      : undefined,
]);
