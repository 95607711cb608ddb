/**
 * Tables of numbers, categories, dates and booleans; encoders; models that learn from a table and answer in its terms.
 *
 * @module
 */

export type { ColumnImportance, ImportanceOptions } from './applications/importance.js';
export type { TableModelOptions } from './applications/model-options.js';
export {
  type FittedTableModel,
  type Prediction,
  type PredictOptions,
  type TableEvaluation,
  TableModel,
} from './applications/table-model.js';
export type { NumberSeries, SplitWindows, Windows } from './data/windows.js';
export type { PartsStream } from './io/read-all.js';
export type {
  BooleanColumn,
  CategoryColumn,
  Column,
  ColumnKind,
  DateColumn,
  IgnoredColumn,
  NumberColumn,
  Value,
} from './tables/column.js';
export type { ConvertedKind } from './tables/convert.js';
export type { DatePart } from './tables/date-parts.js';
export type { Answer, TargetTask } from './tables/encoded-target.js';
export { type EncodedData, Encoder } from './tables/encoder.js';
export type { EncoderJson } from './tables/encoder-json.js';
export type { ColumnEncoding, EncoderOptions, EncodingName } from './tables/encoder-options.js';
export type { CsvSource, CsvStreamOptions, CsvTableOptions } from './tables/from-csv.js';
export type { TableOptions } from './tables/reading.js';
export type { HoldBackOptions, TableSplitOptions } from './tables/split.js';
export { Table, type TableRecord, type TableSplit } from './tables/table.js';
export {
  type SplitWindowOptions,
  splitWindows,
  type WindowOptions,
  windows,
} from './tables/windows.js';
