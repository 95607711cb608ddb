/**
 * `simdprop` in Node. The default build of the core is read from its file, which takes 0.3 ms. To import and inflate
 * it, as everywhere else, would take 3 ms.
 *
 * @module
 */

import { readDefaultWith } from './core/builds.js';

readDefaultWith(() => {
  // Deno, which takes this file too, would ask the user for the permission to read
  if ('Deno' in globalThis) return undefined;
  try {
    return process.getBuiltinModule('node:fs').readFileSync(new URL('./simd.wasm', import.meta.url));
  } catch {
    // a bundler has moved this code elsewhere, or Node may not read files
    return undefined;
  }
});

export * from './index.js';
