import { checkBoolean, checkObject, counted, outOfRange, wrongType } from '../check/errors.js';
import { floatsOfHalves } from '../check/half-floats.js';
import { parseJson } from '../check/utf8.js';
import { aligned, CHECKSUM_BYTES, PREFIX_BYTES, type Section } from './sections.js';

// Reads what sections.ts writes. Everything is checked as untrusted input.

/** The bytes of one item of each type. A section has a whole number of items. */
const ITEM_BYTES: Readonly<Record<string, number>> = { json: 1, f16: 2, f32: 4, f64: 8 };

/** The end of a message that refuses something that this version does not know. */
export const NEWER = 'the file was saved by a newer simdprop';

/** The sections of a file whose checksum has been verified. Their bytes are views of the file. */
export function readSections(file: Uint8Array): Section[] {
  const { json, start } = readJson(file, 'table');
  const table = checkTable(json);
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
        `${counted(bytes, 'byte')} of ${JSON.stringify(name)}`,
        `at most the ${Math.max(end - at, 0)} that follow`,
      );
    }
    const section = { name, type, isRequired: required, bytes: file.subarray(at, at + bytes) };
    at += aligned(bytes);
    return section;
  });
  if (at !== end)
    throw outOfRange('load', `${counted(end - start, 'byte')} of sections`, `the ${at - start} of the table`);
  return sections;
}

/** The JSON at the beginning of a file, which messages call `name`. `start`: where the rest begins. */
export function readJson(file: Uint8Array, name: string): { json: unknown; start: number } {
  const bytes = new DataView(file.buffer, file.byteOffset).getUint32(12, true);
  const start = PREFIX_BYTES + bytes;
  if (start > file.length - CHECKSUM_BYTES) {
    throw outOfRange('load', `a ${name} of ${counted(bytes, 'byte')}`, 'one that ends within the file');
  }
  return { json: parseJson(`load: ${name}`, file.subarray(PREFIX_BYTES, start)), start };
}

function checkTable(table: unknown): unknown[] {
  checkObject('load: table', table, ['sections']);
  const { sections } = table as { sections: unknown };
  if (!Array.isArray(sections)) throw wrongType('load: table.sections', sections, 'an array');
  return sections;
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
  checkBoolean(`${where}.required`, entry.required);
  const { type, bytes } = entry;
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes % (ITEM_BYTES[type] ?? 1) !== 0) {
    throw outOfRange(`${where}.bytes`, bytes, `a count of bytes, whole numbers of type ${JSON.stringify(type)}`);
  }
  return entry;
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

/** The contents of a file's sections, read by name. */
export class Contents {
  /** The names of sections that this version knows. */
  readonly known: readonly string[];
  /** Optional sections with other names, as copies: the file is not kept for them. */
  readonly unknown: readonly Section[];
  readonly #sections: ReadonlyMap<string, Section>;

  constructor(sections: readonly Section[], known: readonly string[]) {
    this.known = known;
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

  /** Floats that may be stored as half floats. */
  floatsOrHalves(name: string, count: number): Float32Array {
    if (this.#sections.get(name)?.type !== 'f16') return this.floats(name, count);
    return floatsOfHalves(new Uint8Array(this.#copy(name, 'f16', 2 * count)));
  }

  doubles(name: string, count: number): Float64Array {
    return new Float64Array(this.#copy(name, 'f64', 8 * count));
  }

  /** A copy of a section's bytes: the file may begin at an odd address, and is not kept. */
  #copy(name: string, type: string, wanted: number): ArrayBuffer {
    const bytes = this.#bytes(name, type);
    if (bytes.length !== wanted) {
      throw outOfRange('load', `${counted(bytes.length, 'byte')} of ${name}`, `${wanted} for this network`);
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
