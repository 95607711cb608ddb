import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import {
  type GetModuleInfo,
  type ManualChunkMeta,
  type OutputChunk,
  type Plugin,
  type RollupOptions,
  rollup,
} from 'rollup';
import { minify } from 'terser';
import { isLibrary, noticesOf } from './notices.js';

// Joins the modules of build/modules/ in dist/. Every export of package.json is an entry. Every module that an import()
// loads is the head of a chunk of its own. Modules that several entries or chunks need are in one chunk,
// chunks/core.js, which all others import. Shared modules that simdprop itself does not need at the start are in small
// chunks of their own, so that bundlers can put each where a page needs it. No module is in two of these files.
//
// The entries of io/ and graph/ need only errors and checks, but import the whole core chunk. A separate chunk for
// errors and checks would be one more file, and one more round trip, in every page with a network, because bundlers do
// not join modules that different import()s share. In a page without a network, bundlers leave out all of the core but
// 1 to 3 KB (gzipped).
//
// Libraries, such as the scales of charts.js, are bundled, so that the package has no dependency. Their licences are
// written to dist/THIRD-PARTY-NOTICES.txt. The command (command.js) contains its libraries, and a few checks a second
// time, so that no page needs one more file because of it. charts.js contains these checks a second time too. If it
// imported them from the core chunk, esbuild with splitting would load all of that chunk, 33 KB, in a page that has
// only charts. predict.js is one file because it must load nothing while it runs.

const OWN = resolve('build/modules');
const MODULES = resolve('build/modules/src');
const BUILDS = ['simd', 'relaxed', 'threads', 'relaxed-threads', 'predict'];
const STATIC = 'static';
const CHARTS = 'charts';
const PREDICT = 'predict';

export async function bundle(): Promise<void> {
  rmSync('dist', { recursive: true, force: true });
  const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
  const { [STATIC]: inOneFile, ...entries } = entriesOf(exports);
  const { [CHARTS]: charts, [PREDICT]: predict, ...inChunks } = entries;
  const bundled = [
    ...(await write({ input: inChunks, plugins: [sourceMaps] }, manualChunks(inChunks))),
    ...(await write({ input: { [CHARTS]: charts }, plugins: [sourceMaps, libraries] })),
    ...(await write({ input: { [PREDICT]: predict }, plugins: [variants('predict'), sourceMaps] })),
    ...(await write({ input: { [STATIC]: inOneFile }, plugins: [variants('static'), sourceMaps] })),
    ...(await write({
      input: entriesOf(bin),
      plugins: [facesOf(entries), sourceMaps, builtins, libraries, fromCommonJs],
    })),
  ];
  writeFileSync('dist/THIRD-PARTY-NOTICES.txt', noticesOf(bundled));
  cpSync('build/types/src', 'dist', { recursive: true });
  rmSync('build/types', { recursive: true }); // so that declarations of removed files do not remain
  for (const build of BUILDS) copyFileSync(`build/shipped/${build}.wasm`, `dist/${build}.wasm`);
}

/** dist/a/b.js is made from src/a/b.ts. */
function entriesOf(exports: Record<string, string | Record<string, string>>): Record<string, string> {
  const files = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)));
  const names = files.flatMap((file) => /^(?:\.\/)?dist\/(.*)\.js$/.exec(file)?.[1] ?? []);
  return Object.fromEntries(names.map((name) => [name, resolve(MODULES, `${name}.js`)]));
}

/** Gives Rollup the source maps that tsup has written. */
const sourceMaps: Plugin = {
  name: 'source-maps',
  load: (id) => {
    if (!id.startsWith(OWN)) return undefined;
    return { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') };
  },
};

/** The command imports the entries of the package as users do. Apart from them, it is in one file. */
const facesOf = (entries: Record<string, string>): Plugin => ({
  name: 'faces',
  resolveId(source, importer) {
    const id = importer && resolve(dirname(importer), source);
    const face = Object.keys(entries).find((name) => entries[name] === id);
    return face === undefined ? undefined : { id: `./${face}.js`, external: true };
  },
});

/** Deno knows Node's modules only with the prefix node:, which libraries may lack. */
const builtins: Plugin = {
  name: 'builtins',
  resolveId: (source) =>
    isBuiltin(source) ? { id: `node:${source.replace(/^node:/, '')}`, external: true } : undefined,
};

/** Finds libraries by their names. */
const libraries = nodeResolve();

/** Most libraries of the command are CommonJS modules. */
const fromCommonJs = commonjs({ include: '**/node_modules/**' });

/** In the file of a face, X.static.ts or X.predict.ts replaces X.ts if it exists. */
const variants = (face: string): Plugin => ({
  name: `${face}-variants`,
  resolveId(source, importer) {
    const variant = importer && resolve(dirname(importer), source.replace(/\.js$/, `.${face}.js`));
    return variant && existsSync(variant) ? variant : undefined;
  },
});

/**
 * Names the chunk of a module. Without a name, a module is in the file that needs it, or in its own file if several
 * files load it on demand.
 */
function manualChunks({ index, ...others }: Record<string, string>) {
  const entries = [index, ...Object.values(others)];
  return (id: string, { getModuleInfo, getModuleIds }: ManualChunkMeta) => {
    const isLoadedOnDemand = (module: string) => (getModuleInfo(module)?.dynamicImporters.length ?? 0) > 0;
    const heads = [...getModuleIds()].filter((module) => entries.includes(module) || isLoadedOnDemand(module));
    if (heads.includes(id)) return undefined;
    const imports = (head: string, module: string) => importedBy(head, getModuleInfo).has(module);
    const users = heads.filter((head) => imports(head, id));
    // a file that imports another file that needs the module gets it from there
    const homes = users.filter((head) => !users.some((other) => other !== head && imports(head, other)));
    if (homes.length === 1) return undefined;
    return imports(index, id) ? 'core' : undefined;
  };
}

/** `id` and everything that it imports, except by import(). */
function importedBy(id: string, getModuleInfo: GetModuleInfo, found = new Set<string>()): Set<string> {
  found.add(id);
  for (const imported of getModuleInfo(id)?.importedIds ?? []) {
    if (!found.has(imported)) importedBy(imported, getModuleInfo, found);
  }
  return found;
}

/** Writes the chunks. Returns the modules that they contain. */
async function write(options: RollupOptions, chunks?: ReturnType<typeof manualChunks>): Promise<string[]> {
  const build = await rollup({
    ...options,
    external: [/^node:/],
    preserveSymlinks: true,
    onwarn: ({ message, code, ids }) => {
      // d3-interpolate has a circle of functions, which does no harm
      if (code !== 'CIRCULAR_DEPENDENCY' || !ids?.every(isLibrary)) throw new Error(message);
    },
  });
  const { output } = await build.generate({
    dir: 'dist',
    chunkFileNames: 'chunks/[name].js',
    // no imports that only load a file: esbuild warns about them in a package without side effects
    hoistTransitiveImports: false,
    sourcemap: true,
    ...(chunks ? { manualChunks: chunks } : { inlineDynamicImports: true }),
  });
  const written = output.filter((file) => file.type === 'chunk');
  for (const chunk of written) await shrink(chunk);
  return written.flatMap(({ modules }) => Object.keys(modules).filter((id) => modules[id].renderedLength > 0));
}

/**
 * Names of properties inside predict.js, which are shortened there: 140 bytes. They are in no file of a network, in
 * nothing that users see, and in no interface of the language or of the core.
 */
const INNER_NAMES = [
  'fanIn input xStride listStride lists listCounts masks maskStride positions randomBlock scratch',
  'windowInputs layerCount inputStride stride runs runCount weights biases slopes slopesStart',
  'parameterFloats weightFloats parameters floatMemory writeFloats writeBytes readRows standardization',
  'targetScale hasProbabilities isForLabels thresholds capacity activationConstant holdForward floats',
  'goal dropped',
]
  .join(' ')
  .split(' ');

/**
 * Files with tables of regular expressions, in which terser breaks no line: constants that were joined would make one
 * long line.
 */
const WITH_TABLES = ['command.js', 'onnx.js'];

/** Minifies with terser: gzipped, the result is 3 % smaller than with esbuild. */
async function shrink({ fileName, code, map }: OutputChunk): Promise<void> {
  // keeps functions side by side, none inlined, and operands in their order: gzip then finds more repetitions
  const compress = {
    passes: 3,
    hoist_funs: true,
    reduce_funcs: false,
    lhs_constants: false,
    join_vars: !WITH_TABLES.includes(fileName),
  };
  // Node prints an uncaught error with its line of code, which must be short. Line ends instead of semicolons make most
  // lines short, and the files 0.4 % smaller; the limit makes them 0.4 % larger.
  // Node decodes files of ASCII faster: a single other character costs 0.3 ms of the import.
  const format = { semicolons: false, max_line_len: 300, ascii_only: true };
  const name = fileName.replace(/^.*\//, '');
  const result = await minify(code, {
    module: true,
    ecma: 2020,
    compress,
    format,
    mangle: fileName === `${PREDICT}.js` ? { properties: { regex: new RegExp(`^(${INNER_NAMES.join('|')})$`) } } : true,
    // costs 75 bytes; errors and stack traces then say Network
    keep_classnames: true,
    sourceMap: { content: map?.toString(), filename: name, url: `${name}.map`, includeSources: true, asObject: true },
  });
  const file = `dist/${fileName}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, result.code ?? '');
  writeFileSync(`${file}.map`, JSON.stringify(withoutGenerated(result.map as SourceMap)));
}

interface SourceMap {
  readonly sources: readonly string[];
  /** undefined for a chunk that only exports the code of other chunks. */
  readonly sourcesContent?: readonly (string | null)[];
}

/** The map without the text of the files in generated/, which is in the chunk anyway. */
function withoutGenerated(map: SourceMap): SourceMap {
  const sourcesContent = map.sourcesContent?.map((content, i) =>
    map.sources[i].includes('/generated/') ? null : content,
  );
  return { ...map, sourcesContent };
}
