/**
 * Sets a property of an object itself, whatever its name: an assignment to `__proto__` would set the prototype instead.
 */
export function setOwn<T>(object: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else object[name] = value;
}
