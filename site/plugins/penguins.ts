import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const NAME = 'penguins.csv';

/** Puts the penguins of bench/data beside the pages, as the example of the page of tables. */
export function penguins(): Plugin {
  const read = () => readFileSync(new URL(`../../bench/data/${NAME}`, import.meta.url));
  return {
    name: 'penguins',
    configureServer({ middlewares }) {
      middlewares.use(`/${NAME}`, (_, response) => {
        response.setHeader('content-type', 'text/csv');
        response.end(read());
      });
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: NAME, source: read() });
    },
  };
}
