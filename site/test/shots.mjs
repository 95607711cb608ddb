// Photographs every page at three widths in both themes, to be looked at: node test/shots.mjs FOLDER [page...]
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BROWSERS, launch, openPage } from './browsers.mjs';
import { BUILT, serve } from './server.mjs';
import { press, until, wait } from './visitor.mjs';

/** What is done on a page before it is photographed, so that it shows all that it can show. */
const PREPARE = {
  'bench.html': async (page) => {
    await page.$$eval('#contests input', (boxes) => {
      for (const box of boxes.slice(1)) box.click();
    });
    await page.select('#rounds', '3');
    await press(page, 'Measure');
    await until(page, '#progress', /^done/, 90_000);
    await page.$eval('#result details', (details) => {
      details.open = true;
    });
  },
  'bits.html': async (page) => {
    await press(page, 'Train and compare');
    await until(page, '#verdict', /have the published bits/, 60_000);
  },
  'digits.html': async (page) => {
    await until(page, '#progress', /after [\d.]+ s/, 60_000);
    await press(page, 'A digit of the test');
    await page.$eval('#matrix button', (button) => button.click());
  },
  'playground.html': async (page) => {
    await page.waitForSelector('[role=tab]');
    await until(page, '.readout', /epoch \d\d/);
  },
  'tables.html': async (page) => {
    await press(page, 'Take the penguins');
    await until(page, '#about', /^344 rows/);
    await press(page, 'Train');
    await until(page, '#progress', /trained on/, 60_000);
  },
};

const [folder = 'shots', ...asked] = process.argv.slice(2);
const pages = readdirSync(BUILT).filter((file) => file.endsWith('.html'));
mkdirSync(folder, { recursive: true });
const server = await serve(BUILT, '/a/b/');
const browser = await launch(BROWSERS[0]);

async function photograph(page, name, problems) {
  await wait(300);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  console.log(path, wide > 0 ? `${wide} px too wide` : '', ...problems.splice(0));
}

for (const file of pages.filter((name) => asked.length === 0 || asked.includes(name))) {
  const name = file.replace('.html', '');
  for (const width of [360, 768, 1440]) {
    // one page for both themes, so that what takes long is done once
    const { page, problems } = await openPage(browser, server.url + file, { width, theme: 'light' });
    await (PREPARE[file]?.(page) ?? wait(1500));
    await photograph(page, `${name}-${width}-light`, problems);
    await page.click('#theme');
    await photograph(page, `${name}-${width}-dark`, problems);
    if (file === 'playground.html') {
      const tabs = await page.$$eval('[role=tab]', (all) => all.map(({ textContent }) => textContent));
      await press(page, 'Pause');
      for (const tab of tabs.slice(1)) {
        await press(page, tab);
        if (tab === 'Paths') await press(page, 'Make it 2-2-1');
        if (tab === 'Step by step') await press(page, 'Forward');
        await photograph(page, `${name}-${width}-${tab.replaceAll(' ', '-')}`, problems);
      }
    }
    await page.close();
  }
}
await browser.close();
await server.close();
