import type { Core } from '../core/engine.js';
import { Header } from '../core/header.js';
import type { TeamCalls } from '../core/team-calls.js';
import type { Action, Agreement } from './agreement.js';
import { answerOfAll, type Controls, fingerprintOf, TeamSignal } from './call-settings.js';
import { Compared, type WordsCore } from './compared.js';
import type { Exchange } from './exchange.js';

// The core of a network that a team trains. Steps are divided between the processes; before each call that takes some,
// they compare what they are about to do. Everything else, such as predictions and evaluations, each process computes
// by itself. The parameters are the same in every process after each step. Of the optimizer's state and of the
// gradients, each process has only the part of its panels, until `gatherState`.

/** The core of one process of a team. */
export interface ProcessCore extends Core, WordsCore {
  join(rank: number): void;
}

/** What a network needs of its team. */
export interface Member {
  readonly size: number;
  /** The multiplications of a step that the processes share. */
  readonly leastWork: number;
  readonly agreement: Agreement;
  /** The number of the network in the team. */
  readonly network: number;
  /** Ends all processes, because this one cannot go on and the others would wait for it. */
  fail(error: unknown): never;
}

/** The core with its calls made by the team. */
export function teamCore(core: ProcessCore, memory: WebAssembly.Memory, exchange: Exchange, member: Member): Core {
  const calls = new TeamedCalls(core, memory, exchange, member);
  return {
    ...core,
    trainChunks: (position, count) => calls.trainChunks(position, count),
    trainRows: (rows) => calls.trainRows(rows),
    applyGradients: () => calls.applyGradients(),
    largestMagnitude: (source, floats) => calls.largestMagnitude(source, floats),
    team: calls,
  };
}

class TeamedCalls implements TeamCalls {
  readonly #core: Core;
  readonly #memory: WebAssembly.Memory;
  readonly #exchange: Exchange;
  readonly #member: Member;
  readonly #compared: Compared;
  /** True if each process has only its own part of the optimizer's state. */
  #isDivided = false;
  /** The signal of the call in progress. */
  #signal = new TeamSignal(undefined);

  constructor(core: ProcessCore, memory: WebAssembly.Memory, exchange: Exchange, member: Member) {
    this.#core = core;
    this.#memory = memory;
    this.#exchange = exchange;
    this.#member = member;
    this.#compared = new Compared(core, memory);
  }

  /** The processes measure different times, so that their slices differ: all take the shortest. */
  trainChunks(position: number, count: number): number {
    const settings = this.#compared.settings();
    const data = this.#compared.trainingSet();
    const parameters = this.#compared.parameters();
    const asked = this.#meet('steps', { settings, position, data, parameters }, [count, this.#signal.wish]);
    this.#signal.hear(asked.map(([, wish]) => wish));
    const least = Math.min(...asked.map(([wanted]) => wanted));
    // only now it is known how many rates are needed
    const rates = this.#compared.rates(least);
    if (rates !== undefined) this.#meet('steps', { 'learning rates': rates });
    return this.#share(this.#header.chunkRows, () => this.#core.trainChunks(position, least));
  }

  trainRows(rows: number): number {
    const settings = this.#compared.settings();
    const data = this.#compared.window(rows);
    this.#meet('batch', { settings, rows, data, parameters: this.#compared.parameters() });
    return this.#share(rows, () => this.#core.trainRows(rows));
  }

  applyGradients(): void {
    const settings = this.#compared.settings();
    const parameters = this.#compared.parameters();
    this.#meet('apply', { settings, parameters, gradients: this.#compared.gradients() });
    // every process has computed the whole gradient, and moves all parameters
    this.#bringTogether();
    this.#core.applyGradients();
    this.#compared.keepParameters();
  }

  /** For the state of the optimizer, the largest of all processes: each knows only its own part. */
  largestMagnitude(source: number, floats: number): number {
    const own = this.#core.largestMagnitude(source, floats);
    if (floats === 0 || source !== this.#header.state) return own;
    return Math.max(...this.#meet('check', {}, [own]).map(([largest]) => largest));
  }

  /** The clock of rank 0. */
  now(): number {
    return this.#meet('clock', {}, [performance.now()])[0][0];
  }

  gatherState(): void {
    if (!this.#isDivided) return;
    this.#meet('state');
    this.#bringTogether();
  }

  agree<T extends Controls>(options: object, settings: T): T {
    const { onEpoch, onBatch, signal } = settings;
    this.#signal = new TeamSignal(signal);
    this.#compared.forget();
    const own = [onEpoch, onBatch, signal].map((control) => Number(control !== undefined));
    const all = this.#meet('begin', { options: fingerprintOf(options) }, [...own, this.#signal.wish]);
    const [hasOnEpoch, hasOnBatch, hasSignal] = own.map((_, i) => all.some((has) => has[i] === 1));
    this.#signal.hear(all.map(([, , , wish]) => wish));
    const tell = (answer: number) => this.#meet('answer', {}, [answer]).map(([value]) => value);
    const onEpochOfAll = (report: { readonly epoch: number; readonly epochs: number; readonly stopped?: unknown }) => {
      // after the last epoch, and wherever a callback may save, every process has the whole state
      const isLast = report.stopped !== undefined || report.epoch + 1 === report.epochs;
      if (hasOnEpoch || isLast) this.gatherState();
      return hasOnEpoch ? answerOfAll('onEpoch', onEpoch && (() => onEpoch(report)), tell) : undefined;
    };
    const onBatchOfAll = (report: unknown) => answerOfAll('onBatch', onBatch && (() => onBatch(report)), tell);
    return {
      ...settings,
      signal: hasSignal ? this.#signal.signal : undefined,
      onEpoch: onEpochOfAll,
      onBatch: hasOnBatch ? onBatchOfAll : undefined,
    };
  }

  get #header(): Header {
    return new Header(this.#memory.buffer as ArrayBuffer);
  }

  #meet(action: Action, checks: Readonly<Record<string, number>> = {}, values: readonly number[] = []) {
    try {
      return this.#member.agreement.meet(action, this.#member.network, checks, values);
    } catch (error) {
      // the next call must not take for known what has just been refused
      this.#compared.forget();
      throw error;
    }
  }

  /** After an agreement: each process gets the whole state of the optimizer and all gradients. */
  #bringTogether(): void {
    if (!this.#isDivided) return;
    this.#exchange.begin();
    this.#exchange.state();
    this.#isDivided = false;
  }

  /**
   * Makes a call whose rows and panels are divided between all processes. If its chunks of `rows` rows are too small
   * for that, each process makes the whole call.
   */
  #share(rows: number, call: () => number): number {
    const header = this.#header;
    const isShared = rows * header.weightFloats >= this.#member.leastWork;
    if (!isShared) this.#bringTogether();
    header.teamThreads = isShared ? this.#member.size : 1;
    this.#exchange.begin();
    let result: number;
    try {
      result = call();
      this.#exchange.rest();
    } catch (error) {
      return this.#member.fail(error);
    } finally {
      header.teamThreads = 1;
    }
    this.#isDivided = isShared && this.#member.size > 1;
    this.#compared.keepParameters();
    return result;
  }
}
