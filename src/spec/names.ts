import { counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { outputsOf, type Spec } from './spec.js';

// Names that a network has for its classes and for the columns of its inputs. They come from users and from files, so
// code that writes them to a page, a terminal or a file must escape them.

/** The names that a network has. */
export interface Names {
  /** [outputs] names of the classes or labels; [2] for the two classes of one output. */
  readonly classes?: readonly string[];
  /** [inputs] names of the input columns. */
  readonly columns?: readonly string[];
}

/** The most UTF-16 code units in a name. */
const LONGEST = 1000;

/** The number of names that a network with these outputs needs for its classes or labels. */
export const classCountOf = (outputs: number, task: string | undefined) =>
  outputs === 1 && task !== 'labels' ? 2 : outputs;

/** A frozen copy of the names of `count` classes, all different and none empty; undefined for undefined. */
export function checkClassNames(where: string, value: unknown, count: number): readonly string[] | undefined {
  const names = checkNames(where, value, count);
  const places = new Map<string, number>();
  for (const [i, name] of names?.entries() ?? []) {
    if (name === '') throw outOfRange(`${where}[${i}]`, '""', 'a name');
    const before = places.get(name);
    if (before !== undefined) throw outOfRange(`${where}[${i}]`, `${quote(name)}, as at ${before}`, 'different names');
    places.set(name, i);
  }
  return names;
}

/** A frozen copy of `count` names; undefined for undefined. */
export function checkNames(where: string, value: unknown, count: number): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw wrongType(where, value, `an array of ${counted(count, 'name')}`);
  // before the copy: the array may have any length
  if (value.length !== count) throw outOfRange(where, counted(value.length, 'name'), `${count}`);
  const names = Array.from(value as unknown[]);
  for (const [i, name] of names.entries()) {
    if (typeof name !== 'string') throw wrongType(`${where}[${i}]`, name, 'a string');
    if (name.length > LONGEST)
      throw outOfRange(`${where}[${i}]`, counted(name.length, 'character'), `at most ${LONGEST}`);
  }
  return Object.freeze(names as string[]);
}

/** Frozen copies of a network's names. `place`: what messages have before `classes` and `columns`: `network.`, say. */
export const checkNetworkNames = (
  place: string,
  { classes, columns }: { readonly classes?: unknown; readonly columns?: unknown },
  spec: Spec,
  task: string | undefined,
): Names => ({
  classes: checkClassNames(`${place}classes`, classes, classCountOf(outputsOf(spec), task)),
  columns: checkNames(`${place}columns`, columns, spec.inputs),
});

/** All names that are known: those of the network, or else those that come with its data. */
export const knownNames = (own: Names, given: Names | undefined): Names => ({
  classes: own.classes ?? given?.classes,
  columns: own.columns ?? given?.columns,
});

/**
 * Refuses names that are not those of the network or of what it is trained on: the same numbers would mean something
 * else. Returns all that are known.
 */
export function namesFor(where: string, given: Names, known: Names): Names {
  for (const kind of ['classes', 'columns'] as const) {
    const [names, wanted] = [given[kind], known[kind]];
    if (!names || !wanted) continue;
    if (names.length !== wanted.length)
      throw outOfRange(`${where}.${kind}`, counted(names.length, 'name'), `${wanted.length}`);
    const other = names.findIndex((name, i) => name !== wanted[i]);
    if (other < 0) continue;
    const right = `${quote(wanted[other])}, as this network or its data have it`;
    throw outOfRange(`${where}.${kind}[${other}]`, quote(names[other]), right);
  }
  return knownNames(known, given);
}
