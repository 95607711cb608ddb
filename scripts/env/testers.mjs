import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.mjs';

// Test runners, which replace the host's page, timers or arrays with their own.

const test = (imports, useFakeTimers, wanted) => `
${imports}
import * as simdprop from 'simdprop';
import { makeData, train } from './train.mjs';
test('trains', async () => {
  expect(await train(simdprop)).toBe('${wanted}');
});
test('trains if the clock stands still', async () => {
  ${useFakeTimers}
  expect(await train(simdprop)).toBe('${wanted}');
});
test('accepts bytes of Node, which belong to another realm in Jest', async () => {
  const { inputs, targets } = makeData();
  const data = { inputs, targets: Buffer.from(targets) };
  expect(await train(simdprop, {}, data)).toBe('${wanted}');
  const net = await simdprop.Network.create({ inputs: 2, layers: [{ units: 1 }] });
  const loaded = await simdprop.Network.load(Buffer.from(await net.save()));
  expect(loaded.predict(new Float32Array(2))).toEqual(net.predict(new Float32Array(2)));
});
`;

export async function tryTesters(results, { folder, consumer, tools, wanted }) {
  const make = (name, file, text, config) => {
    const project = join(folder, name);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', private: true, ...config }));
    writeFileSync(join(project, 'train.mjs'), readFileSync(join(consumer, 'train.mjs')));
    writeFileSync(join(project, file), text);
    linkModules(project, consumer, tools);
    return project;
  };
  for (const environment of ['node', 'jsdom']) {
    await results.try(`Jest with ${environment}`, async () => {
      const imports = "import { expect, jest, test } from '@jest/globals';";
      const project = make(`jest-${environment}`, 'it.test.mjs', test(imports, 'jest.useFakeTimers();', wanted), {
        jest: {
          testEnvironment: environment === 'node' ? 'node' : 'jest-environment-jsdom',
          testMatch: ['**/*.test.mjs'],
          transform: {},
        },
      });
      const args = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', '--ci'];
      await run(process.execPath, args, { cwd: project });
    });
  }
  for (const environment of ['node', 'jsdom', 'happy-dom']) {
    await results.try(`vitest with ${environment}`, async () => {
      const imports = "import { expect, test, vi } from 'vitest';";
      const project = make(`vitest-${environment}`, 'it.test.mjs', test(imports, 'vi.useFakeTimers();', wanted));
      const args = ['node_modules/vitest/vitest.mjs', 'run', '--environment', environment];
      await run(process.execPath, args, { cwd: project });
    });
  }
}

/** Makes the node_modules of a project: links to the tools and to the packed simdprop. */
export function linkModules(project, consumer, tools) {
  // one link for each package: if node_modules itself were a link, a bundler would follow it
  mkdirSync(join(project, 'node_modules'));
  for (const name of ['jest', 'jest-environment-jsdom', '@jest', 'vitest', 'jsdom', 'happy-dom', 'vite'])
    symlinkSync(join(tools, 'node_modules', name), join(project, 'node_modules', name));
  symlinkSync(join(consumer, 'node_modules/simdprop'), join(project, 'node_modules/simdprop'));
}
