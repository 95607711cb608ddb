import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

// Takes the figures of the home page from bench/results and README.md when it is built, so that all are the same.

const FILE = '2026-11-27-node-20.20.2-only-workload.json';
const SHOWN = [
  ['train 2-2-1 online', 'train 2-2-1, one sample a step'],
  ['train 784-30-10 batch 10', 'train 784-30-10, 10 samples a step'],
  ['train 784-128-10 batch 32', 'train 784-128-10, 32 samples a step'],
  ['train 784-512-512-10 batch 128', 'train 784-512-512-10, 128 samples a step'],
  ['predict 784-128-10, 1 a call', 'predict 784-128-10, one sample a call'],
];

interface Results {
  machine: { cpu: string; cores: number; node: string; date: string; commit: string };
  workload: { contest: string; simdprop: number; plain: number; ratio: number }[];
}

const count = (value: number) => Number(value.toPrecision(3)).toLocaleString('en-US');

function table({ workload }: Results): string {
  const rows = SHOWN.map(([name, shown]) => {
    const row = workload.find(({ contest }) => contest === name);
    if (!row) throw new Error(`${FILE}: got no ${name}, want it for the home page`);
    const { simdprop, plain, ratio } = row;
    return `<tr><th scope="row">${shown}</th><td>${count(simdprop)}</td><td>${count(plain)}</td><td>${ratio.toFixed(1)}x</td></tr>`;
  });
  return rows.join('\n');
}

/** What a page downloads to train and predict, such as 51.2 KB, as README.md says it. */
function download(): string {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, size] = /\| creates a network, trains it and predicts +\| +([\d.]+ KB) \|/.exec(readme) ?? [];
  if (!size) throw new Error('README.md: got no row of what a page downloads, want it for the home page');
  return size;
}

/** Replaces `<!-- figures -->`, `<!-- machine -->`, `%VERSION%` and `%DOWNLOAD%` in the home page. */
export function figures(): Plugin {
  return {
    name: 'figures',
    transformIndexHtml: {
      order: 'pre',
      handler(html) {
        if (!html.includes('<!-- figures -->')) return html;
        const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
        const results: Results = JSON.parse(
          readFileSync(new URL(`../../bench/results/${FILE}`, import.meta.url), 'utf8'),
        );
        const { cpu, cores, node, date, commit } = results.machine;
        const machine = `One core of a ${cores}-core ${cpu}, Node ${node.slice(1)}, ${date}, commit ${commit}`;
        return html
          .replace('<!-- figures -->', table(results))
          .replace('<!-- machine -->', machine)
          .replace('%VERSION%', version)
          .replace('%DOWNLOAD%', download());
      },
    },
  };
}
