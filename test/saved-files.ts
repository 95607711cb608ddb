import { crc32 } from 'node:zlib';

// Divides saved files into sections, and makes files from changed sections. This is a second implementation of the
// format in docs/saving.md.

export interface FileSection {
  name: string;
  type: string;
  required: boolean;
  bytes: Uint8Array;
}

/** Writes the right checksum to a saved file that was changed. */
export function seal(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  return bytes;
}

const aligned = (length: number) => Math.ceil(length / 8) * 8;
const decode = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

/**
 * The byte at which the sections begin, after the table; in a file of version 1, at which the numbers begin, after the
 * header.
 */
export const bodyStartOf = (file: Uint8Array) => 16 + new DataView(file.buffer, file.byteOffset).getUint32(12, true);

export function sectionsOf(file: Uint8Array): FileSection[] {
  let at = bodyStartOf(file);
  return decode(file.subarray(16, at)).sections.map((entry: FileSection & { bytes: number }) => {
    const bytes = file.slice(at, at + entry.bytes);
    at += aligned(entry.bytes);
    return { ...entry, bytes };
  });
}

export const sectionOf = (file: Uint8Array, name: string) =>
  sectionsOf(file).find((section) => section.name === name) as FileSection;

/** The contents of a JSON section of a saved file. */
// biome-ignore lint/suspicious/noExplicitAny: a value as JSON has it
export const jsonOf = (file: Uint8Array, name: string): any => decode(sectionOf(file, name).bytes);

/** A file of these sections with the right checksum. `table`: a table that contradicts them. */
export function joinSections(
  sections: readonly FileSection[],
  {
    version = 2,
    table = { sections: sections.map((section) => ({ ...section, bytes: section.bytes.length })) },
  }: {
    version?: number;
    table?: unknown;
  } = {},
): Uint8Array {
  const text = new TextEncoder().encode(typeof table === 'string' ? table : JSON.stringify(table));
  const start = 16 + aligned(text.length);
  const bytes = new Uint8Array(sections.reduce((sum, section) => sum + aligned(section.bytes.length), start) + 4);
  bytes.set(new TextEncoder().encode('SIMDPROP'));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, version, true);
  view.setUint32(12, start - 16, true);
  bytes.fill(32, 16, start).set(text, 16);
  let at = start;
  for (const section of sections) {
    bytes.set(section.bytes, at);
    at += aligned(section.bytes.length);
  }
  return seal(bytes);
}

/** The file with the section of that name replaced or added. */
export function withSection(file: Uint8Array, name: string, change: Partial<FileSection>): Uint8Array {
  const sections = sectionsOf(file);
  const section = sections.find((other) => other.name === name);
  if (section) Object.assign(section, change);
  else sections.push({ name, type: 'json', required: false, bytes: new Uint8Array(0), ...change });
  return joinSections(sections);
}

/** The file with another value in a JSON section. `change` changes the value, or returns a new one. */
// biome-ignore lint/suspicious/noExplicitAny: a value as JSON has it
export function editJson(file: Uint8Array, name: string, change: (value: any) => unknown): Uint8Array {
  const value = jsonOf(file, name);
  const changed = change(value);
  const text = changed === undefined ? value : changed;
  const bytes = new TextEncoder().encode(typeof text === 'string' ? text : JSON.stringify(text));
  return withSection(file, name, { bytes });
}

/** A file of version 1 with another header. */
// biome-ignore lint/suspicious/noExplicitAny: a header as JSON has it
export function editHeader(file: Uint8Array, change: (header: any) => unknown): Uint8Array {
  const header = decode(file.subarray(16, bodyStartOf(file)));
  const changed = change(header);
  const value = changed === undefined ? header : changed;
  const text = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
  const body = file.subarray(bodyStartOf(file));
  const bytes = new Uint8Array(16 + text.length + body.length);
  bytes.set(file.subarray(0, 16));
  bytes.set(text, 16);
  bytes.set(body, 16 + text.length);
  new DataView(bytes.buffer).setUint32(12, text.length, true);
  return seal(bytes);
}
