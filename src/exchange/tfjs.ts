import { checkFinite, checkIsObject, outOfRange, quote } from '../check/errors.js';
import type { ApproximateOption } from './chain.js';
import type { Exchanged } from './exchanged.js';
import { listAt, propertyOf, textAt } from './json.js';
import { type LayerPlace, type LayerWeights, networkOfLayers, weightsNamed } from './keras-layers.js';
import { BYTES_OF, type Dtype, sizeOf, type Tensor, tensorOf } from './tensor.js';

// Layers models of TensorFlow.js: model.json has the configuration and the places of all weights in the files beside
// it.

const WHERE = 'readTfjs';

const DTYPES: Readonly<Record<string, Dtype>> = {
  float32: 'f32',
  int32: 'i32',
  bool: 'bool',
  float16: 'f16',
  uint8: 'u8',
  uint16: 'u16',
};

/** `files`: the contents of the files that `paths` of the manifest name. */
export function readTfjsModel(
  model: unknown,
  files: ReadonlyMap<string, Uint8Array>,
  options: ApproximateOption,
): Exchanged {
  checkIsObject(WHERE, model, 'the contents of model.json');
  const format = propertyOf(model, 'format');
  if (format === 'graph-model') {
    throw outOfRange(`${WHERE}: format`, '"graph-model"', '"layers-model": convert the Keras model with tensorflowjs');
  }
  const topology = propertyOf(model, 'modelTopology');
  const inner = propertyOf(topology, 'model_config') ?? topology;
  const weights = weightsIn(listAt(`${WHERE}: weightsManifest`, propertyOf(model, 'weightsManifest')), files);
  const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  const paths = [...weights].map(([path, tensor]) => [path, () => tensor] as const);
  const weightsOf = ({ names }: LayerPlace): LayerWeights => weightsNamed(WHERE, paths, names);
  const compiled = propertyOf(model, 'trainingConfig') ?? propertyOf(topology, 'training_config');
  const layers = { topology: inner, version: 2, weightsOf, compiled } as const;
  const network = networkOfLayers(WHERE, { ...layers, mostParameters: 4 * bytes + 1024 }, options);
  const metadata = propertyOf(model, 'userDefinedMetadata');
  const left = metadata === undefined || metadata === null ? [] : ['userDefinedMetadata stays behind'];
  return { ...network, notes: [...network.notes, ...left] };
}

function weightsIn(manifest: readonly unknown[], files: ReadonlyMap<string, Uint8Array>): Map<string, Tensor> {
  const all = new Map<string, Tensor>();
  const used = new Set<string>();
  for (const [g, group] of manifest.entries()) {
    const where = `${WHERE}: weightsManifest[${g}]`;
    const parts = listAt(`${where}.paths`, propertyOf(group, 'paths')).map((path) => {
      const name = textAt(`${where}.paths`, path);
      const bytes = files.get(name);
      if (used.has(name)) throw outOfRange(where, `${quote(name)} a second time`, 'each file once');
      used.add(name);
      if (!bytes) throw outOfRange(where, `no bytes of ${quote(name)}`, 'them: pass { [path]: bytes } for every path');
      return bytes;
    });
    const data = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    let start = 0;
    for (const entry of listAt(`${where}.weights`, propertyOf(group, 'weights'))) {
      const name = textAt(`${where}: name`, propertyOf(entry, 'name'));
      const label = `${WHERE}: ${quote(name)}`;
      const shape = listAt(`${label}.shape`, propertyOf(entry, 'shape')) as number[];
      const { dtype, scale, min } = storageOf(label, entry);
      const end = start + sizeOf(label, shape) * BYTES_OF[dtype];
      if (end > data.length) throw outOfRange(label, `bytes ${start} to ${end} of ${data.length}`, 'complete files');
      const tensor = tensorOf(label, dtype, shape, data.subarray(start, end));
      const isPlain = scale === 1 && min === 0;
      all.set(name, isPlain ? tensor : { shape, values: tensor.values.map((value) => value * scale + min) });
      start = end;
    }
  }
  const other = [...files.keys()].find((name) => !used.has(name));
  if (other !== undefined) {
    throw outOfRange(
      `${WHERE}: weights`,
      quote(other),
      `the paths of model.json alone: ${[...used]
        .map((path) => quote(path))
        .slice(0, 10)
        .join(', ')}`,
    );
  }
  return all;
}

/** How the numbers of a tensor are stored: each is its integer times `scale`, plus `min`, if the file rounds them. */
function storageOf(where: string, entry: unknown): { dtype: Dtype; scale: number; min: number } {
  const rounded = propertyOf(entry, 'quantization');
  const name = String(propertyOf(rounded === undefined ? entry : rounded, 'dtype'));
  const dtype = Object.hasOwn(DTYPES, name) ? DTYPES[name] : undefined;
  if (!dtype) throw outOfRange(where, `the type ${quote(name)}`, Object.keys(DTYPES).join(', '));
  if (dtype !== 'u8' && dtype !== 'u16') return { dtype, scale: 1, min: 0 };
  const [scale, min] = ['scale', 'min'].map((key) => checkFinite(`${where}: ${key}`, propertyOf(rounded, key)));
  return { dtype, scale, min };
}
