import { readFileSync } from 'node:fs';

/** Reads a JSON file of golden values in test/. Lists of numbers become Float64Arrays, which the reference uses. */
export function readGolden<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'), (_key, value) =>
    Array.isArray(value) && typeof value[0] === 'number' ? Float64Array.from(value) : value,
  );
}
