import { outOfRange } from '../check/errors.js';

// Operators that only move numbers: each number of the result is one of the numbers of the operand, at the place in
// `map`.

export interface Layout {
  readonly shape: readonly number[];
  /** [size of the result]: the place of each number in the operand. */
  readonly map: ArrayLike<number>;
}

export const productOf = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);

/** An axis, counted from the end if it is negative, as one from 0. */
export function axisOf(where: string, axis: number, rank: number): number {
  const from0 = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(from0) || from0 < 0 || from0 >= rank) {
    throw outOfRange(where, `axis ${axis} of ${rank} axes`, `one from ${-rank} to ${rank - 1}`);
  }
  return from0;
}

function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** A result of this shape, whose number at `at` is that at `placeOf(at)`. */
function laidOut(shape: readonly number[], placeOf: (at: readonly number[]) => number): Layout {
  const map = new Float64Array(productOf(shape));
  const at = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < map.length; i++) {
    map[i] = placeOf(at);
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis] === shape[axis]; axis--) at[axis] = 0;
  }
  return { shape, map };
}

const placeAt = (at: readonly number[], strides: readonly number[]) =>
  at.reduce((place, index, axis) => place + index * strides[axis], 0);

export function transpose(shape: readonly number[], order: readonly number[]): Layout {
  const strides = stridesOf(shape);
  return laidOut(
    order.map((axis) => shape[axis]),
    (at) => at.reduce((place, index, axis) => place + index * strides[order[axis]], 0),
  );
}

/** The numbers at these places of an axis. */
export function take(where: string, shape: readonly number[], axis: number, places: readonly number[]): Layout {
  const size = shape[axis];
  const from0 = places.map((place) => (place < 0 ? place + size : place));
  const bad = from0.findIndex((place) => !(Number.isInteger(place) && place >= 0 && place < size));
  if (bad >= 0) throw outOfRange(where, `place ${places[bad]} of ${size}`, `one from 0 to ${size - 1}`);
  // all that lies in front of the axis, and the numbers behind each of its places
  const [outer, inner] = [productOf(shape.slice(0, axis)), productOf(shape.slice(axis + 1))];
  const map = new Float64Array(outer * from0.length * inner);
  let next = 0;
  for (let o = 0; o < outer; o++) {
    for (const place of from0) {
      for (let i = 0; i < inner; i++) map[next++] = (o * size + place) * inner + i;
    }
  }
  return { shape: shape.with(axis, places.length), map };
}

/** The places that a slice takes of an axis, with the rules of ONNX for ends that lie outside. */
export function slicePlaces(size: number, start: number, end: number, step: number): number[] {
  const inside = (place: number, low: number, high: number) =>
    Math.min(high, Math.max(low, place < 0 ? place + size : place));
  const places: number[] = [];
  if (step > 0) for (let p = inside(start, 0, size); p < inside(end, 0, size); p += step) places.push(p);
  else if (step < 0) {
    const last = end < -size ? -1 : inside(end, -1, size - 1);
    for (let p = inside(start, 0, size - 1); p > last; p += step) places.push(p);
  }
  return places;
}

/** The shape that shapes have together, if sizes of 1 are repeated; undefined if they do not fit together. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((s) => s !== 1) ?? 1;
    if (sizes.some((s) => s !== 1 && s !== size)) return undefined;
    result.push(size);
  }
  return result;
}

/** The numbers of `shape` repeated to `wanted`. */
export function broadcast(shape: readonly number[], wanted: readonly number[]): Layout {
  const padded = [...new Array<number>(wanted.length - shape.length).fill(1), ...shape];
  const strides = stridesOf(padded).map((stride, axis) => (padded[axis] === 1 ? 0 : stride));
  return laidOut(wanted, (at) => placeAt(at, strides));
}
