import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.mjs';

// Checks that the package's types resolve and are correct without skipLibCheck, for each version of TypeScript and each
// way to resolve them.

const PROGRAM = `
import { Network, adam, type EpochSummary, type History, type NetworkOptions } from 'simdprop';
import { Network as InOneFile } from 'simdprop/static';
import { crossValidate } from 'simdprop/cross-validation';
import { unroll } from 'simdprop/graph';
import { readCsv } from 'simdprop/csv';
import { Encoder, Table } from 'simdprop/tabular';
import { parseIdx } from 'simdprop/idx';
import { saveFile } from 'simdprop/files';
import 'simdprop/worker';
const options: NetworkOptions = { inputs: 2, layers: [{ units: 1 }], threads: 'auto' };
export async function main(): Promise<EpochSummary[]> {
  const net: Network = await Network.create(options);
  const data = { inputs: new Float32Array(4), targets: new Float32Array(2) };
  const history: History = await net.fit(data, { epochs: 1, optimizer: adam(), validation: undefined });
  const outputs: Float32Array = net.predict(data.inputs);
  saveFile('it.simdprop', await net.save());
  await crossValidate(options, data);
  const other: InOneFile = await InOneFile.load(await net.save());
  unroll(net, [0, 1], [1]);
  parseIdx(new Uint8Array(0));
  readCsv('x,y', { target: 'y' });
  const { training }: { training: Table } = Table.fromCsv('x,y').split({ test: 0.5 });
  await other.fit(Encoder.fit(training, { target: 'y' }).encode(training));
  // @ts-expect-error: no number
  other.predict('x');
  return outputs.length ? [...history] : [];
}
`;

/** CommonJS, which gets an ES module by import(). */
const AWAITED = `
export async function main(): Promise<number> {
  const { Network } = await import('simdprop');
  const { unroll } = await import('simdprop/graph');
  const net = await Network.create({ inputs: 2, layers: [{ units: 1 }] });
  return unroll(net, [0, 1], [1]).layers.length + net.steps;
}
`;

/** using needs Symbol.dispose. */
const USING = `
import { Network } from 'simdprop';
export async function main(): Promise<number> {
  using net = await Network.create({ inputs: 2, layers: [{ units: 1 }] });
  return net.steps;
}
`;

const VERSIONS = ['5.0', '5.2', '5.6', '5.7', '5.8', '5.9', '6', '7'];
const ALL = () => true;
const isFrom = (first) => (version) => Number(version) >= first;
/** True from the first version that has Symbol.dispose. */
const hasDispose = isFrom(5.2);
/** True from the first version whose nodenext lets CommonJS import an ES module. docs/environments.md names it. */
const canRequire = isFrom(5.8);

/**
 * Ways to resolve the package. Each names the versions of TypeScript that know it, the programs to compile, and the
 * libs that they need: those of pages or workers, which have AbortSignal. scripts/test-pack.mjs tests with Node's types
 * instead.
 */
const WAYS = [
  {
    name: 'nodenext, CommonJS from 5.8, using from 5.2',
    isFor: ALL,
    files: (version) => [
      'program.mts',
      ...(canRequire(version) ? ['program.cts'] : []),
      ...(hasDispose(version) ? ['using.mts'] : []),
    ],
    lib: (version) => (hasDispose(version) ? 'es2022,esnext.disposable,webworker' : 'es2022,webworker'),
    args: () => ['--module', 'nodenext'],
  },
  {
    name: 'bundler',
    isFor: ALL,
    files: () => ['program.ts'],
    lib: () => 'es2022,dom',
    args: () => ['--module', 'esnext', '--moduleResolution', 'bundler'],
  },
  {
    name: 'bundler, exactOptionalPropertyTypes',
    isFor: ALL,
    files: () => ['program.ts'],
    lib: () => 'es2022,dom',
    args: () => ['--module', 'esnext', '--moduleResolution', 'bundler', '--exactOptionalPropertyTypes'],
  },
  {
    name: 'node10',
    isFor: (version) => version !== '7',
    files: () => ['program.ts'],
    lib: () => 'es2022,webworker',
    args: (version) => [
      ...['--module', 'esnext', '--moduleResolution', 'node10'],
      ...(version === '6' ? ['--ignoreDeprecations', '6.0'] : []),
    ],
  },
  {
    name: 'CommonJS, node16, await import()',
    isFor: ALL,
    files: () => ['awaited.cts'],
    lib: () => 'es2022,webworker',
    args: () => ['--module', 'node16'],
  },
];

export async function tryTypes(results, { folder, consumer, tools }) {
  const project = join(folder, 'types');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(join(consumer, 'node_modules/simdprop'), join(project, 'node_modules/simdprop'));
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  for (const file of ['program.ts', 'program.mts', 'program.cts']) writeFileSync(join(project, file), PROGRAM);
  writeFileSync(join(project, 'awaited.cts'), AWAITED);
  writeFileSync(join(project, 'using.mts'), USING);

  /** The errors that TypeScript finds in the files, as text; empty if there are none. */
  const compile = async (version, lib, args, files) => {
    const tsc = join(tools, `node_modules/typescript-${version}/bin/tsc`);
    const strict = ['--noEmit', '--strict', '--target', 'es2022', '--lib', lib, '--skipLibCheck', 'false'];
    return await run(process.execPath, [tsc, ...strict, ...args, ...files], { cwd: project }).then(
      () => '',
      (error) => `TypeScript ${version}: ${error.message.split('\n').slice(1, 8).join('\n')}\n`,
    );
  };
  for (const { name, isFor, files, lib, args } of WAYS) {
    const versions = VERSIONS.filter(isFor);
    await results.try(`TypeScript ${versions[0]} to ${versions.at(-1)}: ${name}`, async () => {
      const check = (version) => compile(version, lib(version), args(version), files(version));
      const failures = [];
      // two at a time, because each has one thread
      for (let i = 0; i < versions.length; i += 2) {
        failures.push(...(await Promise.all(versions.slice(i, i + 2).map(check))));
      }
      if (failures.some(Boolean)) throw new Error(failures.join(''));
    });
  }
  await results.try('TypeScript 5.7: nodenext refuses import in CommonJS', async () => {
    const failure = await compile('5.7', 'es2022,webworker', ['--module', 'nodenext'], ['program.cts']);
    if (!failure.includes('TS1479')) throw new Error(`got ${failure || 'no error'}, want TS1479`);
  });
}
