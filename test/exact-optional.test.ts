import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as simdprop from '../src/index.js';
import { Network, type NetworkOptions, type TrainOptions } from '../src/index.js';

// TypeScript's exactOptionalPropertyTypes refuses undefined for an optional property whose type does not name it. For
// users who have switched it on, the type of every option and of every field of a result names undefined, so that a
// field can be passed on as an option. The program below is compiled against the declarations of the package.

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
let folder: string;

/** What TypeScript says about a program; nothing if it compiles. */
function compile(program: string): string {
  writeFileSync(join(folder, 'program.mts'), program);
  const options = {
    ...{ target: 'es2022', module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ skipLibCheck: false, lib: ['es2023', 'esnext.disposable', 'dom'], types: [] },
  };
  const config = { compilerOptions: options, files: ['program.mts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  try {
    execFileSync(process.execPath, [TSC, '-p', folder], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** The entries, by the names that users import. */
const ENTRIES = Object.entries(
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).exports as Record<string, { types?: string }>,
).flatMap(([name, { types }]) => (types ? [[name, types.replace('./dist/', './src/').replace('.d.ts', '.js')]] : []));

/** The types that an entry exports, which its declarations list.  */
function typesOf(path: string): string[] {
  const text = readFileSync(join(folder, path.replace('.js', '.d.ts')), 'utf8');
  const own = [...text.matchAll(/^export (?:declare )?(?:interface|type) (\w+)(?=[ ={])/gm)].map(([, name]) => name);
  const lists = [...text.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, isType, list]) =>
    list.split(',').flatMap((item) => {
      const [, word, name] = item.trim().match(/^(type )?(?:\w+ as )?(\w+)$/) ?? [];
      return name && (isType || word) ? [name] : [];
    }),
  );
  return [...own, ...lists];
}

/** Type arguments for the types that need some. */
const WITH_PARAMETERS: Readonly<Record<string, string>> = {
  Choice: '<number>',
  DataParts: '<object>',
  OptimizerOptions: '<{ name: string; learningRate: number }>',
  PartOf: '<number, object>',
  Searched: '<number>',
  SearchedParts: '<object>',
  TableSplit: '<{ test: number }>',
};

beforeAll(() => {
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  folder = mkdtempSync(join(ROOT, 'build/exact-'));
  execFileSync(process.execPath, [TSC, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', folder]);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('every optional property of an exported type accepts undefined', () => {
  const imports: string[] = [];
  const checks: string[] = [];
  for (const [e, [, path]] of ENTRIES.entries()) {
    imports.push(`import type * as E${e} from '${path}';`);
    for (const name of typesOf(path)) {
      const type = `E${e}.${name}${WITH_PARAMETERS[name] ?? ''}`;
      checks.push(`export const ${name}${e}: [Exact<${type}>] extends [never] ? 'fine' : Exact<${type}> = 'fine';`);
    }
  }
  expect(checks.length).toBeGreaterThan(150);
  const exact = `
    type Exact<T> = T extends ArrayLike<unknown> | ((...none: never[]) => unknown) | string | number | boolean ? never : {
      [K in Exclude<keyof T, keyof Object>]-?: {} extends Pick<T, K> ? ({ [P in K]: undefined } extends Pick<T, K> ? never : K) : never;
    }[Exclude<keyof T, keyof Object>];`;
  expect(compile([...imports, exact, ...checks].join('\n'))).toBe('');
}, 60_000);

it('results of one call can be passed to another, and undefined where an option may be left out', () => {
  expect(
    compile(`
    import { adam, cosine, Network, sgd, type DataSet, type TrainOptions } from './src/index.js';
    import { crossValidate } from './src/cross-validation.js';
    import { readCsv } from './src/io/csv.js';
    import { splitData, splitWindows, windows } from './src/split.js';
    import { Encoder, Table, TableModel } from './src/tabular.js';
    import { confusionMatrix, importance, learningCurve, rocCurve } from './src/charts.js';

    export async function main(validation: DataSet | undefined, seed: number | undefined, size: number | undefined) {
      const net = await Network.create({ inputs: 2, layers: [{ units: 3, activation: undefined, dropout: undefined }], seed, cost: undefined });
      const data = readCsv('x,y,z', { target: 'z', labels: true, header: undefined });
      const parts = splitData(data, { validation: 0.2, test: size, seed, stratify: undefined });
      const options: TrainOptions = { epochs: undefined, optimizer: adam({ learningRate: cosine({ initial: 0.1, epochs: 3, final: undefined }), clipNorm: undefined }), validation: parts.validation ?? validation };
      const history = await net.fit(parts.training, options);
      for await (const report of net.train({ ...parts.training, weights: undefined }, { validation: parts.test, validationSplit: undefined })) report.cost;
      const evaluation = await net.evaluate(parts.validation, { topK: undefined, threshold: undefined });
      learningCurve(history, { width: size, title: undefined });
      learningCurve([...history], { metric: undefined });
      if (evaluation.confusion) confusionMatrix(evaluation, { classes: evaluation.classes });
      rocCurve(net.predict(parts.training.inputs), [0, 1, 2], { classes: net.classes });
      await crossValidate({ inputs: 2, layers: [{ units: 3 }], seed }, data, { folds: size, earlyStopping: undefined });
      const { training, test } = splitWindows([1, 2, 3, 4], { length: 1, test: 1, horizon: size });
      await net.fit(training, { validation: test });
      await net.fit(windows([1, 2, 3], { length: 1, step: size }));
      const table = Table.fromCsv('x,y', { kinds: undefined }).split({ test: 1, stratify: undefined });
      const encoder = Encoder.fit(table.training, { target: 'y', rare: size });
      await net.fit(encoder.encode(table.training), { validation: encoder.encode(table.test), optimizer: sgd({ learningRate: 0.1 }) });
      const model = await TableModel.fit(table.training, { target: 'y', seed, validation: undefined });
      const measured = await model.evaluate(table.test);
      importance(await model.importance(table.test, { seed }), { title: undefined });
      if (measured.confusion) confusionMatrix(measured);
      if (model.history) learningCurve(model.history);
      model.network.setStandardization(model.network.getStandardization());
    }
  `),
  ).toBe('');
}, 60_000);

it('undefined is the same as an option that is left out', async () => {
  const { adam, adamw, cosine, inverseTime, irprop, lion, nadam, oneCycle, polynomial, reduceOnPlateau, rmsprop, sgd } =
    simdprop;
  /** The options, with undefined for each of the keys that they lack. */
  const filled = <T extends object>(options: T, ...keys: string[]) =>
    ({ ...Object.fromEntries(keys.map((key) => [key, undefined])), ...options }) as T;
  const clips = ['clipValue', 'clipNorm'];
  expect(sgd(filled({ learningRate: 0.1 }, ...clips))).toEqual(sgd({ learningRate: 0.1 }));
  for (const make of [adam, adamw, nadam]) {
    expect(make(filled({}, 'learningRate', 'beta1', 'beta2', 'epsilon', ...clips))).toEqual(make());
  }
  expect(rmsprop(filled({}, 'learningRate', 'alpha', 'epsilon', ...clips))).toEqual(rmsprop());
  expect(lion(filled({}, 'learningRate', 'beta1', 'beta2'))).toEqual(lion());
  expect(irprop(filled({}, 'stepMin', 'stepMax', 'spread'))).toEqual(irprop());
  const span = { initial: 0.1, epochs: 3 };
  expect(cosine(filled(span, 'final', 'warmUp', 'restarts', 'growth', 'steps'))).toEqual(cosine(span));
  expect(polynomial(filled(span, 'final', 'power'))).toEqual(polynomial(span));
  expect(inverseTime(filled(span, 'decay'))).toEqual(inverseTime(span));
  expect(oneCycle(filled({ maximum: 1, epochs: 3 }, 'rise', 'initialDivisor', 'finalDivisor'))).toEqual(
    oneCycle({ maximum: 1, epochs: 3 }),
  );
  expect(reduceOnPlateau(filled({ initial: 0.1 }, 'factor', 'patience', 'minDelta', 'minimum', 'cooldown'))).toEqual(
    reduceOnPlateau({ initial: 0.1 }),
  );
  const layer = filled({ units: 1 }, 'activation', 'initializer', 'bias', 'dropout', 'maxNorm');
  const keys = ['cost', 'l1', 'l2', 'penalizeBiases', 'labelSmoothing', 'bias', 'seed', 'scale', 'task', 'classes'];
  const options: NetworkOptions = { inputs: 1, layers: [layer] };
  const net = await Network.create(
    filled(options, ...keys, 'columns', 'batchSize', 'build', 'threads', 'wide', 'wasm'),
  );
  const plain = await Network.create({ inputs: 1, layers: [{ units: 1 }] });
  const data = { inputs: [[0], [1]], targets: [[0], [1]] };
  const none = ['batchSize', 'batches', 'shuffle', 'optimizer', 'validation', 'validationSplit', 'earlyStopping'];
  const others = ['accumulate', 'classWeights', 'standardize', 'stopAt', 'trainingMetrics', 'signal', 'onEpoch'];
  const history = await net.fit(
    filled(data, 'weights', 'classes', 'columns'),
    filled<TrainOptions>({ epochs: 2 }, ...none, ...others, 'onBatch', 'onProgress', 'ignoreNonFinite'),
  );
  const wanted = await plain.fit(data, { epochs: 2 });
  expect(Array.from(history, ({ cost }) => cost)).toEqual(Array.from(wanted, ({ cost }) => cost));
  expect(await net.evaluate(data, filled({}, 'topK', 'rocAuc', 'threshold', 'signal'))).toEqual(
    await plain.evaluate(data),
  );
});
