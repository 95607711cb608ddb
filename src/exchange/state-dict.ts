import { checkName, checkPositive, counted, orDefault, outOfRange, quote, wrongType } from '../check/errors.js';
import { checkActivation, hasSlopes, isMixed, showActivation } from '../spec/activations.js';
import type { Activation } from '../spec/network-options.js';
import { dense, layersOf } from './chain.js';
import { type Columns, Composer, columnsOf, foldedNorm, PRELU, preluOf, scaled, sharedSlope } from './columns.js';
import type { Exchanged } from './exchanged.js';
import { functionOf, type UnitActivation } from './functions.js';
import { listOf, type Tensor } from './tensor.js';
import { checkForms } from './weight-forms.js';

// Tensors by name, as PyTorch's model.state_dict() gives them, as a network. Names and shapes say which tensors are
// layers; the functions between them are in no such file, and the caller names them.

/** What a state dict does not say. */
export interface StateOptions {
  /**
   * The activation of each linear layer, in their order: one function, or one for each unit. The last one is that of
   * the outputs: `'linear'` for a model that returns logits, or `'softmax'` to get probabilities from it. `'prelu'`
   * takes its slopes from the file.
   * @defaultValue none: required, unless a safetensors file says it
   */
  activations?: readonly (Activation | readonly Activation[])[] | undefined;
  /**
   * The linear layers in their order, by the beginning of their tensors' names: `['fc1', 'fc2']`.
   * @defaultValue for files of PyTorch, the order of the file, or of the names' numbers, if widths fit together so; for
   *   safetensors, whose writers sort by name, the order of the numbers, if names differ in nothing else, or the only
   *   one that fits
   */
  layers?: readonly string[] | undefined;
  /**
   * Whether batch normalisation comes before or after the activation of the linear layer in front of it.
   * @defaultValue what numbers in the names say ('0' linear, '1' normalisation, '2' activation); else the option is
   *   required
   */
  batchNorm?: 'before' | 'after' | undefined;
  /**
   * What batch normalisation adds to the variances.
   * @defaultValue `1e-5`, as in PyTorch
   */
  epsilon?: number | undefined;
}

export const STATE_KEYS = ['activations', 'layers', 'batchNorm', 'epsilon'];

/** A linear layer that a file has. */
export interface LinearLayer {
  /** The beginning of the names of its tensors. */
  readonly name: string;
  /** The number of inputs of each unit. */
  readonly inputs: number;
  /** The number of units. */
  readonly units: number;
  /**
   * true: the file has slopes for it, as it seems, so that its activation is `'prelu'`.
   * @defaultValue undefined: it has none
   */
  readonly prelu?: true | undefined;
}

/**
 * Thrown by a reader if a file does not say which functions follow its layers, and the caller does not either.
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { ActivationsError, readPyTorch } from 'simdprop/pytorch';
 *
 * try {
 *   await readPyTorch(await readFile('iris.pt'));
 * } catch (error) {
 *   if (error instanceof ActivationsError) console.log(error.layers.length); // 2
 * }
 */
export class ActivationsError extends TypeError {
  /** The layers that need an activation each, in their order. */
  readonly layers: readonly LinearLayer[];

  /**
   * The readers make this error.
   *
   * @param message what is missing, and how to give it
   * @param layers the layers that need an activation
   */
  constructor(message: string, layers: readonly LinearLayer[]) {
    super(message);
    this.layers = layers;
  }
}

interface Linear {
  readonly name: string;
  readonly weight: Tensor;
  bias?: Tensor;
}

interface Norm {
  readonly name: string;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly weight?: Tensor;
  readonly bias?: Tensor;
}

/** The slopes of a PReLU: one, or one for each unit. */
interface Slopes {
  readonly name: string;
  readonly slopes: Tensor;
}

type Part = Linear | Norm;

const isLinear = (part: Part): part is Linear => !('mean' in part);

/**
 * The network of a state dict. `order`: what the order of the tensors means. Writers of safetensors sort them by their
 * names, which says nothing about the model.
 */
export function networkOfState(
  where: string,
  tensors: ReadonlyMap<string, Tensor>,
  options: StateOptions = {},
  order: 'of the model' | 'of the names' = 'of the model',
): Exchanged {
  checkForms(where, tensors.keys());
  const { parts: inFile, slopes: ofPrelu } = partsOf(where, tensors);
  const parts = ordered(where, inFile, options.layers, tensors, order);
  const linears = parts.filter(isLinear);
  const withSlopes = layersWithSlopes(linears, ofPrelu, order === 'of the model' ? [...tensors.keys()] : undefined);
  const activations = checkActivations(where, options.activations, linears, withSlopes);
  const notes: string[] = [];
  const slopes = slopesOf(where, activations, linears, ofPrelu, notes);
  if (options.batchNorm !== undefined) checkName('options.batchNorm', options.batchNorm, ['before', 'after']);
  const epsilon = checkPositive('options.epsilon', orDefault(options.epsilon, 1e-5));
  const composer = new Composer();
  const [, inputs] = linears[0].weight.shape;
  let columns = columnsOf({ units: inputs, name: 'the inputs', hasBias: false });
  const activate = (l: number) => {
    if (l >= 0) columns = activated(where, composer, columns, activations[l], slopes[l]);
  };
  // normalisation of the inputs has no activation to come before
  let [l, isPending] = [-1, false];
  for (const part of parts) {
    if (isLinear(part)) {
      if (isPending) activate(l);
      l++;
      columns = denseOf(where, part, columns);
      isPending = true;
      continue;
    }
    if (isPending && placeOf(where, part, linears[l], options.batchNorm) === 'after') {
      activate(l);
      isPending = false;
    }
    columns = normalised(where, part, columns, epsilon);
    notes.push(foldedNorm(part.name));
  }
  if (isPending) activate(l);
  const mostParameters = 2 ** 31;
  const { notes: ofLayers, ...layers } = layersOf(columns, { where, mostParameters });
  return { ...layers, ...(columns.whole && { task: 'classes' }), notes: [...notes, ...ofLayers] };
}

/** The slopes of each layer with prelu. One PReLU of the file may stand for several layers. */
function slopesOf(
  where: string,
  activations: readonly (Activation | readonly Activation[])[],
  linears: readonly Linear[],
  given: readonly Slopes[],
  notes: string[],
): (Tensor | undefined)[] {
  const count = activations.filter(hasSlopes).length;
  if (given.length !== count && !(given.length === 1 && count > 1)) {
    const names = given.map(({ name }) => quote(name)).join(', ');
    throw outOfRange(
      `${where}: options.activations`,
      `${counted(count, 'layer')} with prelu for ${given.length} tensors that may be slopes${names && `, ${names}`}`,
      "'prelu' where the model has a PReLU: norms of other kinds than batch normalisation mix units",
    );
  }
  let next = 0;
  return activations.map((activation, l) => {
    if (!hasSlopes(activation)) return undefined;
    const { name, slopes } = given[given.length === 1 ? 0 : next++];
    const [units] = linears[l].weight.shape;
    const { length } = slopes.values;
    if (length !== 1 && length !== units) {
      throw outOfRange(`${where}: ${quote(name)}`, `${length} slopes`, `1, or ${units} for the units of layer ${l}`);
    }
    if (length === 1 && units > 1) notes.push(sharedSlope(name));
    return slopes;
  });
}

/** Networks have at most as many layers. */
const MOST_LAYERS = 1024;

/**
 * The layers that slopes of the file seem to belong to: those in front of them in the order of the model, or of the
 * numbers in their names, if the widths fit.
 */
function layersWithSlopes(
  linears: readonly Linear[],
  slopes: readonly Slopes[],
  namesInOrder: readonly string[] | undefined,
): ReadonlySet<Linear> {
  const found = new Set<Linear>();
  // such a file has no slopes, or is no network: the search below would take long
  if (slopes.length > linears.length || linears.length > MOST_LAYERS) return found;
  const places = new Map(namesInOrder?.map((name, i) => [name, i]));
  const placeOf = ({ name }: { readonly name: string }) => places.get(`${name}.weight`) ?? -1;
  for (const own of slopes) {
    const { length } = own.slopes.values;
    const fitting = linears.filter((linear) => {
      const isWide = length === 1 || length === linear.weight.shape[0];
      return isWide && !found.has(linear);
    });
    const isBefore = (linear: Linear) => (namesInOrder ? placeOf(linear) < placeOf(own) : byNumbers(linear, own) < 0);
    const last = fitting.filter(isBefore).pop() ?? fitting[0];
    if (last) found.add(last);
  }
  return found;
}

/** Linear layers and normalisations, in the order in which the file has them. */
function partsOf(where: string, tensors: ReadonlyMap<string, Tensor>): { parts: Part[]; slopes: Slopes[] } {
  const groups = new Map<string, Map<string, Tensor>>();
  for (const [name, tensor] of tensors) {
    const [, prefix, kind] = /^(?:(.*)\.)?([^.]*)$/s.exec(name) as RegExpExecArray;
    const group = groups.get(prefix ?? '') ?? new Map<string, Tensor>();
    groups.set(prefix ?? '', group.set(kind, tensor));
  }
  const parts: Part[] = [];
  const slopes: Slopes[] = [];
  for (const [name, group] of groups) {
    const at = (kind: string) => group.get(kind);
    const weight = at('weight');
    const label = `${where}: ${quote(name)}`;
    const [mean, variance] = [at('running_mean'), at('running_var')];
    if (mean && variance) {
      parts.push({ name, mean, variance, weight, bias: at('bias') });
      checkKinds(label, group, ['running_mean', 'running_var', 'weight', 'bias', 'num_batches_tracked']);
    } else if (weight?.shape.length === 2) {
      if (weight.isInteger) {
        throw outOfRange(label, 'integers as weights', 'numbers: the state_dict() of the model before quantisation');
      }
      parts.push({ name, weight, bias: at('bias') });
      checkKinds(label, group, ['weight', 'bias']);
    } else if (weight?.shape.length === 1 && group.size === 1) {
      slopes.push({ name, slopes: weight });
    } else throw strangeGroup(label, group);
  }
  if (!parts.some(isLinear)) throw outOfRange(where, 'no tensors of linear layers', '"name.weight" [units, inputs]');
  return { parts, slopes };
}

function checkKinds(where: string, group: ReadonlyMap<string, Tensor>, known: readonly string[]): void {
  const others = new Map([...group].filter(([kind]) => !known.includes(kind)));
  if (others.size > 0) throw outOfRange(where, `${listOf(others)} too`, `only ${known.join(', ')}`);
}

function strangeGroup(where: string, group: ReadonlyMap<string, Tensor>): RangeError {
  const weight = group.get('weight');
  const got = `the tensors ${listOf(group)}`;
  if (weight && weight.shape.length > 2) {
    return outOfRange(where, `${got} of a convolution`, 'linear layers: convolutions are no layers of this library');
  }
  if (weight?.shape.length === 1 && group.has('bias')) {
    const wanted = 'linear layers and batch normalisation with its running statistics: other norms mix units';
    return outOfRange(where, got, wanted);
  }
  return outOfRange(where, got, 'linear layers, "weight" [units, inputs] and "bias" [units], and batch normalisation');
}

/** The parts in the order of computation. */
function ordered(
  where: string,
  parts: readonly Part[],
  names: StateOptions['layers'],
  tensors: ReadonlyMap<string, Tensor>,
  order: 'of the model' | 'of the names',
): readonly Part[] {
  if (names !== undefined) return namedParts(where, parts, names);
  const numbered = [...parts].sort(byNumbers);
  if (order === 'of the model' && fits(parts)) return parts;
  if (fits(numbered) && (order === 'of the model' || isNumbered(numbered))) return numbered;
  const orders = order === 'of the model' ? [] : fittingOrders(parts);
  if (orders.length === 1) return orders[0];
  const wanted =
    orders.length === 0
      ? 'layers whose widths fit together; options.layers names those to take, in their order'
      : 'options.layers, the names of the layers in their order: their widths fit together in more than one';
  throw outOfRange(where, `the tensors ${listOf(tensors)}`, wanted);
}

/** True if the names of neighbours differ first in a number, so that the numbers alone say the order. */
function isNumbered(parts: readonly Part[]): boolean {
  return parts.slice(1).every(({ name }, i) => {
    const [before, own] = [parts[i].name.split(/(\d+)/), name.split(/(\d+)/)];
    return own.findIndex((text, k) => text !== before[k]) % 2 === 1;
  });
}

/** How many parts are tried in the search for orders. Beyond that, the order counts as not known. */
const MOST_TRIES = 10_000;

/** Orders in which each part is as wide as the one before it: none, the only one, or two of several. */
function fittingOrders(parts: readonly Part[]): Part[][] {
  const found: Part[][] = [];
  let tries = 0;
  const extend = (chain: readonly Part[], left: readonly Part[]): void => {
    if (left.length === 0) found.push([...chain]);
    for (const part of left) {
      if (found.length > 1) return;
      const next = [...chain, part];
      if (!fits(next.slice(-2))) continue;
      if (++tries > MOST_TRIES) {
        found.push([...parts], [...parts]);
        return;
      }
      extend(
        next,
        left.filter((other) => other !== part),
      );
    }
  };
  extend([], parts);
  return found;
}

function namedParts(where: string, parts: readonly Part[], names: readonly string[]): Part[] {
  if (!Array.isArray(names)) throw wrongType('options.layers', names, 'an array of names');
  const known = parts.map(({ name }) => name);
  const found = Array.from(names, (name, i) => {
    checkName(`options.layers[${i}]`, name, known);
    return parts[known.indexOf(name)];
  });
  const left = parts.find((part) => !isLinear(part) && !names.includes(part.name));
  if (left && names.length > 0 && parts.some((part) => !isLinear(part) && names.includes(part.name))) {
    throw outOfRange('options.layers', `no ${quote(left.name)}`, 'either all batch normalisations or none');
  }
  // normalisations stay behind the layers that the file has them behind
  const all = left ? found.flatMap((part) => [part, ...normsBehind(parts, part)]) : found;
  if (fits(all)) return all;
  const shapes = all.filter(isLinear).map(({ name, weight }) => `${quote(name)} [${weight.shape}]`);
  throw outOfRange(where, `layers whose widths do not fit together: ${shapes.join(', ')}`, '[units, inputs] for each');
}

function normsBehind(parts: readonly Part[], part: Part): Part[] {
  const norms: Part[] = [];
  for (let i = parts.indexOf(part) + 1; i < parts.length && !isLinear(parts[i]); i++) norms.push(parts[i]);
  return norms;
}

/** True if each part is as wide as the one before it. */
function fits(parts: readonly Part[]): boolean {
  let width: number | undefined;
  for (const part of parts) {
    if (!isLinear(part)) {
      if (width !== undefined && part.mean.shape[0] !== width) return false;
      width = part.mean.shape[0];
      continue;
    }
    const [units, fanIn] = part.weight.shape;
    if (width !== undefined && fanIn !== width) return false;
    width = units;
  }
  return true;
}

/** In the order of the numbers in the names: layer 2 before layer 10. */
function byNumbers(a: { readonly name: string }, b: { readonly name: string }): number {
  const [p, q] = [a, b].map(({ name }) => name.split(/(\d+)/));
  for (let i = 0; i < Math.min(p.length, q.length); i++) {
    if (p[i] === q[i]) continue;
    if (i % 2 === 1 && Number(p[i]) !== Number(q[i])) return Number(p[i]) - Number(q[i]);
    return p[i] < q[i] ? -1 : 1;
  }
  return p.length - q.length;
}

function checkActivations(
  where: string,
  value: unknown,
  linears: readonly Linear[],
  withSlopes: ReadonlySet<Linear>,
): readonly (Activation | readonly Activation[])[] {
  const layers = linears.map((linear): LinearLayer => {
    const [units, inputs] = linear.weight.shape;
    return { name: linear.name, inputs, units, ...(withSlopes.has(linear) && { prelu: true }) };
  });
  const shapes = layers.map(({ name, inputs, units, prelu }) => {
    const own = prelu ? ' (prelu, whose slopes the file has)' : '';
    return `${quote(name)} ${inputs} to ${units}${own}`;
  });
  const wanted = `${linears.length} activations, one for each of ${shapes.join(', ')}: the file does not say them`;
  if (value === undefined) throw new ActivationsError(`${where}: got no options.activations, want ${wanted}`, layers);
  if (!Array.isArray(value)) throw wrongType('options.activations', value, wanted);
  if (value.length !== linears.length) throw outOfRange('options.activations', `${value.length}`, wanted);
  return Array.from(value as unknown[], (item, l) => {
    const [units] = linears[l].weight.shape;
    if (item === undefined) throw wrongType(`options.activations[${l}]`, item, 'an activation');
    return checkActivation(`options.activations[${l}]`, item, units, l === linears.length - 1);
  });
}

function denseOf(where: string, { name, weight, bias }: Linear, columns: Columns): Columns {
  const [units] = weight.shape;
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== units)) {
    throw outOfRange(`${where}: ${quote(name)}`, `a bias of shape [${bias.shape}]`, `[${units}]`);
  }
  return dense(name, columns, units, () => weight.values, bias?.values);
}

/** Columns after an activation, or one for each of them. */
function activated(
  where: string,
  composer: Composer,
  columns: Columns,
  activation: Activation | readonly Activation[],
  slopes: Tensor | undefined,
): Columns {
  if (activation === 'softmax') return { ...columns, whole: 'softmax' };
  const slopeAt = (j: number) => slopes?.values[slopes.values.length === 1 ? 0 : j] ?? 0;
  const one = (name: Activation, only: Columns, first: number) => {
    if (name === 'linear') return only;
    if (name === 'prelu') return composer.compose(where, PRELU, preluOf, [only, (i) => slopeAt(first + i)]);
    return composer.compose(where, showActivation(name), functionOf(name as UnitActivation), [only]);
  };
  if (!isMixed(activation)) return one(activation, columns, 0);
  const each = activation.map((name, j) => one(name, { ...columns, columns: [columns.columns[j]] }, j).columns[0]);
  return { ...columns, columns: each };
}

/** Whether a normalisation comes before or after the activation of the linear layer in front of it. */
function placeOf(where: string, norm: Norm, linear: Linear, given: StateOptions['batchNorm']): 'before' | 'after' {
  if (given) return given;
  const numberOf = (name: string) => /^(.*?)(\d+)$/s.exec(name);
  const [a, b] = [numberOf(linear.name), numberOf(norm.name)];
  if (a && b && a[1] === b[1] && /(^|\.)$/.test(a[1])) return Number(b[2]) === Number(a[2]) + 1 ? 'before' : 'after';
  const wanted = 'options.batchNorm: "before" or "after" the activation, which the names do not say';
  throw new TypeError(`${where}: got batch normalisation ${quote(norm.name)}, want ${wanted}`);
}

function normalised(where: string, norm: Norm, columns: Columns, epsilon: number): Columns {
  const { name, mean, variance, weight, bias } = norm;
  const width = columns.columns.length;
  for (const tensor of [mean, variance, weight, bias]) {
    if (!tensor || (tensor.shape.length === 1 && tensor.shape[0] === width)) continue;
    throw outOfRange(`${where}: ${quote(name)}`, `the shape [${tensor.shape}]`, `[${width}], a number for each unit`);
  }
  const mul = (i: number) => (weight ? weight.values[i] : 1) / Math.sqrt(variance.values[i] + epsilon);
  const add = (i: number) => (bias ? bias.values[i] : 0) - mean.values[i] * mul(i);
  return scaled(columns, mul, add);
}
