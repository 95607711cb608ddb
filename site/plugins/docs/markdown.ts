import { posix } from 'node:path';
import hljs from 'highlight.js';
import MarkdownIt from 'markdown-it';

// Turns Markdown of this repository into HTML: code is highlighted, headings have anchors, tables scroll in boxes, and
// links lead to where the pages are.

/** Where the links and names of a page lead. */
export interface Links {
  /** The address of a file of the repository, relative to the root of the pages; undefined if there is none. */
  addressOf(file: string): string | undefined;
  /** The title of a page of Markdown, by its file. */
  titleOf(file: string): string | undefined;
  /** The address of what is exported under a name, such as `Network.fit`. */
  exported(name: string): string | undefined;
}

/** A heading and the text below it, for the search. */
export interface Section {
  readonly level: number;
  readonly id: string;
  readonly title: string;
  text: string;
}

export interface Rendered {
  readonly html: string;
  readonly sections: readonly Section[];
}

interface Env {
  /** The file in the repository, which links are relative to. */
  readonly file: string;
  /** The address of the page, relative to the root. */
  readonly address: string;
  readonly links: Links;
}

/** From a page to another, both relative to the root of the pages. */
export function relativeAddress(from: string, to: string): string {
  const [path, anchor] = to.split('#');
  const relative = path === from && anchor ? '' : posix.relative(posix.dirname(from), path);
  return anchor ? `${relative}#${anchor}` : relative;
}

/** The id of a heading, as GitHub makes it. `used`: those of the page so far. */
function idOf(title: string, used: Map<string, number>): string {
  const id = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
  const count = used.get(id) ?? 0;
  used.set(id, count + 1);
  return count ? `${id}-${count}` : id;
}

const markdown = new MarkdownIt({
  html: false,
  linkify: false,
  highlight: (code, info) => highlighted(code, info.split(' ')[0]),
});

/** Text as HTML. */
export const { escapeHtml } = markdown.utils;

/** Code as HTML, with classes for colours. */
export function highlighted(code: string, language: string): string {
  return hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : escapeHtml(code);
}

const tableStart = '<div class="scroll" role="group" aria-label="Table" tabindex="0">';
markdown.renderer.rules.table_open = () => `${tableStart}<table>\n`;
markdown.renderer.rules.table_close = () => '</table></div>\n';

type Token = ReturnType<typeof markdown.parse>[number];

/** The file of the repository that a link leads to. Those of the reference to sources begin at the root. */
const targetOf = (path: string, file: string) =>
  path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(file), decodeURI(path));

/** A link to a file of the repository becomes one to its page. Links to other sites stay as they are. */
function rewrite(href: string, { file, address, links }: Env): string {
  if (/^[a-z]+:/.test(href) || href.startsWith('#')) return href;
  const [path, anchor] = href.split('#');
  const found = links.addressOf(targetOf(path, file));
  if (found === undefined) throw new Error(`${file}: got a link to ${href}, want one to a file of the repository`);
  return relativeAddress(address, anchor ? `${found}#${anchor}` : found);
}

/** A link around a token. */
function linked(token: Token, href: string): Token[] {
  const Token = token.constructor as new (type: string, tag: string, nesting: number) => Token;
  const open = new Token('link_open', 'a', 1);
  open.attrSet('href', href);
  return [open, token, new Token('link_close', 'a', -1)];
}

/** Links the first mention of each exported name, and the mentions of pages in docstrings. */
function linkMentions(children: readonly Token[], { address, links }: Env, seen: Set<string>): Token[] {
  let depth = 0;
  return children.flatMap((token): Token[] => {
    if (token.type === 'link_open') depth++;
    if (token.type === 'link_close') depth--;
    if (depth > 0) return [token];
    if (token.type === 'code_inline') {
      // a word in small letters, such as `step`, may mean anything
      const name = /^([A-Za-z]*[A-Z]\w*(?:\.\w+)?)(?:\(.*\))?$/.exec(token.content)?.[1];
      const target = name && links.exported(name);
      if (!name || !target || seen.has(name) || target === address) return [token];
      seen.add(name);
      return linked(token, relativeAddress(address, target));
    }
    if (token.type !== 'text') return [token];
    const parts = token.content.split(/(\bdocs\/[\w/-]+\.md\b)/).filter((part) => part !== '');
    return parts.flatMap((part): Token[] => {
      const text = Object.assign(Object.create(Object.getPrototypeOf(token)), token, { content: part }) as Token;
      const target = part.startsWith('docs/') ? links.addressOf(part) : undefined;
      return target && target !== address ? linked(text, relativeAddress(address, target)) : [text];
    });
  });
}

const textOf = (children: readonly Token[] | null) =>
  (children ?? []).map(({ type, content }) => (type.endsWith('break') ? ' ' : content)).join('');

/** A page of Markdown as HTML. */
export function render(text: string, env: Env): Rendered {
  const tokens = markdown.parse(text, {});
  const used = new Map<string, number>();
  const seen = new Set<string>();
  const sections: Section[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const title = textOf(tokens[i + 1].children);
      const id = idOf(title, used);
      token.attrSet('id', id);
      sections.push({ level: Number(token.tag.slice(1)), id, title, text: '' });
    }
    if (token.type !== 'inline') continue;
    for (const [c, child] of (token.children ?? []).entries()) {
      const name = child.type === 'image' ? 'src' : 'href';
      if (child.type !== 'image' && child.type !== 'link_open') continue;
      const value = String(child.attrGet(name));
      child.attrSet(name, rewrite(value, env));
      // the name of a file is a link to the page with its title
      const label = token.children?.[c + 1];
      if (label?.type === 'text' && /^[\w/-]+\.md$/.test(label.content)) {
        label.content = env.links.titleOf(targetOf(value.split('#')[0], env.file)) ?? label.content;
      }
    }
    const section = sections.at(-1);
    if (tokens[i - 1].type === 'heading_open' || !section) continue;
    section.text += `${textOf(token.children)} `;
    token.children = linkMentions(token.children ?? [], env, seen);
  }
  return { html: markdown.renderer.render(tokens, markdown.options, {}), sections };
}
