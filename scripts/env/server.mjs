import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { CONTROLLER, OWN_WORKER, pageText } from './pages.mjs';

// Serves the pages and files to a browser, and receives the results that the pages send.

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * `pages`: { name, path } of a page that is in context.built, { name, path, proxy } of one that the server at the port
 * `proxy` has, or { name, text, html, headers }. `answer` is called with the number of a page, or 'extension', and what
 * it has sent.
 */
export async function startServer(pages, isIsolated, { consumer, built }, answer) {
  const roots = { '/simdprop/': join(consumer, 'node_modules/simdprop/'), '/built/': `${built}/` };
  const paths = pages.map(({ path }, i) => path ?? `/page/${i}.html`);
  const texts = {
    '/': ['text/html', '<!doctype html><body><script type="module" src="/controller.js"></script>'],
    '/controller.js': ['text/javascript', CONTROLLER],
    '/own-worker.js': ['text/javascript', OWN_WORKER],
    '/train.mjs': ['text/javascript', readFileSync(join(consumer, 'train.mjs'))],
    '/pages': ['application/json', JSON.stringify(paths)],
  };
  for (const [i, page] of pages.entries()) {
    if (page.path) continue;
    const html = `<!doctype html><meta charset="utf-8">${page.html ?? ''}<script type="module" src="/page/${i}.js"></script>`;
    texts[`/page/${i}.html`] = ['text/html', html, page.headers];
    texts[`/page/${i}.js`] = ['text/javascript', pageText(page)];
  }
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    for (const [name, value] of isIsolated ? Object.entries(ISOLATION) : []) response.setHeader(name, value);
    if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.setHeader('access-control-allow-origin', '*');
      response.end();
      answer(search.slice(1), JSON.parse(body));
      return;
    }
    const text = texts[pathname];
    if (text) {
      response.writeHead(200, { 'content-type': text[0], ...text[2] });
      response.end(text[1]);
      return;
    }
    const page = pages.find(({ proxy, path }) => proxy && pathname.startsWith(path.replace('index.html', '')));
    if (page) {
      const { url, headers } = request;
      const forward = get({ host: '127.0.0.1', port: page.proxy, path: url, headers }, (answered) => {
        response.writeHead(answered.statusCode, answered.headers);
        answered.pipe(response);
      });
      forward.on('error', () => response.writeHead(502).end());
      return;
    }
    const root = Object.keys(roots).find((prefix) => pathname.startsWith(prefix));
    try {
      const bytes = await readFile(join(roots[root], normalize(`/${pathname.slice(root.length)}`)));
      response.writeHead(200, { 'content-type': TYPES[extname(pathname)] ?? 'text/plain' });
      response.end(bytes);
    } catch {
      response.writeHead(404);
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://localhost:${server.address().port}` };
}
