/**
 * The error for a core that could not be compiled. `isValid`: true if the engine knows all its instructions. This file
 * is loaded only when compiling has failed.
 */
export function explain(isValid: boolean, cause?: unknown): Error {
  const lacking =
    'simdprop: this engine lacks WebAssembly SIMD (every browser and runtime since 2023 has it), or what the build wants beside: ' +
    "relaxed SIMD for 'relaxed' (Node 21, Chrome 114, Firefox 145 and later have it), atomics for threads";
  const forbidden =
    "simdprop: this page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to script-src, or pass a " +
    'compiled module as { wasm }';
  return new Error(isValid ? forbidden : lacking, { cause });
}
