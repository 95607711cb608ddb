import { openPage } from '../browsers.mjs';
import { framesDuring, judge } from '../frames.mjs';
import { BUILT, serve } from '../server.mjs';
import { STROKES } from '../strokes.mjs';
import { expect, press, textOf, until, wait } from '../visitor.mjs';
import { noProblems, violations } from './common.mjs';

export const DIGITS = {
  'digits: trains, shows what it confuses, reads drawings': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}digits.html`);
    await until(page, '#progress', /digits a second|of the test/, 60_000);
    // in the middle of a training
    await page.reload({ waitUntil: 'load' });
    const text = await until(page, '#progress', /after [\d.]+ s/, 60_000);
    const right = Number(/([\d.]+) % of the test/.exec(text)[1]);
    expect(right >= 93, `the test: got ${text}`);
    const counts = await page.$$eval('#matrix td', (cells) => cells.map(({ textContent }) => Number(textContent) || 0));
    expect(counts.reduce((sum, count) => sum + count, 0) === 1000, `the matrix: got ${counts}`);
    const [, count] = await page.$eval('#matrix button', (button) => {
      button.click();
      return ['', Number(button.textContent)];
    });
    expect((await page.$$('#images canvas')).length === count, 'the matrix does not open its images');
    const pad = await page.$('#pad');
    await pad.scrollIntoView();
    const box = await pad.boundingBox();
    const read = [];
    for (const strokes of STROKES) {
      await press(page, 'Clear');
      for (const [first, ...rest] of strokes) {
        await page.mouse.move(box.x + first[0] * box.width, box.y + first[1] * box.height);
        await page.mouse.down();
        for (const [x, y] of rest) await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 3 });
        await page.mouse.up();
      }
      read.push(/\d/.exec(await until(page, '#read', /This is a \d/))[0]);
      await wait(60);
      read[read.length - 1] = /\d/.exec(await textOf(page, '#read'))[0];
    }
    const hits = read.filter((digit, i) => Number(digit) === i).length;
    expect(hits >= 9, `drawn 0 to 9, read as ${read.join(' ')}`);
    noProblems([...problems, ...(await violations(page))]);
    return `${text}; drawn 0 to 9, read as ${read.join(' ')}`;
  },

  'digits: if they were not fetched, the next training fetches them': async (browser, server) => {
    server.missing.add('digits.gz');
    const { page, problems } = await openPage(browser, `${server.url}digits.html`);
    await until(page, '#message', /digits\.gz: got status 404, want the digits/);
    server.missing.clear();
    await page.select('#epochs', '1');
    await press(page, 'Train again');
    await until(page, '#progress', /after [\d.]+ s/, 60_000);
    expect((await textOf(page, '#message')) === '', await textOf(page, '#message'));
    // the picture lies in the field, too, so that one can draw on
    const inkOf = () =>
      page.$eval('#pad', (pad) => {
        const { data } = pad.getContext('2d').getImageData(0, 0, pad.width, pad.height);
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;
      });
    expect((await inkOf()) === 0, 'the field is not empty at first');
    await press(page, 'A digit of the test');
    await until(page, '#read', /This is a \d/);
    expect((await inkOf()) > 1000, 'the field does not show the digit of the test');
    noProblems(problems.filter((text) => !text.includes('404')));
  },

  'digits: the page works on without the network': async (browser, server) => {
    const { page, problems } = await openPage(browser, `${server.url}digits.html`);
    await until(page, '#progress', /after [\d.]+ s/, 60_000);
    await server.close();
    await page.select('#hidden', '512,512');
    await press(page, 'Train again');
    await until(page, '#progress', /digits a second/, 60_000);
    // a new order ends the training before it
    await page.select('#hidden', '30');
    await page.select('#epochs', '1');
    await press(page, 'Train again');
    await until(page, '#progress', /after [\d.]+ s/, 60_000);
    expect((await textOf(page, '#message')) === '', await textOf(page, '#message'));
    await page.waitForFunction(() => document.querySelector('#weights').width <= 300);
    noProblems(problems);
  },

  'digits: frames while a worker trains 784-512-512-10': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}digits.html`);
    await until(page, '#progress', /after [\d.]+ s/, 60_000);
    const attempts = [];
    for (let i = 0; i < 3; i++) {
      const idle = await framesDuring(page, 1500);
      await page.select('#hidden', '512,512');
      await page.select('#epochs', '20');
      await press(page, 'Train again');
      await until(page, '#progress', /digits a second/);
      attempts.push(judge(idle, await framesDuring(page, 2500)));
      if (attempts.at(-1).isGood) break;
      await page.select('#hidden', '30');
      await page.select('#epochs', '1');
      await press(page, 'Train again');
      await until(page, '#progress', /after [\d.]+ s/, 60_000);
    }
    noProblems(problems);
    expect(attempts.at(-1).isGood, attempts.map(({ text }) => text).join('\n'));
    return attempts.at(-1).text;
  },

  'digits: threads share the work where the host allows it': async (browser) => {
    const server = await serve(BUILT, '/a/b/', {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    try {
      const { page, problems } = await openPage(browser, `${server.url}digits.html`);
      const text = await until(page, '#progress', /after [\d.]+ s/, 60_000);
      const cores = await page.evaluate(() => navigator.hardwareConcurrency);
      expect(cores === 1 || text.endsWith(` on ${Math.min(cores, 8)} threads`), `${cores} cores: got ${text}`);
      noProblems(problems);
      return text;
    } finally {
      await server.close();
    }
  },
};
