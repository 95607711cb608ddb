import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built pages. */
export const BUILT = fileURLToPath(new URL('../dist/', import.meta.url));

const TYPES = {
  '.css': 'text/css',
  '.gz': 'application/gzip',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * Serves the folder at `prefix`, such as /a/b/, as a host without special headers does. `headers` are added. Files in
 * `missing` are not found. `close` ends it with all its connections: whoever has the page open is then offline.
 */
export async function serve(folder, prefix, headers = {}) {
  const missing = new Set();
  const server = createServer(async ({ url }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname));
    try {
      if (!path.startsWith(prefix)) throw new Error('outside of the prefix');
      const file = path.slice(prefix.length) || 'index.html';
      if (missing.has(file)) throw new Error('missing');
      const bytes = await readFile(join(folder, file));
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain', ...headers });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    missing,
    url: `http://localhost:${server.address().port}${prefix}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
