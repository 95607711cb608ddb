import type { Spec } from '../spec/spec.js';
import { type Difference, differentiate } from './central-differences.js';
import {
  activate,
  activationOf,
  costOf,
  deltas,
  forward,
  gradients,
  isPrelu,
  type LayerGradients,
  type LayerValues,
  masked,
  meanCost,
  type ReferenceNetwork,
  slopeDeltas,
} from './reference.js';

// Compares a gradient of the core with the chain rule in f64 and with central differences.

/** A parameter and its gradient, computed in three ways. */
export interface CheckedParameter {
  /** Index of its layer in `layers`. */
  layer: number;
  /** The unit that the parameter belongs to, counted from 0 in its layer. */
  unit: number;
  /** `'slope'`: a slope of prelu. */
  kind: 'weight' | 'bias' | 'slope';
  /** The unit of the layer before, or the input, that the weight leads from; undefined for a bias and a slope. */
  input: number | undefined;
  /** The core's gradient, from a training step in f32. */
  gradient: number;
  /** The gradient by the chain rule in f64. */
  exact: number;
  /** The gradient by central differences in f64. */
  difference: number;
  /** An estimate of how far off `difference` may be. */
  uncertainty: number;
}

/** How far off the core's gradients are. docs/inspection.md defines the errors, which are relative. */
export interface GradientErrors {
  /**
   * The largest error of the core. Every parameter is compared with the chain rule in f64; those that were moved are
   * compared with central differences too.
   */
  error: number;
  /** The largest error of the chain rule in f64, compared with central differences. */
  referenceError: number;
  /** The parameter with the largest error of the core among those that were moved. */
  worst: CheckedParameter;
  /** How many parameters were compared. */
  parameters: number;
  /** How many parameters were moved for central differences. */
  moved: number;
}

/**
 * An error is relative to the gradient, but not to less than this share of the largest sum of absolute terms in its
 * group. Where terms cancel, little is left of them, but the rounding errors of f32 are in proportion to the terms.
 */
const FLOOR = 0.01;
/** An error is never relative to less than this, which is not far from the smallest numbers of f32. */
const LEAST_FLOOR = 2 ** -100;
/**
 * In sums of absolute terms, a slope counts as at least this much. Slopes are computed from numbers like 1 - a, of
 * which f32 has only the first digits where a is near 1.
 */
const LEAST_SLOPE = 2 ** -6;
/** The share by which outputs are changed, to find how large the terms of delta^L are. */
const OUTPUT_CHANGE = 2 ** -10;
/** The widest central difference moves no weighted input of the parameter's layer by more than this. */
const LARGEST_MOVE = 2 ** -4;

/** @internal A batch after a training step, in f64. */
export interface Batch {
  readonly rows: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly weights: Float64Array | undefined;
  /** z and a as the core computed them. They select the pieces of functions with kinks: see reference.ts. */
  readonly piecesAt: readonly LayerValues[];
  readonly masks: readonly (Float64Array | undefined)[];
}

/** @internal A batch, the network in f64 that it passes through, and the results. */
export interface Problem {
  readonly spec: Spec;
  /** n of the penalties, the number of training samples. */
  readonly samples: number;
  readonly batch: Batch;
  readonly network: ReferenceNetwork;
  readonly values: LayerValues[];
}

/** The parameters of a layer that are compared with one another: all its weights, all its biases, or all its slopes. */
interface Group {
  readonly layer: number;
  readonly kind: CheckedParameter['kind'];
  readonly parameters: Float64Array;
  readonly gradient: Float64Array;
  readonly exact: Float64Array;
  readonly floor: number;
}

/** Returns a function that returns the next `count` numbers at each call. */
export function makeReader(values: Float64Array): (count: number) => Float64Array {
  let next = 0;
  return (count) => {
    const start = next;
    next += count;
    return values.subarray(start, next);
  };
}

/**
 * @internal The errors of the core's `gradient`, which has all weights and biases layer by layer. At most `limit`
 * parameters of each group are moved for central differences.
 */
export function gradientErrors(problem: Problem, gradient: Float64Array, limit: number): GradientErrors {
  const check = { error: 0, referenceError: 0, parameters: 0, moved: 0 };
  let worst: CheckedParameter | undefined;
  let worstError = -1;
  for (const group of groupsOf(problem, gradient)) {
    const { exact, floor } = group;
    const errors = exact.map((g, i) => relative(Math.abs(group.gradient[i] - g), g, floor));
    const moved = choose(errors, limit);
    for (const i of moved) {
      const { slope, uncertainty } = differenceOf(problem, group, i);
      // an error counts only as far as it exceeds the uncertainty of the difference
      const errorOf = (g: number) => relative(Math.max(0, Math.abs(g - slope) - uncertainty), slope, floor);
      errors[i] = Math.max(errors[i], errorOf(group.gradient[i]));
      check.referenceError = Math.max(check.referenceError, errorOf(exact[i]));
      if (errors[i] <= worstError) continue;
      worstError = errors[i];
      worst = describe(problem, group, i, slope, uncertainty);
    }
    check.error = errors.reduce((most, error) => Math.max(most, error), check.error);
    check.parameters += errors.length;
    check.moved += moved.length;
  }
  return { ...check, worst: worst! };
}

/** `distance` divided by the size of `wanted`, or by `floor` if that is larger. */
function relative(distance: number, wanted: number, floor: number): number {
  return distance / Math.max(Math.abs(wanted), floor);
}

/** Up to `limit` indices: half of them those of the largest errors, the others evenly spaced. */
function choose(errors: Float64Array, limit: number): readonly number[] {
  const places = Array.from(errors.keys());
  if (places.length <= limit) return places;
  const largest = places
    .slice()
    .sort((i, j) => errors[j] - errors[i])
    .slice(0, Math.ceil(limit / 2));
  const rest = limit - largest.length;
  const even = Array.from({ length: rest }, (_, i) => Math.floor((i * errors.length) / rest));
  return [...new Set([...largest, ...even])];
}

/** The weights, biases and slopes of every layer, with their gradients by the chain rule in f64, penalties included. */
function groupsOf(problem: Problem, gradient: Float64Array): Group[] {
  const { spec, samples, batch, network, values } = problem;
  const { y, weights, piecesAt } = batch;
  const delta = deltas(network, values, y, weights, piecesAt);
  const slopeDelta = slopeDeltas(network, values, y, delta, weights, piecesAt);
  const exact = gradients(network, batch.x, values, delta, slopeDelta);
  const terms = termsOf(problem);
  const read = makeReader(gradient);
  const group = (layer: number, kind: Group['kind']): Group => {
    const { key, parameters: name } = KINDS[kind];
    const parameters = network.layers[layer][name] as Float64Array;
    const penalties = parameters.map((w) =>
      isPenalized(spec, kind) ? (spec.l2 * w + spec.l1 * Math.sign(w)) / samples : 0,
    );
    const largest = penalties.reduce((most, p, i) => Math.max(most, Math.abs(p) + terms[layer][key][i]), 0);
    return {
      layer,
      kind,
      parameters,
      gradient: read(parameters.length),
      exact: exact[layer][key].map((g, i) => g + penalties[i]),
      floor: Math.max(FLOOR * largest, LEAST_FLOOR),
    };
  };
  return network.layers.flatMap(({ hasBias, slopes }, layer) => {
    // all are read, in the order of the parameters
    const [weightGroup, biasGroup] = [group(layer, 'weight'), group(layer, 'bias')];
    return [weightGroup, ...(hasBias ? [biasGroup] : []), ...(slopes ? [group(layer, 'slope')] : [])];
  });
}

/** Where the parameters of each kind are in a layer, and where their gradients are. */
const KINDS = {
  weight: { key: 'dW', parameters: 'weights' },
  bias: { key: 'db', parameters: 'biases' },
  slope: { key: 'dSlopes', parameters: 'slopes' },
} as const;

/** True if L1 and L2 act on the parameters of this kind. */
const isPenalized = ({ penalizeBiases }: Spec, kind: Group['kind']) =>
  kind === 'weight' || (kind === 'bias' && penalizeBiases);

const sizes = (values: Float64Array) => values.map(Math.abs);

/** The gradients if nothing cancelled: the sums of the absolute values of all terms. */
function termsOf({ network, batch, values }: Problem): LayerGradients[] {
  const { y, rows, weights, piecesAt } = batch;
  const { layers } = network;
  const cost = costOf(network);
  const grown = (v: Float64Array) => v.map((value) => value * (1 + OUTPUT_CHANGE));
  const delta = layers.map(({ units }) => new Float64Array(rows * units));
  const slopeDelta = layers.map(({ units }) => new Float64Array(rows * units));
  for (let r = 0; r < rows; r++) {
    for (let l = layers.length - 1; l >= 0; l--) {
      const { units, mask } = layers[l];
      const rowOf = (matrix: Float64Array) => matrix.subarray(r * units, (r + 1) * units);
      const z = rowOf(values[l].z);
      const back = (dCda: Float64Array) => {
        if (layers[l].slopes) {
          const terms = dCda.map((d, j) => (isPrelu(layers[l], j) ? Math.abs(d * Math.min(z[j], 0)) : 0));
          slopeDelta[l].set(terms, r * units);
        }
        return activationOf(layers[l])
          .backward(z, dCda, rowOf(piecesAt[l].z))
          .map((d, j) => Math.abs(d) + LEAST_SLOPE * Math.abs(dCda[j]));
      };
      const next = layers[l + 1];
      if (next) {
        const dCda = new Float64Array(units);
        for (let j = 0; j < next.units; j++) {
          const deltaj = delta[l + 1][r * next.units + j];
          for (let k = 0; k < units; k++) dCda[k] += Math.abs(next.weights[j * units + k]) * deltaj;
        }
        delta[l].set(back(mask ? dCda.map((d, k) => d * rowOf(mask)[k]) : dCda), r * units);
      } else {
        const a = rowOf(values[l].a);
        const d = cost.delta(rowOf(y), z, a, back, rowOf(piecesAt[l].a));
        // a small change of a shows how large the terms of delta^L are: those of a - y, for example, are as large as a
        const moved = cost.delta(rowOf(y), grown(z), grown(a), back, rowOf(piecesAt[l].a));
        const weight = weights ? weights[r] : 1;
        delta[l].set(
          d.map((dj, j) => weight * (Math.abs(dj) + Math.abs(moved[j] - dj) / OUTPUT_CHANGE)),
          r * units,
        );
      }
    }
  }
  const activations = values.map(({ z, a }) => ({ z, a: sizes(a) }));
  return gradients(network, sizes(batch.x), activations, delta, slopeDelta);
}

/** The derivative of the cost with respect to one parameter of the group, by central differences. */
function differenceOf(problem: Problem, group: Group, i: number): Difference {
  const { network, values, batch } = problem;
  const { layer, kind } = group;
  if (kind === 'slope') return slopeDifference(problem, group, i);
  const isBiases = kind === 'bias';
  const { units, weights } = network.layers[layer];
  const fanIn = weights.length / units;
  const unit = isBiases ? i : Math.floor(i / fanIn);
  const below = network.layers[layer - 1];
  const input = (row: number) => {
    const place = row * fanIn + (i % fanIn);
    return below ? values[layer - 1].a[place] * (below.mask?.[place] ?? 1) : batch.x[place];
  };
  // reach: how much z of this unit changes in each row if the parameter changes by 1
  const reach = Float64Array.from({ length: batch.rows }, (_, row) => (isBiases ? 1 : input(row)));
  const farthest = reach.reduce((most, r) => Math.max(most, Math.abs(r)), 1);
  return differentiate((move) => {
    const z = values[layer].z.slice();
    for (let row = 0; row < batch.rows; row++) z[row * units + unit] += move * reach[row];
    return costFrom(problem, layer, z) + penaltyOf(problem, group, i, move);
  }, LARGEST_MOVE / farthest);
}

/** The derivative of the cost with respect to the slope of one unit, by central differences. */
function slopeDifference(problem: Problem, { layer, parameters }: Group, unit: number): Difference {
  const { network, values } = problem;
  const { units } = network.layers[layer];
  const { z } = values[layer];
  let farthest = 1;
  for (let i = unit; i < z.length; i += units) farthest = Math.max(farthest, -z[i]);
  return differentiate((move) => {
    const slopes = parameters.with(unit, parameters[unit] + move);
    const layers = network.layers.with(layer, { ...network.layers[layer], slopes });
    return costFrom({ ...problem, network: { ...network, layers } }, layer, z);
  }, LARGEST_MOVE / farthest);
}

/** The mean cost if the weighted inputs of a layer are z. */
function costFrom({ network, batch }: Problem, layer: number, z: Float64Array): number {
  const [here, ...above] = network.layers.slice(layer);
  const [pieces, ...piecesAbove] = batch.piecesAt.slice(layer);
  const a = activate(here, z, pieces.z);
  const rest = { ...network, inputs: here.units, layers: above };
  const values = [{ z, a }, ...forward(rest, masked(here, a), piecesAbove)];
  return meanCost(network, values, batch.y, batch.weights, batch.piecesAt);
}

/** The penalties of one parameter after a move. L1 keeps its slope across 0, so that differences see no kink. */
function penaltyOf({ spec, samples }: Problem, { parameters, kind }: Group, i: number, move: number): number {
  if (!isPenalized(spec, kind)) return 0;
  const w = parameters[i] + move;
  return ((spec.l2 / 2) * w * w + spec.l1 * Math.sign(parameters[i]) * w) / samples;
}

function describe(
  { network }: Problem,
  group: Group,
  i: number,
  difference: number,
  uncertainty: number,
): CheckedParameter {
  const { layer, kind, gradient, exact } = group;
  const { units, weights } = network.layers[layer];
  const fanIn = weights.length / units;
  return {
    layer,
    unit: kind === 'weight' ? Math.floor(i / fanIn) : i,
    kind,
    input: kind === 'weight' ? i % fanIn : undefined,
    gradient: gradient[i],
    exact: exact[i],
    difference,
    uncertainty,
  };
}
