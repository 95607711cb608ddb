import { slopeFloats } from '../core/forward-plan.js';
import { paddedFloats, weightFloats } from '../core/layout.js';
import type { Plan } from '../core/memory-plan.js';
import { showActivation } from '../spec/activations.js';
import { type LayerSpec, parametersOf, type Spec } from '../spec/spec.js';

// A network in words: one line for console.log, and a table.

/** Node, Deno and Bun call the method of this name to print an object. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** The most widths that the line shows. */
const MAX_WIDTHS = 8;

/** A number such as 23,860, in the same form on every machine. */
const grouped = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

const kibibytes = (bytes: number) => `${grouped(Math.ceil(bytes / 1024))} KiB`;

/** The different names, in order. */
const namesOf = (layers: readonly LayerSpec[]) =>
  [...new Set(layers.flatMap(({ activation }) => activation).map(showActivation))].join('/');

/** `Network 784-30-10 sigmoid, 23,860 parameters, adam, step 1,200`. `steps`: undefined if they cannot be read. */
export function describe(spec: Spec, parameters: number, optimizer: string, steps: number | undefined): string {
  const widths: (number | string)[] = [spec.inputs, ...spec.layers.map(({ units }) => units)];
  if (widths.length > MAX_WIDTHS) widths.splice(MAX_WIDTHS - 2, widths.length - MAX_WIDTHS + 1, '...');
  const state = steps === undefined ? 'not in use' : `step ${grouped(steps)}`;
  return `Network ${widths.join('-')} ${namesOf(spec.layers)}, ${grouped(parameters)} parameter${parameters === 1 ? '' : 's'}, ${optimizer}, ${state}`;
}

/** A row for each layer, and the memory of the network. */
export function tableOf(spec: Spec, plan: Plan): string {
  const { capacity, slots, bytes } = plan;
  const rows = plan.layers.map(({ fanIn, units, stride, z, a, slopeDelta }, l) => [
    `layers[${l}]`,
    `${fanIn} -> ${units}`,
    namesOf([spec.layers[l]]),
    grouped(parametersOf(spec.layers[l], fanIn)),
    // parameters, gradients and slots; z, a, delta and slopeDelta of each row
    kibibytes(
      4 * (2 + slots) * (weightFloats(fanIn, units) + paddedFloats(units) + slopeFloats(spec.layers[l])) +
        ((z === a ? 2 : 3) + Number(slopeDelta > 0)) * capacity * stride,
    ),
  ]);
  const table = [['layer', 'shape', 'activation', 'parameters', 'memory'], ...rows];
  const lengths = table[0].map((_, c) => Math.max(...table.map((row) => row[c].length)));
  const lines = table.map((row) => row.map((cell, c) => (c < 3 ? cell.padEnd(lengths[c]) : cell.padStart(lengths[c]))));
  const total = `cost ${spec.cost}, batches of up to ${grouped(capacity)} rows, ${kibibytes(bytes)} of memory in all`;
  return [...lines.map((line) => line.join('  ')), total].join('\n');
}
