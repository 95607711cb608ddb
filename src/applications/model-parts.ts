import { outOfRange, quote } from '../check/errors.js';
import type { DataSet } from '../data/data-set.js';
import { markOwn } from '../data/own-arrays.js';
import { weighted } from '../data/pick.js';
import { setUnits } from '../data/units.js';
import { type EncodedData, Encoder } from '../tables/encoder.js';
import { rowNamesOf } from '../tables/row-names.js';
import { Table, type TablePart } from '../tables/table.js';
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

const VALIDATION = 'options.validation';

const rowsOf = (data: ValidationRows) => (data instanceof Table ? data.rows : data.length);

/** Encoded rows with their weights, in arrays that nobody else has. */
type Weighted = EncodedData & { readonly weights: Float32Array | undefined };

/** Validation data whose warnings show the numbers of the table, without rows of weight 0. */
function validationData(encoder: Encoder, rows: number, { inputs, targets, weights, ...names }: Weighted): DataSet {
  const [{ length: units }, where] = [encoder.targets, `${VALIDATION}: weights`];
  const data = { samples: rows, inputs, targets, weights, names: [VALIDATION, VALIDATION, where] } as const;
  const counted = weighted(data, { inputs: encoder.width, layers: [{ units }] });
  setUnits(markOwn(counted.inputs), encoder.units(VALIDATION));
  return { inputs: counted.inputs, targets: counted.targets, weights: counted.weights, ...names };
}

/** `weights`: those of the rows of the table. */
export function trainingData(table: Table, weights: Float32Array | undefined, plan: ModelPlan): ModelData {
  const { validation = defaultShareOf(table.rows), seed, weights: given } = plan;
  const inputs = inputColumns(table, plan);
  if (validation === false || areRows(validation)) {
    const encoder = Encoder.fit(inputs, plan.encoder);
    const own =
      validation &&
      validationData(encoder, rowsOf(validation), {
        ...encoder.encodeAs(rowNamesOf(VALIDATION), like(VALIDATION, encoder, validation)),
        weights: validationWeights(validation, given),
      });
    const training = { ...encoder.encode(table), weights };
    return { encoder, training, rows: table.rows, ...(own && { validation: own }) };
  }
  let parts!: ReturnType<Table['holdBack']>;
  const encoder = Encoder.fitPart(inputs, plan.encoder, (task) => {
    const classes = task === 'classes' ? ([plan.encoder.target].flat()[0] as string) : undefined;
    parts = table.holdBack(VALIDATION, validation, { seed, classes });
    return parts.training.table;
  });
  const dataOf = ({ table: part, rows }: TablePart) => ({
    ...encoder.encode(part),
    weights: weights && Float32Array.from(rows, (row) => weights[row]),
  });
  const { training, validation: held } = parts;
  return {
    encoder,
    training: dataOf(training),
    rows: training.table.rows,
    validation: validationData(encoder, held.table.rows, dataOf(held)),
  };
}
