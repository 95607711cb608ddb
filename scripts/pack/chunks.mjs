import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The longest line of a file. Node prints an uncaught error with its line of code. */
const LONGEST_LINE = 1200;
/** Matches a build of the core, which is one string. */
const WASM = /(["'`])[^"'`\n]{5000,}\1/g;
/** Matches the line of emoji-regex, which is one regular expression. */
const EMOJI = /^return\/\\uD83C.*\/g$/m;

/**
 * Throws unless dist/ is divided into files as scripts/bundle.ts says. `simdprop/static` contains everything a second
 * time, the predictor a part of it, and the charts and the command a few checks, on purpose.
 */
export function checkChunks(dist) {
  const files = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.js'));
  const homes = new Map();
  for (const file of files) {
    const code = readFileSync(join(dist, file), 'utf8').replace(WASM, '').replace(EMOJI, '');
    // the line that only lists the exports cannot be broken, and no error occurs in it
    const lines = code.split('\n').filter((line) => !/^;?export\s*\{/.test(line));
    const longest = Math.max(...lines.map((line) => line.length));
    if (longest > LONGEST_LINE) throw new Error(`dist/${file}: got a line of ${longest}, want at most ${LONGEST_LINE}`);
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(dist, `${file}.map`), 'utf8'));
    for (const [i, source] of sources.entries()) {
      const module = source.replace(/^(\.\.\/)+/, '');
      if (sourcesContent[i] === null && !module.startsWith('src/generated/'))
        throw new Error(`dist/${file}.map: got no text of ${module}`);
      if (!['static.js', 'charts.js', 'predict.js', 'command.js'].includes(file))
        homes.set(module, [...(homes.get(module) ?? []), file]);
    }
  }
  for (const [module, chunks] of homes) {
    if (chunks.length > 1) throw new Error(`${module}: got it in ${chunks.join(' and ')}, want it in one of them`);
  }
  // the predictor is for service workers, worklets and edge hosts, which cannot load more files
  const predictor = readFileSync(join(dist, 'predict.js'), 'utf8');
  if (/\bimport\b/.test(predictor.replace(WASM, ''))) throw new Error('dist/predict.js: got an import, want none');
  const core = homes.get('src/core/arena.ts');
  if (core?.[0] !== 'chunks/core.js')
    throw new Error(`src/core/arena.ts: got it in ${core}, want it in chunks/core.js`);
  return { files: files.length, modules: homes.size };
}

/** The names of the libraries whose code is in dist/, sorted. */
export function librariesIn(dist) {
  const maps = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.js.map'));
  const sources = maps.flatMap((file) => JSON.parse(readFileSync(join(dist, file), 'utf8')).sources);
  const names = sources.flatMap((source) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []);
  return [...new Set(names)].sort();
}
