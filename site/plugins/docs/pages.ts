import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { entriesOf } from '../../../scripts/public-api.mjs';
import { exportedNames, makeReference } from './api.ts';
import { highlighted, type Links, render, type Section } from './markdown.ts';

// The pages of the documentation: docs/, what its pages link to, the API reference, and the sources that these show.

const ROOT = new URL('../../../', import.meta.url);

/** The page of docs/README.md, whose frame all others have. */
export const INDEX = 'docs.html';

export interface DocPage {
  /** Relative to the root of the pages. */
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly html: string;
  readonly sections: readonly Section[];
  readonly kind: 'docs' | 'api' | 'source';
}

export interface Picture {
  readonly address: string;
  readonly file: URL;
}

/** The address of a file of the repository. */
function addressOf(file: string): string {
  if (file === 'docs/README.md') return INDEX;
  if (file.startsWith('api/')) return file.replace(/\.md$/, '.html');
  if (/\.(svg|png)$/.test(file)) return file;
  const page = file.endsWith('.md') ? file.replace(/\.md$/, '.html') : `${file}.html`;
  return file.startsWith('docs/') ? page : `source/${page}`;
}

const isFile = (file: string) => existsSync(new URL(file, ROOT)) && statSync(new URL(file, ROOT)).isFile();

/** Collects the pages. Those that others link to are made too. */
class Collection implements Links {
  readonly pages = new Map<string, DocPage>();
  readonly pictures = new Map<string, Picture>();
  readonly #reference: ReadonlyMap<string, string>;
  readonly #names: ReadonlyMap<string, string>;
  readonly #wanted: string[] = [];

  constructor(reference: ReadonlyMap<string, string>) {
    this.#reference = reference;
    this.#names = exportedNames(reference);
  }

  addressOf(given: string): string | undefined {
    const file = given.replace(/\/$/, '');
    const isThere = file.startsWith('api/') ? this.#reference.has(file.slice('api/'.length)) : isFile(file);
    if (isThere) {
      this.#wanted.push(file);
      return addressOf(file);
    }
    // a folder: what describes it
    return existsSync(new URL(`${file}/README.md`, ROOT)) ? this.addressOf(`${file}/README.md`) : undefined;
  }

  titleOf(file: string): string | undefined {
    return isFile(file) ? /^# (.*)$/m.exec(readFileSync(new URL(file, ROOT), 'utf8'))?.[1] : undefined;
  }

  exported(name: string): string | undefined {
    const place = this.#names.get(name);
    return place && `api/${place.replace(/\.md(?=#|$)/, '.html')}`;
  }

  /** Makes the page of a file, and then those of the files that it links to. */
  add(first: string): void {
    this.#wanted.push(first);
    for (let file = this.#wanted.pop(); file !== undefined; file = this.#wanted.pop()) {
      const address = addressOf(file);
      if (this.pages.has(address) || this.pictures.has(address)) continue;
      if (/\.(svg|png)$/.test(file)) this.pictures.set(address, { address, file: new URL(file, ROOT) });
      else if (file.endsWith('.md')) this.#addMarkdown(file, address);
      else this.#addSource(file, address);
    }
  }

  #addMarkdown(file: string, address: string): void {
    const isApi = file.startsWith('api/');
    const text = isApi
      ? (this.#reference.get(file.slice('api/'.length)) as string)
      : readFileSync(new URL(file, ROOT), 'utf8');
    const { html, sections } = render(text, { file, address, links: this });
    const title = sections[0]?.title ?? file;
    const description = (sections[0]?.text ?? '').trim().slice(0, 160) || title;
    this.pages.set(address, { address, title, description, html, sections, kind: isApi ? 'api' : 'docs' });
  }

  #addSource(file: string, address: string): void {
    const code = readFileSync(new URL(file, ROOT), 'utf8');
    const lines = highlighted(code, extname(file).slice(1)).split('\n');
    const html = lines.map((line, i) => `<span id="L${i + 1}" class="line"></span>${line}`).join('\n');
    this.pages.set(address, {
      address,
      title: file,
      description: `The source of simdprop: ${file}`,
      html: `<h1 class="path">${file}</h1>\n<pre role="group" aria-label="Source" tabindex="0"><code>${html}</code></pre>`,
      sections: [],
      kind: 'source',
    });
  }
}

/** A group of the navigation: addresses of pages, with the names that it shows. */
export interface Group {
  readonly title: string;
  readonly links: readonly { readonly address: string; readonly name: string }[];
}

export interface Documentation {
  readonly pages: ReadonlyMap<string, DocPage>;
  readonly pictures: ReadonlyMap<string, Picture>;
  readonly groups: readonly Group[];
}

/** The groups of docs/README.md, whose tables list the pages, and the entries of the package. */
function groupsOf(pages: ReadonlyMap<string, DocPage>, entries: readonly string[]): Group[] {
  const groups: { title: string; links: { address: string; name: string }[] }[] = [];
  for (const line of readFileSync(new URL('docs/README.md', ROOT), 'utf8').split('\n')) {
    const [, title] = /^([A-Z][^.]*):$/.exec(line) ?? [];
    if (title) groups.push({ title, links: [] });
    const [, file] = /^\| \[[^\]]*\]\(([^)]+\.md)\)/.exec(line) ?? [];
    const address = file && addressOf(`docs/${file}`);
    if (address) groups.at(-1)?.links.push({ address, name: pages.get(address)?.title ?? file });
  }
  const api = entries.map((name) => ({ address: `api/${name}/README.html`, name }));
  return [...groups, { title: 'API', links: [{ address: 'api/README.html', name: 'all entries' }, ...api] }];
}

/** Makes all pages. It takes some seconds. */
export async function makeDocumentation(): Promise<Documentation> {
  const reference = await makeReference();
  const collection = new Collection(reference);
  const docs = readdirSync(new URL('docs/', ROOT), { recursive: true, encoding: 'utf8' });
  for (const file of docs.filter((name) => name.endsWith('.md'))) collection.add(`docs/${file.replaceAll('\\', '/')}`);
  for (const file of reference.keys()) collection.add(`api/${file}`);
  const { pages, pictures } = collection;
  return { pages, pictures, groups: groupsOf(pages, [...entriesOf(ROOT).keys()]) };
}
