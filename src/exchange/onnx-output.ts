import { counted, outOfRange, quote } from '../check/errors.js';
import type { Column, Columns } from './columns.js';
import type { ExchangedTask } from './exchanged.js';
import { ruleIn } from './onnx-decisions.js';
import { type OnnxModel, showNode } from './onnx-model.js';
import { type Data, type Rule, showShape, type Value } from './onnx-values.js';

// Which of a graph's outputs is the network's, and what the others say of it: they may be classes or labels that the
// file decides for.

export interface Output {
  readonly name: string;
  readonly data: Data;
  readonly task?: ExchangedTask;
  /** From which output up a class or label counts. */
  readonly threshold?: number;
}

interface Named<V = Value | undefined> {
  readonly name: string;
  readonly value: V;
}

/** How many outputs a file may have: each is compared with those of the network. */
const MOST_OUTPUTS = 4096;

/** Names for messages: at most 12 of them. */
const listOf = (names: readonly string[]) =>
  names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} others` : names.join(', ');

type Found = Pick<Output, 'name' | 'data'>;

/** `wanted`: the name of the value to take; undefined: the one output of numbers. */
export function outputOf(
  where: string,
  { outputs, nodes }: OnnxModel,
  values: ReadonlyMap<string, Value>,
  wanted: string | undefined,
  notes: Set<string>,
): Output {
  const all = outputs.map(({ name }): Named => ({ name, value: values.get(name) }));
  const showMaker = (name: string) => {
    const node = nodes.find((one) => one.outputs.includes(name));
    return node ? `${quote(name)} of ${showNode(node)}` : quote(name);
  };
  if (all.length > MOST_OUTPUTS) throw outOfRange(where, `${all.length} outputs`, `at most ${MOST_OUTPUTS}`);
  if (all.length === 0) throw outOfRange(where, 'no output', 'one: name the outputs when the model is exported');
  const found = wanted === undefined ? foundIn(where, all, showMaker, notes) : named(wanted, values, all);
  const data = wanted === undefined ? withoutComplements(found.data, all, notes) : found.data;
  checkRows(`${where}: output ${quote(found.name)}`, data);
  const own = new Set(data.columns.columns);
  const left = all.filter((output) => !isNumbers(output) || output.value.columns.columns.some((c) => !own.has(c)));
  const said = left.map(({ name, value }) => saidBy(name, value, data.columns));
  for (const { note } of said) if (note !== undefined) notes.add(note);
  const threshold = said.map((one) => one.threshold).find((t) => t !== undefined);
  const task = said.map((one) => one.task).find((t) => t !== undefined);
  return { name: found.name, data, ...(task && { task }), ...(threshold !== undefined && { threshold }) };
}

const isNumbers = (output: Named): output is Named<Data> => output.value?.kind === 'data' && !output.value.rule;

/** The output of numbers; if there is none, the numbers that the file decides by. */
function foundIn(where: string, all: readonly Named[], showMaker: (name: string) => string, notes: Set<string>): Found {
  const numbers = all.filter(isNumbers);
  const seen = new Set<Columns>();
  const different = numbers.filter(({ value }) => !seen.has(value.columns) && seen.add(value.columns));
  if (different.length > 1) {
    const joined = joinedOf(different, notes);
    if (joined) return joined;
    const got = `${counted(different.length, 'output')} of numbers, ${listOf(different.map(({ name }) => showMaker(name)))}`;
    const names = listOf(different.map(({ name }) => quote(name)));
    throw outOfRange(where, got, `one: pass options.output, one of ${names}`);
  }
  if (different.length === 1) return { name: different[0].name, data: different[0].value };
  const rules = all.flatMap(({ value }) => ruleIn(value) ?? []);
  if (rules.length === 0) throw noNumbers(where, all[0]);
  if (rules.some(({ of }) => of.columns !== rules[0].of.columns)) {
    const names = listOf(rules.map(({ name }) => quote(name)));
    const got = `outputs that are decided by different numbers, ${names}`;
    throw outOfRange(where, got, `one: pass options.output, one of ${names}`);
  }
  notes.add(`the network gives ${quote(rules[0].name)}, by which the file decides`);
  return { name: rules[0].name, data: rules[0].of };
}

/** The value of this name, whether it is an output or lies within the graph. */
function named(wanted: string, values: ReadonlyMap<string, Value>, all: readonly Named[]): Found {
  const value = values.get(wanted);
  const where = 'options.output';
  if (!value) {
    const names = listOf(all.map(({ name }) => quote(name)));
    throw outOfRange(
      where,
      `${quote(wanted)}, which nothing in the file computes`,
      `an output, ${names}, or a value before it`,
    );
  }
  const rule = ruleIn(value);
  if (rule) return { name: rule.name, data: rule.of };
  if (value.kind !== 'data') throw noNumbers(where, { name: wanted, value });
  return { name: wanted, data: value };
}

function noNumbers(where: string, { name, value }: Named): RangeError {
  if (value?.kind === 'decision') {
    const got = `${value.what}, of which the output ${quote(name)} is made`;
    return outOfRange(
      value.where,
      got,
      `outputs that are numbers: pass options.output: ${quote(value.from)} for those before this node`,
    );
  }
  const got = value ? 'numbers that do not depend on the inputs' : 'a name that nothing in the file computes';
  return outOfRange(`${where}: output ${quote(name)}`, got, 'numbers that are computed from the inputs');
}

/** Outputs of one column each, as the columns of one output. */
function joinedOf(parts: readonly Named<Data>[], notes: Set<string>): Found | undefined {
  const [{ value: first }] = parts;
  const { source, whole, over } = first.columns;
  const fits = parts.every(({ value: { columns } }) => {
    const isOne = columns.columns.length === 1 && columns.source === source;
    return isOne && columns.whole === whole && columns.over === over;
  });
  if (!fits) return undefined;
  const names = listOf(parts.map(({ name }) => quote(name)));
  notes.add(`the outputs ${names} come in as one, in this order`);
  const columns = { ...first.columns, columns: parts.map(({ value }) => value.columns.columns[0]) };
  return { name: parts[0].name, data: { ...first, shape: [parts.length], columns } };
}

/**
 * The outputs 1 - p and p of several labels as p alone, which is what the file decides by: skl2onnx writes them if
 * there are two labels, as for two classes.
 */
function withoutComplements(data: Data, all: readonly Named[], notes: Set<string>): Data {
  const { columns, source } = data.columns;
  const half = columns.length / 2;
  const isComplement = (a: Column, b: Column) =>
    areSame({ ...a, scale: -a.scale, offset: 1 - a.offset }, b) && a.f !== undefined;
  const rule = all
    .flatMap(({ value }) => ruleIn(value) ?? [])
    .find(
      ({ of, limits }) =>
        limits &&
        half > 1 &&
        of.columns.source === source &&
        of.columns.columns.length === half &&
        of.columns.columns.every((c, i) => areSame(c, columns[half + i]) && isComplement(columns[i], c)),
    );
  if (!rule) return data;
  notes.add(`the outputs 1 - p and p of ${half} labels come in as p alone, by which the file decides`);
  return rule.of;
}

function checkRows(where: string, data: Data): void {
  const { length } = data.columns.columns;
  if (data.shape.every((size) => size === 1 || size === length)) return;
  throw outOfRange(where, `the shape ${showShape(data)}`, 'one row a sample: flatten it before');
}

interface Said {
  readonly note?: string;
  readonly task?: ExchangedTask;
  readonly threshold?: number;
}

/** What another output of the graph says of the network's outputs. */
function saidBy(name: string, value: Value | undefined, outputs: Columns): Said {
  const note = `the output ${quote(name)} was left out`;
  const rule = ruleIn(value);
  if (!rule) return { note };
  if (!rule.limits) return { note, ...(isLargestOf(rule, outputs) && { task: 'classes' }) };
  const limits = limitsAt(rule, rule.limits, outputs);
  const shown = [...new Set(limits ?? rule.limits)].join(', ');
  if (!limits) return { note: `${note}: it compares ${quote(rule.name)} with ${shown}` };
  const task = outputs.columns.length === limits.length && limits.length > 1 ? 'labels' : 'classes';
  if (rule.isReversed) return { note: `${note}: it is true where an output is not above ${shown}`, task };
  if (new Set(limits).size > 1) {
    return { note: `${note}: pass its limits to classify, { threshold: [${limits.join(', ')}] }`, task };
  }
  const [threshold] = limits;
  return { note: rule.takesEqual ? `${note}: there, ${threshold} itself counts too` : note, task, threshold };
}

/** Whether two columns are the same numbers. */
const areSame = (a: Column, b: Column) =>
  a.unit === b.unit &&
  a.f === b.f &&
  (['slope', 'shift', 'scale', 'offset'] as const).every((key) => a[key] === b[key]);

/** Whether the largest of these outputs is the largest of those that the rule is about; a softmax keeps that. */
const isLargestOf = ({ of: { columns: its } }: Rule, outputs: Columns) =>
  its.source === outputs.source &&
  its.columns.length === outputs.columns.length &&
  its.columns.every((column, i) => areSame(column, outputs.columns[i]));

/** The limits of a rule for these outputs: one for each, or for the second of two. undefined: it is about others. */
function limitsAt({ of }: Rule, limits: readonly number[], outputs: Columns): readonly number[] | undefined {
  const { columns, source, whole } = of.columns;
  const own = columns.length === 1 && outputs.columns.length === 2 ? [outputs.columns[1]] : outputs.columns;
  if (source !== outputs.source || whole !== outputs.whole || own.length !== columns.length) return undefined;
  const found = columns.flatMap((column, i) => {
    const limit = limits[limits.length === 1 ? 0 : i];
    const at = areSame(column, own[i]) ? limit : whole ? undefined : limitBehind(column, own[i], limit);
    return at ?? [];
  });
  return found.length === columns.length ? found : undefined;
}

/** What an output is where a number before its function is at the limit; undefined unless both rise together. */
function limitBehind(
  before: Column,
  { unit, f, slope, shift, scale, offset }: Column,
  limit: number,
): number | undefined {
  if (before.f || !f || unit !== before.unit || before.slope === 0) return undefined;
  const at = (number: number) => scale * f(slope * ((number - before.shift) / before.slope) + shift) + offset;
  const steps = Array.from({ length: 41 }, (_, i) => at(limit + i - 20));
  const rises = steps.every((value, i) => i === 0 || value >= steps[i - 1]) && steps[21] > steps[19];
  return rises ? at(limit) : undefined;
}
