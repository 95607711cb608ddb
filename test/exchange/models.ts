import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

// Networks of other people, as data for tests. They are not part of the project: SIMDPROP_MODELS names their folder, by
// default ../shared/models beside the project. Tests of files that are not there are skipped, and counted as skipped.

const ROOT = process.env.SIMDPROP_MODELS
  ? pathToFileURL(`${process.env.SIMDPROP_MODELS}/`)
  : new URL('../../../shared/models/', import.meta.url);

export const hasModel = (path: string) => existsSync(new URL(path, ROOT));

export const readModel = (path: string) => new Uint8Array(readFileSync(new URL(path, ROOT)));

export const hasModels = () => existsSync(ROOT);

/** The paths of all models within the folder. */
export const filesOfModels = () =>
  readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(new URL(`${name}/`, ROOT)).map((file) => `${name}/${file}`));
