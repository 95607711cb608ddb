// Opens the built pages in Chromium and Firefox, uses them as a visitor does, and checks what they show: npm run
// test:pages. The pages lie in the folder /a/b/ of a host without special headers.
//
// node test/run.mjs [--without NAME]... [name...]
//   name        only the checks whose names contain one of the words
//   --without   not those whose names contain this
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Results } from '../../scripts/env/results.mjs';
import { BROWSERS, launch } from './browsers.mjs';
import { CHECKS } from './checks.mjs';
import { serve } from './server.mjs';

const BUILT = fileURLToPath(new URL('../dist/', import.meta.url));
const { values, positionals: words } = parseArgs({
  options: { without: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});
const isAsked = (name) =>
  !values.without.some((word) => name.includes(word)) &&
  (words.length === 0 || words.some((word) => name.includes(word)));

const results = new Results('pages');
for (const kind of BROWSERS) {
  if (!existsSync(kind.path)) {
    await results.try(kind.name, () => {
      throw new Error(`got no ${kind.path}, want a browser: install it, or name one as ${kind.variable}`);
    });
    continue;
  }
  const browser = await launch(kind);
  try {
    for (const [name, check] of Object.entries(CHECKS).filter(([name]) => isAsked(name))) {
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
if (!results.finish()) process.exitCode = 1;
