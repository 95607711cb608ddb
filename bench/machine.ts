import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import packageFile from '../package.json' with { type: 'json' };

/** What a measurement depends on, besides the code that is measured. */
export interface Machine {
  cpu: string;
  cores: number;
  node: string;
  v8: string;
  platform: string;
  simdprop: string;
  /** Short hash, followed by `+` if there are changes that are not committed. */
  commit: string;
  /** YYYY-MM-DD */
  date: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // not a Git repository, or one without commits
    return undefined;
  }
}

export function describeMachine(): Machine {
  const hash = git('rev-parse', '--short', 'HEAD');
  // changes in saved results are ignored, because no measurement depends on them
  const changes = git('status', '--porcelain', '--', '.', ':!bench/results');
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    simdprop: packageFile.version,
    commit: hash === undefined ? 'none' : changes ? `${hash}+` : hash,
    date: new Date().toISOString().slice(0, 10),
  };
}

export function machineLine({ cpu, cores, node, platform, simdprop, commit, date }: Machine): string {
  return `${cpu}, ${cores} cores, ${platform}, Node ${node}, simdprop ${simdprop} (${commit}), ${date}`;
}

/** Writes bench/results/<name>.json and returns its path, relative to the root of the project. */
export function saveResult(name: string, machine: Machine, result: object): string {
  const path = fileURLToPath(new URL(`results/${name}.json`, import.meta.url));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ machine, ...result }, undefined, 2)}\n`);
  return relative(root, path);
}

/** One line for each row. Columns are padded to their widest cell; the first is aligned left, the others right. */
export function alignTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
