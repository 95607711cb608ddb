import { createInterface } from 'node:readline';
import { Arena } from '../src/core/arena.js';
import { forwardInputs } from '../src/data/data-set.js';
import { SEEDED } from '../src/spec/codes.js';
import { checkSpec } from '../src/spec/spec.js';
import { startTeam } from '../src/threads/team.js';

// simdprop as a contestant of products.ts: node --import tsx product-server.ts [wide]. Answers `forward|error|gradient ROWSxFANINxUNITS
// CALLS` with `MILLISECONDS VALUE`, the value an element of what was computed.
//
// One call is the form on a network that does little else: a single layer, or for errors a layer on top of one of one input. The layers
// are whole ones, called as a training calls them: with the linear activation, the copies and the transposition that a training has too.

const wide = process.argv[2] === 'wide';

async function prepare(form: string, [rows, fanIn, units]: readonly number[]) {
  const layer = { activation: 'linear', initializer: 'lecunNormal' } as const;
  const inputs = form === 'error' ? 1 : fanIn;
  const layers = [{ ...layer, units }];
  if (form === 'error') layers.unshift({ ...layer, units: fanIn });
  const spec = checkSpec({ inputs, layers, cost: 'quadratic', bias: false });
  const { plan, engine, wideReason } = await startTeam(spec, rows, 'simd', { wide }, undefined);
  if (wideReason) throw new Error(wideReason);
  const arena = new Arena(spec, plan, engine);
  const { core } = arena;
  // numbers without zeros, which would be left out of the first layer
  const x = Float32Array.from({ length: rows * inputs }, (_, i) => 0.5 + (i % 97) / 97);
  forwardInputs(arena, x, 0, rows);
  arena.floats(plan.parameters, plan.weightFloats).fill(0.01);
  core.forward(rows);
  core.backward(rows);
  // from here on the output's delta is what it is: how it comes from the cost is no product
  arena.header.cost = SEEDED;
  const [first] = plan.layers;
  if (form === 'forward') return { call: () => core.forward(rows), value: () => arena.floats(first.a, 1)[0] };
  if (form === 'error') return { call: () => core.backward(rows), value: () => arena.floats(first.delta, 1)[0] };
  return {
    call: () => core.meanGradients(rows, true),
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
for await (const line of createInterface({ input: process.stdin })) {
  const [form, shape, calls] = line.split(' ');
  const { call, value } = await prepare(form, shape.split('x').map(Number));
  // the first call is the first to touch what the product works in
  call();
  const started = performance.now();
  for (let i = Number(calls); i > 0; --i) call();
  console.log(`${performance.now() - started} ${value()}`);
}
