import { readFileSync } from 'node:fs';

/**
 * A JSON file of golden values below test/: lists of numbers become Float64Array, which the reference takes as they
 * are.
 */
export function readGolden<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'), (_key, value) =>
    Array.isArray(value) && typeof value[0] === 'number' ? Float64Array.from(value) : value,
  );
}
