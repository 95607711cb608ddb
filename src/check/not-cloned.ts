/**
 * The value of a property that makes structuredClone and postMessage refuse an object, where they would return a copy
 * without methods. They refuse every symbol, and most engines show its text, which names the object and the way out.
 * The property must be enumerable.
 */
export const notCloned = (what: string): symbol => Symbol.for(`${what},`);
