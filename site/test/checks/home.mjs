import { openPage } from '../browsers.mjs';
import { expect, press, set, textOf, until, wait } from '../visitor.mjs';
import { noProblems } from './common.mjs';

export const HOME = {
  'home: a network trains within a second, and its numbers agree': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}index.html`);
    await until(page, '#progress', /^epoch [1-9]/);
    const ms = await page.evaluate(() => performance.now());
    await press(page, 'Pause');
    for (const id of ['bp1', 'bp2', 'bp3', 'bp4']) {
      const text = await textOf(page, `#${id}`);
      const [, right, library] = /= (\S+) +library\s(\S+)$/.exec(text) ?? [];
      expect(right !== undefined && right === library, `${id}: got ${text}`);
    }
    noProblems(problems);
    return `${Math.round(ms)} ms after the page was opened`;
  },

  'home: training pauses by itself, and can be continued': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}index.html`);
    const isPaused = () => page.$$eval('button', (all) => all.some((button) => button.textContent === 'Train on'));
    for (const end = Date.now() + 30_000; !(await isPaused()); await wait(100)) {
      expect(Date.now() < end, `training goes on: ${await textOf(page, '#progress')}`);
    }
    const epochOf = (text) => Number(/^epoch ([\d,.]+)/.exec(text)[1].replace(/\D/g, ''));
    const paused = await textOf(page, '#progress');
    await wait(300);
    expect((await textOf(page, '#progress')) === paused, `training goes on after ${paused}`);
    await press(page, 'Train on');
    const end = Date.now() + 10_000;
    while (!(epochOf(await textOf(page, '#progress')) > epochOf(paused))) {
      expect(Date.now() < end, `training stays at ${paused}`);
      await wait(50);
    }
    noProblems(problems);
    return `paused at epoch ${epochOf(paused)}`;
  },

  'home: the example runs, is edited, and is stopped': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}index.html`);
    await press(page, 'Run');
    const text = await until(page, '#output', /done in/);
    const [a, b, c, d] = text
      .match(/-?\d\.?\d*(e-?\d+)?/g)
      .slice(1)
      .map(Number);
    expect(Math.max(a, 1 - b, 1 - c, d) < 0.2, `XOR: got ${text}`);
    await set(
      page,
      '#code',
      'await new Promise((r) => setTimeout(r, 1)); console.log("<b>6 * 7 =</b>", 6 * 7); for (;;);',
    );
    await press(page, 'Run');
    await until(page, '#output', /<b>6 \* 7 =<\/b> 42/);
    await press(page, 'Stop');
    await until(page, '#output', /stopped/);
    await set(page, '#code', 'nothing.here');
    await press(page, 'Run');
    await until(page, '#output', /ReferenceError/);
    noProblems(problems);
  },

  'home: the page works on without the network': async (browser, server) => {
    const { page, problems } = await openPage(browser, `${server.url}index.html`);
    await until(page, '#progress', /^epoch [1-9]/);
    await server.close();
    await press(page, 'Start again');
    await until(page, '#progress', /^epoch [1-9]\d/);
    noProblems(problems);
  },

  'home: the equations do not overlap their numbers': async (browser, { url }) => {
    for (const width of [360, 768, 1440]) {
      const { page } = await openPage(browser, `${url}index.html`, { width });
      await until(page, '#bp4', /library/);
      const wrong = await page.$$eval('.equation', (all) =>
        all.flatMap((equation) => {
          const [math, numbers] = [...equation.children].map((part) => part.getBoundingClientRect());
          const isRight = math.right <= numbers.left || math.bottom <= numbers.top;
          return isRight && numbers.right <= innerWidth ? [] : [equation.textContent];
        }),
      );
      noProblems(wrong.map((text) => `at ${width} px: ${text}`));
      await page.close();
    }
  },
};
