import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minify } from 'terser';
import { defineConfig } from 'tsup';

const BUILDS = ['simd', 'relaxed', 'threads', 'relaxed-threads'];

// JavaScript only: tsc has put the declarations into build/types, since tsup's own ones need TypeScript's old compiler API.
//
// A file for each entry and for each import(), no shared chunks: cut in pieces, the default entry weighs 2 KB more. What two files
// both need they both hold, but for the core and the Network itself.
export default defineConfig({
  entry: [
    ...[
      'index',
      'class-weights',
      'custom-cost',
      'early-stopping',
      'inspect',
      'lbfgs',
      'load',
      'measure',
      'no-engine',
      'orthogonal',
      'replay',
      'split',
      'stream',
      'team',
      'worker',
      'cross-validation',
      'graph',
      'io/idx',
      'io/csv',
      'io/files',
    ].map((name) => `src/${name}.ts`),
    ...BUILDS.map((build) => `src/generated/${build}.ts`),
  ],
  external: [
    /^\.\/(index|class-weights|custom-cost|early-stopping|inspect|lbfgs|load|measure|no-engine|orthogonal|replay|split|stream|team)\.js$/,
    /^\.\/generated\/(?!worker)/,
    /^node:/,
  ],
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: false,
  // Deno knows them by no other name
  removeNodeProtocol: false,
  minify: true,
  dts: false,
  clean: true,
  async onSuccess() {
    for (const file of readdirSync('dist', { recursive: true, encoding: 'utf8' })) await shrink(join('dist', file));
    cpSync('build/types/src', 'dist', { recursive: true });
    rmSync('build/types', { recursive: true }); // a declaration of a file since removed must not come back
    for (const build of BUILDS) copyFileSync(`build/shipped/${build}.wasm`, `dist/${build}.wasm`);
  },
});

/** Once more by terser: gzipped, the default entry's JavaScript is 3 % smaller than esbuild alone makes it. */
async function shrink(file: string): Promise<void> {
  if (!file.endsWith('.js')) return;
  // functions side by side and none put into another, operands in their order: gzip finds more that repeats
  const compress = { passes: 3, hoist_funs: true, reduce_funcs: false, lhs_constants: false };
  // an error that nobody catches is printed with the line it comes from: one of all 56 KB before
  const format = { max_line_len: 1200 };
  const options = { module: true, ecma: 2020, compress, format } as const;
  const { code } = await minify(readFileSync(file, 'utf8'), options);
  writeFileSync(file, code ?? '');
}
