export type { PartOf, PartOptions } from './data/parts.js';
export { type DataParts, type SampleKeys, type SplitDataOptions, splitData } from './data/split-data.js';
export {
  type NumberSeries,
  type SplitWindowOptions,
  type SplitWindows,
  splitWindows,
  type WindowOptions,
  type Windows,
  windows,
} from './data/windows.js';
