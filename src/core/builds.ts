import type { BuildName } from './core-options.js';
import { inflate } from './inflate.js';

type Bytes = Uint8Array<ArrayBuffer>;

let readDefault: () => Bytes | undefined = () => undefined;

/** From now on, the bytes of the default build are what `read` returns, unless that is undefined. */
export function readDefaultWith(read: () => Bytes | undefined): void {
  readDefault = read;
}

/** The WebAssembly of a build. Two literal imports, so that bundlers split them and a page loads the one it uses. */
export async function bytesOf(build: BuildName): Promise<Bytes> {
  const bytes = build === 'simd' ? readDefault() : undefined;
  if (bytes) return bytes;
  const { base64 } = await (build === 'relaxed' ? import('../generated/relaxed.js') : import('../generated/simd.js'));
  return await inflate(base64);
}
