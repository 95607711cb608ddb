import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { Arena } from '../src/core/arena.js';
import { writeWindowInputs } from '../src/data/data-set.js';
import { SEEDED } from '../src/spec/codes.js';
import { checkSpec } from '../src/spec/spec.js';
import { startTeam } from '../src/threads/team.js';
import { flagOf } from '../src/threads/wide.js';
import { startMultiplyAdd } from './roofs.js';

// simdprop as a contestant of products.ts: node --import tsx product-server.ts [wide] [fused]. It answers
// `forward|error|gradient ROWSxFANINxUNITS CALLS` with `MILLISECONDS VALUE`, where VALUE is one element of the result.
//
// A call computes one of the three products in a network that does little else: a single layer or, for errors, that
// layer on top of another with one input. The product is called as training calls it, so its time includes the linear
// activation and the copies and the transposition that a training needs too.
//
// The order `roof` is answered with the time of a loop that only multiplies and adds, in the same engine and in
// registers of the same size. VALUE is then the number of its operations.

const modes = process.argv.slice(2);
const wide = modes.includes('wide');
const isFused = modes.includes('fused');

async function prepare(form: string, [rows, fanIn, units]: readonly number[]) {
  const layer = { activation: 'linear', initializer: 'lecunNormal' } as const;
  const inputs = form === 'error' ? 1 : fanIn;
  const layers = [{ ...layer, units }];
  if (form === 'error') layers.unshift({ ...layer, units: fanIn });
  const spec = checkSpec({ inputs, layers, cost: 'quadratic', bias: false });
  const { plan, engine, wideReason } = await startTeam(spec, rows, isFused ? 'relaxed' : 'simd', { wide }, undefined);
  if (wideReason) throw new Error(wideReason);
  const arena = new Arena(spec, plan, engine);
  const { core } = arena;
  // no number is 0, because the first layer leaves zeros out
  const x = Float32Array.from({ length: rows * inputs }, (_, i) => 0.5 + (i % 97) / 97);
  core.forwardWindow(rows, writeWindowInputs('x', arena, x, 0, rows));
  arena.floats(plan.parameters, plan.weightFloats).fill(0.01);
  core.forward(rows);
  core.backward(rows);
  // delta of the output is computed from the cost here and then kept, because this is not part of the product
  arena.header.cost = SEEDED;
  const [first] = plan.layers;
  if (form === 'forward') return { call: () => core.forward(rows), value: () => arena.floats(first.a, 1)[0] };
  if (form === 'error') return { call: () => core.backward(rows), value: () => arena.floats(first.delta, 1)[0] };
  return {
    call: () => core.meanGradients(rows, rows, true),
    value: () => arena.floats(first.weightGradients, 1)[0],
  };
}

try {
  await prepare('forward', [1, 1, 1]);
  console.log(`ready Node ${process.versions.node}`);
} catch (error) {
  console.log(`unavailable ${(error as Error).message}`);
  process.exit();
}
if (wide) setFlagsFromString(`--${flagOf(process.versions.v8)}`);
const roof = await startMultiplyAdd({ isWide: wide, isFused });
for await (const line of createInterface({ input: process.stdin })) {
  const [form, shape, calls] = line.split(' ');
  if (form === 'roof') {
    const started = performance.now();
    roof.run();
    console.log(`${performance.now() - started} ${roof.amount}`);
    continue;
  }
  const { call, value } = await prepare(form, shape.split('x').map(Number));
  // the first call is not timed, because it is the first to touch the memory that the product uses
  call();
  const started = performance.now();
  for (let i = Number(calls); i > 0; --i) call();
  console.log(`${performance.now() - started} ${value()}`);
}
