import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { escapeHtml, relativeAddress } from './docs/markdown.ts';
import { type DocPage, type Documentation, INDEX, makeDocumentation } from './docs/pages.ts';
import { searchIndex } from './docs/search-index.ts';

// The documentation and the API reference. Vite makes the page of docs/README.md, docs.html; all other pages have its
// frame. Names and texts become HTML in one place each: `escapeHtml` here, and markdown-it.

const INDEX_FILE = 'search.json';
const PLACE = '<!-- docs -->';
/** From this number of members on, a page of the reference begins with links to them. */
const LONG = 6;

/** From the folder of a page to the root: `./` or `../../`. */
const rootFrom = (address: string) => '../'.repeat(address.split('/').length - 1) || './';

function navigation(address: string, { groups }: Documentation): string {
  const list = groups.map(({ title, links }) => {
    const items = links.map((link) => {
      const mark = link.address === address ? ' aria-current="page"' : '';
      return `<li><a href="${escapeHtml(relativeAddress(address, link.address))}"${mark}>${escapeHtml(link.name)}</a></li>`;
    });
    return `<h2>${escapeHtml(title)}</h2>\n<ul>${items.join('\n')}</ul>`;
  });
  return `
<div class="side">
  <search>
    <form autocomplete="off">
      <label for="search">Search docs and API</label>
      <input id="search" type="text" data-root="${rootFrom(address)}" spellcheck="false" />
    </form>
    <p id="found" class="quiet" role="status"></p>
    <ol id="hits"></ol>
  </search>
  <details id="all">
    <summary>All pages</summary>
    <nav aria-label="Documentation">${list.join('\n')}</nav>
  </details>
</div>`;
}

/** Links to the members of a class or an interface with many of them, below its title. */
function members({ kind, sections }: DocPage): string {
  const found = sections.filter(({ level }) => level === 3);
  if (kind !== 'api' || found.length < LONG) return '';
  const links = found.map(({ id, title }) => `<a href="#${escapeHtml(id)}">${escapeHtml(title)}</a>`);
  return `<nav class="members" aria-label="Members">${links.join(' ')}</nav>`;
}

const mainOf = (page: DocPage, docs: Documentation) => `
<div class="manual">
${navigation(page.address, docs)}
<main id="main" tabindex="-1" class="${page.kind}">
${page.html.replace('</h1>', () => `</h1>${members(page)}`)}
</main>
</div>`;

/** A page in the frame of docs.html, whose addresses begin at the root. */
function inFrame(frame: string, page: DocPage, docs: Documentation): string {
  const root = rootFrom(page.address);
  return frame
    .replaceAll(/(href|src)="\.\//g, `$1="${root}`)
    .replace(/<title>[^<]*</, () => `<title>${escapeHtml(page.title)} - simdprop<`)
    .replace(/(<meta\s+name="description"\s+content=")[^"]*/, (_, start) => start + escapeHtml(page.description))
    .replace(PLACE, () => mainOf(page, docs));
}

export function docs(): Plugin {
  let made: Promise<Documentation> | undefined;
  const documentation = () => {
    made ??= makeDocumentation();
    return made;
  };
  return {
    name: 'docs',
    enforce: 'post',
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const address = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1);
        if (!/^(docs|api|source)[/.]|\.md$|^search\.json$/.test(address)) return next();
        try {
          const all = await documentation();
          const page = all.pages.get(address);
          const picture = all.pictures.get(address);
          if (address === INDEX_FILE) response.end(searchIndex(all.pages.values()));
          else if (picture) response.setHeader('content-type', 'image/svg+xml').end(readFileSync(picture.file));
          else if (page) {
            const frame = readFileSync(new URL(`../${INDEX}`, import.meta.url), 'utf8');
            response.setHeader('content-type', 'text/html');
            response.end(inFrame(await server.transformIndexHtml(`/${INDEX}`, frame), page, all));
          } else next();
        } catch (error) {
          next(error);
        }
      });
    },
    generateBundle: {
      order: 'post',
      async handler(_, bundle) {
        const frame = bundle[INDEX];
        if (frame?.type !== 'asset') throw new Error(`the documentation: got no ${INDEX} from Vite, want its frame`);
        const all = await documentation();
        for (const page of all.pages.values()) {
          const source = inFrame(String(frame.source), page, all);
          if (page.address !== INDEX) this.emitFile({ type: 'asset', fileName: page.address, source });
        }
        frame.source = inFrame(String(frame.source), all.pages.get(INDEX) as DocPage, all);
        for (const { address, file } of all.pictures.values()) {
          this.emitFile({ type: 'asset', fileName: address, source: readFileSync(file) });
        }
        this.emitFile({ type: 'asset', fileName: INDEX_FILE, source: searchIndex(all.pages.values()) });
      },
    },
  };
}
