import { checkName, checkNumber, counted, outOfRange, quote } from '../check/errors.js';
import { fromHalf, MAX_HALF, toHalf } from '../check/half-floats.js';
import type { SpecOptions } from '../spec/network-options.js';
import { type Exchanged, type ExchangedLayer, type ExchangedTask, fanInOf } from './exchanged.js';
import { listAt, parseUntrusted } from './json.js';
import { joinSafetensors, type NewTensor, parseSafetensors } from './safetensors.js';
import { networkOfState, type StateOptions } from './state-dict.js';
import { floatsOf, listOf, sizeOf, type Tensor } from './tensor.js';

// A network as a safetensors file. docs/exchange.md describes the schema for those who write such files.
//
//   layers.0.weight, layers.1.weight, ...       f32 [units, fanIn]
//   layers.0.bias, layers.1.bias, ...           f32 [units]; missing for layers without biases
//   layers.0.slopes, ...                        f32 [units]; only for layers with prelu
//   standardization.mean, .deviation            f64 [inputs]
//   targets.mean, .deviation                    f64 [outputs]
//
// With the precision f16, weights, biases and slopes are f16.
//
// Each value of the metadata is JSON: `activations` (required), `scale`, `classes`, `columns`, `task`, `threshold` and
// `training`. A file without `activations` is a state dict of another program.

/** The version of the schema, which the metadata `simdprop` has. */
const VERSION = 1;

const KEYS = ['simdprop', 'activations', 'scale', 'classes', 'columns', 'task', 'threshold', 'training'];

/** The options of training that a file has: those of a network, and dropout and maxNorm of each layer. */
const TRAINING_KEYS = ['cost', 'l1', 'l2', 'penalizeBiases', 'labelSmoothing', 'seed'] as const;

interface TrainingJson extends Pick<SpecOptions, (typeof TRAINING_KEYS)[number]> {
  readonly dropout?: readonly number[];
  readonly maxNorm?: readonly number[];
}

/** `isHalf`: parameters are rounded to 16 bits. */
export function writeSafetensorsFile(network: Exchanged, isHalf: boolean): Uint8Array<ArrayBuffer> {
  const { inputs, layers, standardization, targetScale, training } = network;
  const tensors: NewTensor[] = layers.flatMap(({ units, weights, bias, biases, slopes }, l) => [
    { name: `layers.${l}.weight`, shape: [units, fanInOf(network, l)], values: weights },
    ...(bias ? [{ name: `layers.${l}.bias`, shape: [units], values: biases }] : []),
    ...(slopes ? [{ name: `layers.${l}.slopes`, shape: [units], values: slopes }] : []),
  ]);
  if (isHalf) checkHalves(tensors);
  const addScale = (name: string, scale: Exchanged['standardization'], width: number) => {
    if (!scale) return;
    tensors.push({ name: `${name}.mean`, shape: [width], values: scale.means });
    tensors.push({ name: `${name}.deviation`, shape: [width], values: scale.deviations });
  };
  addScale('standardization', standardization, inputs);
  addScale('targets', targetScale, layers[layers.length - 1].units);
  const ofLayers: TrainingJson = {
    ...(layers.some(({ dropout }) => dropout) && { dropout: layers.map(({ dropout = 0 }) => dropout) }),
    ...(layers.some(({ maxNorm }) => maxNorm) && { maxNorm: layers.map(({ maxNorm = 0 }) => maxNorm) }),
  };
  const { scale, classes, columns, task, threshold } = network;
  const all: Record<string, unknown> = {
    simdprop: VERSION,
    activations: layers.map(({ activation }) => activation),
    scale,
    classes,
    columns,
    task,
    threshold,
    training: { ...training, ...ofLayers },
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  const halves = tensors.map((tensor) => ({ ...tensor, isHalf }));
  return joinSafetensors(halves, Object.fromEntries(given.map(([key, value]) => [key, JSON.stringify(value)])));
}

/** Throws a RangeError for a parameter that is too large for 16 bits. */
function checkHalves(tensors: readonly NewTensor[]): void {
  for (const { name, values } of tensors) {
    const bad = values.findIndex((value) => !Number.isFinite(fromHalf(toHalf(value))));
    if (bad < 0) continue;
    const wanted = `at most ${MAX_HALF} in size for the precision f16: f32 holds it`;
    throw outOfRange(`writeSafetensors: ${name}[${bad}]`, values[bad], wanted);
  }
}

/** `options`: what a state dict of another program does not say. Refused for files that say it. */
export function readSafetensorsFile(file: Uint8Array, options: StateOptions): Exchanged {
  const where = 'readSafetensors';
  const { tensors, metadata } = parseSafetensors(where, file);
  if (!metadata.has('activations')) return networkOfState(where, tensors, options, 'of the names');
  const given = Object.entries(options).find(([, value]) => value !== undefined);
  if (given) {
    throw outOfRange(
      `options.${given[0]}`,
      'one for a file that says itself what its network is',
      'none for this file',
    );
  }
  return networkOfSchema(where, tensors, metadata);
}

function networkOfSchema(
  where: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string>,
): Exchanged {
  const json = new Map([...metadata].map(([key, text]) => [key, KEYS.includes(key) ? parse(where, key, text) : text]));
  const version = json.get('simdprop') ?? VERSION;
  checkNumber(`${where}: simdprop`, version, (v) => v === VERSION, `${VERSION}: a newer simdprop may have written it`);
  const activations = listAt(`${where}: activations`, json.get('activations'));
  const { dropout, maxNorm, ...training } = checkTraining(where, json.get('training'), activations.length);
  const used = new Set<string>();
  const tensorAt = (name: string, dims: number): Tensor | undefined => {
    const tensor = tensors.get(name);
    if (tensor && tensor.shape.length !== dims) {
      throw outOfRange(`${where}: ${quote(name)}`, `the shape [${tensor.shape}]`, `${dims} sizes`);
    }
    used.add(name);
    return tensor;
  };
  const layers = activations.map((activation, l): ExchangedLayer => {
    const [weight, bias, slopes] = ['weight', 'bias', 'slopes'].map((kind) => `layers.${l}.${kind}`);
    const w = tensorAt(weight, 2);
    if (!w) throw outOfRange(where, `no tensor ${quote(weight)}`, `one for each of ${activations.length} activations`);
    const [units] = w.shape;
    const vectorAt = (name: string) => {
      const vector = tensorAt(name, 1);
      if (!vector || vector.shape[0] === units) return vector;
      throw outOfRange(`${where}: ${quote(name)}`, `the shape [${vector.shape}]`, `[${units}], as the weights have it`);
    };
    const [b, s] = [vectorAt(bias), vectorAt(slopes)];
    return {
      units,
      // Network.create checks the names and slopes
      activation: activation as ExchangedLayer['activation'],
      bias: b !== undefined,
      weights: floatsOf(`${where}: ${quote(weight)}`, w.values),
      biases: b ? floatsOf(`${where}: ${quote(bias)}`, b.values) : new Float32Array(units),
      ...(s && { slopes: floatsOf(`${where}: ${quote(slopes)}`, s.values) }),
      ...(dropout && { dropout: dropout[l] }),
      ...(maxNorm && { maxNorm: maxNorm[l] }),
    };
  });
  const scaleAt = (name: string) => {
    const [mean, deviation] = [tensorAt(`${name}.mean`, 1), tensorAt(`${name}.deviation`, 1)];
    if (!mean !== !deviation) throw outOfRange(where, `only one of ${name}.mean and ${name}.deviation`, 'both');
    return mean && deviation && { means: doubles(mean), deviations: doubles(deviation) };
  };
  const [standardization, targetScale] = [scaleAt('standardization'), scaleAt('targets')];
  const others = new Map([...tensors].filter(([name]) => !used.has(name)));
  if (others.size > 0)
    throw outOfRange(where, `the tensors ${listOf(others)}`, 'those of the schema: docs/exchange.md');
  const inputs = (tensors.get('layers.0.weight') as Tensor).shape[1];
  for (const l of layers.keys()) {
    const { shape } = tensors.get(`layers.${l}.weight`) as Tensor;
    const fanIn = l === 0 ? inputs : layers[l - 1].units;
    if (shape[1] !== fanIn) {
      throw outOfRange(`${where}: "layers.${l}.weight"`, `the shape [${shape}]`, `[${layers[l].units},${fanIn}]`);
    }
  }
  const at = <T>(key: string) => (json.has(key) ? { [key]: json.get(key) as T } : {});
  return {
    inputs,
    layers,
    ...(standardization && { standardization }),
    ...(targetScale && { targetScale }),
    // Network.create checks them
    ...at<number>('scale'),
    ...at<string[]>('classes'),
    ...at<string[]>('columns'),
    ...at<ExchangedTask>('task'),
    ...(json.has('threshold') && { threshold: checkThreshold(where, json.get('threshold')) }),
    training,
    notes: [...metadata.keys()]
      .filter((key) => !KEYS.includes(key))
      .map((key) => `the metadata ${quote(key)} was not used`),
  };
}

const checkThreshold = (where: string, value: unknown) =>
  checkNumber(`${where}: threshold`, value, Number.isFinite, 'a finite number');

const doubles = ({ shape, values }: Tensor) => Float64Array.from(values).subarray(0, sizeOf('', shape));

const parse = (where: string, key: string, text: string) => parseUntrusted(`${where}: __metadata__.${key}`, text);

function checkTraining(where: string, value: unknown, layers: number): TrainingJson {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) throw outOfRange(`${where}: training`, value, 'an object');
  for (const [key, item] of Object.entries(value)) {
    checkName(`${where}: training`, key, [...TRAINING_KEYS, 'dropout', 'maxNorm']);
    if (key !== 'dropout' && key !== 'maxNorm') continue;
    const { length } = listAt(`${where}: training.${key}`, item);
    if (length !== layers) throw outOfRange(`${where}: training.${key}`, counted(length, 'number'), `${layers}`);
  }
  return value as TrainingJson;
}
