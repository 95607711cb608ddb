import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import { minify } from 'terser';

// Two bundlers. Each bundles a page that imports simdprop for the browser: it writes page.js and its chunks to `dir`,
// and returns the chunks that page.js itself imports.

async function bundleByRollup(entry, dir, consumer) {
  const build = await rollup({
    input: entry,
    plugins: [{ name: 'exports', resolveId: (source) => resolveExport(source, consumer) }],
    // as package.json declares
    treeshake: { moduleSideEffects: (id) => !id.includes('/node_modules/') },
  });
  const renderChunk = (code) => minify(code, { module: true });
  const { output } = await build.write({ dir, format: 'es', plugins: [{ name: 'terser', renderChunk }] });
  return output[0].imports.map((name) => join(dir, name));
}

/** The file of an entry, from the package's exports; undefined for a file of the page or of the package itself. */
function resolveExport(source, consumer) {
  const entry = /^simdprop($|\/.*)/.exec(source)?.[1];
  if (entry === undefined) return undefined;
  const root = join(consumer, 'node_modules/simdprop');
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return join(root, exports[`.${entry}`].default);
}

async function bundleByEsbuild(entry, dir) {
  const { metafile } = await esbuild.build({
    entryPoints: [entry],
    outdir: dir,
    absWorkingDir: dir,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    metafile: true,
    logLevel: 'warning',
  });
  const { imports } = metafile.outputs['page.js'];
  return imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => join(dir, path));
}

export const BUNDLERS = { 'Rollup, terser': bundleByRollup, esbuild: bundleByEsbuild };
