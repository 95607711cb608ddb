import fc from 'fast-check';
import * as abi from '../assembly/abi.js';
import type { ActivationName, LayerOptions } from '../src/index.js';
import { checkSpec, type Spec } from '../src/spec/spec.js';
import { SEED } from './random-numbers.js';

// Networks of all shapes, for tests of the layout of the memory.

export const runs = { seed: SEED, numRuns: 300 };

/** Widths near multiples of 4 and 16 occur often, because the padding changes there. */
const width = (largest: number) =>
  fc.oneof(
    fc.integer({ min: 1, max: 33 }).filter((units) => units <= largest),
    fc.integer({ min: 1, max: largest }),
  );

export const specs = (largest: number) =>
  fc
    .record({
      inputs: width(largest),
      hidden: fc.array(
        fc.record({ units: width(largest), activation: fc.constantFrom<ActivationName>('sigmoid', 'tanh', 'relu') }),
        { maxLength: 4 },
      ),
      output: fc.record({ units: width(largest), activation: fc.constantFrom<ActivationName>('linear', 'softmax') }),
      l2: fc.double({ min: 0, max: 100, noNaN: true }),
      seed: fc.maxSafeNat(),
    })
    .map(({ hidden, output, ...rest }): Spec => {
      // softmax needs at least two outputs
      const units = output.activation === 'softmax' ? Math.max(2, output.units) : output.units;
      return checkSpec({ ...rest, layers: [...hidden, { ...output, units }] as LayerOptions[] });
    });

export const capacities = fc.integer({ min: 1, max: 300 });

export const sets = fc.record({
  samples: fc.integer({ min: 0, max: 1000 }),
  inputBytes: fc.integer({ min: 0, max: 1_000_000 }),
  targetBytes: fc.integer({ min: 0, max: 100_000 }),
  weightBytes: fc.integer({ min: 0, max: 4_000 }),
});

/** Words of the plan that have another name in abi.ts. */
const OTHER_NAMES: Readonly<Record<string, string>> = { teamWords: 'TEAM', isWide: 'WIDE', windowInputs: 'WINDOW' };

/** The offset of a word of the plan in abi.ts. For example, rowCosts has the offset ROW_COSTS. */
export function offsetOf(name: string): number {
  const constant = OTHER_NAMES[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  const offset = (abi as unknown as Record<string, unknown>)[constant];
  if (typeof offset !== 'number') throw new Error(`abi.ts: got no ${constant}, want an offset for ${name}`);
  return offset;
}
