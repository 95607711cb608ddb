import { quote } from '../check/errors.js';

// The library of MPI (Open MPI or MPICH), which koffi loads and calls. koffi reads and writes the memories of
// WebAssembly in place. No native code of simdprop is needed.

/** The parts of koffi that are used. Its own types would be needed by every program that imports simdprop/mpi. */
interface Koffi {
  load(path: string, options: { readonly global: boolean }): Library;
}

interface Library {
  func(name: string, result: string, parameters: readonly string[]): (...values: unknown[]) => number;
  symbol(name: string): unknown;
}

/** The calls of MPI that a team makes. */
export interface Mpi {
  /** The name and version of the library. */
  readonly library: string;
  readonly rank: number;
  readonly size: number;
  /** Sends `own` to every process. Returns the numbers of all, one process after another. */
  collect(own: Float64Array): Float64Array;
  /**
   * Each process has a part of `floats`: `counts[rank]` numbers from `starts[rank]` on. Afterwards each has all parts.
   */
  exchange(floats: Float32Array, counts: Int32Array, starts: Int32Array): void;
  /** Ends all processes. */
  abort(exitCode: number): void;
  /** Must be called by all processes at their end. */
  finalize(): void;
}

const OPEN_MPI = ['libmpi.so.40', 'libmpi.so.80', 'libmpi.40.dylib'];
const MPICH = ['libmpich.so.12', 'libmpi.so.12', 'libmpi.12.dylib'];
/** Whichever of the two is meant. */
const EITHER = ['libmpi.so', 'libmpi.dylib'];

/** How the two libraries represent what is passed to their functions. */
interface Handles {
  readonly type: string;
  readonly world: unknown;
  readonly float: unknown;
  readonly double: unknown;
  /** MPI_IN_PLACE, an address that stands for the buffer that is received into. */
  readonly inPlace: number;
}

function handlesOf(library: Library, isOpenMpi: boolean): Handles {
  if (!isOpenMpi) return { type: 'int', world: 0x44000000, float: 0x4c00040a, double: 0x4c00080b, inPlace: -1 };
  return {
    type: 'void *',
    world: library.symbol('ompi_mpi_comm_world'),
    float: library.symbol('ompi_mpi_float'),
    double: library.symbol('ompi_mpi_double'),
    inPlace: 1,
  };
}

/**
 * UCX, by which MPICH sends, reads these variables when it is loaded. Without the first, it overwrites mmap, brk and
 * their like in the C library while other threads of Node call them, and processes have crashed in MPI_Init. Without
 * the second, it takes the signal of a wrong address from V8, which throws an error where WebAssembly has left its
 * memory; and if a process crashes in malloc, its handler waits for ever for malloc's lock.
 */
const SETTINGS_OF_UCX = { UCX_MEM_EVENTS: 'no', UCX_HANDLE_ERRORS: 'none' };

/** MPI_THREAD_FUNNELED: only the thread that begins makes calls. */
const FUNNELED = 1;

/** Loads the library and becomes a member of MPI_COMM_WORLD. `path`: of the library; undefined: one that is found. */
export async function startMpi(path: string | undefined): Promise<Mpi> {
  const koffi = await loadKoffi();
  for (const [name, value] of Object.entries(SETTINGS_OF_UCX)) process.env[name] ??= value;
  const library = loadLibrary(koffi, path);
  const name = nameOf(library);
  const isOpenMpi = name.startsWith('Open MPI');
  const { type: handle, world, float, double, inPlace } = handlesOf(library, isOpenMpi);
  const call = (name: string, parameters: string[]) => {
    const f = library.func(name, 'int', parameters);
    return (...values: unknown[]) => {
      const code = f(...values);
      if (code !== 0) throw new Error(`simdprop/mpi: ${name} has failed with code ${code}`);
    };
  };
  const buffer = 'void *';
  call('MPI_Init_thread', [buffer, buffer, 'int', buffer])(null, null, FUNNELED, new Int32Array(1));
  const read = (name: string) => {
    const word = new Int32Array(1);
    call(name, [handle, buffer])(world, word);
    return word[0];
  };
  const [rank, size] = [read('MPI_Comm_rank'), read('MPI_Comm_size')];
  const allgather = call('MPI_Allgather', [buffer, 'int', handle, buffer, 'int', handle, handle]);
  const allgatherv = call('MPI_Allgatherv', ['intptr_t', 'int', handle, buffer, buffer, buffer, handle, handle]);
  const abort = call('MPI_Abort', [handle, 'int']);
  const finalize = call('MPI_Finalize', []);
  return {
    library: name,
    rank,
    size,
    collect(own) {
      const all = new Float64Array(size * own.length);
      allgather(own, own.length, double, all, own.length, double, world);
      return all;
    },
    exchange: (floats, counts, starts) => allgatherv(inPlace, 0, float, floats, counts, starts, float, world),
    abort: (exitCode) => abort(world, exitCode),
    finalize: () => finalize(),
  };
}

async function loadKoffi(): Promise<Koffi> {
  // a name that bundlers and TypeScript do not look for, because few programs have this package
  const name = 'koffi';
  try {
    return ((await import(name)) as { default: Koffi }).default;
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Error(`joinTeam: got no package koffi (${why}), want it beside simdprop: npm install koffi`, { cause });
  }
}

/** How many processes mpirun has started, and which library its processes need. */
function startedBy({ env }: NodeJS.Process): { count: number; names: readonly string[] } {
  const isMpich = env.OMPI_COMM_WORLD_SIZE === undefined && env.PMI_SIZE !== undefined;
  const names = isMpich ? [...MPICH, ...EITHER, ...OPEN_MPI] : [...OPEN_MPI, ...EITHER, ...MPICH];
  return { count: Number(env.OMPI_COMM_WORLD_SIZE ?? env.PMI_SIZE ?? 1), names };
}

/** Refuses a library that does not see the processes that mpirun has started: each would train alone. */
export function checkStarted({ library, size }: Mpi): void {
  const { count } = startedBy(process);
  // a scheduler may start processes without saying how many
  if (size >= count) return;
  const wanted = `the mpirun of ${library}, or the library of this mpirun as options.library`;
  throw new Error(`joinTeam: got ${size} of the ${count} processes that mpirun has started, want ${wanted}`);
}

function loadLibrary(koffi: Koffi, path: string | undefined): Library {
  const reasons: string[] = [];
  for (const name of path === undefined ? startedBy(process).names : [path]) {
    try {
      // global: the plugins of Open MPI look for its symbols in the global scope
      return koffi.load(name, { global: true });
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  const wanted =
    path === undefined
      ? 'Open MPI (on Debian: apt install openmpi-bin) or MPICH, or the path of its library as options.library'
      : `the path of the library of Open MPI or MPICH as options.library, not ${quote(path, 200)}`;
  throw new Error(`joinTeam: got no MPI library (${reasons[0]}), want ${wanted}`);
}

/** The first line of the library's version, such as `Open MPI v4.1.4, package: ...`, up to a comma. */
function nameOf(library: Library): string {
  const text = new Uint8Array(8192);
  library.func('MPI_Get_library_version', 'int', ['void *', 'void *'])(text, new Int32Array(1));
  const [line] = new TextDecoder('latin1').decode(text.subarray(0, text.indexOf(0))).split('\n');
  return line
    .split(',')[0]
    .replace(/^MPICH Version:\s*/, 'MPICH ')
    .trim();
}
