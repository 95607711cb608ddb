import { readFileSync } from 'node:fs';
import { openPage } from '../browsers.mjs';
import { expect, press, until } from '../visitor.mjs';
import { expectFits, noProblems, violations } from './common.mjs';

// The pages of the bench and of the bits.

const HASHES = JSON.parse(readFileSync(new URL('../../../test/hashes.json', import.meta.url), 'utf8'));

export const BENCH = {
  'bench: the libraries train to the same cost, can be stopped, and the result is copied': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}bench.html`);
    const boxes = '#contests input';
    await page.$$eval(boxes, (all) => {
      all[2].click();
    });
    await page.select('#rounds', '3');
    await press(page, 'Measure');
    await until(page, '#progress', /^done/, 90_000);
    const tables = await page.$$eval('#results table', (all) =>
      all.map((table) => [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent))),
    );
    expect(tables.length === 2 && tables.every((rows) => rows.length === 4), `tables: got ${JSON.stringify(tables)}`);
    const [online, batches] = tables;
    expect(/one sample a step/.test(batches[3][1]), `brain.js: got ${batches[3]}`);
    for (const rows of [online, batches.slice(0, 3)]) {
      const costs = rows.map((cells) => Number(cells[3]));
      const isSame = costs.every((cost) => cost > 0 && Math.abs(cost - costs[0]) <= 1e-3 * costs[0]);
      expect(isSame, `costs: got ${JSON.stringify(rows)}`);
      expect(rows[0][2] === '1.00x', `simdprop beside itself: got ${rows[0]}`);
    }
    const markdown = await page.$eval('#markdown', ({ value }) => value);
    expect(markdown.split('\n').filter((line) => line.startsWith('| simdprop ')).length === 2, markdown);
    expect(markdown.split('; medians of 3 rounds.').length === 3, markdown);
    await press(page, 'Measure');
    await until(page, '#progress', /round 1 of 3/, 60_000);
    await press(page, 'Stop');
    await until(page, '#progress', /^stopped/);
    const stopped = await page.$eval('#markdown', ({ value }) => value);
    expect(/; medians of [01] rounds\./.test(stopped), stopped);
    const [link] = await page.$$('#results a[href="#tensorflow"]');
    await link.evaluate((a) => a.click());
    await until(page, '#tensorflow pre', /tf\.tidy/);
    await page.setViewport({ width: 360, height: 740 });
    await expectFits(page, 'with its results at 360 px');
    noProblems([...problems, ...(await violations(page))]);
    return online.map(([name, speed]) => `${name} ${speed}`).join(', ');
  },

  'bits: this browser computes every published hash': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}bits.html`);
    await press(page, 'Train and compare');
    const text = await until(page, '#verdict', /^\d+ of \d+ have/, 60_000);
    const { length } = Object.keys(HASHES);
    expect(text.startsWith(`${length} of ${length} `), text);
    expect((await page.$$('#rows .good')).length === length, `want ${length} rows that are the same`);
    noProblems([...problems, ...(await violations(page))]);
    return text;
  },
};
