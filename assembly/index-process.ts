// The entry of the build for teams of processes: exports everything that index.ts exports, and the call that says which
// process of the team this is.

export * from './index';
export { join } from './team';
