import * as abi from '../assembly/abi.js';
import type { Arena } from './arena.js';
import { checkInputs, checkTargets, checkWeights, loadBatch } from './data.js';
import { type Difference, differentiate } from './differentiate.js';
import { checkInteger, checkObject, MAX_FLOAT, outOfRange } from './errors.js';
import { unpack } from './layer.js';
import { sgd, writeOptimizer } from './optimizer.js';
import {
  activate,
  activationOf,
  type Cost,
  costOf,
  deltas,
  forward,
  gradients,
  type LayerGradients,
  type LayerValues,
  masked,
  meanCost,
  type ReferenceLayer,
  type ReferenceNetwork,
} from './reference.js';
import type { Spec } from './spec.js';
import type { Trainer } from './trainer.js';
import type { CustomCost, Inputs, Sgd, Targets } from './types.js';

// The gradient of a real training step, held against reference.ts and its central differences. Described in docs/inspection.md.

export interface CheckGradientsOptions {
  /** [rows]: what each sample's cost is multiplied with. Default 1 each. */
  weights?: Float32Array;
  /** At most so many weights and so many biases of each layer are moved for differences. Default 100. */
  differences?: number;
}

/** A parameter and its gradient in three ways. */
export interface CheckedParameter {
  layer: number;
  unit: number;
  /** Where the weight comes from; undefined for a bias. */
  input: number | undefined;
  /** By the core, from a training step in f32. */
  gradient: number;
  /** By the chain rule in f64. */
  exact: number;
  /** By central differences in f64. */
  difference: number;
  /** How far off the difference may be, by its own estimate. */
  uncertainty: number;
}

export interface GradientCheck {
  /** The largest error of the core: of every parameter against the chain rule in f64, of those that were moved against differences too. */
  error: number;
  /** The largest error of the chain rule in f64 against differences. */
  referenceError: number;
  /** The parameter, of those that were moved, whose gradient is farthest off. */
  worst: CheckedParameter;
  /** How many were compared, and how many of them moved. */
  parameters: number;
  moved: number;
  /** The mean cost, without penalties: by the core, and in f64. */
  cost: number;
  exactCost: number;
}

/** Of plain descent that goes up: so long a step that the parameter's own size is rounding beside it, and a power of two. */
const RATE = -(2 ** 60);
/**
 * Errors are a share of the gradient, but of this share of the largest sum of the sizes of its group's terms where the gradient is less:
 * what f32 loses is in proportion to the terms, however little is left of them.
 */
const FLOOR = 0.01;
/** Not far from where f32 ends. */
const LEAST_FLOOR = 2 ** -100;
/** Nor does a slope count as less, where terms are added up: f32 has only the first digits of 1 - a. */
const LEAST_SLOPE = 2 ** -6;
/** By what share outputs are changed to see how large the terms of delta^L are. */
const SHARE = 2 ** -10;
/** The widest step of the differences moves no weighted input of the parameter's layer by more. */
const WIDEST = 2 ** -4;

/** What a training step has left of a batch, in f64. */
interface Batch {
  readonly rows: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly weights: Float64Array | undefined;
  /** z and a of the core: on which piece of each function it was. */
  readonly at: readonly LayerValues[];
  readonly masks: readonly (Float64Array | undefined)[];
}

export function checkGradients(
  trainer: Trainer,
  cost: CustomCost | undefined,
  x: Inputs,
  y: Targets,
  options: CheckGradientsOptions,
): GradientCheck {
  const { arena } = trainer;
  const { spec } = arena;
  arena.checkAlive();
  checkObject('options', options, ['weights', 'differences']);
  const { weights } = options;
  const limit = checkInteger('options.differences', options.differences ?? 100, 1, Number.MAX_SAFE_INTEGER);
  const rows = checkInputs('x', x, spec);
  checkTargets('y', y, rows, spec);
  if (weights !== undefined) checkWeights('options.weights', weights, rows);
  trainer.checkIdle('checkGradients');
  trainer.reserveRows(rows);
  const samples = trainer.trainingSamples ?? rows;
  const before = unpack(arena, arena.plan.parameters);
  const { cost: coreCost, moved, batch } = step(trainer, { rows, x, y, weights, samples });
  const network = referenceOf(spec, before, batch.masks, cost);
  const problem: Problem = { spec, samples, batch, network, values: forward(network, batch.x, batch.at) };
  const gradient = moved.map((w, i) => (w - before[i]) / -RATE);
  const exactCost = meanCost(network, problem.values, batch.y, batch.weights, batch.at);
  return { ...compare(problem, gradient, limit), cost: coreCost, exactCost };
}

/**
 * A step of the core with w - w' = RATE g, on the way that the network's optimizer takes: straight into the weights, or by the sum of
 * gradients. Nothing of it stays but the batch.
 */
function step(
  { arena, pass, optimizer }: Trainer,
  { rows, x, y, weights, samples }: { rows: number; x: Inputs; y: Targets; weights?: Float32Array; samples: number },
): { cost: number; moved: Float64Array; batch: Batch } {
  const { core, header, plan } = arena;
  pass.keepStep?.();
  pass.done = 'nothing';
  pass.isCurrent = false;
  const parameters = arena.floats(plan.parameters, plan.parameterFloats);
  const tables = arena.bytes(abi.HEADER, abi.LAYERS + plan.layers.length * abi.LAYER_BYTES - abi.HEADER);
  const [keptParameters, keptTables] = [parameters.slice(), tables.slice()];
  try {
    loadBatch(arena, { samples: rows, inputs: x, targets: y, weights }, 0, rows);
    const { name, clipValue, clipNorm } = optimizer as Partial<Sgd>;
    const hasMaxNorm = arena.spec.layers.some(({ maxNorm }) => maxNorm > 0);
    const isPlain = name === 'sgd' && clipValue === undefined && clipNorm === undefined && !hasMaxNorm;
    // a limit that limits nothing, but a step that has one goes by the sum of gradients
    writeOptimizer(header, sgd({ learningRate: 1, ...(!isPlain && { clipValue: MAX_FLOAT }) }));
    header.setFloat64(abi.LEARNING_RATE, RATE, true);
    header.setFloat64(abi.TRAINING_SAMPLES, samples, true);
    header.setUint32(abi.IGNORE_NON_FINITE, 0, true);
    header.setFloat64(abi.COST_SUM, 0, true);
    const layers = arena.doubles(abi.LAYERS, (plan.layers.length * abi.LAYER_BYTES) / 8);
    for (let l = 0; l < plan.layers.length; l++) layers[(l * abi.LAYER_BYTES + abi.MAX_NORM) / 8] = 0;
    if (!core.trainRows(rows)) throw outOfRange('checkGradients', 'a cost that is not finite', 'a finite one');
    const moved = Float64Array.from(unpack(arena, plan.parameters));
    const bad = moved.findIndex((w) => !Number.isFinite(w));
    if (bad >= 0) throw outOfRange(`checkGradients: gradient ${bad}`, 'one that is not finite', 'less than 2^67');
    const cost = header.getFloat64(abi.COST_SUM, true) / rows;
    return { cost, moved, batch: readBatch(arena, rows, weights) };
  } finally {
    parameters.set(keptParameters);
    tables.set(keptTables);
  }
}

function readBatch(arena: Arena, rows: number, weights: Float32Array | undefined): Batch {
  const { plan, spec } = arena;
  const read = (address: number, stride: number, columns: number) => {
    const values = new Float32Array(rows * columns);
    arena.readRows(values, 0, address, stride, rows, columns);
    return Float64Array.from(values);
  };
  const outputs = plan.layers[plan.layers.length - 1].units;
  return {
    rows,
    x: read(plan.x, plan.xStride, spec.inputs),
    y: read(plan.y, plan.yStride, outputs),
    weights: weights && Float64Array.from(weights),
    at: plan.layers.map(({ z, a, stride, units }) => ({ z: read(z, stride, units), a: read(a, stride, units) })),
    masks: plan.layers.map(({ dropoutMask, stride, units }) =>
      dropoutMask ? read(dropoutMask, stride, units) : undefined,
    ),
  };
}

/** Hands out numbers, so many at a time. */
function taker(values: Float64Array): (count: number) => Float64Array {
  let next = 0;
  return (count) => {
    const start = next;
    next += count;
    return values.subarray(start, next);
  };
}

function referenceOf(
  spec: Spec,
  parameters: Float32Array,
  masks: Batch['masks'],
  cost: CustomCost | undefined,
): ReferenceNetwork {
  const take = taker(Float64Array.from(parameters));
  const layers = spec.layers.map(({ units, activation, bias }, l): ReferenceLayer => {
    const fanIn = l ? spec.layers[l - 1].units : spec.inputs;
    return { units, activation, weights: take(units * fanIn), biases: take(units), hasBias: bias, mask: masks[l] };
  });
  const { inputs, huberDelta } = spec;
  if (spec.cost !== 'custom') return { inputs, layers, cost: spec.cost, huberDelta };
  return { inputs, layers, cost: 'quadratic', ownCost: referenceCost(cost!) };
}

/** The user's functions calculate with what they get, and here that is f64. */
function referenceCost(cost: CustomCost): Cost {
  const value = cost.value as unknown as (a: Float64Array, y: Float64Array) => number;
  const gradient = cost.gradient as unknown as (a: Float64Array, y: Float64Array, out: Float64Array) => void;
  return {
    value: (y, _z, a) => value(a.slice(), y.slice()),
    delta(y, _z, a, output) {
      const out = new Float64Array(a.length);
      gradient(a.slice(), y.slice(), out);
      return output(out);
    },
  };
}

interface Problem {
  readonly spec: Spec;
  /** n of the penalties. */
  readonly samples: number;
  readonly batch: Batch;
  readonly network: ReferenceNetwork;
  readonly values: LayerValues[];
}

/** The parameters of a layer that are compared with one another: its weights, or its biases. */
interface Group {
  readonly layer: number;
  readonly isBiases: boolean;
  readonly parameters: Float64Array;
  readonly gradient: Float64Array;
  readonly exact: Float64Array;
  readonly floor: number;
}

function compare(problem: Problem, gradient: Float64Array, limit: number): Omit<GradientCheck, 'cost' | 'exactCost'> {
  const check = { error: 0, referenceError: 0, parameters: 0, moved: 0 };
  let worst: CheckedParameter | undefined;
  let worstError = -1;
  for (const group of groupsOf(problem, gradient)) {
    const { exact, floor } = group;
    const errors = exact.map((g, i) => relative(Math.abs(group.gradient[i] - g), g, floor));
    const moved = choose(errors, limit);
    for (const i of moved) {
      const { slope, uncertainty } = differenceOf(problem, group, i);
      // what the differences cannot tell apart is no error
      const apart = (g: number) => relative(Math.max(0, Math.abs(g - slope) - uncertainty), slope, floor);
      errors[i] = Math.max(errors[i], apart(group.gradient[i]));
      check.referenceError = Math.max(check.referenceError, apart(exact[i]));
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

/** `distance` as a share of what is wanted, or of the floor where that is more. */
function relative(distance: number, wanted: number, floor: number): number {
  return distance / Math.max(Math.abs(wanted), floor);
}

/** Up to `limit` places: half of them with the largest errors, the others evenly over all. */
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

/** Weights and biases of every layer, with the chain rule's gradients in f64, penalties included. */
function groupsOf(problem: Problem, gradient: Float64Array): Group[] {
  const { spec, samples, batch, network, values } = problem;
  const exact = gradients(network, batch.x, values, deltas(network, values, batch.y, batch.weights, batch.at));
  const terms = termsOf(problem);
  const take = taker(gradient);
  const group = (layer: number, isBiases: boolean): Group => {
    const key = isBiases ? 'db' : 'dW';
    const parameters = network.layers[layer][isBiases ? 'biases' : 'weights'];
    const isPenalized = !isBiases || spec.penalizeBiases;
    const penalties = parameters.map((w) => (isPenalized ? (spec.l2 * w + spec.l1 * Math.sign(w)) / samples : 0));
    const largest = penalties.reduce((most, p, i) => Math.max(most, Math.abs(p) + terms[layer][key][i]), 0);
    return {
      layer,
      isBiases,
      parameters,
      gradient: take(parameters.length),
      exact: exact[layer][key].map((g, i) => g + penalties[i]),
      floor: Math.max(FLOOR * largest, LEAST_FLOOR),
    };
  };
  return network.layers.flatMap(({ hasBias }, layer) => {
    const both = [group(layer, false), group(layer, true)];
    return hasBias ? both : both.slice(0, 1);
  });
}

const sizes = (values: Float64Array) => values.map(Math.abs);

/** The gradients if nothing cancelled: sums over the sizes of all terms. */
function termsOf({ network, batch, values }: Problem): LayerGradients[] {
  const { y, rows, weights, at } = batch;
  const { layers } = network;
  const cost = costOf(network);
  const grown = (v: Float64Array) => v.map((value) => value * (1 + SHARE));
  const delta = layers.map(({ units }) => new Float64Array(rows * units));
  for (let r = 0; r < rows; r++) {
    for (let l = layers.length - 1; l >= 0; l--) {
      const { units, activation, mask } = layers[l];
      const own = (matrix: Float64Array) => matrix.subarray(r * units, (r + 1) * units);
      const z = own(values[l].z);
      const back = (dCda: Float64Array) =>
        activationOf(activation)
          .backward(z, dCda, own(at[l].z))
          .map((d, j) => Math.abs(d) + LEAST_SLOPE * Math.abs(dCda[j]));
      const next = layers[l + 1];
      if (next) {
        const dCda = new Float64Array(units);
        for (let j = 0; j < next.units; j++) {
          const deltaj = delta[l + 1][r * next.units + j];
          for (let k = 0; k < units; k++) dCda[k] += Math.abs(next.weights[j * units + k]) * deltaj;
        }
        delta[l].set(back(mask ? dCda.map((d, k) => d * own(mask)[k]) : dCda), r * units);
      } else {
        const a = own(values[l].a);
        const d = cost.delta(own(y), z, a, back, own(at[l].a));
        // a - y is as large as a in this, since a change of a changes it by as much
        const moved = cost.delta(own(y), grown(z), grown(a), back, own(at[l].a));
        const weight = weights ? weights[r] : 1;
        delta[l].set(
          d.map((dj, j) => weight * (Math.abs(dj) + Math.abs(moved[j] - dj) / SHARE)),
          r * units,
        );
      }
    }
  }
  const activations = values.map(({ z, a }) => ({ z, a: sizes(a) }));
  return gradients(network, sizes(batch.x), activations, delta);
}

/** The slope of the cost by one parameter of the group. */
function differenceOf(problem: Problem, group: Group, i: number): Difference {
  const { network, values, batch } = problem;
  const { layer, isBiases } = group;
  const { units, weights } = network.layers[layer];
  const fanIn = weights.length / units;
  const unit = isBiases ? i : Math.floor(i / fanIn);
  const below = network.layers[layer - 1];
  const input = (row: number) => {
    const place = row * fanIn + (i % fanIn);
    return below ? values[layer - 1].a[place] * (below.mask?.[place] ?? 1) : batch.x[place];
  };
  // by how much z of this unit moves in each row if the parameter does by 1
  const reach = Float64Array.from({ length: batch.rows }, (_, row) => (isBiases ? 1 : input(row)));
  const farthest = reach.reduce((most, r) => Math.max(most, Math.abs(r)), 1);
  return differentiate((move) => {
    const z = values[layer].z.slice();
    for (let row = 0; row < batch.rows; row++) z[row * units + unit] += move * reach[row];
    return costFrom(problem, layer, z) + penaltyOf(problem, group, i, move);
  }, WIDEST / farthest);
}

/** The mean cost if the weighted inputs of a layer are z. */
function costFrom({ network, batch }: Problem, layer: number, z: Float64Array): number {
  const [here, ...above] = network.layers.slice(layer);
  const [at, ...atAbove] = batch.at.slice(layer);
  const a = activate(here, z, at.z);
  const rest = { ...network, inputs: here.units, layers: above };
  const values = [{ z, a }, ...forward(rest, masked(here, a), atAbove)];
  return meanCost(network, values, batch.y, batch.weights, batch.at);
}

/** What the penalties of one parameter become where it moves: L1 stays on its side of 0. */
function penaltyOf({ spec, samples }: Problem, { parameters, isBiases }: Group, i: number, move: number): number {
  if (isBiases && !spec.penalizeBiases) return 0;
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
  const { layer, isBiases, gradient, exact } = group;
  const { units, weights } = network.layers[layer];
  const fanIn = weights.length / units;
  return {
    layer,
    unit: isBiases ? i : Math.floor(i / fanIn),
    input: isBiases ? undefined : i % fanIn,
    gradient: gradient[i],
    exact: exact[i],
    difference,
    uncertainty,
  };
}
