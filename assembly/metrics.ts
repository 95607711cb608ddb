import {
  CONFUSION,
  CORRECT,
  ERROR_ABSOLUTE,
  ERROR_BYTES,
  ERROR_CENTRED,
  ERROR_CENTRED_SQUARE,
  ERROR_SHIFT,
  ERROR_SQUARE,
  ERROR_SUMS,
  HEADER,
  LEAST_CLASSES,
  NOT_FINITE,
  RECORD_COLUMNS,
  SCORED,
  TARGET_THRESHOLD,
  THRESHOLD,
  TOP_K,
  TOP_K_HITS,
} from './abi';
import { largestMagnitude } from './finite';

// Compares a [rows x units] with y [rows x units]: metrics of classes, and errors. Counts and sums grow from call to
// call, until src/ clears them.

/** True if a row of a has neither a NaN nor an infinity. */
function isFiniteRow(a: usize, units: i32): bool {
  return largestMagnitude(a, units) < Infinity;
}

/** Writes the first row of a that is not finite to NOT_FINITE, unless an earlier row is there. */
export function noteNotFinite(a: usize, stride: usize, units: i32, rows: i32): void {
  if (load<u32>(HEADER, NOT_FINITE)) return;
  for (let row = 0; row < rows; ++row) {
    if (!isFiniteRow(a, units)) {
      store<u32>(HEADER, load<u32>(HEADER, SCORED) + row + 1, NOT_FINITE);
      return;
    }
    a += stride;
  }
}

/**
 * Compares the classes of a and y. Counts the equal ones in CORRECT; unless TOP_K is 0, counts in TOP_K_HITS the
 * targets that are among the TOP_K largest outputs; and fills CONFUSION if the network has one. The class of a row is
 * the index of its largest value, or the first of several equal ones, unless THRESHOLD and TARGET_THRESHOLD say
 * otherwise. A row of a that is not finite has no class: it counts as none of these.
 */
export function countClasses(a: usize, y: usize, stride: usize, yStride: usize, units: i32, rows: i32): void {
  const confusion = <usize>load<u32>(HEADER, CONFUSION);
  const topK = load<i32>(HEADER, TOP_K);
  const threshold = load<f32>(HEADER, THRESHOLD);
  const mayBeInfinite = load<u32>(HEADER, NOT_FINITE) != 0;
  const targetThreshold: f32 = units == 1 ? load<f32>(HEADER, TARGET_THRESHOLD) : Infinity;
  let correct = 0;
  let hits = 0;
  for (let row = 0; row < rows; ++row) {
    if (!mayBeInfinite || isFiniteRow(a, units)) {
      const predicted = classOf(a, units, threshold);
      const actual = classOf(y, units, targetThreshold);
      correct += i32(predicted == actual);
      if (topK) hits += i32(rankOf(a, units, actual) < topK);
      if (confusion) {
        const cell = confusion + ((<usize>(actual * max(units, LEAST_CLASSES) + predicted)) << 2);
        store<u32>(cell, load<u32>(cell) + 1);
      }
    }
    a += stride;
    y += yStride;
  }
  store<u32>(HEADER, load<u32>(HEADER, CORRECT) + correct, CORRECT);
  store<u32>(HEADER, load<u32>(HEADER, TOP_K_HITS) + hits, TOP_K_HITS);
}

/** The class of a row. With a finite threshold, for one value or two: 1 if the last value exceeds it, else 0. */
function classOf(values: usize, units: i32, threshold: f32): i32 {
  if (units <= 2 && threshold < Infinity) return i32(load<f32>(values + ((<usize>(units - 1)) << 2)) > threshold);
  let largest = load<f32>(values);
  let index = 0;
  for (let j = 1; j < units; ++j) {
    const value = load<f32>(values + ((<usize>j) << 2));
    if (value > largest) {
      largest = value;
      index = j;
    }
  }
  return index;
}

/** How many values precede the one at `index`: larger ones, and equal ones to its left. */
function rankOf(values: usize, units: i32, index: i32): i32 {
  const own = load<f32>(values + ((<usize>index) << 2));
  let rank = 0;
  for (let j = 0; j < units; ++j) {
    const value = load<f32>(values + ((<usize>j) << 2));
    rank += i32(j < index ? value >= own : value > own);
  }
  return rank;
}

/**
 * ERROR_SUMS += the sums over the rows of |a - y|, (a - y)^2, y - s and (y - s)^2 for each output, in f64, row by row.
 * s is the y of the first sample: subtracting it keeps the variance of y from being lost in the square of a large mean
 * (Chan, Golub, LeVeque 1983). Each pair of outputs has a record of ERROR_BYTES. Sums beyond the last output are never
 * read.
 */
export function addErrors(a: usize, y: usize, stride: usize, yStride: usize, units: i32, rows: i32): void {
  const scored = load<u32>(HEADER, SCORED);
  let record = <usize>load<u32>(HEADER, ERROR_SUMS);
  for (let j = 0; j < units; j += RECORD_COLUMNS) {
    const shift = scored ? v128.load(record, ERROR_SHIFT) : f64x2.promote_low_f32x4(v128.load64_zero(y));
    let absolute = v128.load(record, ERROR_ABSOLUTE);
    let square = v128.load(record, ERROR_SQUARE);
    let centred = v128.load(record, ERROR_CENTRED);
    let centredSquare = v128.load(record, ERROR_CENTRED_SQUARE);
    let aRow = a;
    let yRow = y;
    for (let row = 0; row < rows; ++row) {
      const target = f64x2.promote_low_f32x4(v128.load64_zero(yRow));
      const error = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(aRow)), target);
      const shifted = f64x2.sub(target, shift);
      absolute = f64x2.add(absolute, f64x2.abs(error));
      square = f64x2.add(square, f64x2.mul(error, error));
      centred = f64x2.add(centred, shifted);
      centredSquare = f64x2.add(centredSquare, f64x2.mul(shifted, shifted));
      aRow += stride;
      yRow += yStride;
    }
    v128.store(record, shift, ERROR_SHIFT);
    v128.store(record, absolute, ERROR_ABSOLUTE);
    v128.store(record, square, ERROR_SQUARE);
    v128.store(record, centred, ERROR_CENTRED);
    v128.store(record, centredSquare, ERROR_CENTRED_SQUARE);
    record += ERROR_BYTES;
    a += 8;
    y += 8;
  }
}
