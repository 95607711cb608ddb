import { openPage } from '../browsers.mjs';
import { framesDuring, judge } from '../frames.mjs';
import { expect, press, textOf, until } from '../visitor.mjs';
import { drop, expectFits, noProblems, violations } from './common.mjs';

/** Presses all buttons for downloads, and waits for their files. */
async function collectDownloads(page) {
  await page.evaluate(() => {
    window.saved = [];
    HTMLAnchorElement.prototype.click = function () {
      window.saved.push(this.download);
    };
  });
  for (const name of ['The model', 'ONNX', 'JavaScript module', 'C header']) await press(page, name);
  await page.waitForFunction(() => window.saved.length === 4, { timeout: 10_000 });
}

export const TABLES = {
  'tables: the penguins, a file of numbers, a file that is none': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}tables.html`);
    await press(page, 'Take the penguins');
    await until(page, '#about', /^344 rows: Species \(category\)/);
    await press(page, 'Train');
    await until(page, '#progress', /trained on 258 rows/, 60_000);
    const [, accuracy] = /accuracy([\d.]+)/.exec(await textOf(page, '#numbers'));
    expect(Number(accuracy) >= 0.95, `the penguins: got accuracy ${accuracy}`);
    expect((await page.$$('#columns tr')).length === 6, 'want the importance of six columns');
    const found = await violations(page);
    await collectDownloads(page);
    const rows = Array.from({ length: 200 }, (_, i) => `${i % 20},${i % 7},${3 * (i % 20) - (i % 7)}`);
    await drop(page, '#drop', ['<b>a</b>,b,c', ...rows].join('\n'));
    await until(page, '#about', /^200 rows: <b>a<\/b> \(number\)/);
    await page.select('#target', 'c');
    await press(page, 'Train');
    await until(page, '#progress', /trained on 150 rows/, 60_000);
    const [, r2] = /r2([\d.]+)/.exec(await textOf(page, '#numbers'));
    expect(Number(r2) >= 0.98, `numbers: got r2 ${r2}`);
    await drop(page, '#drop', '\u0000nothing');
    await until(page, '#message', /own\.csv is no text, want a CSV file/);
    for (const [text, pattern] of [
      ['a,b\n1,2,3\n', /row|field|column/],
      ['', /./],
      [`a\n${'1\n'.repeat(20)}`, /want two columns or more/],
      [`a,b\n${'1,2\n'.repeat(7)}`, /got 7 rows, want 8 or more/],
      [
        `${Array.from({ length: 1001 }, (_, i) => `c${i}`)}\n${Array(1001).fill(1)}\n`,
        /1001 columns, want at most 1000/,
      ],
    ]) {
      await drop(page, 'h1', text);
      await page.waitForFunction(() => document.querySelector('#reading').textContent === '');
      await until(page, '#message', pattern);
    }
    await page.waitForFunction(() => document.querySelector('#about').textContent.startsWith('200 rows'));
    // the table before is still there
    await page.select('#target', 'b');
    await press(page, 'Train');
    await until(page, '#progress', /trained on 150 rows/, 60_000);
    const decimal = Array.from({ length: 40 }, (_, i) => `user${i};${i},5;${2 * i},25`).join('\n');
    await drop(page, 'h1', `id;${'x'.repeat(3000)};y\n${decimal}`);
    await until(page, '#about', /id \(ignored\), x{3000} \(number\), y \(number\)/);
    await expectFits(page, 'with a name of 3,000 characters');
    await drop(page, 'h1', `id;y\n${Array.from({ length: 40 }, (_, i) => `user${i};${i}`).join('\n')}`);
    await until(page, '#about', /id \(ignored\), y \(number\)/);
    await press(page, 'Train');
    await until(page, '#message', /got no column to learn from: id has another value/);
    noProblems([...problems, ...found]);
  },

  'tables: frames while a worker reads 100,000 rows and trains on them': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}tables.html`);
    const idle = await framesDuring(page, 1000);
    const rows = Array.from(
      { length: 100_000 },
      (_, i) => `${i % 997},${i % 89},${i % 7},${(i * 3) % 11 < 5 ? 'yes' : 'no'}`,
    );
    const text = ['a,b,c,d', ...rows].join('\n');
    const attempts = [];
    for (let i = 0; i < 3; i++) {
      await drop(page, '#drop', text);
      attempts.push(judge(idle, await framesDuring(page, 1000)));
      await until(page, '#about', /^100,000 rows/, 60_000);
      await page.select('#target', 'd');
      await press(page, 'Train');
      attempts.push(judge(idle, await framesDuring(page, 1000)));
      if (attempts.slice(-2).every(({ isGood }) => isGood)) break;
    }
    await until(page, '#progress', /trained on 75,000 rows/, 60_000);
    noProblems(problems);
    expect(
      attempts.slice(-2).every(({ isGood }) => isGood),
      attempts.map(({ text }) => text).join('\n'),
    );
    return attempts.at(-1).text;
  },

  'tables: the page works on without the network': async (browser, server) => {
    const { page, problems } = await openPage(browser, `${server.url}tables.html`);
    await press(page, 'Take the penguins');
    await until(page, '#about', /^344 rows/);
    await press(page, 'Train');
    await until(page, '#progress', /trained on/, 60_000);
    await page.waitForNetworkIdle({ timeout: 10_000 });
    await server.close();
    await page.select('#target', 'Sex');
    await press(page, 'Train');
    await until(page, '#progress', /trained on/, 60_000);
    await collectDownloads(page);
    noProblems(problems);
  },
};
