import { outOfRange } from '../check/errors.js';
import { numberAt } from './onnx-elementwise.js';
import { axisOf, productOf, slicePlaces, take, transpose } from './onnx-layout.js';
import {
  beforeIt,
  type Call,
  type Constant,
  constantAt,
  type Data,
  inputAt,
  listAt,
  moved,
  type Operator,
  reshaped,
  shapeOf,
  showShape,
  type Value,
} from './onnx-values.js';

// Operators that move numbers or change their shape. The batch must stay what it is, the first axis: a shape that mixes
// samples is refused.

/** Input 0, unless it is a decision, which no operator here takes. */
function valueAt(call: Call): Data | Constant {
  const value = inputAt(call, 0);
  if (value.kind === 'decision') throw outOfRange(call.where, 'a decision', 'numbers');
  return value;
}

/** An axis other than that of the batch. */
function axisBesideBatch({ where }: Call, value: Data | Constant, axis: number): number {
  const from0 = axisOf(where, axis, shapeOf(value).length);
  if (from0 === 0 && value.kind === 'data' && value.hasBatch) {
    throw outOfRange(where, `axis ${axis}, along which the samples lie`, 'an axis within each sample');
  }
  return from0;
}

function flatten(call: Call): Value {
  const value = valueAt(call);
  const shape = shapeOf(value);
  const axis = numberAt(call.node, 'axis', 1);
  const from0 = axis === shape.length ? axis : axisOf(call.where, axis, shape.length);
  if (value.kind === 'data' && value.hasBatch && from0 !== 1) {
    const got = `axis=${axis} on ${showShape(value)}, which mixes the batch and the numbers of its samples`;
    throw outOfRange(call.where, got, `axis=1, which keeps samples apart${beforeIt(call)}`);
  }
  return reshaped(value, [productOf(shape.slice(0, from0)), productOf(shape.slice(from0))]);
}

function reshape(call: Call): Value {
  const value = valueAt(call);
  const wanted = listAt(call, 'shape', 1);
  if (!wanted) throw outOfRange(call.where, 'no shape', 'one, as input 1 or as an attribute');
  const keepsZeros = numberAt(call.node, 'allowzero', 0) === 1;
  const old = shapeOf(value);
  const sizes = wanted.map((size, axis) => (size === 0 && !keepsZeros ? (old[axis] ?? 1) : size));
  if (value.kind === 'constant' || !value.hasBatch) return reshaped(value, withRest(call, value, sizes, old));
  const width = productOf(value.shape);
  const [first, ...rest] = sizes;
  // a batch of one may lose its axis: one sample is left, which is an array of its own
  const known = productOf(rest.filter((size) => size >= 0));
  const isBatch =
    Number.isNaN(first) ||
    wanted[0] === 0 ||
    (first === -1 && known === width && !rest.includes(-1)) ||
    (first === call.batch && (rest.includes(-1) || known === width));
  if (isBatch) return reshaped(value, [1, ...withRest(call, value, rest, value.shape)]);
  if (call.batch === 1 && (first === -1 || first === width) && known * Math.abs(first) === (first < 0 ? 1 : width)) {
    return { ...value, hasBatch: false, shape: withRest(call, value, sizes, value.shape) };
  }
  const got = `${showShape(value)} to [${wanted.map((size) => (Number.isNaN(size) ? 'batch' : size))}]`;
  throw outOfRange(call.where, got, `[-1,${width}] or another shape that keeps samples apart${beforeIt(call)}`);
}

/** Sizes in which -1 stands for what is left. */
function withRest({ where }: Call, value: Data | Constant, sizes: readonly number[], old: readonly number[]): number[] {
  const size = productOf(old);
  const known = productOf(sizes.filter((s) => s !== -1));
  const result = sizes.map((s) => (s === -1 ? size / known : s));
  if (productOf(result) !== size || result.some((s) => !Number.isInteger(s) || s < 0)) {
    throw outOfRange(where, `${showShape(value)} to [${sizes}]`, 'a shape of as many numbers');
  }
  return result;
}

function squeeze(call: Call): Value {
  const value = valueAt(call);
  const shape = shapeOf(value);
  const isBatched = value.kind === 'data' && value.hasBatch;
  const given = listAt(call, 'axes', 1)?.map((axis) => axisBesideBatch(call, value, axis));
  const axes = given ?? [...shape.keys()].filter((axis) => shape[axis] === 1 && !(isBatched && axis === 0));
  const wide = axes.find((axis) => shape[axis] !== 1);
  if (wide !== undefined) throw outOfRange(call.where, `axis ${wide} of size ${shape[wide]}`, 'a size of 1');
  return reshaped(
    value,
    shape.filter((_, axis) => !axes.includes(axis)),
  );
}

function unsqueeze(call: Call): Value {
  const value = valueAt(call);
  const axes = listAt(call, 'axes', 1) ?? [];
  const old = [...shapeOf(value)];
  const rank = old.length + axes.length;
  const places = axes.map((axis) => axisOf(call.where, axis, rank));
  if (value.kind === 'data' && value.hasBatch && places.includes(0)) {
    throw outOfRange(call.where, 'an axis in front of the batch', 'axes behind it');
  }
  const shape = Array.from({ length: rank }, (_, axis) => (places.includes(axis) ? 1 : (old.shift() as number)));
  return reshaped(value, shape);
}

function transposed(call: Call): Value {
  const value = valueAt(call);
  const shape = shapeOf(value);
  const order = call.node.attributes.get('perm')?.ints ?? [...shape.keys()].reverse();
  if (
    order.length !== shape.length ||
    new Set(order.map((axis) => axisOf(call.where, axis, shape.length))).size !== order.length
  ) {
    throw outOfRange(call.where, `perm=[${order}] of ${showShape(value)}`, 'each axis once');
  }
  if (value.kind === 'data' && value.hasBatch && order[0] !== 0) {
    throw outOfRange(call.where, `perm=[${order}], which moves the batch`, 'the batch as the first axis');
  }
  return moved(value, transpose(shape, order));
}

function gather(call: Call): Value {
  const places = constantAt(call, 1);
  const value = valueAt(call);
  if (!places) throw outOfRange(call.where, 'no places', 'constants as input 1');
  const shape = shapeOf(value);
  const axis = axisBesideBatch(call, value, numberAt(call.node, 'axis', 0));
  const taken = moved(value, take(call.where, shape, axis, Array.from(places.values)));
  return reshaped(taken, [...shape.slice(0, axis), ...places.shape, ...shape.slice(axis + 1)]);
}

function slice(call: Call): Value {
  let value = valueAt(call);
  const [starts, ends] = [listAt(call, 'starts', 1), listAt(call, 'ends', 2)];
  if (!starts || !ends) throw outOfRange(call.where, 'no starts or no ends', 'both');
  const axes = listAt(call, 'axes', 3) ?? [...starts.keys()];
  const steps = listAt(call, 'steps', 4);
  for (const [i, axis] of axes.entries()) {
    const from0 = axisOf(call.where, axis, shapeOf(value).length);
    const size = shapeOf(value)[from0];
    // all samples, as x[:, 2:5] says
    const isAll = starts[i] === 0 && ends[i] >= 2 ** 31 - 1 && (steps?.[i] ?? 1) === 1;
    if (isAll) continue;
    const places = slicePlaces(size, starts[i], ends[i], steps?.[i] ?? 1);
    value = moved(value, take(call.where, shapeOf(value), axisBesideBatch(call, value, from0), places));
  }
  return value;
}

function split(call: Call): readonly Value[] {
  const value = valueAt(call);
  const { node } = call;
  const axis = axisBesideBatch(call, value, numberAt(node, 'axis', 0));
  const size = shapeOf(value)[axis];
  const count = node.outputs.length;
  const each = Math.ceil(size / count);
  const equal = Array.from({ length: count }, (_, i) => Math.min(each, size - i * each));
  const sizes = listAt(call, 'split', 1) ?? equal;
  const sum = sizes.reduce((total, part) => total + part, 0);
  if (sizes.length !== count || sum !== size || sizes.some((part) => part < 0)) {
    throw outOfRange(call.where, `parts of ${sizes} numbers`, `${count} parts that make up ${size}`);
  }
  let start = 0;
  return sizes.map((part) => {
    const places = Array.from({ length: part }, (_, i) => start + i);
    start += part;
    return moved(value, take(call.where, shapeOf(value), axis, places));
  });
}

function concat(call: Call): Value {
  const values = call.inputs.map((_, i) => valueAt({ ...call, inputs: [call.inputs[i]] }));
  const [first] = values;
  const axis = axisBesideBatch(call, first, numberAt(call.node, 'axis', 1));
  const shapes = values.map(shapeOf);
  const rank = shapes[0].length;
  const fits = shapes.every(
    (shape) => shape.length === rank && shape.every((size, a) => a === axis || size === shapes[0][a]),
  );
  if (!fits)
    throw outOfRange(call.where, `the shapes ${values.map(showShape).join(', ')}`, 'equal ones beside the axis');
  const shape = shapes[0].with(
    axis,
    shapes.reduce((sum, s) => sum + s[axis], 0),
  );
  // in a row: all blocks of the axes before, each made of a part of every value
  const outer = productOf(shape.slice(0, axis));
  const widths = shapes.map((s) => productOf(s.slice(axis)));
  if (values.every((value): value is Constant => value.kind === 'constant')) {
    const parts: number[][] = Array.from({ length: outer }, (_, o) =>
      values.flatMap(({ values: v }, i) => Array.from(v.subarray(o * widths[i], (o + 1) * widths[i]))),
    );
    return { kind: 'constant', shape, values: Float64Array.from(parts.flat()) };
  }
  const data = values.filter((value): value is Data => value.kind === 'data');
  const { source, whole } = data[0].columns;
  if (data.length < values.length)
    throw outOfRange(call.where, 'constants beside numbers of the samples', 'either alone');
  if (data.some(({ columns }) => columns.source !== source)) {
    throw outOfRange(call.where, 'branches of different layers that meet', 'one layer after another');
  }
  if (whole || data.some(({ columns }) => columns.whole)) {
    throw outOfRange(call.where, 'a softmax that is joined with other numbers', 'softmax at the end alone');
  }
  const columns = Array.from({ length: outer }, (_, o) =>
    data.flatMap(({ columns: c }, i) => c.columns.slice(o * widths[i], (o + 1) * widths[i])),
  ).flat();
  call.composer.count(call.where, columns.length);
  return { ...data[0], shape: data[0].hasBatch ? shape.slice(1) : shape, columns: { source, columns } };
}

/** The shape of a value, in which the size of the batch is NaN unless the file fixes it. */
function shape(call: Call): Value {
  const value = valueAt(call);
  const sizes = value.kind === 'data' && value.hasBatch ? [call.batch ?? Number.NaN, ...value.shape] : value.shape;
  const start = slicePlaces(sizes.length, numberAt(call.node, 'start', 0), numberAt(call.node, 'end', sizes.length), 1);
  return { kind: 'constant', shape: [start.length], values: Float64Array.from(start, (axis) => sizes[axis]) };
}

export const MOVES: Readonly<Record<string, Operator>> = {
  Concat: concat,
  Flatten: flatten,
  Gather: gather,
  Reshape: reshape,
  Shape: shape,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Transpose: transposed,
  Unsqueeze: unsqueeze,
};
