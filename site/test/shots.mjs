// Photographs every page at three widths in both themes, to be looked at: node test/shots.mjs FOLDER [page...]
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BROWSERS, launch, openPage } from './browsers.mjs';
import { BUILT, serve } from './server.mjs';

const [folder = 'shots', ...asked] = process.argv.slice(2);
const pages = readdirSync(BUILT).filter((file) => file.endsWith('.html'));
mkdirSync(folder, { recursive: true });
const server = await serve(BUILT, '/a/b/');
const browser = await launch(BROWSERS[0]);
for (const file of pages.filter((name) => asked.length === 0 || asked.includes(name))) {
  for (const theme of ['light', 'dark']) {
    for (const width of [360, 768, 1440]) {
      const { page, problems } = await openPage(browser, server.url + file, { width, theme });
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      const path = join(folder, `${file.replace('.html', '')}-${width}-${theme}.png`);
      await page.screenshot({ path, fullPage: true });
      console.log(path, wide > 0 ? `${wide} px too wide` : '', ...problems);
      await page.close();
    }
  }
}
await browser.close();
await server.close();
