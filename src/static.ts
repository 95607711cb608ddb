// simdprop/static: all of simdprop in one file that imports nothing while it runs, for service workers, AudioWorklets and programs that are
// bundled into one file. scripts/bundle.ts puts everything in that is loaded on demand elsewhere, and takes the X.static.ts of every file
// that has one: the default build of the core is part of the file, threads and the fused build are left out.
export * from './index.js';
