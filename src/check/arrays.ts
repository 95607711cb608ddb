// Typed arrays are told by what they are, not by `instanceof`: those of another realm (a frame, a vm context, a test
// environment) are typed arrays too, and objects that only look like one are none.

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** The getter that all typed arrays share: what it returns cannot be changed from outside. */
const nameOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => string | undefined;

/** The name of a typed array's type, such as `Float32Array`; undefined for everything else. */
export function arrayType(value: unknown): string | undefined {
  return nameOf.call(value);
}

export function isFloat32Array(value: unknown): value is Float32Array {
  return arrayType(value) === 'Float32Array';
}

/** Whether the memory of a view has gone: it was transferred, or has grown. A typed array's length is 0 then. */
export function isDetached(view: ArrayBufferView): boolean {
  try {
    // both throw then
    if (arrayType(view)) Uint8Array.prototype.keys.call(view as Uint8Array);
    else void view.byteLength;
    return false;
  } catch {
    return true;
  }
}

/** Whether an object is of a kind that engines and hosts make, such as `Promise` or `AbortSignal`, of any realm. */
export function isKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && Object.prototype.toString.call(value) === `[object ${kind}]`;
}
