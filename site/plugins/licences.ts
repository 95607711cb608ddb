import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { noticesOf } from '../../scripts/notices.ts';

// The licences of what the built pages contain: simdprop itself, the data, and the packages whose code is in scripts.

export const LICENCES_FILE = 'licences.txt';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

const DATA = `
The digits are the first 10,000 training images of MNIST, by Yann LeCun, Corinna Cortes and Christopher J. C. Burges. The
penguins are those of palmerpenguins, by Kristen Gorman, Allison Horst and Alison Hill, CC0 1.0.

Some pages contain code of other projects. Their licences follow.
`;

/** The licences of packages that have no file with it, or contain others. */
function licencesGiven(): Record<string, string> {
  // the text of the same licence, in a package that TensorFlow.js needs
  const google = `Copyright Google LLC\n\n${read('../node_modules/long/LICENSE').trim()}`;
  const [, seedrandom] = /\nLICENSE \(MIT\)\n-+\n+(.*)/s.exec(read('../node_modules/seedrandom/README.md')) ?? [];
  if (!seedrandom) throw new Error('seedrandom: got no licence in its README.md, want one');
  const brain = `${read('../node_modules/brain.js/LICENSE').trim()}

It contains gpu.js, which is under the same licence:
Copyright (c) 2022 gpu.js Team

and thaw.js:
${read('../node_modules/thaw.js/LICENSE').trim()}`;
  const tensorFlow = ['backend-cpu', 'backend-wasm', 'core'].map((name) => [`@tensorflow/tfjs-${name}`, google]);
  return { ...Object.fromEntries(tensorFlow), 'brain.js': brain, seedrandom: seedrandom.trim() };
}

/** `workers` makes the plugin that notices what a worker bundles. `pages` writes the file. */
export function licences(): { pages: Plugin; workers: () => Plugin } {
  const modules = new Set<string>();
  const generateBundle: Plugin['generateBundle'] = (_, bundle) => {
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') for (const module of file.moduleIds) modules.add(module);
    }
  };
  const head = () => read('../../LICENSE') + DATA;
  return {
    workers: () => ({ name: 'licences of a worker', generateBundle }),
    pages: {
      name: 'licences',
      configureServer({ middlewares }) {
        // while developing, nothing is bundled
        middlewares.use(`/${LICENCES_FILE}`, (_, response) => response.end(head()));
      },
      generateBundle(...given) {
        generateBundle.apply(this, given);
        const source = noticesOf(modules, { head: head(), licences: licencesGiven() });
        this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source });
      },
    },
  };
}
