/** Milliseconds, for differences alone. An AudioWorklet has no `performance`. */
export function readTimer(): number {
  return typeof performance === 'undefined' ? Date.now() : performance.now();
}
