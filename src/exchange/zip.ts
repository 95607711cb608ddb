import type * as Zlib from 'node:zlib';
import { counted, outOfRange, quote } from '../check/errors.js';
import { readAll } from '../io/read-all.js';
import { textOf } from './json.js';

// Reads zip archives: PyTorch and Keras store networks in them. Every length is checked before memory is taken, and an
// entry may unpack to no more bytes than it states.

/**
 * All unpacked bytes together may be this many times as many as those of the archive, which hardly compresses weights.
 */
const MOST_FOLD = 64;

/** However small the archive is, this many bytes may be unpacked. */
const LEAST_LIMIT = 2 ** 24;

/** The entries of an archive by name. */
export class Zip {
  readonly #where: string;
  readonly #file: Uint8Array;
  readonly #entries = new Map<string, Entry>();
  #unpacked = 0;

  constructor(where: string, file: Uint8Array) {
    this.#where = where;
    this.#file = file;
    for (const entry of entriesOf(where, file)) {
      if (this.#entries.has(entry.name)) throw outOfRange(where, `two entries ${quote(entry.name)}`, 'different names');
      this.#entries.set(entry.name, entry);
    }
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The size of an entry when it is unpacked. */
  sizeOf(name: string): number {
    return this.#entryOf(name).size;
  }

  /** The bytes of an entry that is only stored, as a view of the file. */
  stored(name: string): Uint8Array {
    const entry = this.#entryOf(name);
    if (entry.method !== 0)
      throw outOfRange(`${this.#where}: ${quote(name)}`, 'a compressed entry', 'one that is stored');
    return this.#packed(entry);
  }

  /** The bytes of an entry. */
  async read(name: string): Promise<Uint8Array> {
    const entry = this.#entryOf(name);
    if (entry.method === 0) return this.#packed(entry);
    const where = `${this.#where}: ${quote(name)}`;
    if (entry.method !== 8) throw outOfRange(where, `compression method ${entry.method}`, 'deflate, or none');
    // entries may share their packed bytes, so that all of them count together
    this.#unpacked += entry.size;
    const most = Math.max(LEAST_LIMIT, MOST_FOLD * this.#file.length);
    if (this.#unpacked > most) {
      throw outOfRange(
        where,
        `${counted(this.#unpacked, 'byte')} when it is unpacked`,
        `at most ${most} for a file of this size`,
      );
    }
    return await inflateRaw(where, this.#packed(entry), entry.size);
  }

  #entryOf(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw outOfRange(this.#where, `no entry ${quote(name)}`, 'one');
    return entry;
  }

  #packed({ name, start, packedSize }: Entry): Uint8Array {
    const file = this.#file;
    const where = `${this.#where}: ${quote(name)}`;
    const view = viewOf(file);
    if (start + 30 > file.length || view.getUint32(start, true) !== 0x04034b50) {
      throw outOfRange(where, `no entry at byte ${start}`, 'one: the file is damaged');
    }
    const data = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    if (data + packedSize > file.length) {
      throw outOfRange(where, `bytes to ${data + packedSize} of a file of ${file.length}`, 'a complete file');
    }
    return file.subarray(data, data + packedSize);
  }
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly start: number;
  readonly size: number;
  readonly packedSize: number;
}

/** True for a file that begins as a zip archive does. */
export const isZip = (file: Uint8Array): boolean => file[0] === 0x50 && file[1] === 0x4b && file[2] === 3;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The entries of the directory at the end of an archive. */
function entriesOf(where: string, file: Uint8Array): Entry[] {
  const view = viewOf(file);
  // the end of the directory has 22 bytes, and a comment of at most 65,535
  let end = file.length - 22;
  while (end >= 0 && end > file.length - 65_558 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) {
    throw outOfRange(where, 'no directory at the end', 'a zip archive, complete');
  }
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if ((at === 0xffffffff || count === 0xffff) && end >= 20 && view.getUint32(end - 20, true) === 0x07064b50) {
    const end64 = Number(view.getBigUint64(end - 12, true));
    if (end64 + 56 > file.length) throw outOfRange(where, `a directory at byte ${end64}`, 'one within the file');
    count = Number(view.getBigUint64(end64 + 32, true));
    at = Number(view.getBigUint64(end64 + 48, true));
  }
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > file.length || view.getUint32(at, true) !== 0x02014b50) {
      throw outOfRange(where, `${i} entries of ${count} in the directory`, 'all of them: the file is damaged');
    }
    const [nameBytes, moreBytes, commentBytes] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const next = at + 46 + nameBytes + moreBytes + commentBytes;
    if (next > file.length) throw outOfRange(where, 'a directory that is cut short', 'a complete file');
    const name = textOf(where, file.subarray(at + 46, at + 46 + nameBytes));
    entries.push({ name, method: view.getUint16(at + 10, true), ...sizesOf(view, at, at + 46 + nameBytes, moreBytes) });
    at = next;
  }
  return entries;
}

/** The sizes and the place of an entry. Those that do not fit into 32 bits are in the zip64 field behind the name. */
function sizesOf(
  view: DataView,
  at: number,
  more: number,
  moreBytes: number,
): Pick<Entry, 'size' | 'packedSize' | 'start'> {
  const sizes = { size: view.getUint32(at + 24, true), packedSize: view.getUint32(at + 20, true), start: view.getUint32(at + 42, true) }; // biome-ignore format: one line
  for (let field = more; field + 4 <= more + moreBytes; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    const end = Math.min(field + 4 + view.getUint16(field + 2, true), more + moreBytes);
    let place = field + 4;
    for (const key of ['size', 'packedSize', 'start'] as const) {
      if (sizes[key] !== 0xffffffff || place + 8 > end) continue;
      sizes[key] = Number(view.getBigUint64(place, true));
      place += 8;
    }
  }
  return sizes;
}

/** Unpacks to exactly `size` bytes. */
async function inflateRaw(where: string, packed: Uint8Array, size: number): Promise<Uint8Array> {
  const damaged = (got: string) =>
    outOfRange(where, got, `compressed data of ${counted(size, 'byte')}: the file is damaged`);
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib') as typeof Zlib | undefined;
  let at = 0;
  let bytes = new Uint8Array(0);
  try {
    if (zlib) {
      const all = zlib.inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
      if (all.length === size) return new Uint8Array(all.buffer, all.byteOffset, all.length);
      at = all.length;
    } else {
      bytes = new Uint8Array(size);
      const stream = new Blob([packed.slice()]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
      for await (const part of readAll(stream) as AsyncGenerator<Uint8Array>) {
        if (at + part.length > size) throw damaged('more bytes than the entry claims');
        bytes.set(part, at);
        at += part.length;
      }
    }
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error));
  }
  if (at !== size) throw damaged(counted(at, 'byte'));
  return bytes;
}
