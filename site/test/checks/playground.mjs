import { openPage } from '../browsers.mjs';
import { framesDuring, judge } from '../frames.mjs';
import { expect, press, set, textOf, until, wait } from '../visitor.mjs';
import { drop, noProblems, openPlayground, READOUT, violations } from './common.mjs';

const shape = (page, wanted) => until(page, READOUT, new RegExp(`^${wanted},`));
const epochOf = (text) => Number(/epoch ([\d,.\s]+)/.exec(text)[1].replace(/\D/g, ''));
/** The panel that is open. */
const PANEL = '[role=tabpanel]:not([hidden])';

export const PLAYGROUND = {
  'the playground fetches at most 90 KB of scripts before its first trained frame': async (browser, { url }) => {
    const { page } = await openPage(browser, `${url}playground.html`);
    await until(page, READOUT, /epoch [1-9]/);
    const sizes = await page.evaluate(async () => {
      const [{ startTime: trained }] = performance.getEntriesByName('trained');
      const scripts = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js'));
      const before = scripts.filter(({ startTime }) => startTime < trained);
      return Promise.all(
        before.map(async ({ name }) => {
          const packed = (await fetch(name)).body.pipeThrough(new CompressionStream('gzip'));
          return (await new Response(packed).arrayBuffer()).byteLength;
        }),
      );
    });
    const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1024;
    expect(kilobytes <= 90, `got ${kilobytes.toFixed(1)} KB in ${sizes.length} scripts, want at most 90`);
    return `${kilobytes.toFixed(1)} KB in ${sizes.length} scripts`;
  },

  'playground: trains, steps, and takes other settings': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server);
    await until(page, READOUT, /epoch [1-9]/);
    await press(page, 'Pause');
    await press(page, 'Circle');
    await shape(page, '2-8-8-1');
    await press(page, 'one unit less in layer 3');
    await shape(page, '2-8-7-1');
    await press(page, 'remove layer 2');
    await shape(page, '2-7-1');
    await press(page, 'feature x₁²');
    await shape(page, '3-7-1');
    await set(page, '[aria-label="activation of layer 2"]', 'relu');
    await set(page, '[aria-label="dropout of layer 2"]', 0.25);
    await press(page, 'Step');
    await until(page, READOUT, /epoch 0/);
    await press(page, 'Play');
    await until(page, READOUT, /9\d\.\d % right|100\.0 % right/);
    const hash = await page.evaluate(() => location.hash);
    expect(hash === '#data=circle&features=x1,x2,x1x1&layers=7:relu:0.25', `the address: got ${hash}`);
    await page.reload({ waitUntil: 'load' });
    await shape(page, '3-7-1');
    await press(page, 'Plane');
    await until(page, READOUT, /^3-7-1(?!.*right)/);
    noProblems(problems);
  },

  'playground: a forged address shows a message': async (browser, server) => {
    const forged = `#data=<img src=x onerror=alert(1)>&layers=8:tanh,9999:tanh&rate=1e99&noise=20&x=${'y'.repeat(99)}`;
    const { page, problems } = await openPlayground(browser, server, encodeURI(forged));
    const message = await until(page, '#message', /layers/);
    for (const key of ['data', 'layers', 'rate', 'x']) expect(message.includes(`“${key}”`), `got ${message}`);
    expect((await page.$$('#message *')).length === 0, 'the message contains elements');
    await until(page, '#data', /Noise: 20 %/);
    await page.evaluate(() => {
      location.hash = `#${'data=xor&'.repeat(2000)}`;
    });
    await until(page, '#message', /at most 6000/);
    noProblems(problems);
  },

  'playground: a CSV file is dropped, rows are pasted, points are drawn': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server);
    await press(page, 'Pause');
    await page.$eval('details', (details) => {
      details.open = true;
    });
    const rows = Array.from({ length: 60 }, (_, i) => `${i * 10},${(i * 37) % 61},${i < 30 ? '<b>no</b>' : 'yes'}`);
    await drop(page, '.drop', ['length,width,class', ...rows].join('\n'));
    await until(page, '#data', /60 points.*<b>no<\/b> is orange/);
    await press(page, 'Play');
    await until(page, READOUT, /(9\d|100)\.\d % right/);
    await press(page, 'Pause');
    await drop(page, '.drop', 'a,b,c\n1,2');
    await until(page, '#data', /your data/);
    await set(page, '#data textarea', '1;2;3.5\n2;1;-7\n0;1;2');
    await press(page, 'Use these rows');
    await until(page, '#data', /3 points.*numbers divided by 7/);
    // quotes around numbers, decimal commas, a name of 5,000 characters
    await set(page, '#data textarea', `"1,5";2,5;"${'x'.repeat(5000)}"\n-2,5;"1";no`);
    await press(page, 'Use these rows');
    await until(page, '#data', /2 points; x₁ as given, x₂ as given; no is orange, x{40}\.\.\. is blue/);
    await set(page, '#data textarea', '1;2;3.5\n2;1;-7\n0;1;2');
    await press(page, 'Use these rows');
    await until(page, '#data', /3 points/);
    await press(page, 'Blue');
    const plane = await page.$('.plane');
    await plane.scrollIntoView();
    const box = await plane.boundingBox();
    for (const share of [0.3, 0.6]) await page.mouse.click(box.x + share * box.width, box.y + 0.4 * box.height);
    await until(page, '#message', /^$/);
    await page.waitForFunction(() => /points=[0-9a-z]{30}(&|$)/.test(location.hash), { timeout: 10_000 });
    const before = await page.evaluate(() => location.hash);
    await page.reload({ waitUntil: 'load' });
    await until(page, READOUT, /epoch/);
    expect((await page.evaluate(() => location.hash)) === before, 'the points did not come back from the address');
    noProblems(problems);
  },

  'playground: numbers beyond their limits become the nearest, and the network has them': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server, '#data=circle&layers=2:tanh');
    await press(page, 'Pause');
    for (const [selector, given, wanted] of [
      ['[aria-label="units of layer 2"]', '999', '128'],
      ['[aria-label="units of layer 2"]', '2.4', '2'],
      ['[aria-label="units of layer 2"]', '', '2'],
      ['[aria-label="dropout of layer 2"]', '7', '0.9'],
      ['#data input[type=number]', '-3', '0'],
    ]) {
      await page.focus(selector);
      await set(page, selector, given);
      await page.waitForFunction((field, value) => document.querySelector(field).value === value, {}, selector, wanted);
    }
    await shape(page, '2-2-1');
    await page.waitForFunction(() => location.hash === '#data=circle&seed=0&features=x1,x2&layers=2:tanh:0.9');
    await press(page, 'layer 2, unit 1, tanh');
    await set(page, '[aria-label="w²₁,₁"]', '1e300');
    await press(page, 'Step');
    await until(page, READOUT, /epoch 0/);
    expect((await textOf(page, '#message')) === '', await textOf(page, '#message'));
    noProblems(problems);
  },

  'playground: files that are none are refused, points can be removed, two begin the training': async (
    browser,
    server,
  ) => {
    const { page, problems } = await openPlayground(browser, server);
    // the field is closed, and the file falls beside it
    await drop(page, 'h1', '\u0089PNG\r\n\u001a\n\0\0\0\rIHDR', { name: 'picture.png', type: 'image/png' });
    await until(page, '#data', /picture\.png is no text, want a CSV file/);
    await drop(page, 'h1', 'x'.repeat(1_000_001));
    await until(page, '#data', /own\.csv has 1,000,001 bytes, want at most 1,000,000/);
    await drop(page, 'h1', '');
    await until(page, '#data', /fewer than three columns/);
    const click = async (share) => {
      const plane = await page.$('.plane');
      await plane.scrollIntoView();
      const { x, y, width, height } = await plane.boundingBox();
      await page.mouse.click(x + share * width, y + share * height);
    };
    const points = (count) =>
      page.waitForFunction((length) => /points=([^&]*)/.exec(location.hash)?.[1].length === length, {}, 6 * count);
    await press(page, 'Blue');
    await click(0.3);
    await points(1);
    await until(page, '#message', /Draw 2 points or more/);
    await press(page, 'Orange');
    await click(0.7);
    await points(2);
    await until(page, READOUT, /epoch [1-9]/);
    await press(page, 'Remove the last');
    await points(1);
    await press(page, 'Remove the last');
    await page.waitForFunction(() => location.hash.startsWith('#data=spiral'));
    noProblems(problems);
  },

  'playground: units, weights, equations, demon, gradient check, paths': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server, '#data=circle&layers=2:tanh');
    await until(page, READOUT, /epoch [1-9]/);
    await press(page, 'Pause');
    await press(page, 'layer 2, unit 2, tanh');
    await until(page, '#inside', /Layer 2, unit 2/);
    const before = await textOf(page, '#inside tbody');
    await set(page, '[aria-label="w²₂,₁"]', 3);
    await page.waitForFunction((old) => document.querySelector('#inside tbody').textContent !== old, {}, before);
    const edited = await textOf(page, '#inside tbody');
    await set(page, '[aria-label="b²₂"]', -1);
    await page.waitForFunction((old) => document.querySelector('#inside tbody').textContent !== old, {}, edited);
    await page.focus('[aria-label="layer 2, unit 1, tanh"]');
    await until(page, '#output .caption', /^Layer 2, unit 1$/);
    await page.focus('[aria-label="w²₂,₁"]');
    await until(page, '#output .caption', /^The output$/);
    await press(page, 'Step by step');
    for (const [button, pattern] of [
      ['Forward', /z²₁ = .*a³₁ = σ/s],
      ['Next: BP1', /δ³₁ = \(a − y\)/],
      ['Next: BP2', /δ²₁ = \(/],
      ['Next: BP3', /∂C\/∂b²₁ = δ²₁/],
      ['Next: BP4', /∂C\/∂w²₁,₁ = δ a/],
      ['Next: update', /w²₁,₁: .* becomes .*the cost of the sample/s],
    ]) {
      await press(page, button);
      await until(page, `${PANEL} pre`, pattern);
    }
    await press(page, 'Demon');
    await set(page, `${PANEL} input`, 0.02);
    const demon = await until(page, `${PANEL} [aria-live]`, /moved by 0\.0200/);
    const [, moved, product] = /changes by (\S+); δ Δz is (\S+)/.exec(demon.replaceAll('−', '-')).map(Number);
    expect(Math.abs(moved - product) <= 0.1 * Math.abs(product) + 1e-6, demon);
    await press(page, 'Gradient check');
    await press(page, 'Check now');
    await until(page, PANEL, /They are right\./);
    await press(page, 'Paths');
    const sums = await page.$$eval(`${PANEL} table.numbers td`, (cells) =>
      cells.map(({ textContent }) => Number(textContent)),
    );
    const [byPaths, byReverse, bySingle] = sums;
    expect(sums.length === 3 && Math.abs(byPaths - byReverse) <= 1e-9 + 1e-6 * Math.abs(byPaths), `paths: got ${sums}`);
    expect(Math.abs(byPaths - bySingle) <= 1e-5 + 1e-3 * Math.abs(byPaths), `paths: got ${sums}`);
    await page.select(`${PANEL} select`, '6');
    const products = await page.$$eval('.paths tbody tr', (rows) => rows.length);
    expect(products === 4, `paths from x₁: got ${products}, want two units, twice each`);
    const edges = await page.$$eval('.graph .edge.marked', (all) => all.length);
    expect(edges === 16, `marked edges of the graph: got ${edges}, want 16`);
    noProblems([...problems, ...(await violations(page))]);
  },

  'playground: a weight is changed at its line': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server, '#data=circle&layers=2:tanh');
    await until(page, READOUT, /epoch [1-9]/);
    await press(page, 'Pause');
    const ends = await page.$$eval('[data-layer][data-unit="0"]', (units) =>
      units.slice(-2).map((unit) => {
        const { left, right, top, height } = unit.getBoundingClientRect();
        return { left, right, y: top + height / 2 };
      }),
    );
    const [from, to] = ends;
    await page.mouse.click((from.right + to.left) / 2, (from.y + to.y) / 2);
    const label = await page.evaluate(() => document.activeElement.closest('label')?.textContent);
    expect(label === 'w³₁,₁', `the line opens ${label}`);
    await page.keyboard.down('Control');
    await page.keyboard.press('a');
    await page.keyboard.up('Control');
    await page.keyboard.type('7');
    await page.keyboard.press('Enter');
    const { isOpen, focused } = await page.evaluate(() => ({
      isOpen: [...document.querySelectorAll('label')].some(
        (field) => field.textContent === 'w³₁,₁' && field.getClientRects().length > 0,
      ),
      focused: document.activeElement.getAttribute('aria-label'),
    }));
    expect(!isOpen && focused === 'output', `Enter leaves the focus at ${focused}, open: ${isOpen}`);
    await page.mouse.move(0, 0);
    await page.mouse.move((from.right + to.left) / 2, (from.y + to.y) / 2);
    await page.waitForFunction(() => document.body.textContent.includes('w³₁,₁ = 7'), { timeout: 5000 });
    noProblems(problems);
  },

  'playground: twelve optimizers race': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server, '#data=circle');
    await press(page, 'Optimizers');
    await press(page, 'Start the race');
    await page.waitForFunction(
      (panel) => {
        const cells = [...document.querySelectorAll(`${panel} .numbers td:last-child`)];
        return (
          cells.length === 12 && cells.every(({ textContent }) => /all epochs|converged|stalled/.test(textContent))
        );
      },
      { timeout: 60_000 },
      PANEL,
    );
    noProblems([...problems, ...(await violations(page))]);
  },

  'playground: the bits are the published ones, and a link compares them': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server);
    await press(page, 'Same bits');
    await press(page, 'Train and hash');
    const text = await until(page, `${PANEL} [aria-live]`, /^[0-9a-f]{16}/);
    expect(text.includes('the same bits here as in the published one'), text);
    const [hash] = text.match(/^[0-9a-f]{16}/);
    const link = (bits) => `#data=spiral&features=x1,x2&layers=8:tanh,8:tanh&bits=50:${bits}`;
    for (const [bits, pattern] of [
      [hash, /the same bits here as in the link/],
      ['0123456789abcdef', /other bits than in the link/],
    ]) {
      const opened = await openPlayground(browser, server, link(bits));
      await until(opened.page, `${PANEL} [aria-live]`, pattern);
      problems.push(...opened.problems);
    }
    noProblems(problems);
    return hash;
  },

  'playground: it works on without the network': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server);
    await until(page, READOUT, /epoch [1-9]/);
    await wait(1500);
    await server.close();
    await press(page, 'Two clouds');
    await until(page, READOUT, /epoch [1-9]/);
    await page.$eval('details', (details) => {
      details.open = true;
    });
    await set(page, '#data textarea', '1,2,a\n2,1,b\n0,1,a');
    await press(page, 'Use these rows');
    await until(page, '#data', /3 points/);
    await press(page, 'Two clouds');
    const tabs = await page.$$eval('[role=tab]', (all) => all.map(({ textContent }) => textContent));
    for (const tab of tabs) await press(page, tab);
    await press(page, 'Train and hash');
    await until(page, `${PANEL} [aria-live]`, /^[0-9a-f]{16}/);
    await press(page, 'Optimizers');
    await press(page, 'Start the race');
    await until(page, PANEL, /epoch \d/);
    await press(page, 'Paths');
    await press(page, 'Make it 2-2-1');
    await until(page, PANEL, /sum over the paths/);
    noProblems(problems);
  },

  'playground: frames while 2-32-32-32-1 trains with all its maps': async (browser, server) => {
    const hash = '#data=spiral&layers=32:tanh,32:tanh,32:tanh';
    const { page, problems } = await openPlayground(browser, server, hash);
    const attempts = [];
    for (let i = 0; i < 3; i++) {
      await press(page, 'Pause');
      const idle = await framesDuring(page, 1500);
      await press(page, 'Play');
      await wait(500);
      attempts.push(judge(idle, await framesDuring(page, 2500)));
      if (attempts.at(-1).isGood) break;
    }
    const epochs = epochOf(await textOf(page, READOUT));
    noProblems(problems);
    expect(epochs > 0, 'nothing was trained');
    expect(attempts.at(-1).isGood, attempts.map(({ text }) => text).join('\n'));
    return attempts.at(-1).text;
  },
};
