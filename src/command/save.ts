import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { confusionMatrix } from '../charts.js';
import { quote } from '../check/errors.js';
import { saveFile } from '../io/files.js';
import type { TableEvaluation } from '../tabular.js';
import { UsageError } from './failure.js';
import { type Given, textOf } from './flags.js';
import { endingOf, isOfOtherFormat } from './formats.js';
import type { Messages } from './messages.js';

/**
 * Refuses the paths of flags that cannot be written later, that would replace a file that is read, or that would
 * replace each other, so that neither data nor training are lost.
 */
export function checkOutputs(given: Given, flags: readonly string[], read: readonly string[]): void {
  const outputs = flags.flatMap((flag) => {
    const path = textOf(given, flag);
    return path === undefined ? [] : [{ flag, path }];
  });
  for (const [i, { flag, path }] of outputs.entries()) {
    checkWritable(`--${flag}`, path);
    checkNotRead(`--${flag}`, path, read);
    checkEnding(flag, path);
    const other = outputs
      .slice(0, i)
      .find((output) => resolve(output.path) === resolve(path) || isSameFile(output.path, path));
    if (other)
      throw new UsageError(`--${flag}: got ${quote(path, 400)}, which --${other.flag} writes, want another file`);
  }
}

/** Refuses a path to write that is one of the files to read. */
export function checkNotRead(where: string, path: string, read: readonly string[]): void {
  if (read.some((input) => isSameFile(input, path))) {
    throw new UsageError(`${where}: got ${quote(path, 400)}, which is read too, want the path of another file`);
  }
}

/** True for two paths of one file, also by links. */
function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }));
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino;
}

/** Refuses a path that cannot be written later. `where`: the beginning of messages. */
export function checkWritable(where: string, path: string): void {
  if (path === '' || path === '-') throw new UsageError(`${where}: got ${quote(path)}, want the path of a file`);
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (!folder?.isDirectory()) throw new UsageError(`${where}: got ${quote(path, 400)}, whose folder does not exist`);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${where}: got ${quote(path, 400)}, a folder, want the path of a file`);
  }
}

/** Refuses a name whose ending promises another format than the file will have. */
function checkEnding(flag: string, path: string): void {
  const ending = endingOf(path);
  const got = `--${flag}: got ${quote(path, 400)}, want a name that ends in`;
  if (flag !== 'save' && ending !== 'svg') throw new UsageError(`${got} .svg`);
  if (flag === 'save' && isOfOtherFormat(ending)) {
    throw new UsageError(`${got} .simdprop: simdprop convert writes other formats`);
  }
}

/** Replaces a file by a text as a whole. */
export function saveText(path: string, text: string): void {
  saveFile(path, new TextEncoder().encode(text));
}

/** Refuses --plot-confusion for a model that does not learn classes. `learned`: what the model learns. */
export function checkConfusion(path: string | undefined, learned: string): void {
  if (path === undefined || learned === 'classes') return;
  throw new UsageError(`--plot-confusion: got a model that learns ${learned}, want one that learns classes`);
}

/** Writes the picture of the confusion. Returns false, with a warning, if there are too many classes for one. */
export function saveConfusion(path: string, evaluation: TableEvaluation, messages: Messages): boolean {
  if (evaluation.task === 'classes' && evaluation.confusion) {
    saveText(path, confusionMatrix(evaluation));
    return true;
  }
  messages.urgent('Warning: --plot-confusion: there are more than 256 classes, so that no picture is written.');
  return false;
}
