import { outOfRange, quote } from '../check/errors.js';
import type { DataSet } from '../data/data-set.js';
import { type EncodedData, Encoder } from '../tables/encoder.js';
import type { Table, TablePart } from '../tables/table.js';
import { areRows, defaultShareOf, type ModelPlan, type ValidationRows } from './model-options.js';
import { like } from './model-task.js';
import { validationWeights } from './model-weights.js';

// The rows that a model is trained on, and those that decide when its training ends.

/**
 * The table without the column that makes the groups, unless the inputs are given: by default, this column is no input.
 */
function inputColumns(table: Table, { validation, encoder }: ModelPlan): Table {
  const { group } = Object(validation) as { group?: unknown };
  if (group === undefined || areRows(validation)) return table;
  if ([encoder.target].flat().includes(group as string)) {
    throw outOfRange('options.validation.group', `the target ${quote(group as string)}`, 'another column');
  }
  // if the table has no such column, it is refused later, when the rows are divided
  return encoder.inputs === undefined && table.has(group as string) ? table.without([group as string]) : table;
}

/** The training data of a model, those that decide when training ends, if there are any, and their encoder. */
export interface ModelData {
  readonly encoder: Encoder;
  readonly training: DataSet;
  readonly rows: number;
  readonly validation?: DataSet;
}

/** Encodes validation rows. Errors name `options.validation` as their place. */
function encodeValidation(encoder: Encoder, validation: ValidationRows): EncodedData {
  try {
    return encoder.encode(like(encoder, validation));
  } catch (error) {
    // a getter of a record may throw anything
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const { message } = error;
    // the encoder calls the rows `data`, or names a row or a column alone
    const text = message.startsWith('data') ? message.slice('data'.length) : `, ${message}`;
    const Same = error instanceof TypeError ? TypeError : RangeError;
    throw new Same(`options.validation${text}`, { cause: error });
  }
}

/** `weights`: those of the rows of the table. */
export function trainingData(table: Table, weights: Float32Array | undefined, plan: ModelPlan): ModelData {
  const { validation = defaultShareOf(table.rows), seed, weights: given } = plan;
  const inputs = inputColumns(table, plan);
  if (validation === false || areRows(validation)) {
    const encoder = Encoder.fit(inputs, plan.encoder);
    const own = validation && {
      ...encodeValidation(encoder, validation),
      weights: validationWeights(validation, given),
    };
    const training = { ...encoder.encode(table), weights };
    return { encoder, training, rows: table.rows, ...(own && { validation: own }) };
  }
  let parts!: ReturnType<Table['holdBack']>;
  const encoder = Encoder.fitPart(inputs, plan.encoder, (task) => {
    const classes = task === 'classes' ? ([plan.encoder.target].flat()[0] as string) : undefined;
    parts = table.holdBack('options.validation', validation, { seed, classes });
    return parts.training.table;
  });
  const dataOf = ({ table: part, rows }: TablePart) => ({
    ...encoder.encode(part),
    weights: weights && Float32Array.from(rows, (row) => weights[row]),
  });
  const { training, validation: held } = parts;
  return { encoder, training: dataOf(training), rows: training.table.rows, validation: dataOf(held) };
}
