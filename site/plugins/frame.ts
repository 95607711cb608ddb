import { createHash } from 'node:crypto';
import type { HtmlTagDescriptor, Plugin } from 'vite';

// What all pages have in common: the policy, the theme, the links to the other pages.

export const PAGES = [
  { file: 'index.html', name: 'Home' },
  { file: 'playground.html', name: 'Playground' },
  { file: 'digits.html', name: 'Digits' },
  { file: 'tables.html', name: 'Tables' },
  { file: 'bench.html', name: 'Bench' },
  { file: 'bits.html', name: 'Bits' },
  { file: 'docs.html', name: 'Docs' },
];

/** Sets the theme before the page is drawn for the first time. */
const THEME = `try{const t=localStorage.getItem('theme');if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch{}`;

/**
 * The pages fetch nothing from other hosts and run no other code. Workers come from files, which have a policy of their
 * own. Threads come from blobs.
 */
const POLICY = [
  "default-src 'none'",
  `script-src 'self' 'wasm-unsafe-eval' 'sha256-${createHash('sha256').update(THEME).digest('base64')}'`,
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="#0b6fb0"/>' +
  '<path d="M3 12 8 4l5 8z" fill="#fff"/></svg>';

function header(current: string): string {
  const links = PAGES.map(({ file, name }) => {
    const mark = file === current ? ' aria-current="page"' : '';
    return `<a href="./${file}"${mark}>${name}</a>`;
  });
  return `
<a class="skip" href="#main">Skip to the content</a>
<header class="frame">
  <strong>simdprop</strong>
  <nav aria-label="Pages">${links.join(' ')}</nav>
  <button type="button" id="theme" class="quiet">Dark</button>
</header>`;
}

/** Puts the frame around every page. The policy is left out while developing, because Vite adds scripts to pages. */
export function frame(isBuild: boolean): Plugin {
  return {
    name: 'frame',
    transformIndexHtml: {
      order: 'pre',
      handler(html, { path }) {
        const tags: HtmlTagDescriptor[] = [
          { tag: 'meta', attrs: { name: 'viewport', content: 'width=device-width, initial-scale=1' } },
          { tag: 'meta', attrs: { name: 'color-scheme', content: 'light dark' } },
          { tag: 'link', attrs: { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` } },
          { tag: 'script', children: THEME },
        ];
        const policy = { 'http-equiv': 'content-security-policy', content: POLICY };
        if (isBuild) tags.unshift({ tag: 'meta', attrs: policy });
        tags.unshift({ tag: 'meta', attrs: { charset: 'utf-8' } });
        const page = html.replace('<body>', `<body>${header(path.slice(1))}`);
        return { html: page, tags: tags.map((tag) => ({ ...tag, injectTo: 'head-prepend' as const })) };
      },
    },
  };
}
