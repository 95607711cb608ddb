import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// `npm run check` keeps the folders of src/ apart, which are called rooms here (src/README.md). In a copy of the tree,
// every import that a room must not have is added, in every form that an import can have. Biome must refuse each of
// them and nothing else.

/**
 * The rooms that the files of a room may import from, besides their own. This is the rule itself; the copy of it in
 * biome.json is what is tested.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  check: [],
  spec: ['check'],
  core: ['check', 'spec', 'generated', 'assembly'],
  data: ['check', 'spec', 'core'],
  threads: ['check', 'spec', 'core', 'generated', 'assembly'],
  processes: ['check', 'spec', 'core', 'generated', 'assembly'],
  model: ['check', 'spec', 'core', 'data', 'threads'],
  training: ['check', 'spec', 'core', 'data', 'threads', 'model'],
  persistence: ['check', 'spec', 'core', 'data', 'threads', 'model', 'training'],
  inspection: ['check', 'spec', 'core', 'data', 'threads', 'model', 'training'],
  predict: ['check', 'spec', 'core', 'data', 'model', 'persistence'],
  charts: ['check'],
  graph: ['check', 'spec'],
  io: ['check', 'spec'],
  tables: ['check', 'spec', 'data', 'io'],
  exchange: ['check', 'spec', 'io'],
  command: ['check', 'io', 'faces'],
  search: ['check', 'spec', 'core', 'data', 'threads', 'model', 'training', 'faces'],
  applications: ['check', 'spec', 'core', 'data', 'model', 'training', 'persistence', 'tables', 'faces'],
};
const ROOMS = Object.keys(MAY_IMPORT);

/** The files in src/ itself, called faces here, may import from every room except these. */
const NOT_FOR_FACES = ['generated', 'assembly', 'outside'];

/** A file of each room that can be imported from another room. */
const TARGETS: Readonly<Record<string, string>> = {
  generated: '../generated/simd.js',
  assembly: '../../assembly/abi.js',
  faces: '../network.js',
  outside: '../../test/build.js',
};

const FORMS: Readonly<Record<string, (from: string) => string>> = {
  value: (from) => `import * as it from '${from}';\n\nexport const all = it;\n`,
  'type-only': (from) => `import type * as it from '${from}';\n\nexport type All = typeof it;\n`,
  'handed on': (from) => `export * from '${from}';\n`,
  dynamic: (from) => `export const load = () => import('${from}');\n`,
};

const ROOT = fileURLToPath(new URL('../', import.meta.url));

let copy: string;
/** File to the rules that it breaks. */
let before: Map<string, string[]>;
let after: Map<string, string[]>;

const isFile = (name: string) => name.endsWith('.ts');

/** The path of a room's file from another room. */
function targetOf(name: string): string {
  if (name in TARGETS) return TARGETS[name];
  const [first] = readdirSync(`${ROOT}src/${name}`).filter(isFile);
  return `../${name}/${basename(first, '.ts')}.js`;
}

const nameOf = (...words: string[]) => `planted-${words.join('-').replaceAll(' ', '-')}.ts`;

function plant(path: string, text: string): void {
  writeFileSync(join(copy, 'src', path), text);
}

/** Runs Biome over the copy. */
function lint(): Map<string, string[]> {
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', 'src'];
  let output: string;
  try {
    output = execFileSync(`${ROOT}node_modules/.bin/biome`, args, {
      cwd: copy,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const found = new Map<string, string[]>();
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { category: string; severity: string; location: { path: string | { file: string } } }[];
  };
  for (const { category, severity, location } of diagnostics) {
    if (severity !== 'error') continue;
    const path = typeof location.path === 'string' ? location.path : location.path.file;
    const file = path.slice(path.indexOf('src/') + 'src/'.length);
    found.set(file, [...(found.get(file) ?? []), category.replace(/^.*\//, '')]);
  }
  return found;
}

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'simdprop-house-'));
  for (const name of ['src', 'assembly', 'biome.json', '.gitignore']) {
    cpSync(`${ROOT}${name}`, join(copy, name), { recursive: true });
  }
  before = lint();
  const all = [...ROOMS, ...Object.keys(TARGETS)];
  for (const [form, write] of Object.entries(FORMS)) {
    for (const room of ROOMS) {
      for (const target of all.filter((name) => name !== room)) {
        plant(`${room}/${nameOf(target, form)}`, write(targetOf(target)));
      }
      plant(
        `${room}/${nameOf('circle', form, '1')}`,
        FORMS.value(`./${nameOf('circle', form, '2').replace('.ts', '.js')}`),
      );
      plant(`${room}/${nameOf('circle', form, '2')}`, write(`./${nameOf('circle', form, '1').replace('.ts', '.js')}`));
    }
    for (const target of [...ROOMS, ...NOT_FOR_FACES]) {
      plant(
        nameOf(target, form),
        write(
          targetOf(target)
            .slice('../'.length)
            .replace(/^(?!\.\.)/, './'),
        ),
      );
    }
  }
  after = lint();
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

it('the tree as it is passes', () => {
  expect(Object.fromEntries(before)).toEqual({});
  expect([...after.keys()].filter((file) => !file.includes('planted-'))).toEqual([]);
});

it('the table has every room of src/', () => {
  const folders = readdirSync(`${ROOT}src`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect([...ROOMS, 'generated'].sort()).toEqual(folders.sort());
});

/** `import('...').Name` and `typeof import('...')`, types both: Biome sees no import in them. */
const TYPE_EXPRESSION = /typeof import\(|import\('[^']*'\)\s*\.(?!then\b)/;

it('no file of src/ has an import inside a type, which Biome would not see', () => {
  expect("type Of = import('../network.js').Network;").toMatch(TYPE_EXPRESSION);
  expect("const { a } = await import('../network.js');").not.toMatch(TYPE_EXPRESSION);
  const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' }).filter(isFile);
  expect(files.filter((file) => TYPE_EXPRESSION.test(readFileSync(`${ROOT}src/${file}`, 'utf8')))).toEqual([]);
});

describe.each(Object.keys(FORMS))('an import that is %s', (form) => {
  it.each(ROOMS)('is refused from src/%s to all rooms but those below it', (room) => {
    for (const target of [...ROOMS, ...Object.keys(TARGETS)].filter((name) => name !== room)) {
      const rules = MAY_IMPORT[room].includes(target) ? [] : ['noRestrictedImports'];
      expect(after.get(`${room}/${nameOf(target, form)}`) ?? [], `${room} to ${target}`).toEqual(rules);
    }
  });

  it('is refused from a face to the generated files, to the offsets of the core, and to files outside src/', () => {
    for (const target of [...ROOMS, ...NOT_FOR_FACES]) {
      const rules = NOT_FOR_FACES.includes(target) ? ['noRestrictedImports'] : [];
      expect(after.get(nameOf(target, form)) ?? [], `a face to ${target}`).toEqual(rules);
    }
  });

  it.each(ROOMS)('is refused in src/%s if it closes a circle', (room) => {
    for (const half of ['1', '2']) {
      expect(after.get(`${room}/${nameOf('circle', form, half)}`) ?? [], `half ${half}`).toEqual(['noImportCycles']);
    }
  });
});
