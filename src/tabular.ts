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
export type { CsvSource, CsvStreamOptions, CsvTableOptions } from './tables/from-csv.js';
export type { TableOptions } from './tables/reading.js';
export { Table, type TableRecord } from './tables/table.js';
