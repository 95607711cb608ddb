import { defineConfig } from 'tsup';
import { bundle } from './scripts/bundle.js';

// tsup makes only JavaScript, one file from each TypeScript file, which scripts/bundle.ts joins. tsc has written the
// declarations to build/types, because those of tsup need TypeScript's old compiler API.
//
// esbuild alone would not be enough. With splitting, it makes a chunk for every set of entries that share something,
// which are a dozen here; without it, each entry has its own copy of the core.
export default defineConfig({
  entry: ['src/**/*.ts', 'assembly/abi.ts'],
  outDir: 'build/modules',
  bundle: false,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  // Deno knows Node's modules only with the prefix node:
  removeNodeProtocol: false,
  sourcemap: true,
  dts: false,
  clean: true,
  silent: true,
  onSuccess: bundle,
});
