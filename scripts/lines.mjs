import { existsSync, readFileSync } from 'node:fs';

// Counts the lines of fifteen programs, without comments and blank lines, as they had to be written for an early
// version (bench/lines/) and as they are written today (the snippets of README.md and docs/). `npm run lines` prints
// the table, which stands in docs/recipes/lines.md; test/lines.test.ts compares the two.

/** Name of the program in bench/lines/, what it does, its page and the place of its snippet there, counted from 0. */
const PROGRAMS = [
  ['xor', 'XOR', 'docs/coming-from/brain-js.md', 1],
  ['iris', 'classes from a CSV file', 'docs/recipes/iris.md', 0],
  ['penguins', 'categories and missing values', 'docs/recipes/penguins.md', 0],
  ['cars', 'a number from categories, dates and numbers', 'docs/recipes/cars.md', 0],
  ['body-mass', 'numbers in the thousands', 'docs/recipes/body-mass.md', 0],
  ['groups', 'a test of makes that training has not seen', 'docs/recipes/groups.md', 0],
  ['labels', 'several labels, a threshold for each', 'docs/recipes/labels.md', 0],
  ['series', 'a time series', 'docs/recipes/series.md', 0],
  ['autoencoder', 'an autoencoder and its codes', 'docs/recipes/autoencoder.md', 0],
  ['rare-classes', 'a rare class: ROC, thresholds, class weights', 'docs/recipes/rare-classes.md', 0],
  ['deep-q', 'deep Q-learning', 'docs/recipes/deep-q.md', 0],
  ['server', 'an HTTP server', 'docs/recipes/server.md', 0],
  ['worker', 'training in a worker', 'docs/recipes/worker.md', 0],
  ['moved', 'a network of scikit-learn, moved', 'docs/coming-from/scikit-learn.md', 1],
  ['colors', 'colours by name', 'docs/coming-from/brain-js.md', 0],
];

const count = (code) => code.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;

/** The table of all programs, as Markdown. `root`: the folder of the repository. */
export function linesTable(root) {
  const read = (path) => readFileSync(new URL(path, root), 'utf8');
  const rows = PROGRAMS.map(([name, what, page, place]) => {
    const files = [`bench/lines/${name}.mjs`, `bench/lines/${name}-thread.mjs`];
    const before = files.filter((file) => existsSync(new URL(file, root))).map((file) => count(read(file)));
    const text = read(page);
    const snippet = [...text.matchAll(/^```js\r?\n([\s\S]*?)^```$/gm)][place][1];
    const beside = [...text.matchAll(/^```js \S+\r?\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
    const after = [snippet, ...beside].map(count);
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    return { what, page, before: sum(before), after: sum(after) };
  });
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  const link = (page) => page.replace(/^docs\/recipes\//, '').replace(/^docs\//, '../');
  const lines = rows.map(({ what, page, before, after }) => `| [${what}](${link(page)}) | ${before} | ${after} |`);
  return [
    '| program | before | after |',
    '| --- | ---: | ---: |',
    ...lines,
    `| all fifteen | ${total('before')} | ${total('after')} |`,
  ].join('\n');
}

if (process.argv[1]?.endsWith('lines.mjs')) console.log(linesTable(new URL('../', import.meta.url)));
