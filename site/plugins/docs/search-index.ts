import MiniSearch from 'minisearch';
import { FIELDS } from '../../model/search.ts';
import type { DocPage } from './pages.ts';

/** The levels of headings that are found by themselves: those of a reference below its members are parts of them. */
const LEVELS: Readonly<Record<DocPage['kind'], readonly number[]>> = { docs: [1, 2, 3], api: [1, 3], source: [] };

/** The index of all pages as JSON: an entry for each section. */
export function searchIndex(pages: Iterable<DocPage>): string {
  const index = new MiniSearch(FIELDS);
  let id = 0;
  for (const { address, title: page, sections, kind } of pages) {
    const found: { id: number; title: string; page: string; address: string; text: string }[] = [];
    for (const { level, id: anchor, title, text } of sections) {
      const last = found.at(-1);
      if (last && !LEVELS[kind].includes(level)) {
        last.text += text;
        continue;
      }
      if (level === 1) found.push({ id: id++, title, page: '', address, text });
      else found.push({ id: id++, title, page, address: `${address}#${anchor}`, text });
    }
    index.addAll(found);
  }
  return JSON.stringify(index);
}
