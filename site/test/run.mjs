// Opens the built pages in Chromium and Firefox, uses them as a visitor does, and checks what they show: npm run
// test:pages. The pages lie in the folder /a/b/ of a host without special headers.
//
// node test/run.mjs [--without NAME]... [name...]
//   name        only the checks whose names contain one of the words
//   --without   not those whose names contain this
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Results } from '../../scripts/env/results.mjs';
import { BROWSERS, launch } from './browsers.mjs';
import { CHECKS, TIMED } from './checks.mjs';
import { BUILT, serve } from './server.mjs';

const { values, positionals: words } = parseArgs({
  options: { without: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});
const isAsked = (name) =>
  !values.without.some((word) => name.includes(word)) &&
  (words.length === 0 || words.some((word) => name.includes(word)));

const results = new Results('pages');

/** Browsers of a kind that work at the same time: one for each two cores. */
const BESIDE = Math.max(1, Math.floor(availableParallelism() / 2));

/** Runs checks in a browser, one after another, until none is left. */
async function runAll(kind, checks) {
  const browser = await launch(kind);
  try {
    for (let next = checks.shift(); next; next = checks.shift()) {
      const [name, check] = next;
      const server = await serve(BUILT, '/a/b/');
      try {
        await results.try(`${kind.name}: ${name}`, () => check(browser, server));
      } finally {
        await server.close();
        for (const page of (await browser.pages()).slice(1)) await page.close();
      }
    }
  } finally {
    await browser.close();
  }
}

const present = BROWSERS.filter(({ path }) => existsSync(path));
for (const { name, path, variable } of BROWSERS.filter((kind) => !present.includes(kind))) {
  await results.try(name, () => {
    throw new Error(`got no ${path}, want a browser: install it, or name one as ${variable}`);
  });
}
const asked = Object.entries(CHECKS).filter(([name]) => isAsked(name));
const timed = asked.filter(([name]) => TIMED.some((word) => name.includes(word)));
const others = asked.filter((check) => !timed.includes(check));
// the browsers work side by side, but what is timed is alone on the machine
await Promise.all(
  present.flatMap((kind) => {
    const left = [...others];
    return Array.from({ length: BESIDE }, () => runAll(kind, left));
  }),
);
for (const kind of present) await runAll(kind, [...timed]);
if (!results.finish()) process.exitCode = 1;
