import { outOfRange } from '../check/errors.js';
import { checkSize } from '../core/arena.js';
import { allocate, compileBytes, type Engine, importsOf, instantiate } from '../core/engine.js';
import { inflate } from '../core/inflate.js';
import { makePlan, type Plan } from '../core/memory-plan.js';
import { START, type StartingTeam } from '../core/process-team.js';
import { base64 } from '../generated/processes.js';
import type { Spec } from '../spec/spec.js';
import { Agreement } from './agreement.js';
import { Exchange } from './exchange.js';
import { addText, EMPTY } from './fingerprint.js';
import { checkStarted, type Mpi } from './mpi-library.js';
import { type ProcessCore, teamCore } from './network-core.js';

/** The time that mpirun gets to show the error of a process. */
const LAST_WORDS_MS = 200;

let module: Promise<WebAssembly.Module> | undefined;

/** The team that this process is a member of. */
export class MpiTeam implements StartingTeam {
  readonly rank: number;
  readonly size: number;
  /** The name and version of the MPI library, such as `Open MPI v4.1.4`. */
  readonly library: string;
  readonly #mpi: Mpi;
  readonly #leastWork: number;
  readonly #agreement: Agreement;
  /** The last error that nobody has caught; it ends this process, unless the program has a handler. */
  #uncaught: unknown;
  /** How many networks the team has made. */
  #networks = 0;

  private constructor(mpi: Mpi, leastWork: number) {
    this.#leastWork = leastWork;
    this.rank = mpi.rank;
    this.size = mpi.size;
    this.library = mpi.library;
    this.#mpi = mpi;
    this.#agreement = new Agreement(mpi);
    Object.freeze(this);
  }

  /** See joinTeam. `version`: of the package. */
  static join(version: string, mpi: Mpi, leastWork: number): MpiTeam {
    const team = new MpiTeam(mpi, leastWork);
    process.on('exit', (exitCode) => team.#leave(exitCode));
    // Node prints the error that ends a process only after the exit, which will not return
    process.on('uncaughtExceptionMonitor', (error) => {
      team.#uncaught = error;
    });
    checkStarted(mpi);
    team.#agreement.meet('join', 0, { version: addText(addText(EMPTY, version), base64), leastWork });
    return team;
  }

  /** @internal Starts the engine of a network that all processes of the team create. */
  async [START](spec: Spec, capacity: number): Promise<{ readonly engine: Engine; readonly plan: Plan }> {
    if (spec.cost === 'custom') {
      throw outOfRange('team', 'a cost of your own', 'one of the costs that simdprop has, or no team');
    }
    const plan = checkSize(makePlan(spec, capacity, undefined, 0, ALONE));
    module ??= inflate(base64).then(compileBytes);
    const compiled = await module;
    this.#agreement.meet('create', 0, { options: addText(EMPTY, JSON.stringify([spec, capacity])) });
    // counted here, because networks that are made at the same time may be done in any order
    const network = ++this.#networks;
    const memory = allocate(plan.bytes);
    const exchange = new Exchange(this.#mpi, memory);
    const imports = { ...importsOf(memory, undefined), team: exchange.imports };
    const core = (await instantiate(compiled, imports, 'simdprop/mpi', false)) as ProcessCore;
    core.join(this.rank);
    const member = {
      size: this.size,
      leastWork: this.#leastWork,
      agreement: this.#agreement,
      network,
      fail: (error: unknown) => this.#fail(error),
    };
    return { plan, engine: { core: teamCore(core, memory, exchange, member), memory } };
  }

  /** This process ends. If it cannot go on, all others end too, because they would wait for it. */
  #leave(exitCode: number): void {
    if (exitCode !== 0) {
      if (this.#uncaught) console.error(`simdprop/mpi: rank ${this.rank}:`, this.#uncaught);
      this.#abort(exitCode);
    }
    try {
      this.#agreement.meet('leave', 0);
    } catch (error) {
      this.#fail(error);
    }
    this.#mpi.finalize();
  }

  #fail(error: unknown): never {
    console.error(`simdprop/mpi: rank ${this.rank}:`, error);
    this.#abort(1);
    throw error;
  }

  #abort(exitCode: number): void {
    // mpirun may lose what was written just before the end
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORDS_MS);
    this.#mpi.abort(exitCode);
  }
}

/** A call of the core is made by this process alone, unless TeamedCalls says otherwise: then all take part. */
const ALONE = { threads: 1, isWide: false, threadWork: 0 };
