import { crc32 } from 'node:zlib';

// Saved files, taken apart and put together again around changes.

/** Gives a saved file that was changed the checksum that belongs to it. */
export function seal(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  return bytes;
}

/** The header of a saved file. */
// biome-ignore lint/suspicious/noExplicitAny: a header as JSON has it
export function headerOf(file: Uint8Array): any {
  return JSON.parse(new TextDecoder().decode(file.subarray(16, bodyStartOf(file))));
}

export const bodyStartOf = (file: Uint8Array) => 16 + new DataView(file.buffer, file.byteOffset).getUint32(12, true);

/** A saved file with another header, and the checksum that belongs to it. */
// biome-ignore lint/suspicious/noExplicitAny: a header as JSON has it
export function editHeader(file: Uint8Array, change: (header: any) => void): Uint8Array {
  const bodyStart = bodyStartOf(file);
  const header = headerOf(file);
  change(header);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(16 + text.length + file.length - bodyStart);
  bytes.set(file.subarray(0, 16));
  bytes.set(text, 16);
  bytes.set(file.subarray(bodyStart), 16 + text.length);
  new DataView(bytes.buffer).setUint32(12, text.length, true);
  return seal(bytes);
}
