import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { openPage } from './browsers.mjs';
import { framesDuring, judge } from './frames.mjs';
import { checkLinks } from './links.mjs';
import { BUILT, serve } from './server.mjs';
import { STROKES } from './strokes.mjs';
import { expect, press, set, textOf, until, wait } from './visitor.mjs';

// The checks of the pages. Each check gets a browser and a server, opens the pages that it needs, and throws if
// something is wrong.

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const HASHES = JSON.parse(readFileSync(new URL('../../test/hashes.json', import.meta.url), 'utf8'));
export const PAGES = [
  'index.html',
  'playground.html',
  'digits.html',
  'tables.html',
  'bench.html',
  'bits.html',
  'docs.html',
];
/** Pages of each kind of the documentation. */
const DOCUMENTS = [
  'docs/training.html',
  'docs/kernels.html',
  'api/README.html',
  'api/simdprop/classes/Network.html',
  'api/simdprop/functions/cosine.html',
  'source/src/spec/schedule.ts.html',
];

/** Checks with one of these words in their names count frames or milliseconds. */
export const TIMED = ['frames', 'within a second'];

/** The faults that axe-core finds in the page. */
async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}

const noProblems = (problems) => expect(problems.length === 0, problems.join('\n'));

const inBuilt = (file) => existsSync(new URL(file, pathToFileURL(BUILT)));

/** Opens pages wide in both themes, and narrow, and looks at what no page may do. */
async function loadAll(browser, url, files) {
  const found = [];
  for (const file of files) {
    const { page: wide, problems: seen } = await openPage(browser, url + file, { theme: 'light' });
    await wait(1000);
    for (const theme of ['light', 'dark']) {
      found.push(...(await violations(wide)).map((text) => `${file}, ${theme}: ${text}`));
      await wide.click('#theme');
    }
    const excess = await wide.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (excess > 0) found.push(`${file}: ${excess} px too wide`);
    found.push(...seen);
    await wide.close();
    const { page, problems } = await openPage(browser, url + file, { width: 360, height: 740 });
    await wait(500);
    const extra = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (extra > 0) found.push(`${file} at 360 px: ${extra} px too wide`);
    found.push(...problems, ...(await violations(page)).map((text) => `${file} at 360 px: ${text}`));
    await page.close();
  }
  noProblems(found);
}

const READOUT = '.readout';
const shape = (page, wanted) => until(page, READOUT, new RegExp(`^${wanted},`));
const epochOf = (text) => Number(/epoch ([\d,.\s]+)/.exec(text)[1].replace(/\D/g, ''));

async function openPlayground(browser, { url }, hash = '') {
  const opened = await openPage(browser, `${url}playground.html${hash}`);
  await until(opened.page, READOUT, /epoch/);
  await opened.page.waitForSelector('[role=tab]');
  return opened;
}

/** Presses all buttons for downloads of the page of tables, and waits for their files. */
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

export const CHECKS = {
  'every page loads, in both themes, without violations of accessibility': (browser, { url }) =>
    loadAll(browser, url, PAGES),

  'docs: pages of each kind load, in both themes, without violations of accessibility': (browser, { url }) =>
    loadAll(browser, url, DOCUMENTS),

  'docs: every link and anchor leads somewhere, and every entry has its page': () => {
    const { exports, name } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const entries = Object.keys(exports).filter((path) => exports[path].types);
    const missing = entries.map((path) => `api/${name}${path.slice(1)}/README.html`).filter((file) => !inBuilt(file));
    noProblems(missing.map((file) => `got no ${file}, want a page for each entry`));
    const { pages, broken } = checkLinks(BUILT);
    noProblems(broken);
    return `${pages} pages`;
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

  'links lead to pages and files that are there': async (browser, { url }) => {
    for (const file of PAGES) {
      const { page } = await openPage(browser, url + file);
      const broken = await page.evaluate(async () => {
        const links = [...document.querySelectorAll('a[href], link[href], script[src]')]
          .map((one) => one.href || one.src)
          .filter((link) => link.startsWith('http'));
        const answers = await Promise.all(links.map(async (link) => [link, (await fetch(link)).status]));
        return answers.filter(([, status]) => status !== 200).map(([link]) => link);
      });
      noProblems(broken.map((link) => `${file}: ${link}`));
      await page.close();
    }
  },

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

  'every page is drawn within a second on a processor that is four times as slow': async (browser, { url }) => {
    const times = [];
    for (const file of PAGES) {
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
    const drop = (text) =>
      page.$eval(
        '.drop',
        (area, content) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([content], 'own.csv', { type: 'text/csv' }));
          area.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
        },
        text,
      );
    const rows = Array.from({ length: 60 }, (_, i) => `${i * 10},${(i * 37) % 61},${i < 30 ? '<b>no</b>' : 'yes'}`);
    await drop(['length,width,class', ...rows].join('\n'));
    await until(page, '#data', /60 points.*<b>no<\/b> is orange/);
    await press(page, 'Play');
    await until(page, READOUT, /(9\d|100)\.\d % right/);
    await press(page, 'Pause');
    await drop('a,b,c\n1,2');
    await until(page, '#data', /your data/);
    await set(page, '#data textarea', '1;2;3.5\n2;1;-7\n0;1;2');
    await press(page, 'Use these rows');
    await until(page, '#data', /3 points.*numbers divided by 7/);
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
      await until(page, '[role=tabpanel]:not([hidden]) pre', pattern);
    }
    await press(page, 'Demon');
    await set(page, '[role=tabpanel]:not([hidden]) input', 0.02);
    const demon = await until(page, '[role=tabpanel]:not([hidden]) [aria-live]', /moved by 0\.0200/);
    const [, moved, product] = /changes by (\S+); δ Δz is (\S+)/.exec(demon.replaceAll('−', '-')).map(Number);
    expect(Math.abs(moved - product) <= 0.1 * Math.abs(product) + 1e-6, demon);
    await press(page, 'Gradient check');
    await press(page, 'Check now');
    await until(page, '[role=tabpanel]:not([hidden])', /They are right\./);
    await press(page, 'Paths');
    const sums = await page.$$eval('[role=tabpanel]:not([hidden]) table.numbers td', (cells) =>
      cells.map(({ textContent }) => Number(textContent)),
    );
    const [byPaths, byReverse, bySingle] = sums;
    expect(sums.length === 3 && Math.abs(byPaths - byReverse) <= 1e-9 + 1e-6 * Math.abs(byPaths), `paths: got ${sums}`);
    expect(Math.abs(byPaths - bySingle) <= 1e-5 + 1e-3 * Math.abs(byPaths), `paths: got ${sums}`);
    await page.select('[role=tabpanel]:not([hidden]) select', '6');
    const products = await page.$$eval('.paths tbody tr', (rows) => rows.length);
    expect(products === 4, `paths from x₁: got ${products}, want two units, twice each`);
    const edges = await page.$$eval('.graph .edge.marked', (all) => all.length);
    expect(edges === 16, `marked edges of the graph: got ${edges}, want 16`);
    noProblems([...problems, ...(await violations(page))]);
  },

  'playground: twelve optimizers race': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server, '#data=circle');
    await press(page, 'Optimizers');
    await press(page, 'Start the race');
    await page.waitForFunction(
      () => {
        const cells = [...document.querySelectorAll('[role=tabpanel]:not([hidden]) .numbers td:last-child')];
        return (
          cells.length === 12 && cells.every(({ textContent }) => /all epochs|converged|stalled/.test(textContent))
        );
      },
      { timeout: 60_000 },
    );
    noProblems([...problems, ...(await violations(page))]);
  },

  'playground: the bits are the published ones, and a link compares them': async (browser, server) => {
    const { page, problems } = await openPlayground(browser, server);
    await press(page, 'Same bits');
    await press(page, 'Train and hash');
    const text = await until(page, '[role=tabpanel]:not([hidden]) [aria-live]', /^[0-9a-f]{16}/);
    expect(text.includes('the same bits here as in the published one'), text);
    const [hash] = text.match(/^[0-9a-f]{16}/);
    const link = (bits) => `#data=spiral&features=x1,x2&layers=8:tanh,8:tanh&bits=50:${bits}`;
    for (const [bits, pattern] of [
      [hash, /the same bits here as in the link/],
      ['0123456789abcdef', /other bits than in the link/],
    ]) {
      const opened = await openPlayground(browser, server, link(bits));
      await until(opened.page, '[role=tabpanel]:not([hidden]) [aria-live]', pattern);
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

  'digits: trains, shows what it confuses, reads drawings': async (browser, { url }) => {
    const { page, problems } = await openPage(browser, `${url}digits.html`);
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

  'digits and tables: they work on without the network': async (browser, server) => {
    const { page, problems } = await openPage(browser, `${server.url}digits.html`);
    const tables = await openPage(browser, `${server.url}tables.html`);
    await until(page, '#progress', /after [\d.]+ s/, 60_000);
    await press(tables.page, 'Take the penguins');
    await until(tables.page, '#about', /^344 rows/);
    await press(tables.page, 'Train');
    await until(tables.page, '#progress', /trained on/, 60_000);
    await tables.page.waitForNetworkIdle({ timeout: 10_000 });
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
    await tables.page.select('#target', 'Sex');
    await press(tables.page, 'Train');
    await until(tables.page, '#progress', /trained on/, 60_000);
    await collectDownloads(tables.page);
    noProblems([...problems, ...tables.problems]);
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
    const extra = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(extra <= 0, `with its results at 360 px: ${extra} px too wide`);
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
    const drop = (text) =>
      page.$eval(
        '#drop',
        (area, content) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([content], 'own.csv', { type: 'text/csv' }));
          area.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
        },
        text,
      );
    const rows = Array.from({ length: 200 }, (_, i) => `${i % 20},${i % 7},${3 * (i % 20) - (i % 7)}`);
    await drop(['<b>a</b>,b,c', ...rows].join('\n'));
    await until(page, '#about', /^200 rows: <b>a<\/b> \(number\)/);
    await page.select('#target', 'c');
    await press(page, 'Train');
    await until(page, '#progress', /trained on 150 rows/, 60_000);
    const [, r2] = /r2([\d.]+)/.exec(await textOf(page, '#numbers'));
    expect(Number(r2) >= 0.98, `numbers: got r2 ${r2}`);
    await drop('\u0000nothing');
    await until(page, '#message', /./);
    noProblems([...problems, ...found]);
  },
};
