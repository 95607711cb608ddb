import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { defineConfig } from 'tsup';

// JavaScript only: tsc has put the declarations into build/types, since tsup's own ones need TypeScript's old compiler API.
export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  dts: false,
  clean: true,
  async onSuccess() {
    cpSync('build/types/src', 'dist', { recursive: true });
    rmSync('build/types', { recursive: true }); // a declaration of a file since removed must not come back
    for (const build of ['simd', 'relaxed']) copyFileSync(`build/${build}.wasm`, `dist/${build}.wasm`);
  },
});
