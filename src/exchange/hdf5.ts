import { counted, outOfRange, quote } from '../check/errors.js';
import { textOf } from './json.js';
import { BYTES_OF, type Dtype, sizeOf, type Tensor, tensorOf } from './tensor.js';

// Reads HDF5 files as h5py writes them for Keras: groups of symbol tables or links, attributes that are texts, and
// datasets whose numbers stand in one piece. What needs more of the format (chunks, compression, groups of thousands of
// links) is refused. Every address and every length is checked against the file.

export interface Hdf5Group {
  /** Datasets of the group and of all groups in it, by their paths. */
  readonly datasets: ReadonlyMap<string, () => Tensor>;
  /** The attributes of the group that were asked for and are texts. */
  readonly texts: ReadonlyMap<string, string>;
}

const SIGNATURE = '\x89HDF\r\n\x1a\n';
const UNDEFINED = 2 ** 64;
const MOST_OBJECTS = 50_000;
const DEEPEST = 32;
const MOST_MESSAGES = 500_000;
const LONGEST_NAME = 1024;

/** `attributes`: the names of those that are wanted. */
export function readHdf5(where: string, file: Uint8Array, attributes: readonly string[] = []): Hdf5Group {
  const signature = String.fromCharCode(...file.subarray(0, 8));
  if (signature !== SIGNATURE) throw outOfRange(where, `a file that begins with ${quote(signature)}`, 'an HDF5 file');
  return new Hdf5File(where, file).root(attributes);
}

interface Message {
  readonly type: number;
  readonly start: number;
  readonly size: number;
}

interface Type {
  readonly kind: Dtype | 'text' | 'long text';
  readonly size: number;
}

class Hdf5File {
  readonly #where: string;
  readonly #file: Uint8Array;
  readonly #view: DataView;
  #objects = 0;
  #messageCount = 0;

  constructor(where: string, file: Uint8Array) {
    this.#where = where;
    this.#file = file;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  }

  root(attributes: readonly string[]): Hdf5Group {
    const version = this.#byte(8);
    // in versions 0 and 1, the address of the root follows four others; in versions 2 and 3, it follows three
    const [sizes, at] = version < 2 ? [13, version === 0 ? 24 + 40 : 28 + 40] : [9, 12 + 24];
    if (version > 3 || this.#byte(sizes) !== 8 || this.#byte(sizes + 1) !== 8) {
      throw this.#damaged(`version ${version} with addresses of ${counted(this.#byte(sizes), 'byte')}`);
    }
    const datasets = new Map<string, () => Tensor>();
    const address = this.#address(at);
    this.#addGroup('', address, datasets, 0);
    return { datasets, texts: this.#texts(address, attributes) };
  }

  #damaged(got: string): RangeError {
    return outOfRange(this.#where, got, 'an HDF5 file of h5py, complete');
  }

  #check(start: number, size: number): void {
    if (start >= 0 && size >= 0 && start + size <= this.#file.length) return;
    throw this.#damaged(`bytes ${start} to ${start + size} of a file of ${this.#file.length}`);
  }

  #byte(at: number): number {
    this.#check(at, 1);
    return this.#file[at];
  }

  #word(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  #integer(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** An address or a length of 64 bits. */
  #address(at: number): number {
    this.#check(at, 8);
    return Number(this.#view.getBigUint64(at, true));
  }

  #bytes(start: number, size: number): Uint8Array {
    this.#check(start, size);
    return this.#file.subarray(start, start + size);
  }

  #signature(at: number, wanted: string): void {
    const found = String.fromCharCode(...this.#bytes(at, 4));
    if (found !== wanted) throw this.#damaged(`${quote(found)} at byte ${at} in place of ${wanted}`);
  }

  /** A text that ends with a zero, or with its bytes. */
  #text(bytes: Uint8Array): string {
    const end = bytes.indexOf(0);
    return textOf(this.#where, end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** The messages of an object header, those of its continuations too. */
  #messages(address: number): Message[] {
    if (++this.#objects > MOST_OBJECTS) throw this.#damaged(`more than ${MOST_OBJECTS} objects`);
    const messages: Message[] = [];
    const isNew = this.#byte(address) === 0x4f;
    const blocks: [number, number][] = [];
    let hasOrder = false;
    if (isNew) {
      this.#signature(address, 'OHDR');
      const flags = this.#byte(address + 5);
      let at = address + 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0);
      const width = 1 << (flags & 3);
      const size = [this.#byte, this.#word, this.#integer, this.#address][flags & 3].call(this, at);
      at += width;
      hasOrder = (flags & 4) !== 0;
      blocks.push([at, size]);
    } else blocks.push([address + 16, this.#integer(address + 8)]);
    for (let b = 0; b < blocks.length; b++) {
      if (blocks.length > 1000) throw this.#damaged('an object of more than 1000 parts');
      const [start, size] = blocks[b];
      this.#check(start, size);
      const head = isNew ? 4 + (hasOrder ? 2 : 0) : 8;
      for (let at = start; at + head <= start + size; ) {
        const type = isNew ? this.#byte(at) : this.#word(at);
        const length = isNew ? this.#word(at + 1) : this.#word(at + 2);
        const body = at + head;
        if (++this.#messageCount > MOST_MESSAGES) throw this.#damaged(`more than ${MOST_MESSAGES} parts of objects`);
        if (body + length > start + size) break;
        if (type === 0x10) {
          const [next, bytes] = [this.#address(body), this.#address(body + 8)];
          blocks.push(isNew ? [next + 4, bytes - 8] : [next, bytes]);
        } else messages.push({ type, start: body, size: length });
        at = body + length;
      }
    }
    return messages;
  }

  #addGroup(path: string, address: number, datasets: Map<string, () => Tensor>, depth: number): void {
    if (depth > DEEPEST) throw this.#damaged(`groups of more than ${DEEPEST} levels`);
    const messages = this.#messages(address);
    if (messages.some(({ type }) => type === 0x08)) {
      datasets.set(path, () => this.#dataset(path, messages));
      return;
    }
    for (const [name, child] of this.#links(messages)) {
      this.#addGroup(path === '' ? name : `${path}/${name}`, child, datasets, depth + 1);
    }
  }

  #links(messages: readonly Message[]): [string, number][] {
    const links: [string, number][] = [];
    for (const { type, start } of messages) {
      if (type === 0x11) this.#addSymbols(this.#address(start), this.#address(start + 8), links, 0);
      else if (type === 0x06) links.push(...this.#link(start));
      else if (type === 0x02) {
        const heap = this.#address(start + 2 + (this.#byte(start + 1) & 1 ? 8 : 0));
        if (heap < UNDEFINED - 2 ** 12) throw this.#damaged('a group with an index of its links');
      }
    }
    return links;
  }

  /** The links of a tree of symbol tables, whose names are in a heap. */
  #addSymbols(tree: number, heap: number, links: [string, number][], depth: number): void {
    if (depth > DEEPEST || ++this.#objects > MOST_OBJECTS) throw this.#damaged('a tree without end');
    this.#signature(heap, 'HEAP');
    const names = this.#address(heap + 24);
    const length = this.#address(heap + 8);
    this.#signature(tree, 'TREE');
    const level = this.#byte(tree + 5);
    for (let i = 0; i < this.#word(tree + 6); i++) {
      const child = this.#address(tree + 32 + 16 * i);
      if (level > 0) {
        this.#addSymbols(child, heap, links, depth + 1);
        continue;
      }
      this.#signature(child, 'SNOD');
      for (let s = 0; s < this.#word(child + 6); s++) {
        const entry = child + 8 + 40 * s;
        const offset = this.#address(entry);
        if (offset >= length) throw this.#damaged(`a name at ${offset} of ${length}`);
        if (++this.#objects > MOST_OBJECTS) throw this.#damaged(`more than ${MOST_OBJECTS} objects`);
        const name = this.#bytes(names + offset, Math.min(length - offset, LONGEST_NAME));
        links.push([this.#text(name), this.#address(entry + 8)]);
      }
    }
  }

  /** A hard link. Others lead to other files, or to names. */
  #link(start: number): [string, number][] {
    const flags = this.#byte(start + 1);
    let at = start + 2;
    const kind = flags & 8 ? this.#byte(at++) : 0;
    at += (flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0);
    const width = 1 << (flags & 3);
    const length = [this.#byte, this.#word, this.#integer, this.#address][flags & 3].call(this, at);
    at += width;
    const name = this.#text(this.#bytes(at, length));
    return kind === 0 ? [[name, this.#address(at + length)]] : [];
  }

  #shape(start: number): number[] {
    const version = this.#byte(start);
    const rank = this.#byte(start + 1);
    const first = start + (version === 1 ? 8 : 4);
    return Array.from({ length: rank }, (_, i) => this.#address(first + 8 * i));
  }

  #type(start: number): Type | undefined {
    const kind = this.#byte(start) & 15;
    const bits = this.#byte(start + 1);
    const size = this.#integer(start + 4);
    if (kind === 3) return { kind: 'text', size };
    if (kind === 9) return (bits & 15) === 1 ? { kind: 'long text', size } : undefined;
    if (bits & 1) return undefined;
    if (kind === 1) return { kind: ({ 2: 'f16', 4: 'f32', 8: 'f64' } as const)[size as 2 | 4 | 8] ?? 'f64', size };
    if (kind !== 0) return undefined;
    const name = `${bits & 8 ? 'i' : 'u'}${8 * size}`;
    return name in BYTES_OF ? { kind: name as Dtype, size } : undefined;
  }

  #dataset(path: string, messages: readonly Message[]): Tensor {
    const where = `${this.#where}: ${quote(path, 80)}`;
    const at = (type: number) => messages.find((message) => message.type === type)?.start;
    const [space, type, layout] = [at(0x01), at(0x03), at(0x08)];
    if (space === undefined || type === undefined || layout === undefined)
      throw this.#damaged('a dataset without shape');
    const shape = this.#shape(space);
    const own = this.#type(type);
    if (!own || own.kind === 'text' || own.kind === 'long text' || BYTES_OF[own.kind] !== own.size) {
      throw outOfRange(where, 'numbers of another type', 'f32, f64, f16 or integers, the lowest byte first');
    }
    const bytes = sizeOf(where, shape) * own.size;
    const [version, kind] = [this.#byte(layout), this.#byte(layout + 1)];
    if ((version !== 3 && version !== 4) || kind > 1) {
      throw outOfRange(
        where,
        kind === 2 ? 'a dataset in chunks' : `layout ${version}`,
        'one that is stored in one piece',
      );
    }
    const [start, size] =
      kind === 0 ? [layout + 4, this.#word(layout + 2)] : [this.#address(layout + 2), this.#address(layout + 10)];
    if (size !== bytes) throw outOfRange(where, counted(size, 'byte'), `${bytes} for the shape [${shape}]`);
    return tensorOf(where, own.kind, shape, this.#bytes(start, size));
  }

  #texts(address: number, wanted: readonly string[]): Map<string, string> {
    const texts = new Map<string, string>();
    for (const { type, start } of this.#messages(address)) {
      if (type !== 0x0c) continue;
      const version = this.#byte(start);
      const [nameSize, typeSize, spaceSize] = [2, 4, 6].map((offset) => this.#word(start + offset));
      const padded = (size: number) => (version === 1 ? 8 * Math.ceil(size / 8) : size);
      const nameAt = start + (version === 3 ? 9 : 8);
      const typeAt = nameAt + padded(nameSize);
      const data = typeAt + padded(typeSize) + padded(spaceSize);
      const name = nameSize > LONGEST_NAME ? '' : this.#text(this.#bytes(nameAt, nameSize));
      if (!wanted.includes(name) || texts.has(name)) continue;
      const own = this.#type(typeAt);
      if (own?.kind === 'text') texts.set(name, this.#text(this.#bytes(data, own.size)));
      else if (own?.kind === 'long text') texts.set(name, this.#longText(data));
    }
    return texts;
  }

  /** A text in a heap of the whole file. */
  #longText(at: number): string {
    const [length, heap, wanted] = [this.#integer(at), this.#address(at + 4), this.#integer(at + 12)];
    this.#signature(heap, 'GCOL');
    const end = heap + this.#address(heap + 8);
    for (let object = heap + 16; object + 16 <= end; ) {
      const index = this.#word(object);
      const size = this.#address(object + 8);
      if (index === wanted && length <= size) return this.#text(this.#bytes(object + 16, length));
      if (index === 0) break;
      object += 16 + 8 * Math.ceil(size / 8);
    }
    throw this.#damaged('a text that is not there');
  }
}
