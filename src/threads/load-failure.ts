// Finds out why a worker did not load. The browser's own event says only that it did not.

/**
 * The end of the message for a worker that did not load: what would let it load. `isOwn`: it came from the user's
 * createWorker.
 */
export function whyNotLoaded(isOwn: boolean): string {
  return isOwn
    ? "createWorker to return a worker of simdprop/worker, at an address that exists and that worker-src of the page's " +
        'Content-Security-Policy allows: see docs/threads.md'
    : "worker-src of the page's Content-Security-Policy to allow blob: and, with Trusted Types, its trusted-types to " +
        'allow simdprop; or createWorker, which returns a worker from a file: see docs/threads.md';
}

/** A report of the browser on what a Content-Security-Policy has forbidden. */
interface Violation extends Event {
  readonly effectiveDirective?: string;
  readonly blockedURI?: string;
}

/** Notes what the page's Content-Security-Policy forbids from now on, until `stop`. */
export function watchViolations(): { describe(): Promise<string>; stop(): void } {
  let text = '';
  const note = (event: Event) => {
    const { effectiveDirective, blockedURI } = event as Violation;
    text = `: ${effectiveDirective} has blocked ${blockedURI}`;
  };
  const host = globalThis as { [name in 'addEventListener' | 'removeEventListener']?: Window[name] };
  host.addEventListener?.('securitypolicyviolation', note);
  return {
    // the browser may report the violation shortly after the worker's error event
    async describe() {
      if (!text) await new Promise((resolve) => setTimeout(resolve, 50));
      return text;
    },
    stop: () => host.removeEventListener?.('securitypolicyviolation', note),
  };
}

/** ' from <address>' of the last file that has been requested since `started`; empty if that is not known. */
export function addressSince(started: number | undefined): string {
  if (started === undefined || typeof performance.getEntriesByType !== 'function') return '';
  const entries = performance.getEntriesByType('resource').filter(({ startTime }) => startTime >= started);
  const last = entries[entries.length - 1];
  return last ? ` from ${last.name}` : '';
}
