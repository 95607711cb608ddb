// Apart from engine.ts, whose types name WebAssembly: programs without the types of the DOM do not know it, and these
// types are among the published ones.

/** What a network of a team of processes does besides computing: all of them must call the same. */
export interface TeamCalls {
  /** A time in milliseconds that is the same in all processes, so that they take the same steps by it. */
  now(): number;
  /** Gives each process the whole state of the optimizer and all gradients, of which it has only a part. */
  gatherState(): void;
  /** Compares the options of a call. Returns its settings with callbacks and a signal that hold for all processes. */
  agree<T extends object>(options: object, settings: T): T;
}

/** A core, as seen by code that needs only its team. Cores of networks without one have none. */
export interface TeamedCore {
  readonly team?: TeamCalls;
}
