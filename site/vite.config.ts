import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AliasOptions, defineConfig } from 'vite';
import { digits } from './plugins/digits.ts';
import { docs } from './plugins/docs.ts';
import { figures } from './plugins/figures.ts';
import { frame, PAGES } from './plugins/frame.ts';
import { licences } from './plugins/licences.ts';
import { penguins } from './plugins/penguins.ts';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `simdprop` and its entries, as the package exports them: the files of ../dist. */
function libraryEntries(): AliasOptions {
  const { exports } = JSON.parse(readFileSync(pathOf('../package.json'), 'utf8'));
  return Object.entries<string | { default: string }>(exports).map(([name, target]) => ({
    find: new RegExp(`^simdprop${name.slice(1).replaceAll('.', '\\.')}$`),
    replacement: pathOf(`../${typeof target === 'string' ? target : target.default}`),
  }));
}

const { pages, workers } = licences();

export default defineConfig(({ command }) => ({
  // addresses are relative, so that the pages work in any folder
  base: './',
  appType: 'mpa',
  resolve: { alias: libraryEntries() },
  plugins: [frame(command === 'build'), figures(), digits(), penguins(), docs(), pages],
  worker: { format: 'es', plugins: () => [workers()] },
  server: { fs: { allow: ['..'] } },
  build: {
    target: 'es2022',
    // hundreds of pages
    reportCompressedSize: false,
    rolldownOptions: { input: PAGES.map(({ file }) => pathOf(file)) },
  },
}));
