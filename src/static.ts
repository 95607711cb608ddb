/**
 * Everything that `simdprop` exports, in one file that imports nothing while it runs: for service workers,
 * AudioWorklets and programs that are bundled into one file. It has the default build of the core, but neither threads
 * nor the build with fused multiply-add.
 *
 * @module
 */

// scripts/bundle.ts includes all parts that simdprop loads on demand, and takes X.static.ts in place of X.ts if it
// exists.
export * from './index.js';
