/** The bytes that scripts/build-wasm.mjs has deflated and written as base64. */
export async function inflate(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  // takes 2 ms in Node. The stream below would take 36 ms: it needs Response, which loads all of fetch and compiles an
  // HTTP parser
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  if (zlib) return zlib.inflateSync(Buffer.from(base64, 'base64'));
  const text = atob(base64);
  const deflated = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) deflated[i] = text.charCodeAt(i);
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
