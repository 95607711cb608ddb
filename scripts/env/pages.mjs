import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../pack/install.mjs';
import { CHART_PAGE } from './chart-page.mjs';

// Pages without a bundler. Each runs in a frame and tells its parent { hashes } or { error }. `text` is the code of its
// module. The hashes are those of fixture/train.mjs.

const REPORT = `
const report = (task) => task().then(
  (result) => parent.postMessage(Array.isArray(result) ? { hashes: result } : result, '*'),
  // in Firefox, the stack does not contain the message
  (error) => parent.postMessage({ error: error + ' ' + error?.stack }, '*'),
);
const expectMessage = async (promise, ...parts) => {
  const message = await promise.then(() => 'nothing was refused', (error) => error.message);
  for (const part of parts) if (!message.includes(part)) throw new Error('got "' + message + '", want "' + part + '"');
};
`;
const IMPORTS = `
import * as simdprop from '/simdprop/dist/index.js';
import { train } from '/train.mjs';
const fromFile = () => new Worker('/simdprop/dist/threads/worker.js', { type: 'module' });
const small = { inputs: 2, layers: [{ units: 1 }] };
`;

/** The links of docs/downloads.md with which a page without a bundler preloads the package's files. */
const preloadLinks = () => {
  const text = readFileSync(join(ROOT, 'docs/downloads.md'), 'utf8');
  return text
    .match(/<link rel="modulepreload" href="[^"]+" \/>/g)
    .join('')
    .replaceAll('/node_modules/', '/');
};

export const PAGES = {
  'the texts of charts': CHART_PAGE,
  'links that preload': {
    html: preloadLinks(),
    text: `
      ${IMPORTS}
      report(async () => {
        const net = await simdprop.Network.create(small);
        const data = { inputs: new Float32Array([0, 1, 2, 4]), targets: new Float32Array([1, 0]) };
        await net.fit(data, { standardize: true });
        (await simdprop.Network.load(await net.save())).predict(data.inputs);
        const linked = [...document.querySelectorAll('link')].map(({ href }) => href);
        const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
        const others = loaded.filter((name) => name.includes('/simdprop/') && !linked.includes(name));
        if (others.length > 0) throw new Error('loaded, but not linked: ' + others.join(', '));
        for (const link of linked) if (!(await fetch(link)).ok) throw new Error('there is no ' + link);
        return [];
      });
    `,
  },
  'no bundler: page, module worker, threads': {
    text: `
      ${IMPORTS}
      report(async () => {
        const worker = new Worker('/own-worker.js', { type: 'module' });
        const inWorker = new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
        return [
          await train(simdprop),
          await train(simdprop, { threads: 2 }),
          await train(simdprop, { threads: 'auto' }),
          await train(simdprop, { threads: 2, createWorker: fromFile }),
          await inWorker,
        ];
      });
    `,
  },
  'a search in module workers': {
    text: `
      import { oneOf, search } from '/simdprop/dist/search.js';
      ${IMPORTS}
      report(async () => {
        const inputs = Float32Array.from({ length: 80 }, (_, i) => Math.sin(i));
        const data = { inputs, targets: Uint8Array.from({ length: 40 }, (_, i) => Number(inputs[2 * i] > 0)) };
        const network = { inputs: 2, layers: [{ units: oneOf([2, 3]), activation: 'tanh' }, { units: 1 }], seed: 1 };
        const results = [];
        const fromSearchFile = () => new Worker('/simdprop/dist/search-worker.js', { type: 'module' });
        for (const options of [{ workers: 0 }, { workers: 1 }, { workers: 2 }, { createWorker: fromSearchFile }]) {
          results.push(JSON.stringify(await search(network, data, { epochs: 3, folds: 3, ...options })));
        }
        if (new Set(results).size > 1) throw new Error('got ' + results.join(' and '));
        const createWorker = () => new Worker('/nowhere.js', { type: 'module' });
        await expectMessage(search(network, data, { createWorker }), 'did not start', '/nowhere.js', 'docs/search.md');
        return [];
      });
    `,
  },
  'an import map': {
    html: '<script type="importmap">{ "imports": { "simdprop": "/simdprop/dist/index.js" } }</script>',
    text: `
      import * as simdprop from 'simdprop';
      import { train } from '/train.mjs';
      report(async () => [await train(simdprop)]);
    `,
  },
  'a service worker': {
    text: `
      report(async () => {
        const registration = await navigator.serviceWorker.register('/built/one-file/service-worker.js');
        const result = new Promise((resolve) => {
          navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
        });
        const worker = registration.installing ?? registration.waiting ?? registration.active;
        worker.postMessage('train');
        const { hashes, error } = await result;
        await registration.unregister();
        if (error) throw new Error(error);
        return hashes;
      });
    `,
  },
  'an AudioWorklet': {
    text: `
      report(async () => {
        const context = new OfflineAudioContext(1, 48000, 48000);
        await context.audioWorklet.addModule('/built/one-file/worklet.js');
        const node = new AudioWorkletNode(context, 'trainer');
        const result = new Promise((resolve) => { node.port.onmessage = ({ data }) => resolve(data); });
        node.connect(context.destination);
        context.startRendering();
        const { hashes, error } = await result;
        if (error) throw new Error(error);
        return hashes;
      });
    `,
  },
  "a policy without 'wasm-unsafe-eval'": {
    headers: { 'content-security-policy': "script-src 'self'" },
    text: `
      ${IMPORTS}
      report(async () => {
        for (const options of [{}, { threads: 2 }, { threads: 'auto' }]) {
          await expectMessage(
            simdprop.Network.create({ ...small, ...options }),
            "this page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src",
          );
        }
        return [];
      });
    `,
  },
  "a policy with worker-src 'self'": {
    headers: { 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" },
    text: `
      ${IMPORTS}
      import { loadPredictor } from '/simdprop/dist/predict.js';
      report(async () => {
        const refused = simdprop.Network.create({ ...small, threads: 2 });
        await expectMessage(refused, 'blob', 'worker-src', 'createWorker', 'docs/threads.md');
        const automatic = await simdprop.Network.create({ ...small, threads: 'auto' });
        if (automatic.threads !== 1 || !automatic.threadsReason.includes('worker-src'))
          throw new Error('auto: got ' + automatic.threads + ', ' + automatic.threadsReason);
        const predicting = { ...simdprop, loadPredictor };
        return [await train(predicting, { threads: 2, createWorker: fromFile })];
      });
    `,
  },
  'a worker whose file is not there': {
    text: `
      ${IMPORTS}
      report(async () => {
        const createWorker = () => new Worker('/nowhere.js', { type: 'module' });
        const refused = simdprop.Network.create({ ...small, threads: 2, createWorker });
        await expectMessage(refused, 'did not load', '/nowhere.js', 'createWorker', 'worker-src');
        return [];
      });
    `,
  },
  'Trusted Types': {
    headers: { 'content-security-policy': "require-trusted-types-for 'script'; trusted-types simdprop" },
    text: `
      ${IMPORTS}
      report(async () => [await train(simdprop, { threads: 2 })]);
    `,
  },
  'Trusted Types that do not name simdprop': {
    headers: { 'content-security-policy': "require-trusted-types-for 'script'; trusted-types other" },
    text: `
      ${IMPORTS}
      report(async () => {
        if (!globalThis.trustedTypes) return [];
        const refused = simdprop.Network.create({ ...small, threads: 2 });
        await expectMessage(refused, 'Trusted Types', 'trusted-types to allow simdprop', 'createWorker');
        return [];
      });
    `,
  },
};

export const pageText = ({ text }) => {
  // import declarations are moved to the start of the module
  const imports = text.match(/^\s*import .*$/gm) ?? [];
  return `${imports.join('\n')}\n${REPORT}${text.replace(/^\s*import .*$/gm, '')}`;
};

export const OWN_WORKER = `
${IMPORTS}
train(simdprop).then((hash) => postMessage(hash));
`;

/** Opens every page in a frame, one after another, and sends the server what each page reports. */
export const CONTROLLER = `
const pages = await (await fetch('/pages')).json();
for (const [index, path] of pages.entries()) {
  const frame = document.createElement('iframe');
  const result = await new Promise((resolve) => {
    const late = setTimeout(() => resolve({ error: 'no answer within 120 s' }), 120000);
    window.onmessage = ({ data, source }) => {
      if (source !== frame.contentWindow) return;
      clearTimeout(late);
      resolve(data);
    };
    frame.src = path;
    document.body.append(frame);
  });
  frame.remove();
  await fetch('/result?' + index, { method: 'POST', body: JSON.stringify(result) });
}
`;
