import { readFile } from 'node:fs/promises';
import { TableModel } from '../tabular.js';
import { checkNoFolder } from './data-flags.js';
import { UsageError } from './failure.js';
import { printable } from './terminal.js';

/** Reads a model. Errors name the file. */
export async function loadModel(path: string): Promise<TableModel> {
  if (path === '-') throw new UsageError('the model: got -, want the path of a file');
  checkNoFolder(path, 'the file of a model');
  const bytes = await readFile(path);
  try {
    return await TableModel.load(bytes);
  } catch (error) {
    throw new Error(`${printable(path)}: ${(error as Error).message}`, { cause: error });
  }
}
