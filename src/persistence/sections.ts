import { crc32 } from '../check/crc32.js';
import { checkObject, outOfRange, wrongType } from '../check/errors.js';
import { decodeUtf8, encodeUtf8 } from '../check/utf8.js';

// The format of a file, whatever is in it: a table of sections, and the sections.
//
//   0       8         12            16
//   | magic | version | table bytes | table | section | section | ... | CRC-32 |
//
// Every section begins at a multiple of 8 bytes: the table is filled up with spaces, each section with zeros. Numbers
// are little-endian. The checksum covers everything before it. The table is JSON, `{ "sections": [{ "name", "type",
// "bytes", "required" }, ...] }`, in the order of the sections. JSON is in ASCII: other characters are escaped as
// \uXXXX. Types are `json`, `f32` and `f64`; `f16` is reserved.
//
// A section that a reader does not know is one of a newer version. If it is required, what the file holds cannot be
// used without it; if not, the reader leaves it as it is, and writes it again.

/** A section to be written. Its bytes may be several arrays, one after another. */
export interface NewSection {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly bytes: Uint8Array | readonly Uint8Array[];
}

export interface Section extends NewSection {
  readonly bytes: Uint8Array;
}

/**
 * The type Uint8Array<ArrayBuffer>, which `Blob` and `fetch` accept. It is written in this way for TypeScript before
 * 5.7, where Uint8Array is not generic.
 */
export type SavedBytes = ReturnType<Uint8Array['slice']>;

export const MAGIC = 'SIMDPROP';
export const VERSION = 2;
export const PREFIX_BYTES = 16;
export const CHECKSUM_BYTES = 4;

const ALIGNMENT = 8;
const ITEM_BYTES: Readonly<Record<string, number>> = { json: 1, f16: 2, f32: 4, f64: 8 };

/** The end of a message that refuses something that this version does not know. */
export const NEWER = 'the file was saved by a newer simdprop';

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export function jsonSection(name: string, isRequired: boolean, value: unknown): Section {
  return { name, type: 'json', isRequired, bytes: encodeJson(value) };
}

/** A section that holds arrays, one after another. */
export function floatSection(name: string, isRequired: boolean, arrays: readonly Float32Array[]): NewSection {
  return { name, type: 'f32', isRequired, bytes: arrays.map(bytesOf) };
}

export function doubleSection(name: string, isRequired: boolean, arrays: readonly Float64Array[]): NewSection {
  return { name, type: 'f64', isRequired, bytes: arrays.map(bytesOf) };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);

/** JSON in UTF-8. NaN and infinities, which JSON does not have, become strings. */
function encodeJson(value: unknown): Uint8Array {
  const json = JSON.stringify(value, (_, item) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  );
  return encodeUtf8(json);
}

export function writeSections(sections: readonly NewSection[]): SavedBytes {
  const contents = sections.map(({ bytes }) => (bytes instanceof Uint8Array ? [bytes] : bytes));
  const lengths = contents.map((parts) => parts.reduce((sum, { length }) => sum + length, 0));
  const entries = sections.map(({ name, type, isRequired }, i) => ({
    name,
    type,
    bytes: lengths[i],
    required: isRequired,
  }));
  const table = encodeJson({ sections: entries });
  const start = PREFIX_BYTES + aligned(table.length);
  const checksumStart = lengths.reduce((end, length) => end + aligned(length), start);
  const file = new Uint8Array(checksumStart + CHECKSUM_BYTES);
  const view = new DataView(file.buffer);
  for (let i = 0; i < MAGIC.length; i++) file[i] = MAGIC.charCodeAt(i);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, start - PREFIX_BYTES, true);
  file.fill(' '.charCodeAt(0), PREFIX_BYTES, start);
  file.set(table, PREFIX_BYTES);
  let sectionStart = start;
  for (const [i, parts] of contents.entries()) {
    let at = sectionStart;
    for (const part of parts) {
      file.set(part, at);
      at += part.length;
    }
    sectionStart += aligned(lengths[i]);
  }
  view.setUint32(checksumStart, crc32(file.subarray(0, checksumStart)), true);
  return file;
}

/** The sections of a file whose checksum has been verified. Their bytes are views of the file. */
export function readSections(file: Uint8Array): Section[] {
  const { start, table } = readTable(file);
  const end = file.length - CHECKSUM_BYTES;
  const names = new Set<string>();
  let at = start;
  const sections = table.map((entry, i): Section => {
    const where = `load: section ${i}`;
    const { name, type, bytes, required } = checkEntry(where, entry);
    if (names.has(name)) throw outOfRange(where, `a second ${JSON.stringify(name)}`, 'each section once');
    names.add(name);
    if (bytes > end - at) {
      throw outOfRange(
        where,
        `${bytes} bytes of ${JSON.stringify(name)}`,
        `at most the ${Math.max(end - at, 0)} that follow`,
      );
    }
    const section = { name, type, isRequired: required, bytes: file.subarray(at, at + bytes) };
    at += aligned(bytes);
    return section;
  });
  if (at !== end) throw outOfRange('load', `${end - start} bytes of sections`, `the ${at - start} of the table`);
  return sections;
}

function readTable(file: Uint8Array): { start: number; table: unknown[] } {
  const tableBytes = new DataView(file.buffer, file.byteOffset).getUint32(12, true);
  const start = PREFIX_BYTES + tableBytes;
  if (start > file.length - CHECKSUM_BYTES) {
    throw outOfRange('load', `a table of ${tableBytes} bytes`, 'one that ends within the file');
  }
  const value = parseJson('load: table', file.subarray(PREFIX_BYTES, start));
  checkObject('load: table', value, ['sections']);
  const { sections } = value as { sections: unknown };
  if (!Array.isArray(sections)) throw wrongType('load: table.sections', sections, 'an array');
  return { start, table: sections };
}

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly required: boolean;
}

function checkEntry(where: string, value: unknown): Entry {
  checkObject(where, value, ['name', 'type', 'bytes', 'required']);
  const entry = value as Entry;
  for (const key of ['name', 'type'] as const) {
    const text: unknown = entry[key];
    if (typeof text !== 'string') throw wrongType(`${where}.${key}`, text, 'a string');
  }
  if (typeof entry.required !== 'boolean') throw wrongType(`${where}.required`, entry.required, 'true or false');
  const { type, bytes } = entry;
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes % (ITEM_BYTES[type] ?? 1) !== 0) {
    throw outOfRange(`${where}.bytes`, bytes, `a count of bytes, whole numbers of type ${JSON.stringify(type)}`);
  }
  return entry;
}

export function parseJson(where: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch (error) {
    throw new RangeError(`${where}: got no JSON in UTF-8, want what save() writes`, { cause: error });
  }
}

/**
 * Calls `check`. If that throws, `where` is put before the message, so that it says which part of the file is wrong.
 */
export function inFile<T>(where: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    const { message } = error as Error;
    throw new (error instanceof TypeError ? TypeError : RangeError)(`${where}${message}`, { cause: error });
  }
}

/** The contents of a file's sections, read by name. `known`: the names that this version knows. */
export class Contents {
  /** Optional sections with other names, as copies: the file is not kept for them. */
  readonly unknown: readonly Section[];
  readonly #sections: ReadonlyMap<string, Section>;

  constructor(sections: readonly Section[], known: readonly string[]) {
    this.#sections = new Map(sections.map((section) => [section.name, section]));
    const others = sections.filter(({ name }) => !known.includes(name));
    const needed = others.find(({ isRequired }) => isRequired);
    if (needed) throw outOfRange('load', `the required section ${JSON.stringify(needed.name)}`, `known ones: ${NEWER}`);
    this.unknown = others.map((section) => ({ ...section, bytes: section.bytes.slice() }));
  }

  has(name: string): boolean {
    return this.#sections.has(name);
  }

  json(name: string): unknown {
    return parseJson(`load: ${name}`, this.#bytes(name, 'json'));
  }

  floats(name: string, count: number): Float32Array {
    return new Float32Array(this.#copy(name, 'f32', 4 * count));
  }

  doubles(name: string, count: number): Float64Array {
    return new Float64Array(this.#copy(name, 'f64', 8 * count));
  }

  /** A copy of a section's bytes: the file may begin at an odd address, and is not kept. */
  #copy(name: string, type: string, wanted: number): ArrayBuffer {
    const bytes = this.#bytes(name, type);
    if (bytes.length !== wanted) {
      throw outOfRange('load', `${bytes.length} bytes of ${name}`, `${wanted} for this network`);
    }
    return new Uint8Array(bytes).buffer;
  }

  #bytes(name: string, type: string): Uint8Array {
    const section = this.#sections.get(name);
    if (!section) throw outOfRange('load', `no section ${JSON.stringify(name)}`, 'one');
    if (section.type === type) return section.bytes;
    const got = `${JSON.stringify(name)} of type ${JSON.stringify(section.type)}`;
    throw outOfRange('load', got, `${JSON.stringify(type)}: ${NEWER}`);
  }
}
