/** What messages call rows of data. */
export interface RowNames {
  /** All of them, such as `data`. */
  readonly all: string;
  /** The beginning of what one row or one column is called: empty, or such as `options.validation, `. */
  readonly before: string;
}

/** The names of the rows of an option, such as `options.validation`; without it, those of the argument `data`. */
export const rowNamesOf = (option?: string): RowNames =>
  option === undefined ? { all: 'data', before: '' } : { all: option, before: `${option}, ` };

/** What messages call a row of a table, by its number in the table. */
export type PlaceOf = (row: number) => string;
