/**
 * Divides data sets into training, validation and test, and cuts series into windows.
 *
 * @module
 */

export type { SampleKeys } from './data/keys.js';
export type { DrawOptions, PartOf, PartOptions } from './data/parts.js';
export { type DataParts, type SplitDataOptions, splitData } from './data/split-data.js';
export {
  type NumberSeries,
  type SplitWindowOptions,
  type SplitWindows,
  splitWindows,
  type WindowOptions,
  type Windows,
  windows,
} from './data/windows.js';
