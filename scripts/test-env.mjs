// Tries the packed tarball in the runtimes, test runners, bundlers, browsers and versions of TypeScript that
// docs/environments.md lists. Everywhere it must train to the same bits. Needs dist/: npm run build first. The tools
// have their own package.json in env/.
//
// node scripts/test-env.mjs [--save] [part...]
//   part    runtimes, testers, types, pages (those of the bundlers too), frames; all if none is named
//   --save  write the figures of the part `frames` to bench/results
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tryFrames, tryPages } from './env/browsers.mjs';
import { startDevServers, tryBundlers } from './env/bundlers.mjs';
import { run } from './env/processes.mjs';
import { Results } from './env/results.mjs';
import { tryRuntimes } from './env/runtimes.mjs';
import { tryTesters } from './env/testers.mjs';
import { tryTypes } from './env/types.mjs';
import { installPacked, ROOT } from './pack/install.mjs';

const PARTS = ['runtimes', 'testers', 'types', 'pages', 'frames'];
const { values, positionals } = parseArgs({ options: { save: { type: 'boolean' } }, allowPositionals: true });
const unknown = positionals.find((part) => !PARTS.includes(part));
if (unknown) throw new RangeError(`test:env: got ${unknown}, want some of ${PARTS.join(', ')}`);
const isAsked = (part) => positionals.length === 0 || positionals.includes(part);

function saveFigures(pages) {
  const date = new Date().toISOString().slice(0, 10);
  const machine = { node: process.versions.node, cpu: cpus()[0].model, cores: cpus().length, load: loadavg()[0] };
  const path = `bench/results/frames-${date}.json`;
  writeFileSync(join(ROOT, path), `${JSON.stringify({ date, machine, pages }, undefined, 2)}\n`);
  console.log(`figures: ${path}`);
}

/** Installs the tools in a folder apart from the project's own tools. They are kept for the next run. */
function installTools() {
  const tools = join(ROOT, 'build/environments');
  const files = ['package.json', 'package-lock.json'];
  mkdirSync(tools, { recursive: true });
  const isSame = files.every((file) => {
    const [own, copy] = [join(ROOT, 'scripts/env', file), join(tools, file)];
    return existsSync(copy) && readFileSync(own).equals(readFileSync(copy));
  });
  if (isSame && existsSync(join(tools, 'installed'))) return tools;
  rmSync(tools, { recursive: true });
  mkdirSync(tools);
  for (const file of files) cpSync(join(ROOT, 'scripts/env', file), join(tools, file));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: tools, stdio: 'inherit' });
  // this script of the package bun, which npm ci has not run, puts the executable in its place
  execFileSync(process.execPath, ['install.js'], { cwd: join(tools, 'node_modules/bun'), stdio: 'inherit' });
  mkdirSync(join(tools, 'installed'));
  return tools;
}

const { folder, consumer } = installPacked();
const results = new Results('environments');
try {
  const tools = installTools();
  for (const file of ['train.mjs', 'search.mjs']) cpSync(join(ROOT, 'scripts/env/fixture', file), join(consumer, file));
  const program = `
    import * as simdprop from 'simdprop';
    import * as searching from 'simdprop/search';
    import { searchScores } from './search.mjs';
    import { train } from './train.mjs';
    console.log(await train(simdprop));
    console.log(await searchScores(searching, { workers: 0 }));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: consumer });
  const [wanted, wantedScores] = stdout.trim().split('\n');
  const built = join(folder, 'built');
  mkdirSync(built);
  const context = { folder, consumer, tools, built, wanted, wantedScores };
  console.log(`hashes in Node ${process.versions.node}: ${context.wanted}`);
  if (isAsked('runtimes')) await tryRuntimes(results, context);
  if (isAsked('testers')) await tryTesters(results, context);
  if (isAsked('types')) await tryTypes(results, context);
  if (isAsked('pages')) {
    const served = await startDevServers(results, context);
    try {
      await tryPages(results, context, [...(await tryBundlers(results, context)), ...served]);
    } finally {
      for (const { stop } of served) stop();
    }
  }
  if (isAsked('frames')) {
    const figures = await tryFrames(results, context);
    if (values.save) saveFigures(figures);
  }
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
if (!results.finish()) process.exitCode = 1;
