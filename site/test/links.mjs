import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Every link of the pages of a folder that leads to no file or no anchor there. Links to other hosts are left out. */
export function checkLinks(folder) {
  const files = new Set(readdirSync(folder, { recursive: true }).map((file) => file.replaceAll('\\', '/')));
  const pages = [...files].filter((file) => file.endsWith('.html'));
  const texts = new Map(pages.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  const ids = new Map(
    [...texts].map(([file, text]) => [file, new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))]),
  );
  const broken = [];
  for (const [file, text] of texts) {
    for (const [, link] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      if (/^(https?|data|mailto):/.test(link)) continue;
      const [path, anchor] = link.split('#').map(decodeURIComponent);
      const target = path === '' ? file : posix.join(posix.dirname(file), path);
      if (!files.has(target)) broken.push(`${file}: got a link to ${link}, which is not there`);
      else if (anchor && !ids.get(target)?.has(anchor)) broken.push(`${file}: got ${link}, want an anchor of its page`);
    }
  }
  return { pages: pages.length, broken };
}
