import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import { rowStride } from '../src/core/layout.js';
import { MAX_RATES, makePlan } from '../src/core/memory-plan.js';
import type { ActivationName } from '../src/index.js';
import { checkSpec } from '../src/spec/spec.js';
import { capacities, offsetOf, runs, sets, specs } from './plans.js';

// The regions of a plan: their names, places and sizes.

/**
 * Regions whose address is in no word of the header: the other threads' regions follow those of the first thread, and
 * only src/ uses the others.
 */
const WORDLESS = ['fallback', 'otherThreads', 'rateTable'];
const WORDLESS_DATA = ['windowTargets', 'windowWeights', 'setInputs', 'setTargets', 'setWeights', 'order'];

it('gives every region the name of the word in abi.ts that holds its address', () => {
  fc.assert(
    fc.property(specs(3000), capacities, sets, (spec, capacity, set) => {
      const plan = makePlan(spec, capacity, set);
      for (const { name, start, bytes } of plan.regions.filter(({ bytes }) => bytes > 0)) {
        if (![...WORDLESS, ...WORDLESS_DATA].includes(name)) expect(offsetOf(name)).toBeGreaterThanOrEqual(0);
        if (name === 'otherThreads') continue;
        const holders = [plan, ...plan.layers] as unknown as Record<string, unknown>[];
        expect(
          holders.some((holder) => holder[name] === start),
          `${name} at ${start}, ${bytes} bytes`,
        ).toBe(true);
      }
    }),
    runs,
  );
});

it('places regions on cache lines of their own, after the layer table and within the memory', () => {
  fc.assert(
    fc.property(specs(3000), capacities, sets, (spec, capacity, set) => {
      const plan = makePlan(spec, capacity, set);
      let end = abi.LAYERS + spec.layers.length * abi.LAYER_BYTES;
      for (const { start, bytes } of [...plan.regions].sort((p, q) => p.start - q.start || p.bytes - q.bytes)) {
        expect(start % abi.LINE_BYTES).toBe(0);
        expect(start).toBeGreaterThanOrEqual(end);
        end = start + bytes;
      }
      expect(end).toBeLessThanOrEqual(plan.bytes);
    }),
    runs,
  );
});

const F32 = 4;
const F64 = 8;
const U32 = 4;
const U16 = 2;

/** Plans with dropout in some layers, a function for each unit in some, slots of optimizers, and threads. */
const plans = fc
  .record({
    spec: specs(3000),
    dropout: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    mixed: fc.array(fc.constantFrom<ActivationName[]>([], [], ['tanh'], ['relu', 'linear', 'gelu']), {
      minLength: 5,
      maxLength: 5,
    }),
    capacity: capacities,
    set: sets,
    slots: fc.integer({ min: 0, max: 2 }),
    threads: fc.integer({ min: 1, max: abi.MAX_THREADS }),
  })
  .map(({ spec, dropout, mixed, ...rest }) => {
    const layers = spec.layers.map((layer, l) => {
      const isOutput = l === spec.layers.length - 1;
      const functions = isOutput ? [] : mixed[l];
      return {
        ...layer,
        dropout: dropout[l] && !isOutput ? 0.5 : 0,
        activation: functions.length
          ? Array.from({ length: layer.units }, (_, j) => functions[j % functions.length])
          : layer.activation,
      };
    });
    return { spec: { ...spec, layers }, ...rest };
  });
type Given = typeof plans extends fc.Arbitrary<infer T> ? T : never;

const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;
/** The units of a row or a panel, rounded up to whole panels. */
const padded = (units: number) => roundUp(units, abi.PANEL_UNITS);
/** The bytes of the records for this many columns. A record describes several neighbouring columns. */
const records = (columns: number, bytes: number) => Math.ceil(columns / abi.RECORD_COLUMNS) * bytes;

/** The bytes of each region, by name; in the order of the layers if each layer has one. */
function sizesOf({ spec, capacity, set, slots, threads }: Given): Record<string, number[]> {
  const { inputs, layers } = spec;
  const outputs = layers[layers.length - 1].units;
  const classes = outputs <= 256 ? Math.max(outputs, abi.LEAST_CLASSES) : 0;
  const isListed = inputs >= abi.LISTED_INPUTS;
  const ifListed = (bytes: number) => (isListed ? bytes : 0);
  const ofListed = (bytes: number) => (isListed ? [bytes] : []);
  // entries are written in groups of LISTED_AT_ONCE, so one group may be written beyond the last entry
  const list = ifListed((roundUp(inputs, abi.LISTED_AT_ONCE) + abi.LISTED_AT_ONCE) * U16);
  const mask = ifListed(roundUp(inputs, abi.MASK_WORD_INPUTS) / 8);
  const parameters = layers.reduce(
    (sum, { units }, l) => sum + padded(units) * ((l ? layers[l - 1].units : inputs) + 1) * F32,
    0,
  );
  // each thread of a round has rows of the batch and, for each of its chunks, the sums of all gradients
  const ownChunks = threads > 1 && capacity >= 256 ? Math.min(8, Math.floor(2 ** 18 / parameters)) : 0;
  const batchRows = ownChunks ? Math.max(capacity, threads * 256) : capacity;
  const rows = layers.map(({ units }) => batchRows * rowStride(units));
  const isMixed = layers.map(({ activation }) => typeof activation !== 'string');
  const widest = padded(Math.max(...layers.map(({ units }) => units)));
  const widestMixed = Math.max(0, ...layers.filter((_, l) => isMixed[l]).map(({ units }) => rowStride(units)));
  const own = {
    randomBlock: abi.RANDOM_BLOCK_BYTES,
    effective: abi.BLOCK_FLOATS * F32,
    union: list,
    sums: ifListed(inputs * abi.PANEL_ROW_BYTES),
    packed: Math.max(
      // delta in panels, and a transposed block of inputs
      capacity * widest * F32 + abi.BLOCK_INPUTS * abi.transposedStride(capacity),
      // a transposed panel of W, for errors or for weights that are read or set
      Math.max(widest, inputs) * abi.PANEL_ROW_BYTES,
    ),
    // z, a and delta
    scratch: 3 * abi.MIXED_ROWS * widestMixed,
  };
  const threadBytes = Object.values(own).reduce((sum, bytes) => sum + roundUp(bytes, abi.LINE_BYTES), 0);
  return {
    zeros: [abi.PANEL_ROW_BYTES],
    positions: ofListed(abi.POSITIONS_BYTES),
    teamWords: [threads > 1 ? abi.TEAM_BYTES : 0],
    confusion: classes ? [classes ** 2 * U32] : [],
    errorSums: [records(outputs, abi.ERROR_BYTES)],
    parameters: [parameters],
    gradients: [parameters],
    rateTable: [MAX_RATES * F64],
    runs: layers.map(({ units, activation }, l) =>
      isMixed[l] ? new Set(activation as readonly string[]).size * abi.RUN_OFFSETS + units * U32 : 0,
    ),
    state: [slots * parameters],
    fallback: [(1 + slots) * parameters],
    roundSums: [threads * ownChunks * parameters],
    roundCosts: [threads * ownChunks * F64],
    x: [batchRows * rowStride(inputs)],
    lists: ofListed(batchRows * list),
    listCounts: [ifListed(batchRows * U32)],
    masks: [batchRows * mask],
    y: [batchRows * rowStride(outputs)],
    rowWeights: [batchRows * F32],
    rowCosts: [batchRows * F64],
    z: rows,
    // z and a of a linear layer are the same region
    a: rows.filter((_, l) => layers[l].activation !== 'linear'),
    delta: rows,
    dropped: rows.filter((_, l) => layers[l].dropout),
    dropoutMask: rows.filter((_, l) => layers[l].dropout),
    ...Object.fromEntries(Object.entries(own).map(([name, bytes]) => [name, [bytes]])),
    otherThreads: [(threads - 1) * threadBytes],
    windowInputs: [capacity * inputs * F32 + abi.SLACK_BYTES],
    windowTargets: [capacity * outputs * F32 + abi.SLACK_BYTES],
    windowWeights: [capacity * F32],
    setInputs: [set.inputBytes + abi.SLACK_BYTES],
    setTargets: [set.targetBytes + abi.SLACK_BYTES],
    setWeights: [set.weightBytes],
    order: [set.samples * U32],
  };
}

it('gives every region the bytes that the core uses, by the sizes in abi.ts', () => {
  const taken = new Set<string>();
  fc.assert(
    fc.property(plans, (given) => {
      const { spec, capacity, set, slots, threads } = given;
      const plan = makePlan(spec, capacity, set, slots, { threads, isWide: false, threadWork: 1 });
      const sizes = sizesOf(given);
      const got: Record<string, number[]> = Object.fromEntries(Object.keys(sizes).map((name) => [name, []]));
      for (const { name, bytes } of plan.regions) {
        expect(sizes, `a region without a size`).toHaveProperty(name);
        got[name].push(bytes);
        if (bytes) taken.add(name);
      }
      expect(got).toEqual(sizes);
      for (const [l, { z, a }] of plan.layers.entries()) expect(z === a).toBe(spec.layers[l].activation === 'linear');
    }),
    runs,
  );
  // each region occurred in at least one of these networks
  expect([...taken].sort()).toEqual(Object.keys(sizesOf(fc.sample(plans, 1)[0])).sort());
});

it('has room after the last float for the vectors that are read there', () => {
  // a vector may be read from the last item on; of inputs that are floats, two vectors at a time
  const VECTOR_BYTES = 16;
  expect(abi.SLACK_BYTES).toBeGreaterThanOrEqual(2 * VECTOR_BYTES - F32);
  expect(abi.POSITIONS_BYTES).toBe(256 * abi.POSITIONS_ENTRY_BYTES);
  expect(abi.PANEL_ROW_BYTES).toBe(abi.PANEL_UNITS * F32);
  // masks are read by whole words
  expect(abi.MASK_WORD_INPUTS % 8).toBe(0);
  expect(abi.TEAM_COMMAND + 3 * U32).toBeLessThanOrEqual(abi.TEAM_BYTES);
});

it('has a confusion matrix for all classes: two for one output, and none for more than 256 outputs', () => {
  const planOf = (units: number) => makePlan(checkSpec({ inputs: 3, layers: [{ units }] }), 1);
  for (const [outputs, classes] of [
    [1, 2],
    [2, 2],
    [10, 10],
    [256, 256],
  ]) {
    const plan = planOf(outputs);
    expect(plan.classes).toBe(classes);
    expect(plan.regions.find(({ start, bytes }) => start === plan.confusion && bytes)?.bytes).toBe(4 * classes ** 2);
  }
  expect(planOf(257)).toMatchObject({ classes: 0, confusion: 0 });
});
