import type { TypedDataSet } from '../data/data-set.js';
import { checkWorker, type HostWorker, listenTo } from '../threads/host.js';
import { originOf } from '../threads/load-failure.js';
import type { Job, Material, Outcome } from './part.js';

// The workers of a search. Each trains one part of one setting after another.

/** What a worker is sent: first the data, then one job after another. */
export type SearchMessage = { readonly material: Material } | { readonly job: Job };

/** What a worker answers to each message. */
export interface SearchAnswer {
  readonly outcome?: Outcome | undefined;
  /** An error that ends the search. */
  readonly error?: unknown;
}

/** What makes workers. `isOwn`: it is the user's own function. */
export interface CreateWorker {
  readonly make: () => unknown;
  readonly isOwn: boolean;
}

/** The longest time that a start may take. A worker that takes longer has probably loaded another file. */
const LONGEST_START_MS = 30_000;

/** The workers of a search. */
export class Pool {
  readonly #members: Member[] = [];
  readonly #started: Promise<unknown>;

  /** Begins to start workers that will have the data. Throws if one cannot be made. */
  constructor(count: number, createWorker: CreateWorker, material: Material) {
    try {
      for (let i = 0; i < count; i++) this.#members.push(new Member(createWorker));
    } catch (error) {
      this.stop();
      throw error;
    }
    const shared = {
      ...material,
      data: share(material.data),
      validation: material.validation && share(material.validation),
    };
    this.#started = Promise.all(this.#members.map((member) => member.begin(shared)));
    // if a setting is refused meanwhile, nobody asks whether the workers have started
    this.#started.catch(() => {});
  }

  /** Rejects if one of the workers does not answer. */
  async start(): Promise<void> {
    await this.#started;
  }

  /** Lets one of the workers train. It must not be training. */
  run(member: number, job: Job): Promise<Outcome> {
    return this.#members[member].run(job);
  }

  /** Ends all workers. Trainings in progress stay without an answer. */
  stop(): void {
    for (const member of this.#members) member.stop();
  }
}

/** The same data in memory that all workers share. Where the host has no such memory, each worker gets a copy. */
function share(data: TypedDataSet): TypedDataSet {
  const isShareable = typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated !== false;
  if (!isShareable) return data;
  const { inputs, targets, weights } = data;
  return {
    ...data,
    inputs: sharedCopy(inputs),
    targets: sharedCopy(targets),
    ...(weights && { weights: sharedCopy(weights) }),
  };
}

function sharedCopy<T extends TypedDataSet['inputs' | 'targets']>(values: T): T {
  const type = values.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new type(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}

/** A worker that answers one message after another. */
class Member {
  readonly #worker: HostWorker<SearchMessage>;
  /** Where the worker comes from, for messages. */
  readonly #origin: string;
  #hasAnswered = false;
  #isStopped = false;
  #settle: { resolve(answer: SearchAnswer): void; reject(error: Error): void } | undefined;
  #death: Error | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor({ make, isOwn }: CreateWorker) {
    this.#origin = isOwn ? originOf(make) : 'its file in the package';
    this.#worker = checkWorker<SearchMessage>('options.createWorker', this.#make(make));
    listenTo(this.#worker, 'message', (event) => {
      this.#hasAnswered = true;
      // Node's workers have no events
      const answer = this.#worker.on ? event : (event as MessageEvent).data;
      this.#settle?.resolve(answer as SearchAnswer);
    });
    listenTo(this.#worker, 'error', (event) => this.#die((event as { message?: string }).message));
    listenTo(this.#worker, 'exit', (code) => this.#die(`exit code ${code}`));
  }

  /** Browsers may refuse a worker at once. */
  #make(make: () => unknown): unknown {
    try {
      return make();
    } catch (cause) {
      throw this.#notStarted((cause as Error).message, cause);
    }
  }

  #notStarted(why: string | undefined, cause?: unknown): Error {
    const wanted = 'createWorker to return a worker of simdprop/search-worker: see docs/search.md';
    const got = `a worker did not start from ${this.#origin}${why ? `: ${why}` : ''}`;
    return new Error(`search: ${got}, want ${wanted}; workers: 0 trains in this thread`, { cause });
  }

  async begin(material: Material): Promise<void> {
    this.#late = setTimeout(() => this.#die('it does not answer'), LONGEST_START_MS);
    try {
      await this.#ask({ material });
    } finally {
      clearTimeout(this.#late);
    }
  }

  async run(job: Job): Promise<Outcome> {
    const { outcome, error } = await this.#ask({ job });
    if (!outcome) throw error;
    return outcome;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#late);
    this.#worker.terminate();
  }

  #ask(message: SearchMessage): Promise<SearchAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#death) throw this.#death;
      this.#settle = { resolve, reject };
      this.#worker.postMessage(message);
    });
  }

  #die(why: string | undefined): void {
    if (this.#isStopped) return;
    const died = `search: a worker has died${why ? `: ${why}` : ''}, want it to live; workers: 0 trains in this thread`;
    this.#death ??= this.#hasAnswered ? new Error(died) : this.#notStarted(why);
    this.#settle?.reject(this.#death);
  }
}
