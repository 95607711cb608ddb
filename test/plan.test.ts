import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as abi from '../assembly/abi.js';
import { PLANNED_WORDS } from '../src/core/header.js';
import { paddedFloats, rowStride, weightFloats } from '../src/core/layout.js';
import { MAX_BYTES, makePlan, type Plan, writeTables } from '../src/core/memory-plan.js';
import type { ActivationName, LayerOptions } from '../src/index.js';
import { sgd } from '../src/index.js';
import { ACTIVATIONS } from '../src/spec/activations.js';
import { COSTS, checkSpec } from '../src/spec/spec.js';
import { createNetwork, startKernels } from './build.js';
import { capacities, offsetOf, runs, sets, specs } from './plans.js';

/** The regions that must not move when a network grows: all that depend only on the spec. */
function fixedPart({ regions, state }: Plan) {
  return regions.filter(({ start }) => start < state);
}

it('makes rows of whole cache lines that hold the padded units; long rows have an odd number of lines', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_536 }), (units) => {
      const lines = rowStride(units) / abi.LINE_BYTES;
      expect(Number.isInteger(lines)).toBe(true);
      expect(rowStride(units)).toBeGreaterThanOrEqual(4 * paddedFloats(units));
      // padding adds at most one cache line
      expect(rowStride(units)).toBeLessThanOrEqual(4 * paddedFloats(units) + abi.LINE_BYTES);
      if (lines >= 8) expect(lines % 2).toBe(1);
    }),
    runs,
  );
});

it('links the layers: each reads the output of the one before it, and the first one reads the batch', () => {
  fc.assert(
    fc.property(specs(3000), capacities, (spec, capacity) => {
      const plan = makePlan(spec, capacity);
      plan.layers.forEach((layer, l) => {
        const before = plan.layers[l - 1] ?? { units: spec.inputs, a: plan.x, stride: plan.xStride };
        expect(layer).toMatchObject({ fanIn: before.units, input: before.a, inputStride: before.stride });
        expect(layer).toMatchObject({ units: spec.layers[l].units, stride: rowStride(layer.units) });
      });
      expect(plan.xStride).toBe(rowStride(spec.inputs));
      expect(plan.yStride).toBe(rowStride(plan.layers[plan.layers.length - 1].units));
    }),
    runs,
  );
});

it('places all weights, then all biases, without gaps, and the gradients in the same way', () => {
  fc.assert(
    fc.property(specs(3000), (spec) => {
      const plan = makePlan(spec, 1);
      let address = plan.parameters;
      for (const { weights, fanIn, units } of plan.layers) {
        expect(weights).toBe(address);
        address += 4 * weightFloats(fanIn, units);
      }
      expect(address - plan.parameters).toBe(4 * plan.weightFloats);
      for (const { biases, units } of plan.layers) {
        expect(biases).toBe(address);
        address += 4 * paddedFloats(units);
      }
      expect(address - plan.parameters).toBe(4 * plan.parameterFloats);
      for (const { weights, biases, weightGradients, biasGradients } of plan.layers) {
        expect(weightGradients - plan.gradients).toBe(weights - plan.parameters);
        expect(biasGradients - plan.gradients).toBe(biases - plan.parameters);
      }
    }),
    runs,
  );
});

it('moves nothing of the network itself when the batch or the data set grows', () => {
  fc.assert(
    fc.property(specs(3000), capacities, capacities, sets, (spec, capacity, more, set) => {
      const small = fixedPart(makePlan(spec, capacity));
      const large = makePlan(spec, capacity + more, set);
      const { positions, confusion, errorSums, parameters, gradients, rateTable } = large;
      const fixed = [large.zeros, positions, confusion, errorSums, parameters, gradients, rateTable];
      for (const address of fixed) {
        expect(address).toBeLessThan(large.state);
      }
      expect(fixedPart(large)).toEqual(small);
      expect(large.bytes).toBeGreaterThanOrEqual(makePlan(spec, capacity).bytes);
    }),
    runs,
  );
});

it('writes a header and a layer table with the numbers of the plan, the table of positions, and nothing else', () => {
  const smallSets = fc.record({
    samples: fc.integer({ min: 0, max: 20 }),
    inputBytes: fc.integer({ min: 0, max: 500 }),
    targetBytes: fc.integer({ min: 0, max: 100 }),
    weightBytes: fc.integer({ min: 0, max: 100 }),
  });
  fc.assert(
    fc.property(specs(100), fc.integer({ min: 1, max: 4 }), smallSets, (spec, capacity, set) => {
      const plan = makePlan(spec, capacity, set);
      const bytes = new Uint8Array(Math.ceil(plan.bytes / 4) * 4).fill(0xa5);
      writeTables(bytes.buffer, spec, plan);
      const view = new DataView(bytes.buffer);
      const header = (offset: number) => view.getUint32(abi.HEADER + offset, true);

      for (const name of PLANNED_WORDS) expect(header(offsetOf(name)), name).toBe(plan[name]);
      expect(header(abi.LAYER_COUNT)).toBe(spec.layers.length);
      expect(header(abi.COST)).toBe(COSTS[spec.cost]);
      expect(header(abi.INPUTS)).toBe(spec.inputs);
      expect(header(abi.OUTPUTS)).toBe(spec.layers[spec.layers.length - 1].units);
      expect(header(abi.SEED_HIGH) * 2 ** 32 + header(abi.SEED_LOW)).toBe(spec.seed);
      expect(header(abi.PENALIZE_BIASES)).toBe(0);
      expect(header(abi.TEAM_THREADS)).toBe(1);
      expect(header(abi.WIDE)).toBe(0);
      expect(header(abi.THREAD_WORK)).toBe(plan.team.threadWork);
      expect(header(abi.THREADS)).toBe(1);
      expect(view.getFloat32(abi.HEADER + abi.SCALE, true)).toBe(Math.fround(spec.scale ?? 1));
      expect(view.getFloat64(abi.HEADER + abi.L2, true)).toBe(spec.l2);

      plan.layers.forEach((layer, l) => {
        const row = (offset: number) => view.getUint32(abi.LAYERS + l * abi.LAYER_BYTES + offset, true);
        for (const [name, value] of Object.entries(layer)) expect(row(offsetOf(name)), name).toBe(value);
        expect(layer.activation).toBe(ACTIVATIONS[spec.layers[l].activation as ActivationName]);
        expect(layer.hasBias).toBe(1);
      });

      if (plan.positions) {
        for (let byte = 0; byte < 256; byte++) {
          const places = Array.from({ length: abi.POSITIONS_ENTRY_BYTES }, (_, bit) => bit).filter(
            (bit) => (byte >> bit) & 1,
          );
          const at = plan.positions + abi.POSITIONS_ENTRY_BYTES * byte;
          expect([...bytes.subarray(at, at + places.length)]).toEqual(places);
        }
      }
      const untouched = [
        { start: 0, bytes: abi.HEADER },
        ...plan.regions.filter(({ start }) => start !== plan.positions),
      ];
      for (const { start, bytes: length } of untouched) {
        const changed = bytes.subarray(start, start + length).findIndex((byte) => byte !== 0xa5);
        expect(changed, `region at ${start}`).toBe(-1);
      }
    }),
    { ...runs, numRuns: 100 },
  );
});

it('keeps the constants of the core below the header, and the header below the layer table', async () => {
  const { core } = await startKernels(2 ** 17);
  expect(core.constantsEnd()).toBeLessThanOrEqual(abi.HEADER);
  expect(abi.HEADER + abi.SCORED + 4).toBeLessThanOrEqual(abi.LAYERS);
  expect(abi.MAX_NORM + 8).toBeLessThanOrEqual(abi.LAYER_BYTES);
});

it('refuses to create a network of more than 4 GiB, and says how large it would be', async () => {
  const wide: LayerOptions = { units: 65_536 };
  for (const options of [
    { inputs: 65_536, layers: [wide] },
    { inputs: 1, layers: Array<LayerOptions>(1024).fill(wide) },
    { inputs: 1, layers: [{ units: 1 }], batchSize: 2 ** 31 - 1 },
    { inputs: 784, layers: [{ units: 10 }], batchSize: 1_000_000 },
  ]) {
    const refused = createNetwork(options);
    await expect(refused).rejects.toThrow(RangeError);
    await expect(refused).rejects.toThrow(/^memory: got a network and data of \d+\.\d GiB, want at most 4 GiB in all$/);
  }
});

it('keeps all addresses of the largest plan that it accepts below 4 GiB', () => {
  const spec = checkSpec({ inputs: 1, layers: [{ units: 1 }] });
  let [fits, tooLarge] = [1, 2 ** 31 - 1];
  while (tooLarge - fits > 1) {
    const middle = Math.floor((fits + tooLarge) / 2);
    if (makePlan(spec, middle).bytes <= MAX_BYTES) fits = middle;
    else tooLarge = middle;
  }
  const plan = makePlan(spec, fits);
  const last = plan.regions[plan.regions.length - 1];
  // every address in the tables fits into a u32, with room for a vector after it
  expect(last.start + last.bytes + abi.LINE_BYTES).toBeLessThan(2 ** 32);
  expect(makePlan(spec, tooLarge).bytes).toBeGreaterThan(MAX_BYTES);
});

it('refuses a batch that would need more than 4 GiB, and does not change', async () => {
  const net = await createNetwork({
    inputs: 1,
    layers: [{ units: 65_536, activation: 'tanh' }, { units: 1 }],
    batchSize: 1,
  });
  const samples = 10_000;
  const inputs = new Float32Array(samples).fill(0.5);
  const targets = new Float32Array(samples).fill(1);
  const before = { file: await net.save(), prediction: net.predict(inputs.subarray(0, 3)) };
  net.forward(inputs.subarray(0, 1));

  const refusals = [async () => net.trainBatch(inputs, targets), async () => net.forward(inputs)];
  for (const call of refusals) {
    const refused = call();
    await expect(refused).rejects.toThrow(RangeError);
    await expect(refused).rejects.toThrow(/^memory: got a network and data of \d+\.\d GiB, want at most 4 GiB in all$/);
  }

  // the forward pass from before is still there
  expect(net.layers[1].getZ()).toHaveLength(1);
  expect(net.backward(targets.subarray(0, 1))).toBeGreaterThan(0);
  expect(await net.save()).toEqual(before.file);
  expect(net.predict(inputs.subarray(0, 3))).toEqual(before.prediction);
});

it('refuses a fit whose chunks of 256 rows would need more than 4 GiB, and does not change', async () => {
  // 24 wide layers of 256 rows of z, a and delta: 4.5 GiB
  const pair: LayerOptions[] = [{ units: 65_536, initializer: 'zeros' }, { units: 1 }];
  const net = await createNetwork({ inputs: 1, layers: Array<LayerOptions[]>(24).fill(pair).flat(), batchSize: 1 });
  const inputs = new Float32Array(256).fill(0.5);
  const data = { inputs, targets: new Float32Array(256) };
  const before = net.layers[47].getWeights();
  const refused = net.fit(data, { epochs: 1, batchSize: 10_000, optimizer: sgd({ learningRate: 7 }) });
  await expect(refused).rejects.toThrow(/^memory: got a network and data of \d+\.\d GiB, want at most 4 GiB in all$/);
  expect(net.optimizer.learningRate).toBe(0.1);
  expect(net.trainingSamples).toBeUndefined();
  expect(net.layers[47].getWeights()).toEqual(before);
});
