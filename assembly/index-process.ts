// The entry of the build for teams of processes: exports everything that index.ts exports, the call that says which
// process of the team this is, and the one by which processes compare their memories.

export * from './index';
export { addWords } from './fingerprint';
export { join } from './team';
