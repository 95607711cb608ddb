import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { openPage } from '../browsers.mjs';
import { checkLinks } from '../links.mjs';
import { BUILT } from '../server.mjs';
import { expect, textOf, until } from '../visitor.mjs';
import { loadAll, noProblems, violations } from './common.mjs';

/** Pages of each kind of the documentation. */
const DOCUMENTS = [
  'docs/optimizers.html',
  'docs/kernels.html',
  'api/README.html',
  'api/simdprop/interfaces/Inspector.html',
  'api/simdprop/functions/cosine.html',
  'source/src/spec/standardization.ts.html',
];

const inBuilt = (file) => existsSync(new URL(file, pathToFileURL(BUILT)));

export const DOCS = {
  'docs: pages of each kind load, in both themes, without violations of accessibility': (browser, { url }) =>
    loadAll(browser, url, DOCUMENTS),

  'docs: every link and anchor leads somewhere, and every entry has its page': () => {
    const { exports, name } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    const entries = Object.keys(exports).filter((path) => exports[path].types);
    const missing = entries.map((path) => `api/${name}${path.slice(1)}/README.html`).filter((file) => !inBuilt(file));
    noProblems(missing.map((file) => `got no ${file}, want a page for each entry`));
    const { pages, broken } = checkLinks(BUILT);
    noProblems(broken);
    return `${pages} pages`;
  },

  'docs: the text has the width that the list of pages leaves it': async (browser, { url }) => {
    const { page } = await openPage(browser, `${url}docs/training.html`, { width: 1440 });
    const widths = await page.$$eval('main > p, main > table, main h1', (all) =>
      all.map(({ offsetWidth }) => offsetWidth),
    );
    expect(Math.max(...widths) > 700, `at 1440 px: the widest part of the text has ${Math.max(...widths)} px`);
    const [top, left] = await page.$eval('main', (main) => [main.offsetTop, main.offsetLeft]);
    const side = await page.$eval('.side', ({ offsetTop, offsetLeft }) => [offsetTop, offsetLeft]);
    expect(left > side[1] && Math.abs(top - side[0]) < 100, `the text begins at ${left}, ${top}, the list at ${side}`);
  },

  'docs: the search finds pages and what is exported, by keyboard': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}docs/recipes/iris.html`);
    await page.keyboard.press('/');
    await page.keyboard.type('readCsv');
    await until(page, '#found', /^\d+ found/);
    expect(
      (await textOf(page, '#hits li')).startsWith('readCsv'),
      `the first hit: got ${await textOf(page, '#hits li')}`,
    );
    await page.keyboard.press('ArrowDown');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    expect(page.url().endsWith('/a/b/api/simdprop/csv/functions/readCsv.html'), `Enter: got ${page.url()}`);
    await page.focus('#search');
    await page.keyboard.type('early stopping');
    await until(page, '#found', /^\d+ found/);
    expect(/early stopping/i.test(await textOf(page, '#hits')), 'want a section about early stopping');
    const found = await violations(page);
    await page.keyboard.type(' <img src=x onerror=alert(1)> zzzz');
    await until(page, '#found', /^Nothing found/);
    await page.keyboard.press('Escape');
    expect((await page.$$('#hits li')).length === 0, 'Escape: the hits are still there');
    noProblems([...problems, ...found]);
  },
};
