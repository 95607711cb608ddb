// Programs in TypeScript that use the package. They must compile, except the marked lines, which must not.

export const CONSUMER = `
import {
  type DataSet,
  type EpochReport,
  type Evaluation,
  type GradientCheck,
  type History,
  type Layer,
  Network,
  type NetworkOptions,
  sgd,
} from 'simdprop';
import { type CrossValidation, crossValidate } from 'simdprop/cross-validation';
import { type CsvData, readCsv } from 'simdprop/csv';
import {
  type Column,
  type ColumnImportance,
  type FittedTableModel,
  type Prediction,
  Table,
  TableModel,
} from 'simdprop/tabular';
import { type ChartOptions, confusionMatrix, importance, learningCurve, rocCurve } from 'simdprop/charts';
import {
  type Choice,
  logUniform,
  oneOf,
  search,
  type SearchJob,
  type SearchResult,
  trainer,
  trainTrials,
  trial,
} from 'simdprop/search';
import { type JoinOptions, joinTeam, type Team } from 'simdprop/mpi';
import { splitData } from 'simdprop/split';
import { saveFile } from 'simdprop/files';
import { readOnnx, writeOnnx } from 'simdprop/onnx';
import { loadPredictor, type Predictor } from 'simdprop/predict';
import { type Imported, readSafetensors, writeSafetensors } from 'simdprop/safetensors';
import { type IdxFile, parseIdx } from 'simdprop/idx';
import { type Graph, type Node, unroll } from 'simdprop/graph';
import { Network as NetworkInOneFile } from 'simdprop/static';
import 'simdprop/search-worker';
import 'simdprop/worker';

const options: NetworkOptions = { inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 };
const data: DataSet = { inputs: new Float32Array(8), targets: new Uint8Array(4) };
const network: Network = await Network.create(options);
network.optimizer = sgd({ learningRate: 0.5 });
const joinOptions: JoinOptions = { library: 'libmpi.so.40' };
const team: Team = await joinTeam(joinOptions);
export const member: Network = await Network.create({ ...options, team });
export const rank: number = team.rank;
const history: History = await network.fit(data, { epochs: 1, batchSize: 4 });
const reports: EpochReport[] = [];
for await (const report of network.train(data)) reports.push(report);
const layer: Layer | undefined = network.layers[0];
const weights: Float32Array | undefined = layer?.getWeights();
const outputs: Float32Array = network.predict(data.inputs);
const evaluation: Evaluation = await network.evaluate(data);
const accuracy: number | undefined = evaluation.accuracy;
const f1: number = evaluation.task === 'labels' ? evaluation.macroF1 : 0;
const images: IdxFile = parseIdx(new Uint8Array(0));
const table: CsvData = readCsv('x,y', { target: 'y' });
await network.fit(readCsv('x,y', { target: 'y', labels: true }));
const parts: { training: CsvData; test: CsvData } = splitData(table, { test: 0.2, seed: 1 });
await network.fitStream(() => [{ inputs: table.inputs, targets: readCsv('x,y', { target: 'y' }).targets }]);
const penguins: Table = Table.fromRecords([{ species: 'gentoo', mass: 5.2 }]);
const mass: Column = penguins.column('mass');
const masses: Float64Array | undefined = mass.kind === 'number' ? mass.values : undefined;
const model: TableModel = await TableModel.fit(penguins, { target: 'species', hidden: [8], seed: 1 });
const { history: trained }: FittedTableModel = await TableModel.fit(penguins, { target: 'species', validation: 3 });
const best: number = trained.best?.epoch ?? trained.length;
export { best };
const predictions: Prediction[] = model.predict(penguins);
const probability: number | undefined = model.predict({ mass: 5 }).probabilities?.gentoo;
const columns: ColumnImportance[] = await model.importance(penguins);
const right: number | undefined = (await model.evaluate(penguins)).accuracy;
const restored: TableModel = await TableModel.load(await model.save());
const { graph, cost }: { graph: Graph; cost: Node } = unroll(network, [0, 1], [1]);
const gradient: Float64Array = graph.reverse(cost);
const { error, worst }: GradientCheck = (await network.inspect()).checkGradients(data.inputs, data.targets);
const inOneFile: Network = await NetworkInOneFile.load(await network.save());
const imported: Imported = await readSafetensors(await writeSafetensors(network));
const fromOnnx: Imported = await readOnnx(await writeOnnx(imported.network, { opset: 17 }));
export { fromOnnx };
const predictor: Predictor = await loadPredictor(await network.save({ precision: 'f16' }));
const predicted: Float32Array = predictor.predict(data.inputs);
const named: readonly string[] | undefined = predictor.classes;
predictor.dispose();
export { named, predicted };

// @ts-expect-error: a predictor does not train
await predictor.fit(data);
const folds: CrossValidation = await crossValidate(options, data);
const units: Choice<4 | 8> = oneOf([4, 8]);
const layers = [{ units, activation: oneOf(['tanh', 'relu']) }, { units: 1 }];
const optimizer = { name: 'adam', learningRate: logUniform(1e-3, 1) } as const;
const found: SearchResult = await search({ ...options, layers }, data, { epochs: 2, optimizer, trials: 4 });
await (await Network.create(found.best.network)).fit(data, found.best.options);
const rates = logUniform(1e-3, 1).map((learningRate) => sgd({ learningRate }));
export const score: number = (await search(options, data, { optimizer: rates, halving: { budget: 9 } })).best.score;
const take = trainer(data, { validation: data });
const sent: SearchResult = await search(options, data, { folds: 2, train: (job: SearchJob) => take(job) });
export const own: number[] = (await trainTrials(options, data, { only: trial(0, 1) })).map(({ score }) => score);
saveFile('network.simdprop', await network.save());
const chart: ChartOptions = { width: 360, theme: 'dark' };
const charts: string[] = [
  learningCurve(history, { ...chart, metric: 'accuracy' }),
  learningCurve(reports, chart),
  confusionMatrix(evaluation, { ...chart, classes: ['a', 'b'] }),
  rocCurve(outputs, new Uint8Array(4), chart),
  importance([{ column: 'x', importance: 0.5 }], chart),
];
export { charts, columns, predictions, probability, restored, right, sent };
export { accuracy, error, f1, folds, gradient, images, imported, inOneFile, masses, outputs, parts, weights, worst };

// @ts-expect-error: without a target there is no cost
const noCost: Node = unroll(network, [0, 1]).cost;
export { noCost };

// @ts-expect-error: a choice of an activation that does not exist
await search({ inputs: 2, layers: [{ units: 1, activation: oneOf(['step']) }] }, data);
// @ts-expect-error: a choice of the wrong type
await search(options, data, { epochs: oneOf(['many']) });
// @ts-expect-error: an option that does not exist
await search(options, data, { epoch: 3 });

// @ts-expect-error: an activation that does not exist
await Network.create({ inputs: 2, layers: [{ units: 1, activation: 'step' }] });
`;

// A program for pages: types such as Worker and WebAssembly.Module are those of the DOM.
export const PAGE = `
import { Network, type NetworkOptions } from 'simdprop';

const options: NetworkOptions = { inputs: 2, layers: [{ units: 1 }] };
const wasm: WebAssembly.Module = await WebAssembly.compile(new Uint8Array(8));
const network = await Network.create({ ...options, threads: 2, wasm, createWorker: () => new Worker('worker.js') });
const worker: Worker | undefined = options.createWorker?.();
const blob = new Blob([await network.save()]);
await fetch('network.simdprop', { method: 'PUT', body: await network.save({ training: true }) });
export { blob, network, worker };

// @ts-expect-error: the address of a worker
await Network.create({ ...options, threads: 2, createWorker: () => 'worker.js' });
`;
