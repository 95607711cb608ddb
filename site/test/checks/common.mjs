import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { openPage } from '../browsers.mjs';
import { expect, press, until } from '../visitor.mjs';

// What checks of several pages have in common.

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The rules of axe-core that depend on the colours of the theme. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

export const noProblems = (problems) => expect(problems.length === 0, problems.join('\n'));

const ONLY_COLOURS = { runOnly: COLOUR_RULES };
const ALL_BUT_COLOURS = { rules: Object.fromEntries(COLOUR_RULES.map((rule) => [rule, { enabled: false }])) };

/** The faults that axe-core finds in the page. */
export async function violations(page, options = {}) {
  await page.evaluate(AXE);
  return page.evaluate(async (chosen) => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], ...chosen });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  }, options);
}

const excessOf = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/** Throws if the page is wider than its window. */
export async function expectFits(page, what) {
  const excess = await excessOf(page);
  expect(excess <= 0, `${what}: ${excess} px too wide`);
}

/** Waits until the page has fetched what it needs, or 5 s: a request that a reload has ended may never be reported. */
const settle = (page) => page.waitForNetworkIdle({ idleTime: 250, timeout: 5000 }).catch(() => {});

/**
 * Opens pages wide in both themes, and narrow, and looks at what no page may do. The rules of colours need both themes,
 * and all others both widths.
 */
export async function loadAll(browser, url, files) {
  const found = [];
  for (const file of files) {
    const { page, problems } = await openPage(browser, url + file, { theme: 'light' });
    const look = async (where, options) => {
      found.push(...(await violations(page, options)).map((text) => `${where}: ${text}`));
      const excess = await excessOf(page);
      if (excess > 0) found.push(`${where}: ${excess} px too wide`);
    };
    await settle(page);
    // training would take the time of the checks
    await press(page, 'Pause').catch(() => {});
    await look(`${file}, light`);
    await page.click('#theme');
    await look(`${file}, dark`, ONLY_COLOURS);
    await page.setViewport({ width: 360, height: 740 });
    await page.reload({ waitUntil: 'load' });
    await settle(page);
    await look(`${file} at 360 px`, ALL_BUT_COLOURS);
    found.push(...problems);
    await page.close();
  }
  noProblems(found);
}

/** Drops a file on an element of the page. */
export const drop = (page, selector, content, { name = 'own.csv', type = 'text/csv' } = {}) =>
  page.$eval(
    selector,
    (area, ...file) => {
      const [content, name, type] = file;
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content], name, { type }));
      area.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    },
    content,
    name,
    type,
  );

/** The line of the playground that says what the network is and how it does. */
export const READOUT = '.readout';

export async function openPlayground(browser, { url }, hash = '') {
  const opened = await openPage(browser, `${url}playground.html${hash}`);
  await until(opened.page, READOUT, /epoch/);
  await opened.page.waitForSelector('[role=tab]');
  return opened;
}
