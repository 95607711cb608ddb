import type * as Zlib from 'node:zlib';
import { outOfRange } from '../check/errors.js';
import { readAll } from './read-all.js';

/** True for bytes that begin as gzip data do (RFC 1952). */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Decompresses gzip data part by part, so that the caller can stop. `name` is the beginning of error messages. Throws a
 * RangeError if the data are damaged or cut short, or if nothing here can decompress them.
 */
export async function* gunzip(name: string, bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  const zlib = zlibOfHost();
  if (!zlib && typeof DecompressionStream !== 'function') {
    throw outOfRange(name, 'gzip data', 'them decompressed: there is no DecompressionStream here');
  }
  try {
    yield* zlib ? byZlib(bytes, zlib) : byStream(bytes);
  } catch (error) {
    const got = `gzip data that are damaged or cut short (${reasonOf(error)})`;
    throw outOfRange(name, got, 'all of them: is the download complete?');
  }
}

/**
 * The message of the decompressor. In Node 24, its stream throws errors with an empty message; their cause may have
 * one.
 */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error.cause ? reasonOf(error.cause) : error.name);
}

/** The zlib of Node, Deno and Bun. It is not imported, because bundlers for pages could not resolve the import. */
const zlibOfHost = () => globalThis.process?.getBuiltinModule?.('node:zlib');

async function* byZlib(bytes: Uint8Array, zlib: typeof Zlib): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = zlib.createGunzip();
  stream.end(bytes);
  yield* stream;
}

/** Decompresses in pages and workers. */
function byStream(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  // Blob does not accept memory that is shared with other threads
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream('gzip'));
  return readAll(stream) as AsyncGenerator<Uint8Array, void, undefined>;
}
