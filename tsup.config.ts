import { defineConfig } from 'tsup';
import { bundle } from './scripts/bundle.js';

// JavaScript only: tsc has put the declarations into build/types, since tsup's own ones need TypeScript's old compiler API.
//
// tsup makes a file of JavaScript from each of TypeScript; scripts/bundle.ts puts them together. esbuild alone would not do: its splitting
// makes a chunk for every set of entries that share something, a dozen here, and without splitting each entry has its own copy of the core.
export default defineConfig({
  entry: ['src/**/*.ts', 'assembly/abi.ts'],
  outDir: 'build/modules',
  bundle: false,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  // Deno knows them by no other name
  removeNodeProtocol: false,
  sourcemap: true,
  dts: false,
  clean: true,
  silent: true,
  onSuccess: bundle,
});
