import { defineConfig } from 'tsup';
import { bundle } from './scripts/bundle.js';

// tsup makes JavaScript only. tsc has written the declarations to build/types, because those of tsup need TypeScript's old
// compiler API.
//
// tsup makes one JavaScript file from each TypeScript file; scripts/bundle.ts joins them. esbuild alone would not be
// enough: with splitting, it makes a chunk for every set of entries that share something, a dozen here; without, each
// entry has its own copy of the core.
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
