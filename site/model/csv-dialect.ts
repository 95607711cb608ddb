/** How a CSV text divides its fields and writes its numbers. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly decimal: '.' | ',';
  /** The fields of the first row, without quotes. */
  readonly first: readonly string[];
}

const DELIMITERS = [';', '\t', '|', ','];
/** The rows that are looked at. */
const ROWS = 20;

/** In many languages, programs write 0,5 and put semicolons or tabs between the fields. */
export function dialectOf(text: string): CsvDialect {
  const rows = text.trimStart().split('\n', ROWS);
  const delimiter = DELIMITERS.find((mark) => rows[0].includes(mark)) ?? ',';
  const fields = rows.map((row) => row.split(delimiter).map((field) => field.trim().replace(/^"(.*)"$/, '$1')));
  const hasCommas = delimiter !== ',' && fields.flat().some((field) => /^[+-]?\d+,\d+$/.test(field));
  return { delimiter, decimal: hasCommas ? ',' : '.', first: fields[0] };
}
