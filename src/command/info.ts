import { readFile } from 'node:fs/promises';
import { Network } from '../index.js';
import { TableModel } from '../tabular.js';
import { EXIT, UsageError } from './failure.js';
import type { Arguments, Flags } from './flags.js';
import { type Usage, wrap } from './help.js';
import { columnsOf, printable, type Terminal, write } from './terminal.js';

// simdprop info

const FLAGS: Flags = { json: { help: 'prints the same as JSON' } };

export const INFO: Usage = {
  usage: '<model>',
  summary: 'Prints what is in a file: the columns and the task of a model, the layers of its network.',
  flags: FLAGS,
  examples: ['simdprop info iris.simdprop'],
};

const MOST_NAMES = 40;

export async function info({ given, operands }: Arguments, terminal: Terminal): Promise<number> {
  if (operands.length !== 1) throw new UsageError(`info: got ${operands.length} files, want one`);
  const [path] = operands;
  const bytes = await readFile(path);
  let network: Network;
  try {
    network = await Network.load(bytes);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    // a file of a network alone has no encoder
    const model = await TableModel.load(bytes).catch(() => undefined);
    const entries = {
      file: path,
      bytes: bytes.length,
      network: String(network).replace(/, step \d+$/, ''),
      task: network.task,
      ...(model && {
        targets: model.targets,
        columns: Object.entries(model.encoder.inputKinds).map(([column, kind]) => ({ column, kind })),
      }),
      classes: model?.classes ?? network.classes,
      layers: network.layers.map(({ units, activation }) => ({ units, activation })),
      parameters: network.parameters,
    };
    model?.dispose();
    const text = given.json ? JSON.stringify(entries, null, 2) : linesOf(entries, columnsOf(terminal.out)).join('\n');
    await write(terminal.out, `${text}\n`);
  } finally {
    network.dispose();
  }
  return EXIT.done;
}

function linesOf(entries: Readonly<Record<string, unknown>>, width: number): string[] {
  const indent = 12;
  return Object.entries(entries).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const [first, ...more] = wrap(textOf(value), width - indent);
    return [key.padEnd(indent) + first, ...more.map((line) => ' '.repeat(indent) + line)];
  });
}

function textOf(value: unknown): string {
  if (!Array.isArray(value)) return printable(String(value));
  const shown = value.slice(0, MOST_NAMES).map((item) => {
    if (typeof item !== 'object') return printable(String(item));
    const [first, second] = Object.values(item as Record<string, unknown>).map((part) => printable(String(part)));
    return second === undefined ? first : `${first} (${second})`;
  });
  return shown.join(', ') + (value.length > MOST_NAMES ? `, ... (${value.length})` : '');
}
