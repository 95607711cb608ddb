import type { BuildName } from './core-options.js';
import { inflate } from './inflate.js';

/** The WebAssembly of a build. Two literal imports, so that bundlers split them and a page loads the one it uses. */
export async function bytesOf(build: BuildName): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await (build === 'relaxed' ? import('../generated/relaxed.js') : import('../generated/simd.js'));
  return await inflate(base64);
}
