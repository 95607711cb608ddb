import { encodeUtf8 } from '../check/utf8.js';

// Writes protocol buffers: see protobuf.ts. A message is a list of fields, and a field is bytes.

/** A field, as bytes. */
export type Written = Uint8Array;

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** An integer from 0 up, seven bits a byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

/** A negative integer takes ten bytes, as two's complement of 64 bits. */
function signed(value: number): Uint8Array {
  if (value >= 0) return varint(value);
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

export const integerField = (number: number, value: number): Written => joined([varint(8 * number), signed(value)]);

export function floatField(number: number, value: number): Written {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joined([varint(8 * number + 5), bytes]);
}

export const bytesField = (number: number, bytes: Uint8Array): Written =>
  joined([varint(8 * number + 2), varint(bytes.length), bytes]);

export const textField = (number: number, text: string): Written => bytesField(number, encodeUtf8(text));

export const messageField = (number: number, fields: readonly Written[]): Written => bytesField(number, joined(fields));
