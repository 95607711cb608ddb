import {
  checkBoolean,
  checkFinite,
  checkName,
  checkNumber,
  checkObject,
  outOfRange,
  quote,
  wrongType,
} from '../check/errors.js';
import { LONGEST_LIST } from './column.js';
import { DATE_PARTS, type DatePart, isCyclic } from './date-parts.js';
import type { EncodedInput } from './encoded-input.js';
import type { EncodedTarget } from './encoded-target.js';
import type { Scale } from './scale.js';

/** An encoder as it is stored in JSON. */
export interface EncoderJson {
  /** The version of this form. */
  readonly version: 1;
  /** How each input column is encoded. */
  readonly inputs: readonly EncodedInput[];
  /** How each target column is encoded. */
  readonly targets: readonly EncodedTarget[];
  /**
   * The option `missing` of the training table.
   * @defaultValue none
   */
  readonly missing?: readonly string[] | undefined;
}

// Checks an encoder that comes from a file: every value is checked, and unknown keys are refused.

/** A checked copy of `json`. */
export function checkEncoderJson(where: string, json: unknown): EncoderJson {
  checkObject(where, json, ['version', 'inputs', 'targets', 'missing']);
  const { version, inputs, targets, missing } = json as Record<string, unknown>;
  if (version !== 1) {
    throw outOfRange(
      `${where}.version`,
      typeof version === 'number' ? version : 'none',
      '1: a newer simdprop may read it',
    );
  }
  const checked: EncoderJson = {
    version,
    inputs: listOf(`${where}.inputs`, inputs, checkInput),
    targets: listOf(`${where}.targets`, targets, checkTarget),
    ...(missing !== undefined && { missing: Object.freeze(checkTexts(`${where}.missing`, missing)) }),
  };
  if (checked.inputs.length === 0) throw outOfRange(`${where}.inputs`, 'none', 'one or more');
  refuseRepetition(
    where,
    [...checked.inputs, ...checked.targets].map(({ column }) => column),
  );
  return checked;
}

function listOf<T>(where: string, list: unknown, check: (where: string, item: unknown) => T): T[] {
  if (!Array.isArray(list)) throw wrongType(where, list, 'an array');
  return Array.from(list, (item: unknown, i) => check(`${where}[${i}]`, item));
}

function refuseRepetition(where: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw outOfRange(where, `${quote(name)} more than once`, 'names that differ');
    seen.add(name);
  }
}

const INPUT_KEYS = {
  number: ['scale'],
  boolean: ['scale'],
  ordinal: ['categories', 'scale'],
  oneHot: ['categories', 'hasOther', 'refusesMissing'],
  date: ['parts', 'refusesMissing'],
} as const;

function checkInput(where: string, value: unknown): EncodedInput {
  const input = objectOf(where, value);
  const kind = checkName(`${where}.kind`, input.kind, Object.keys(INPUT_KEYS) as (keyof typeof INPUT_KEYS)[]);
  checkObject(where, input, ['column', 'kind', 'marksMissing', ...INPUT_KEYS[kind]]);
  const column = checkText(`${where}.column`, input.column);
  const marksMissing = checkBoolean(`${where}.marksMissing`, input.marksMissing);
  const scale = () => checkScale(`${where}.scale`, input.scale);
  const categories = () => checkCategories(`${where}.categories`, input.categories);
  const refusesMissing = () => checkBoolean(`${where}.refusesMissing`, input.refusesMissing);
  if (kind === 'oneHot') {
    const hasOther = checkBoolean(`${where}.hasOther`, input.hasOther);
    const all = categories();
    if (all.length === 0 && !hasOther) throw outOfRange(`${where}.categories`, 'none', 'one or more, or hasOther');
    return { column, kind, categories: all, hasOther, marksMissing, refusesMissing: refusesMissing() };
  }
  if (kind === 'ordinal') return { column, kind, categories: categories(), scale: scale(), marksMissing };
  if (kind !== 'date') return { column, kind, scale: scale(), marksMissing };
  const parts = listOf(`${where}.parts`, input.parts, checkPart);
  if (parts.length === 0) throw outOfRange(`${where}.parts`, 'none', 'one or more');
  refuseRepetition(
    `${where}.parts`,
    parts.map(({ part }) => part),
  );
  const refuses = refusesMissing();
  for (const [
    i,
    {
      scale: { fill },
    },
  ] of parts.entries()) {
    if ((fill === null) === refuses) continue;
    throw outOfRange(`${where}.parts[${i}].scale.fill`, fill, refuses ? 'null, as refusesMissing says' : 'a number');
  }
  return { column, kind, parts, marksMissing, refusesMissing: refuses };
}

function checkPart(where: string, value: unknown): { part: DatePart; scale: Scale } {
  checkObject(where, value, ['part', 'scale']);
  const { part, scale } = value as Record<string, unknown>;
  const checked = { part: checkName(`${where}.part`, part, DATE_PARTS), scale: checkScale(`${where}.scale`, scale) };
  const { fill, mean, deviation } = checked.scale;
  if (isCyclic(checked.part) && (mean !== 0 || deviation !== 1 || (fill ?? 0) !== 0)) {
    const wanted = 'mean 0, deviation 1 and fill 0 or null for a sine and a cosine';
    throw outOfRange(`${where}.scale`, 'another one', wanted);
  }
  return checked;
}

function checkScale(where: string, value: unknown): Scale {
  checkObject(where, value, ['fill', 'mean', 'deviation']);
  const { fill, mean, deviation } = value as Record<string, unknown>;
  const isPositive = (x: number) => x > 0 && Number.isFinite(x);
  return {
    fill: fill === null ? null : checkFinite(`${where}.fill`, fill),
    mean: checkFinite(`${where}.mean`, mean),
    deviation: checkNumber(`${where}.deviation`, deviation, isPositive, 'a finite number above 0'),
  };
}

function checkTarget(where: string, value: unknown): EncodedTarget {
  const target = objectOf(where, value);
  const kind = checkName(`${where}.kind`, target.kind, ['number', 'boolean', 'category']);
  checkObject(where, target, kind === 'category' ? ['column', 'kind', 'categories'] : ['column', 'kind']);
  const column = checkText(`${where}.column`, target.column);
  if (kind !== 'category') return { column, kind };
  const categories = checkCategories(`${where}.categories`, target.categories);
  if (categories.length === 0) throw outOfRange(`${where}.categories`, 'none', 'one or more');
  return { column, kind, categories };
}

/** The texts that stand for missing values. */
function checkTexts(where: string, value: unknown): string[] {
  if (Array.isArray(value) && value.length > LONGEST_LIST) {
    throw outOfRange(where, value, `at most ${LONGEST_LIST} texts`);
  }
  return listOf(where, value, checkText);
}

function checkCategories(where: string, value: unknown): string[] {
  const categories = listOf(where, value, checkText);
  refuseRepetition(where, categories);
  return categories;
}

function objectOf(where: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(where, value, 'an object');
  return value as Record<string, unknown>;
}

function checkText(where: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(where, value, 'a text');
  return value;
}
