import { counted, outOfRange, quote, wrongType } from '../check/errors.js';
import type { Exchanged } from './exchanged.js';
import { textOf } from './json.js';
import { type Known, keyText, nameOf, readPickle, readPickles, Unknown } from './pickle.js';
import { networkOfState, type StateOptions } from './state-dict.js';
import { BYTES_OF, type Dtype, isInteger, READERS, sizeOf, type Tensor } from './tensor.js';
import { checkForms, formOf } from './weight-forms.js';
import { isZip, Zip } from './zip.js';

// Files of torch.save: zip archives with a pickle and the numbers of each tensor, or, before torch 1.6, pickles with
// the numbers behind them. Only state dicts and checkpoints that contain one are networks without the program that made
// them.

export interface PyTorchOptions extends StateOptions {
  /**
   * The key of the state dict in a checkpoint.
   * @defaultValue the only one that is a state dict
   */
  key?: string | undefined;
}

const WHERE = 'readPyTorch';

const STORAGES: Readonly<Record<string, Dtype>> = {
  FloatStorage: 'f32',
  DoubleStorage: 'f64',
  HalfStorage: 'f16',
  BFloat16Storage: 'bf16',
  LongStorage: 'i64',
  IntStorage: 'i32',
  ShortStorage: 'i16',
  CharStorage: 'i8',
  ByteStorage: 'u8',
  BoolStorage: 'bool',
};

/** The numbers that tensors are views of. `bytes` is empty until they are found. */
interface Storage {
  readonly dtype: Dtype;
  bytes: Uint8Array;
}

class StorageType {
  readonly dtype: Dtype;

  constructor(dtype: Dtype) {
    this.dtype = dtype;
  }
}

/** A tensor of the file, whose numbers are read when they are needed. */
class FileTensor {
  readonly #storage: Storage;
  readonly #offset: number;
  readonly shape: readonly number[];
  readonly #strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.#storage = storage;
    this.#offset = offset;
    this.shape = shape;
    this.#strides = strides;
  }

  get size(): number {
    return sizeOf(WHERE, this.shape);
  }

  /** The numbers in the order of the shape: a view may be transposed, or a part. */
  read(where: string): Tensor {
    const { dtype, bytes } = this.#storage;
    const { shape } = this;
    const { size } = this;
    const all = Math.floor(bytes.length / BYTES_OF[dtype]);
    const last = shape.reduce(
      (place, length, axis) => place + Math.max(0, length - 1) * this.#strides[axis],
      this.#offset,
    );
    // several tensors may be views of the same numbers, but none has more of them than there are
    if (size > all || (size > 0 && last >= all)) {
      throw outOfRange(where, `${size} numbers to place ${last}`, `at most the ${all} that the file has for it`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const read = READERS[dtype];
    const values = dtype === 'f32' ? new Float32Array(size) : new Float64Array(size);
    const at = shape.map(() => 0);
    for (let i = 0; i < size; i++) {
      const place = at.reduce((sum, index, axis) => sum + index * this.#strides[axis], this.#offset);
      values[i] = read(view, place);
      for (let axis = shape.length - 1; axis >= 0 && ++at[axis] === shape[axis]; axis--) at[axis] = 0;
    }
    return { shape, values, ...(isInteger(dtype) && { isInteger: true }) };
  }
}

export async function readPyTorchFile(file: Uint8Array, options: PyTorchOptions): Promise<Exchanged> {
  const { key, ...state } = options;
  if (key !== undefined && typeof key !== 'string') throw wrongType('options.key', key, 'a key of the checkpoint');
  const root = await contentsOf(file);
  const found = stateDictOf(root, key);
  checkForms(WHERE, [...found.keys()] as string[]);
  const tensors = new Map<string, Tensor>();
  const left: string[] = [];
  // weights may be tied, but not so that a small file becomes a large network
  const numbers = [...found.values()].reduce<number>(
    (sum, value) => sum + (value instanceof FileTensor ? value.size : 0),
    0,
  );
  if (!(numbers <= 4 * file.length))
    throw outOfRange(WHERE, counted(numbers, 'number'), 'about as many as the file has');
  for (const [name, tensor] of found) {
    if (tensor instanceof FileTensor) tensors.set(String(name), tensor.read(`${WHERE}: ${quote(String(name))}`));
    else {
      checkNoArray(String(name), tensor);
      left.push(String(name));
    }
  }
  const network = networkOfState(WHERE, tensors, state);
  const notes = left.map((name) => `${quote(name)} of the state dict is no tensor and was left out`);
  return { ...network, notes: [...network.notes, ...notes, ...besides(root, found)] };
}

/** The note about what a checkpoint has besides its state dict. */
function besides(root: unknown, state: StateDict): string[] {
  if (!(root instanceof Map) || root === state) return [];
  const others = [...root].filter(([, value]) => value !== state).map(([name]) => name);
  return others.length > 0 ? [`left behind of the checkpoint: ${keysIn(others)}`] : [];
}

/** What makes numbers that are no plain tensors, and what to do about them. */
const OTHER_ARRAYS: readonly (readonly [names: RegExp, got: string, way: string])[] = [
  [/^numpy\..*(_reconstruct|_frombuffer)$/, 'an array of NumPy', 'a tensor: torch.from_numpy(array)'],
  [/_rebuild_qtensor$/, 'a quantised tensor', 'the state_dict() of the model before quantisation'],
  [/_rebuild_sparse/, 'a sparse tensor', 'tensor.to_dense()'],
  [
    /^torch\..*(_rebuild_|Tensor)|^a (tensor|storage) of another kind$/,
    'a tensor of another kind',
    'plain tensors: tensor.detach().cpu().clone()',
  ],
];

const otherArrayOf = (value: unknown) =>
  value instanceof Unknown ? OTHER_ARRAYS.find(([names]) => names.test(value.name)) : undefined;

/** Refuses numbers that the reader cannot read: without them, the network would be another one. */
function checkNoArray(name: string, value: unknown): void {
  const [, got, way] = otherArrayOf(value) ?? [];
  if (got && way) throw outOfRange(`${WHERE}: ${quote(name)}`, got, way);
}

/** What torch.save was given. */
async function contentsOf(file: Uint8Array): Promise<unknown> {
  if (isLegacy(file)) return contentsOfLegacy(file);
  if (!isZip(file)) {
    const isPickle = file[0] === 0x80;
    const got = isPickle ? 'a pickle that torch.save has not written' : 'no zip archive';
    const wanted = isPickle
      ? 'a file of torch.save: docs/exchange.md has the way from scikit-learn'
      : 'a file of torch.save';
    throw outOfRange(WHERE, got, wanted);
  }
  const zip = new Zip(WHERE, file);
  const pickle = zip.names.find((name) => name === 'data.pkl' || name.endsWith('/data.pkl'));
  if (pickle === undefined) throw outOfRange(WHERE, 'an archive without data.pkl', 'a file of torch.save');
  const folder = pickle.slice(0, -'data.pkl'.length);
  if (zip.names.some((name) => name.startsWith(`${folder}code/`))) {
    throw outOfRange(WHERE, 'TorchScript, which is a program', 'torch.save(model.state_dict(), path)');
  }
  const order = `${folder}byteorder`;
  if (zip.has(order) && textOf(WHERE, await zip.read(order)).trim() === 'big') throw bigEndian();
  const data = new Map<string, Uint8Array>();
  for (const name of zip.names) {
    const prefix = `${folder}data/`;
    if (name.startsWith(prefix)) data.set(name.slice(prefix.length), await zip.read(name));
  }
  return readPickle(WHERE, await zip.read(pickle), { known: KNOWN, load: (id) => storageOf(id, data) });
}

/** The magic number of files that torch before 1.6 wrote, and that newer ones write for those who ask for it. */
const LEGACY = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** It stands behind the version of the pickle and, from version 4 on, the length of a frame. */
function isLegacy(file: Uint8Array): boolean {
  const start = file[2] === 0x95 ? 11 : 2;
  return file[0] === 0x80 && LEGACY.every((byte, i) => file[start + i] === byte);
}

/**
 * What such a file contains: pickles of a magic number, the version of the format, the machine, what was saved, and the
 * keys of the storages; then each storage, a count and its numbers.
 */
function contentsOfLegacy(file: Uint8Array): unknown {
  const storages = new Map<string, Storage>();
  const load = (id: unknown): unknown => {
    const found = storageId(id);
    // the view of a storage, in files of torch before 0.4
    if (!found || (id as unknown[])[5]) return new Unknown('a storage of another kind');
    const storage = storages.get(found.key) ?? { dtype: found.dtype, bytes: new Uint8Array(0) };
    storages.set(found.key, storage);
    return storage;
  };
  const { values, end } = readPickles(WHERE, file, 5, { known: KNOWN, load });
  const [, version, machine, root, keys] = values;
  if (version !== 1001 || !Array.isArray(keys)) {
    throw outOfRange(WHERE, `version ${keyText(version)} of the legacy format`, '1001: save it anew with torch.save');
  }
  if (machine instanceof Map && machine.get('little_endian') === false) throw bigEndian();
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = end;
  for (const key of keys) {
    const storage = storages.get(keyText(key));
    const count = at + 8 <= file.length ? Number(view.getBigInt64(at, true)) : Number.NaN;
    const next = storage ? at + 8 + count * BYTES_OF[storage.dtype] : Number.NaN;
    if (!storage || !(count >= 0 && next <= file.length)) {
      throw outOfRange(WHERE, `${counted(count, 'number')} of the storage ${quote(keyText(key))}`, 'a complete file');
    }
    storage.bytes = file.subarray(at + 8, next);
    at = next;
  }
  return root;
}

const bigEndian = () =>
  outOfRange(WHERE, 'numbers whose highest byte comes first', 'a file of a machine that stores the lowest first');

/** The persistent id of a storage: ['storage', its type, its key, the device, the count, ...]. */
function storageId(id: unknown): { dtype: Dtype; key: string } | undefined {
  const [kind, type, key] = Array.isArray(id) ? id : [];
  return kind === 'storage' && type instanceof StorageType ? { dtype: type.dtype, key: keyText(key) } : undefined;
}

function storageOf(id: unknown, data: ReadonlyMap<string, Uint8Array>): unknown {
  const found = storageId(id);
  if (!found) return new Unknown('a storage of another kind');
  const { dtype, key } = found;
  const bytes = data.get(key);
  if (!bytes) throw outOfRange(WHERE, `no data/${key}`, 'the numbers of each tensor');
  return { dtype, bytes } satisfies Storage;
}

const areCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);

const isStorage = (value: unknown): value is Storage => typeof value === 'object' && value !== null && 'bytes' in value;

const tensor: Known = ([storage, offset, size, strides]) => {
  if (!isStorage(storage)) return new Unknown('a tensor of another kind');
  if (!areCounts([offset]) || !areCounts(size) || !areCounts(strides) || size.length !== strides.length) {
    throw outOfRange(WHERE, 'a tensor without shape', 'one of torch.save');
  }
  return new FileTensor(storage, offset as number, size, strides);
};

const KNOWN: ReadonlyMap<string, Known | object> = new Map<string, Known | object>([
  ['collections.OrderedDict', () => new Map()],
  ['torch._utils._rebuild_tensor_v2', tensor],
  ['torch._utils._rebuild_parameter', ([value]) => value],
  ['torch._utils._rebuild_parameter_with_state', ([value]) => value],
  ['torch.Size', ([sizes]) => sizes],
  ...Object.entries(STORAGES).map(([name, dtype]): [string, object] => [`torch.${name}`, new StorageType(dtype)]),
]);

type StateDict = ReadonlyMap<unknown, unknown>;

const hasNames = (value: unknown): value is StateDict =>
  value instanceof Map && [...value.keys()].every((key) => typeof key === 'string');

const isStateDict = (value: unknown): value is StateDict =>
  hasNames(value) && [...value.values()].some((item) => item instanceof FileTensor && item.shape.length === 2);

/** True for the dict of a model whose weights have a form that is refused, by their names or by what they are. */
const isOfOtherForm = (value: unknown): value is StateDict =>
  hasNames(value) && (formOf(value.keys() as Iterable<string>) !== undefined || [...value.values()].some(otherArrayOf));

/** As many keys of a checkpoint are named in a message. */
const MOST_KEYS = 20;

const keysIn = (keys: readonly unknown[]) =>
  keys
    .slice(0, MOST_KEYS)
    .map((name) => quote(keyText(name)))
    .join(', ');

/** The state dict in what was saved. */
function stateDictOf(root: unknown, key: string | undefined): StateDict {
  if (root instanceof Unknown) {
    throw outOfRange(WHERE, `an object of the class ${quote(root.name, 80)}`, 'torch.save(model.state_dict(), path)');
  }
  if (key === undefined && isStateDict(root)) return root;
  if (!(root instanceof Map)) {
    const got = root instanceof FileTensor ? 'a single tensor' : nameOf(root);
    throw outOfRange(WHERE, got, 'a state dict: torch.save(model.state_dict(), path)');
  }
  const inside = (is: (value: unknown) => boolean) =>
    [...root].filter(([, value]) => is(value)) as [string, StateDict][];
  let found = inside(isStateDict);
  if (found.length === 0) found = inside(isOfOtherForm);
  if (found.length === 0 && key === undefined && isOfOtherForm(root)) return root;
  const keys = keysIn([...root.keys()]);
  if (key !== undefined) {
    const chosen = found.find(([name]) => name === key);
    if (!chosen) throw outOfRange('options.key', quote(key), `the key of a state dict, among ${keys}`);
    return chosen[1];
  }
  if (found.length === 1) return found[0][1];
  const got = found.length === 0 ? `no state dict among ${keys}` : `${found.length} state dicts`;
  const whole = [...root.values()].find((value) => value instanceof Unknown);
  const way = found.length === 0 ? '' : `: pass options.key, one of ${found.map(([name]) => quote(name)).join(', ')}`;
  const hint = whole ? 'model.state_dict() in place of the model' : `one${way}`;
  throw outOfRange(WHERE, got, found.length === 0 ? hint : `one${way}`);
}
