import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Converter, type ParameterReflection, ReflectionKind } from 'typedoc';
import { entriesOf } from '../../../scripts/public-api.mjs';

// The API reference: TypeDoc reads the docstrings of every entry of the package and writes them as Markdown.

const ROOT = new URL('../../../', import.meta.url);

/** Refuses a surplus argument: it is no parameter to document. */
const isRefused = ({ type }: ParameterReflection) => type?.type === 'intrinsic' && type.name === 'undefined';

/** The options of TypeDoc and of typedoc-plugin-markdown. */
const OPTIONS = {
  name: 'API',
  plugin: ['typedoc-plugin-markdown'],
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  // what an error inherits is not ours to describe
  excludeExternals: true,
  disableGit: true,
  gitRevision: 'main',
  // a file of the repository, from its root
  sourceLinkTemplate: '/src/{path}#L{line}',
  // npm run check has checked the types, with TypeScript 7
  skipErrorChecking: true,
  validation: { invalidLink: true, notExported: false, notDocumented: false },
  logLevel: 'Warn',
  router: 'member',
  pageTitleTemplates: { member: '{name}', module: '{name}', index: '{projectName}' },
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
} as Parameters<typeof Application.bootstrapWithPlugins>[0];

/** Writes the reference of the entries to a folder. */
async function write(entries: ReadonlyMap<string, string>, folder: string): Promise<void> {
  const root = fileURLToPath(ROOT);
  const app = await Application.bootstrapWithPlugins({
    ...OPTIONS,
    entryPoints: [...entries.values()].map((file) => join(root, file)),
    tsconfig: join(root, 'tsconfig.build.json'),
    basePath: root,
    out: folder,
  });
  const names = new Map([...entries].map(([name, file]) => [file, name]));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      const name = names.get(module.sources?.[0].fileName ?? '');
      if (name) module.name = name;
    }
    const parameters = project.getReflectionsByKind(ReflectionKind.Parameter) as ParameterReflection[];
    for (const parameter of parameters.filter(isRefused)) project.removeReflection(parameter);
  });
  const project = await app.convert();
  if (project) await app.generateOutputs(project);
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error('API reference: got docstrings that TypeDoc complains about above, want ones that it can read');
  }
}

/** The first paragraph of a page, on one line. */
const summaryOf = (page: string) => (page.split('\n\n')[1] ?? '').replaceAll('\n', ' ');

/** Leaves out what says nothing new, and makes a list of what an entry exports from another one. */
function tidy(page: string): string {
  return page
    .replace(/\n#+ Inherited from\n\n[^\n]*\n/g, '')
    .replace(/\n## Extends\n\n(?:- [^\n]*\n)+/g, '')
    .replace(/\n#{4,} Returns\n\n`void`\n/g, '')
    .replace(/### \S+\n\nRe-exports (\[[^\n]*)(?:\n\n\*\*\*\n)?/g, '- $1')
    .replaceAll('\n***\n', '')
    .replace(/\n{3,}/g, '\n\n');
}

/** The pages of the reference as Markdown, by files such as `simdprop/classes/Network.md`. It takes some seconds. */
export async function makeReference(): Promise<Map<string, string>> {
  const entries = entriesOf(ROOT);
  const folder = mkdtempSync(join(tmpdir(), 'api-'));
  try {
    await write(entries, folder);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
    const pages = new Map(
      files
        .filter((file) => file.endsWith('.md'))
        .map((file) => [file, tidy(readFileSync(join(folder, file), 'utf8'))]),
    );
    const rows = [...entries.keys()].map(
      (name) => `| [${name}](${name}/README.md) | ${summaryOf(pages.get(`${name}/README.md`) ?? '')} |`,
    );
    pages.set(
      'README.md',
      `# API\n\nWhat each entry of the package exports.\n\n| import | what it has |\n| --- | --- |\n${rows.join('\n')}\n`,
    );
    return pages;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What is exported, such as `Network` and `Network.fit`, to the file and anchor in which it is described. Names that
 * several entries export with another meaning are left out.
 */
export function exportedNames(pages: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, Set<string>>();
  const add = (name: string, place: string) => found.set(name, (found.get(name) ?? new Set()).add(place));
  for (const [file, page] of pages) {
    const name = posix.basename(file, '.md');
    if (name === 'README') continue;
    add(name, file);
    for (const [, member] of page.matchAll(/^### (\w+)(?:\(\)|\?)?$/gm))
      add(`${name}.${member}`, `${file}#${member.toLowerCase()}`);
  }
  return new Map([...found].filter(([, places]) => places.size === 1).map(([name, [place]]) => [name, place]));
}
