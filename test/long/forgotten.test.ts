import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { outputOf } from '../process-output.js';

it('a network with threads ends its threads when it is forgotten: at most 5 of 200 are left', {
  timeout: 600_000,
}, async () => {
  // in a process of its own, because the test runner keeps objects alive
  const index = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
  const program = `
    import { Worker } from 'node:worker_threads';
    const { Network } = await import(${JSON.stringify(index)});
    const { code } = await import(${JSON.stringify(fileURLToPath(new URL('../../src/generated/worker.ts', import.meta.url)))});
    let alive = 0;
    const createWorker = () => {
      alive++;
      return new Worker(code, { eval: true, execArgv: [] }).on('exit', () => alive--);
    };
    const inputs = new Float32Array(8);
    const use = async () => {
      const net = await Network.create({ inputs: 2, layers: [{ units: 1 }], threads: 2, createWorker });
      net.trainBatch(inputs, new Float32Array(4));
    };
    for (let i = 0; i < 200; i++) {
      await use();
      if (i % 20 === 0) gc();
    }
    for (let i = 0; i < 100 && alive > 5; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    console.log(alive <= 5 ? 'few' : alive + ' left');
    process.exit();
  `;
  const args = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', program];
  expect(await outputOf(spawn(process.execPath, args))).toEqual(['few', 0]);
});
