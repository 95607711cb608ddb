import { crc32 } from '../check/crc32.js';
import { encodeUtf8 } from '../check/utf8.js';

// The format of a file, whatever is in it: a table of sections, and the sections. This file writes them;
// read-sections.ts, which only Network.load needs, reads them.
//
//   0       8         12            16
//   | magic | version | table bytes | table | section | section | ... | CRC-32 |
//
// Every section begins at a multiple of 8 bytes: the table is padded with spaces, each section with zeros. Numbers are
// little-endian. The checksum covers everything before it. The table is JSON, `{ "sections": [{ "name", "type",
// "bytes", "required" }, ...] }`, in the order of the sections. JSON is in ASCII: other characters are escaped as
// \uXXXX. Types are `json`, `f16`, `f32` and `f64`.
//
// A section that a reader does not know comes from a newer version. If it is required, the file cannot be used without
// it. If not, the reader keeps it unchanged and writes it again.

/** A part of a section that is written where it stands in the file, so that no copy of it is needed. */
export interface Written {
  readonly length: number;
  write(bytes: Uint8Array): void;
}

/** A section to be written. Its bytes may be several parts, one after another. */
export interface NewSection {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly bytes: Uint8Array | readonly (Uint8Array | Written)[];
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

/** The bytes that a section takes. */
export const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

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
      if (part instanceof Uint8Array) file.set(part, at);
      else part.write(file.subarray(at, at + part.length));
      at += part.length;
    }
    sectionStart += aligned(lengths[i]);
  }
  view.setUint32(checksumStart, crc32(file.subarray(0, checksumStart)), true);
  return file;
}
