import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { makePlan } from '../src/core/memory-plan.js';
import { adam, sgd } from '../src/index.js';
import { checkSpec } from '../src/spec/spec.js';
import { createNetwork, isThreaded } from './build.js';

describe('console.log of a network', () => {
  it('is one line, also inside other objects', async () => {
    const net = await createNetwork({ inputs: 784, layers: [{ units: 30 }, { units: 10 }] });
    const line = 'Network 784-30-10 sigmoid, 23,860 parameters, sgd, step 0';
    expect(inspect(net)).toBe(line);
    expect(inspect([net])).toBe(`[ ${line} ]`);
    expect(inspect({ net }, { depth: 0 })).toBe(`{ net: ${line} }`);
    expect(`${net}`).toBe(line);
    expect(JSON.stringify({ net })).toBe(JSON.stringify({ net: line }));
    expect(inspect(net.layers)).toBe('[ Layer 784 -> 30 sigmoid, Layer 30 -> 10 sigmoid ]');
  });

  it('names the optimizer and the step', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
    net.optimizer = adam();
    for (let i = 0; i < 1200; i++) net.trainBatch(Float32Array.of(1), Float32Array.of(2));
    expect(`${net}`).toBe('Network 1-1 linear, 2 parameters, adam, step 1,200');
  });

  it('has each activation once, and the middle of many layers as "..."', async () => {
    const hidden = (activation: 'tanh' | 'relu') => ({ units: 3, activation });
    const layers = [hidden('tanh'), hidden('relu'), hidden('tanh'), { units: 2, activation: 'softmax' as const }];
    expect(`${await createNetwork({ inputs: 4, layers })}`).toMatch(
      /^Network 4-3-3-3-2 tanh\/relu\/softmax, 47 parameters/,
    );
    const mixed = [{ units: 2, activation: ['relu', 'linear'] as const }];
    expect(`${await createNetwork({ inputs: 4, layers: mixed })}`).toMatch(/^Network 4-2 relu\/linear, 10 /);
    const eight = Array.from({ length: 7 }, (_, l) => ({ units: l + 1 }));
    expect(`${await createNetwork({ inputs: 9, layers: eight })}`).toMatch(/^Network 9-1-2-3-4-5-6-7 sigmoid, /);
    const thousand = Array.from({ length: 1000 }, (_, l) => ({ units: 1 + (l % 9) }));
    expect(`${await createNetwork({ inputs: 9, layers: thousand })}`).toMatch(
      /^Network 9-1-2-3-4-5-\.\.\.-1 sigmoid, /,
    );
  });

  it('says so where the network is not in use: disposed of, or in its own cost', async () => {
    const lines: string[] = [];
    const cost = {
      value: () => {
        lines.push(`${net}`);
        return 0;
      },
      gradient: () => {},
    };
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1 }], cost });
    await net.evaluate({ inputs: Float32Array.of(1), targets: Float32Array.of(1) });
    net.dispose();
    lines.push(inspect(net));
    const line = 'Network 1-1 sigmoid, 2 parameters, sgd, not in use';
    expect(new Set(lines)).toEqual(new Set([line]));
    expect(lines.length).toBeGreaterThan(1);
  });
});

it('summary is a table of the layers, with the memory that they take', async () => {
  const layers = [
    { units: 30, activation: 'tanh' as const },
    { units: 10, activation: 'linear' as const },
  ];
  const net = await createNetwork({ inputs: 784, layers, batchSize: 100 });
  const [line, head, first, second, total, ...more] = net.summary().split('\n');
  expect(line).toBe(`${net}`);
  expect(head).toBe('layer      shape      activation  parameters   memory');
  // floats: (784 + 1) * 32 of weights and biases, twice; 100 rows of z, a and delta, each of 32
  expect(first).toBe(
    `layers[0]  784 -> 30  tanh            23,550  ${Math.ceil((4 * (2 * 785 * 32 + 300 * 32)) / 1024)} KiB`,
  );
  // of a linear layer, z is a
  expect(second).toBe(
    `layers[1]  30 -> 10   linear             310   ${Math.ceil((4 * (2 * 31 * 16 + 200 * 16)) / 1024)} KiB`,
  );
  const team = isThreaded ? { threads: net.threads, isWide: false, threadWork: 1 } : undefined;
  const { bytes } = makePlan(checkSpec({ inputs: 784, layers }), 100, undefined, 0, team);
  expect(total).toBe(
    `cost quadratic, batches of up to 100 rows, ${Math.ceil(bytes / 1024).toLocaleString('en')} KiB of memory in all`,
  );
  expect(more).toEqual([]);
  net.optimizer = adam();
  await net.fit({ inputs: new Float32Array(784), targets: new Float32Array(10) }, { epochs: 1 });
  expect(net.summary()).toContain(`${Math.ceil((4 * (4 * 785 * 32 + 300 * 32)) / 1024)} KiB`);
  net.optimizer = sgd({ learningRate: 1 });
  net.dispose();
  expect(() => net.summary()).toThrow('Network: got a call after dispose(), want a network in use');
});
