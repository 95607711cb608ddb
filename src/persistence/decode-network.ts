import { foreignContents } from '../check/contents.js';
import { crc32 } from '../check/crc32.js';
import { checkBoolean, checkIsObject, checkName, keysOf, outOfRange } from '../check/errors.js';
import { checkNamedTask, checkTask, goalGiven, type KnownGoal, type TaskSpec } from '../data/task.js';
import { checkClassNames, checkNames, classCountOf, type Names } from '../spec/names.js';
import type { SpecOptions } from '../spec/network-options.js';
import { outputsOf, type ScaledArrays, type Spec } from '../spec/spec.js';
import { checkStandardization, type Standardization } from '../spec/standardization.js';
import { type Contents, NEWER } from './read-sections.js';
import { CHECKSUM_BYTES, MAGIC, PREFIX_BYTES, VERSION } from './sections.js';

// Reads the sections of a file that say what a network computes. decode.ts adds what training needs. A file is
// untrusted input: every part of it is checked, and memory is allocated only for contents that the file is long enough
// to hold.

export const NETWORK_SECTIONS = ['network', 'parameters', 'standardization', 'targets', 'names', 'task'];

/** Checks that a file is complete. Returns its version. */
export function checkFile(file: Uint8Array): number {
  const foreign = foreignContents(file);
  if (foreign) throw outOfRange('load', foreign, 'a file that save() made');
  const checksumStart = file.length - CHECKSUM_BYTES;
  if (checksumStart < PREFIX_BYTES) {
    throw outOfRange('load', `${file.length} bytes`, `a file of at least ${PREFIX_BYTES + CHECKSUM_BYTES}`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = String.fromCharCode(...file.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw outOfRange('load', `a file that begins with ${JSON.stringify(magic)}`, `"${MAGIC}"`);
  const version = view.getUint32(8, true);
  if (version < 1 || version > VERSION) {
    const wanted = `version 1 to ${VERSION}${version > VERSION ? `: ${NEWER}` : ''}`;
    throw outOfRange('load', `a file of version ${version}`, wanted);
  }
  const checksum = view.getUint32(checksumStart, true);
  const actual = crc32(file.subarray(0, checksumStart));
  if (checksum !== actual) {
    throw outOfRange('load', `contents with the checksum ${actual}`, `${checksum}: the file is damaged or cut short`);
  }
  return version;
}

/** Refuses an object with an unknown key, which comes from another version. */
export function checkKeys(where: string, value: unknown, keys: readonly string[]): void {
  checkIsObject(where, value);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown === undefined) return;
  throw outOfRange(where, `the unknown key ${JSON.stringify(unknown)}`, `${keys.join(', ')}, or ${NEWER}`);
}

const SCALED: readonly ScaledArrays[] = ['all', 'integers', 'bytes'];

/** The arrays that the scale of a network applies to, and the scale, from what a file says of them. */
export function decodeScaled(scaled: unknown, options: Pick<SpecOptions, 'scale'>): Partial<Spec> {
  return scaled === undefined ? oldScale(options) : { scaled: checkName('scaled', scaled, SCALED) };
}

/** The scale of a file that does not say to which arrays it applies. If it has none, bytes were multiplied by 1/255. */
function oldScale({ scale }: Pick<SpecOptions, 'scale'>): Partial<Spec> {
  return scale === undefined ? { scale: 1 / 255, scaled: 'bytes' } : { scaled: 'integers' };
}

/** The goal of the network. If it is not decided yet, the file has no such section, and nothing is known. */
export function decodeGoal(contents: Contents, spec: TaskSpec): KnownGoal {
  if (!contents.has('task')) return {};
  const value = contents.json('task');
  checkKeys('load: task', value, ['task', 'isSigned']);
  const { task, isSigned } = value as KnownGoal;
  const given = goalGiven(checkTask('load: task.task', task, spec), spec);
  if (isSigned === undefined) return given;
  checkBoolean('load: task.isSigned', isSigned);
  if (given.isSigned !== undefined && isSigned !== given.isSigned) {
    throw outOfRange(
      'load: task.isSigned',
      isSigned,
      `${given.isSigned} for the task ${task} and the cost ${spec.cost}`,
    );
  }
  return { ...given, isSigned };
}

export function decodeNames(contents: Contents, spec: TaskSpec & Pick<Spec, 'inputs'>, { task }: KnownGoal): Names {
  if (!contents.has('names')) return {};
  const value = contents.json('names');
  checkKeys('load: names', value, keysOf<Names>({ classes: true, columns: true }));
  const { classes, columns } = value as Names;
  const checked = checkClassNames('load: names.classes', classes, classCountOf(outputsOf(spec), task));
  checkNamedTask('load: names.classes', checked, task, spec);
  return { classes: checked, columns: checkNames('load: names.columns', columns, spec.inputs) };
}

export function decodeStandardization(contents: Contents, name: string, columns: number): Standardization | undefined {
  if (!contents.has(name)) return undefined;
  const doubles = contents.doubles(name, 2 * columns);
  const parts = { means: doubles.subarray(0, columns), deviations: doubles.subarray(columns) };
  return checkStandardization(`load: ${name}`, parts, columns);
}
