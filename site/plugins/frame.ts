import { createHash } from 'node:crypto';
import type { HtmlTagDescriptor, Plugin } from 'vite';

// The HTML files of this folder contain what a page shows. Everything around it is the same for all pages and is
// written here: the head, the policy, the theme, the links to the other pages.

interface Page {
  readonly file: string;
  /** In the links of the header. */
  readonly name: string;
  /** Its script in pages/ and its style in styles/ have this name. */
  readonly part: string;
  readonly title: string;
  readonly description: string;
}

export const PAGES: readonly Page[] = [
  {
    file: 'index.html',
    name: 'Home',
    part: 'home',
    title: 'simdprop: neural networks that train where you are',
    description:
      'Feed-forward neural networks trained by back-propagation in WebAssembly SIMD: fast, the same bits everywhere, ' +
      'no dependency.',
  },
  {
    file: 'playground.html',
    name: 'Playground',
    part: 'playground',
    title: 'Playground: a network and everything in it - simdprop',
    description:
      'Train a neural network in the page, on data sets or your own points, and see every activation, delta and gradient.',
  },
  {
    file: 'digits.html',
    name: 'Digits',
    part: 'digits',
    title: 'Digits: a network learns to read in this page - simdprop',
    description:
      '10,000 handwritten digits train a neural network in the page. Draw a digit and watch the network read it.',
  },
  {
    file: 'tables.html',
    name: 'Tables',
    part: 'tables',
    title: 'Tables: from a CSV file to answers - simdprop',
    description:
      'Drop a CSV file, choose the column to be learned, and see metrics, importance and predictions. Nothing leaves ' +
      'the page.',
  },
  {
    file: 'bench.html',
    name: 'Bench',
    part: 'bench',
    title: 'Bench: your browser trains with simdprop and with others',
    description:
      'The same network on the same digits, trained in this tab by simdprop, plain JavaScript, TensorFlow.js and ' +
      'brain.js in turns.',
  },
  {
    file: 'bits.html',
    name: 'Bits',
    part: 'bits',
    title: 'Bits: the same weights everywhere - simdprop',
    description:
      'Your browser trains small networks and compares every bit of their weights with the published hashes.',
  },
  {
    file: 'docs.html',
    name: 'Docs',
    part: 'docs',
    title: 'Documentation - simdprop',
    description: 'The documentation of simdprop, and its API reference.',
  },
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

/** The whole page. `content` is what the HTML file has. */
function pageOf({ file, part, title, description }: Page, content: string): string {
  const links = PAGES.map((page) => {
    const mark = page.file === file ? ' aria-current="page"' : '';
    return `<a href="./${page.file}"${mark}>${page.name}</a>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<title>${title}</title>
<meta name="description" content="${description}" />
<link rel="stylesheet" href="./styles/${part}.css" />
<script type="module" src="./pages/${part}.ts"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="frame">
  <strong>simdprop</strong>
  <nav aria-label="Pages">${links.join(' ')}</nav>
  <button type="button" id="theme" class="quiet">Dark</button>
</header>
${content}
<footer class="frame">
  <span>simdprop, under the MIT licence</span>
  <a href="./licences.txt">Licences of what these pages contain</a>
</footer>
</body>
</html>
`;
}

/** Puts the frame around every page. The policy is left out while developing, because Vite adds scripts to pages. */
export function frame(isBuild: boolean): Plugin {
  return {
    name: 'frame',
    transformIndexHtml: {
      order: 'pre',
      handler(html, { path }) {
        const page = PAGES.find(({ file }) => file === path.slice(1));
        if (!page) throw new Error(`${path}: want it in the list of pages in plugins/frame.ts`);
        const tags: HtmlTagDescriptor[] = [
          { tag: 'meta', attrs: { charset: 'utf-8' } },
          { tag: 'meta', attrs: { name: 'viewport', content: 'width=device-width, initial-scale=1' } },
          { tag: 'meta', attrs: { name: 'color-scheme', content: 'light dark' } },
          { tag: 'link', attrs: { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` } },
          { tag: 'script', children: THEME },
        ];
        const policy = { tag: 'meta', attrs: { 'http-equiv': 'content-security-policy', content: POLICY } };
        if (isBuild) tags.splice(1, 0, policy);
        return { html: pageOf(page, html), tags: tags.map((tag) => ({ ...tag, injectTo: 'head-prepend' as const })) };
      },
    },
  };
}
