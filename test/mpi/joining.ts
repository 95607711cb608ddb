import koffi from 'koffi';
import { joinTeam } from '../../src/mpi.js';

// A first call that has found no library is forgotten. Joining leaves what the process needs: the functions of the C
// library that other threads call at the same time, and the signal by which V8 learns that WebAssembly has left its
// memory.

const library = koffi.load('libc.so.6');
const beginnings = () =>
  ['mmap', 'munmap', 'mremap', 'madvise', 'brk'].map((name) => koffi.decode(library.symbol(name), 'uint8[8]').join());

/** A module with a memory of 64 KB, whose function f loads a word of it. */
const LOADS = [
  '0061736d01000000', // the version
  '010601 60017f017f', // a type: i32 -> i32
  '03020100 0503010001', // a function of it, and a memory
  '0705010166 0000', // f is that function
  '0a0901070020002802000b', // local.get 0, i32.load
];

const missing = await joinTeam({ library: 'libmissing.so', leastWork: 1 }).catch(({ message }) => message as string);
const before = beginnings();
const { check, refused } = await import('./checks.js');
check(`a missing library: ${missing}`, String(missing).startsWith('joinTeam: got no MPI library'));
check('the C library is as it was', String(beginnings()) === String(before));
const bytes = Uint8Array.from(Buffer.from(LOADS.join('').replaceAll(' ', ''), 'hex'));
const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { f: (address: number) => number };
check('a word of the memory', f(0) === 0);
await refused('a word behind the memory', () => f(2 ** 30), 'memory access out of bounds');
