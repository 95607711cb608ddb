import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT } from '../server.mjs';
import { expect } from '../visitor.mjs';
import { loadAll } from './common.mjs';

// All pages beside the documentation's.

const FILES = ['index.html', 'playground.html', 'digits.html', 'tables.html', 'bench.html', 'bits.html', 'docs.html'];

export const PAGES = {
  'every page loads, in both themes, without violations of accessibility': (browser, { url }) =>
    loadAll(browser, url, FILES),

  'the licences of all that the pages contain are beside them': () => {
    const text = readFileSync(join(BUILT, 'licences.txt'), 'utf8');
    for (const name of ['simdprop', 'MNIST', 'uplot', 'minisearch', 'brain.js', 'gpu.js', '@tensorflow/tfjs-core']) {
      expect(text.includes(name), `licences.txt: got no ${name}`);
    }
  },

  'every page is drawn within a second on a processor that is four times as slow': async (browser, { url }) => {
    const times = [];
    for (const file of FILES) {
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 5 && best > 1000; i++) {
        const page = await browser.newPage();
        // Firefox cannot be slowed down
        if (page.emulateCPUThrottling) await page.emulateCPUThrottling(4).catch(() => {});
        await page.goto(url + file, { waitUntil: 'load' });
        await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
        const ms = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
        best = Math.min(best, ms);
        await page.close();
      }
      times.push(`${file} ${Math.round(best)} ms`);
      expect(best <= 1000, times.join(', '));
    }
    return times.join(', ');
  },
};
