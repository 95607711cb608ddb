// Typed arrays are recognised without `instanceof`, which is false for those of another realm (a frame, a vm context, a
// test environment) and true for some objects that only look like typed arrays.

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

/** A getter that all typed arrays share: what it returns cannot be changed from outside. */
const getterOf = (name: PropertyKey) =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)?.get;

const nameOf = getterOf(Symbol.toStringTag) as () => string | undefined;
const lengthOf = /* @__PURE__ */ getterOf('length') as () => number;

/** The name of a typed array's type, such as `Float32Array`; undefined for everything else. */
export function arrayType(value: unknown): string | undefined {
  return nameOf.call(value);
}

/** A new array of the same type, made in this realm, even if the class of the given array extends the type. */
export function newLike<T extends NumberArray>(values: T, length: number): T {
  const types = globalThis as unknown as Record<string, new (length: number) => T>;
  return new types[arrayType(values) as string](length);
}

/**
 * The first `count` numbers, which stay that many. In memory that can grow, another thread can make an array longer at
 * any moment.
 */
export function firstOf<T extends NumberArray>(values: T, count: number): T {
  const { growable } = values.buffer as { growable?: boolean };
  return growable ? (values.subarray(0, count) as T) : values;
}

/** A copy of the numbers in a new array of the same type, in this realm and in separate memory. */
export function copyOf<T extends NumberArray>(values: T): T {
  const count = lengthOf.call(values);
  const copy = newLike(values, count);
  copy.set(firstOf(values, count));
  return copy;
}

/** True for a typed array in memory that other threads can change. */
export function isShared(values: unknown): values is NumberArray {
  return arrayType(values) !== undefined && isKind((values as NumberArray).buffer, 'SharedArrayBuffer');
}

export function isFloat32Array(value: unknown): value is Float32Array {
  return arrayType(value) === 'Float32Array';
}

/**
 * True if a view has lost its memory, because its buffer was transferred or a WebAssembly memory has grown. A typed
 * array then has the length 0.
 */
export function isDetached(view: ArrayBufferView): boolean {
  try {
    // both of these throw if the memory is lost
    if (arrayType(view)) Uint8Array.prototype.keys.call(view as Uint8Array);
    else void view.byteLength;
    return false;
  } catch {
    return true;
  }
}

/** True for an object of a built-in kind, such as `Promise` or `AbortSignal`, of any realm. */
export function isKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && Object.prototype.toString.call(value) === `[object ${kind}]`;
}
