/** True in a page and its workers, where a Content-Security-Policy may apply. */
function isInPage(): boolean {
  const { document, WorkerGlobalScope } = globalThis as { document?: object; WorkerGlobalScope?: unknown };
  return document !== undefined || (typeof WorkerGlobalScope === 'function' && !isEdgeRuntime());
}

/** Cloudflare's workerd calls itself a worker, but has no page. */
function isEdgeRuntime(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers';
}

/**
 * The error for a core that could not be compiled, with what a user can do about it. `bytes`: the core. This file is
 * loaded only when compiling has failed.
 */
export function explain(bytes: Uint8Array<ArrayBuffer>, cause?: unknown): Error {
  return new Error(`simdprop: ${reasonOf(bytes, cause)}`, { cause });
}

function reasonOf(bytes: Uint8Array<ArrayBuffer>, cause: unknown): string {
  if (typeof WebAssembly === 'undefined') {
    return (
      'this engine has no WebAssembly: start Node without --jitless; ' +
      'in a browser, take the page out of the mode that switches it off (Lockdown Mode, enhanced security)'
    );
  }
  if (!WebAssembly.validate(bytes)) {
    return (
      'this engine lacks WebAssembly SIMD (every browser and runtime since 2023 has it), or something else that this build needs: ' +
      "relaxed SIMD for 'relaxed' (Node 21, Chrome 114, Firefox 145 and later have it), atomics for threads"
    );
  }
  if (cause instanceof RangeError) {
    return 'there is no memory left to compile the core: dispose() of networks that are no longer used, or raise ulimit -v';
  }
  if (isInPage()) {
    return (
      "this page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src " +
      '(for a worker, the policy sent with its own file counts)'
    );
  }
  return (
    'this host does not compile WebAssembly from bytes: import simdprop/simd.wasm as a module in the way that the host offers, ' +
    'and pass it as { wasm }'
  );
}
