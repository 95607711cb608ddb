import { checkInteger, checkObject, keysOf, MAX_FLOAT, orDefault, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import type { LayerPlan } from '../core/memory-plan.js';
import { unpack } from '../core/parameters.js';
import { writeWindow } from '../data/data-set.js';
import { checkInputs, type InputArray, type Inputs } from '../data/inputs.js';
import { weighted } from '../data/pick.js';
import { rowsOf, typedInputs, typedTargets, typedWeights } from '../data/plain-data.js';
import { checkTargets, checkWeights, type SampleWeights, type TargetArray, type Targets } from '../data/targets.js';
import { hasSlopes } from '../spec/activations.js';
import type { CustomCost } from '../spec/network-options.js';
import { numbersOf, type Sgd, sgd } from '../spec/optimizer.js';
import { outputsOf, type Spec } from '../spec/spec.js';
import type { Trainer } from '../training/trainer.js';
import { type Batch, type GradientErrors, gradientErrors, makeReader, type Problem } from './gradient-errors.js';
import { type Cost, forward, meanCost, type ReferenceLayer, type ReferenceNetwork } from './reference.js';

// Finds the gradient of a real training step by what the step does to the parameters. gradient-errors.ts then finds how
// far off it is. See docs/inspection.md.

/** Options of `checkGradients`. */
export interface CheckGradientsOptions {
  /**
   * The weight that each sample's cost is multiplied by [rows].
   * @defaultValue 1 for each
   */
  weights?: SampleWeights | undefined;
  /**
   * At most this many weights, biases and slopes of each layer are moved for central differences: this many of each
   * kind.
   * @defaultValue `100`
   */
  differences?: number | undefined;
}

const KEYS = keysOf<CheckGradientsOptions>({ weights: true, differences: true });

/** The result of `checkGradients`. */
export interface GradientCheck extends GradientErrors {
  /** The mean cost as the core computes it, without penalties. */
  cost: number;
  /** The mean cost in f64, without penalties. */
  exactCost: number;
}

/**
 * The learning rate of a step of plain gradient descent that is so long that the old value of a parameter is lost in
 * the rounding of the new one. It is negative, so that the parameter moves along the gradient, and a power of two, so
 * that dividing by it is exact.
 */
const RATE = -(2 ** 60);

/** The names of the parts of the batch in messages. */
const NAMES = ['x', 'y', 'options.weights'] as const;

/** @internal */
export function checkGradients(
  trainer: Trainer,
  cost: CustomCost | undefined,
  givenX: Inputs,
  givenY: Targets,
  options: CheckGradientsOptions,
): GradientCheck {
  const { arena } = trainer;
  const { spec } = arena;
  arena.checkAlive();
  checkObject('options', options, KEYS);
  const givenInputs = typedInputs('x', givenX, arena) as InputArray;
  const givenTargets = typedTargets('y', givenY, rowsOf(givenInputs, spec), arena) as TargetArray;
  const givenWeights = typedWeights('options.weights', options.weights, rowsOf(givenInputs, spec)) as
    | Float32Array
    | undefined;
  const limit = checkInteger('options.differences', orDefault(options.differences, 100), 1, Number.MAX_SAFE_INTEGER);
  const given = checkInputs('x', givenInputs, arena);
  checkTargets('y', givenTargets, given, spec);
  if (givenWeights !== undefined) checkWeights('options.weights', givenWeights, given);
  const {
    samples: rows,
    inputs: x,
    targets: y,
    weights,
  } = weighted(
    { names: NAMES, samples: given, inputs: givenInputs, targets: givenTargets, weights: givenWeights },
    spec,
  );
  trainer.call.checkIdle('checkGradients');
  trainer.reserveRows(x, rows);
  const samples = trainer.state.trainingSamples ?? rows;
  const before = unpack(arena, arena.plan.parameters);
  const { cost: coreCost, moved, batch } = step(trainer, { rows, x, y, weights, samples });
  const network = referenceOf(spec, before, batch.masks, cost);
  const problem: Problem = { spec, samples, batch, network, values: forward(network, batch.x, batch.piecesAt) };
  const gradient = moved.map((w, i) => (w - before[i]) / -RATE);
  const exactCost = meanCost(network, problem.values, batch.y, batch.weights, batch.piecesAt);
  return { ...gradientErrors(problem, gradient, limit), cost: coreCost, exactCost };
}

/**
 * Takes a training step of the core with w - w' = RATE g. It computes g in the way that a step with the network's
 * optimizer does: straight into the weights, or through the sum of gradients. Afterwards everything is restored except
 * the batch.
 */
function step(
  { arena, pass, optimizer }: Trainer,
  {
    rows,
    x,
    y,
    weights,
    samples,
  }: { rows: number; x: InputArray; y: TargetArray; weights?: Float32Array; samples: number },
): { cost: number; moved: Float64Array; batch: Batch } {
  const { core, header, plan } = arena;
  pass.keepStep();
  pass.clear();
  const parameters = arena.floats(plan.parameters, plan.parameterFloats);
  const keptParameters = parameters.slice();
  const restoreTables = arena.keepTables();
  try {
    writeWindow(arena, { names: NAMES, samples: rows, inputs: x, targets: y, weights }, 0, rows);
    const { name, clipValue, clipNorm } = optimizer as Partial<Sgd>;
    const hasMaxNorm = arena.spec.layers.some(({ maxNorm }) => maxNorm > 0);
    const isPlain = name === 'sgd' && clipValue === undefined && clipNorm === undefined && !hasMaxNorm;
    // this limit never limits anything, but a step with a limit goes through the sum of gradients
    header.setOptimizer(numbersOf(sgd({ learningRate: 1, ...(!isPlain && { clipValue: MAX_FLOAT }) })));
    header.learningRate = RATE;
    header.trainingSamples = samples;
    header.ignoreNonFinite = 0;
    header.costSum = 0;
    for (let l = 0; l < plan.layers.length; l++) arena.layerRow(l).maxNorm = 0;
    if (!core.trainRows(rows)) throw outOfRange('checkGradients', 'a cost that is not finite', 'a finite one');
    const moved = Float64Array.from(unpack(arena, plan.parameters));
    const bad = moved.findIndex((w) => !Number.isFinite(w));
    if (bad >= 0) throw outOfRange(`checkGradients: gradient ${bad}`, 'one that is not finite', 'less than 2^67');
    const cost = header.costSum / rows;
    return { cost, moved, batch: readBatch(arena, rows, weights !== undefined) };
  } finally {
    parameters.set(keptParameters);
    restoreTables();
  }
}

function readBatch(arena: Arena, rows: number, hasWeights: boolean): Batch {
  const { plan, spec } = arena;
  const read = (address: number, shape: Pick<LayerPlan, 'stride' | 'units'>) => {
    const values = new Float32Array(rows * shape.units);
    arena.readRows(values, 0, address, shape, rows);
    return Float64Array.from(values);
  };
  return {
    rows,
    x: read(plan.x, { stride: plan.xStride, units: spec.inputs }),
    y: read(plan.y, { stride: plan.yStride, units: outputsOf(spec) }),
    weights: hasWeights ? Float64Array.from(arena.floats(plan.windowWeights, rows)) : undefined,
    piecesAt: plan.layers.map((layer) => ({ z: read(layer.z, layer), a: read(layer.a, layer) })),
    masks: plan.layers.map((layer) => (layer.dropoutMask ? read(layer.dropoutMask, layer) : undefined)),
  };
}

function referenceOf(
  spec: Spec,
  parameters: Float32Array,
  masks: Batch['masks'],
  cost: CustomCost | undefined,
): ReferenceNetwork {
  const read = makeReader(Float64Array.from(parameters));
  const layers = spec.layers.map(({ units, activation, bias }, l): ReferenceLayer => {
    const fanIn = l ? spec.layers[l - 1].units : spec.inputs;
    const [weights, biases] = [read(units * fanIn), read(units)];
    const slopes = hasSlopes(activation) ? { slopes: read(units) } : {};
    return { units, activation, weights, biases, ...slopes, hasBias: bias, mask: masks[l] };
  });
  const { inputs, huberDelta } = spec;
  if (spec.cost !== 'custom') return { inputs, layers, cost: spec.cost, huberDelta };
  return { inputs, layers, cost: 'quadratic', customCost: referenceCost(cost!) };
}

/** The user's functions calculate with the arrays they get. Here these are f64. */
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
