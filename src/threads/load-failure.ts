// Finds out why a worker did not load, because the event of the browser does not say why.

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

const LONGEST_SOURCE = 200;

/**
 * The origin of a worker that did not load. No browser tells the address, but the source of the user's createWorker
 * contains it.
 */
export function originOf(createWorker: (() => unknown) | undefined): string {
  if (!createWorker) return 'a blob: address';
  const source = String(createWorker).replace(/\s+/g, ' ');
  return `createWorker, ${source.length > LONGEST_SOURCE ? `${source.slice(0, LONGEST_SOURCE)}...` : source}`;
}
