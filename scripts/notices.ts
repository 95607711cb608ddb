import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// The licences of the libraries that are bundled into dist/ and into the pages, as they require. Made by each build
// from what it bundles, so that none is forgotten.

interface Library {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly homepage?: string;
}

/** Rollup's plugins mark modules that they have changed by a character of code 0. */
const FOLDER = /[^\0]*\/node_modules\/(?:@[^/]+\/)?[^/]+/;

/** True for a module of a library. */
export const isLibrary = (module: string): boolean => FOLDER.test(module);

export interface NoticesOptions {
  /** What stands above the licences. */
  readonly head?: string;
  /** The licences of libraries whose packages have no file with it, by name. */
  readonly licences?: Readonly<Record<string, string>>;
}

const HEAD =
  'simdprop has no dependency to install, but parts of it contain code of other projects. Their licences follow.\n';

/** The notices for the libraries that these modules belong to, sorted by name. Throws if one has no licence. */
export function noticesOf(modules: Iterable<string>, { head = HEAD, licences = {} }: NoticesOptions = {}): string {
  const folders = new Set([...modules].flatMap((module) => FOLDER.exec(module)?.[0] ?? []));
  const notices = [...folders].map((folder) => {
    const library: Library = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { ...library, text: licences[library.name] ?? licenceIn(folder) };
  });
  notices.sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = notices.map(({ name, version, license, homepage, text }) => {
    const title = `${name} ${version}, ${license}${homepage ? `, ${homepage}` : ''}`;
    return `${'-'.repeat(80)}\n${title}\n\n${text}\n`;
  });
  return [head, ...entries].join('\n');
}

function licenceIn(folder: string): string {
  const file = existsSync(folder) && readdirSync(folder).find((name) => /^licen[cs]e(-mit)?(\.(md|txt))?$/i.test(name));
  if (!file) throw new Error(`${folder}: got no licence, want one: a library without a licence cannot be shipped`);
  return readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
}
