import { CONFUSION, CORRECT, HEADER } from './abi';

/**
 * Compares the classes that a and y [rows x units] stand for: counts the equal ones, fills the confusion matrix if there is
 * one. The class is the index of the largest value, the first of equals; of a single output, whether it exceeds 1/2.
 */
export function score(a: usize, y: usize, stride: usize, yStride: usize, units: i32, rows: i32): void {
  const confusion = <usize>load<u32>(HEADER, CONFUSION);
  let correct = 0;
  for (let row = 0; row < rows; ++row) {
    const predicted = classOf(a, units);
    const actual = classOf(y, units);
    correct += i32(predicted == actual);
    if (confusion) {
      const cell = confusion + ((<usize>(actual * max(units, 2) + predicted)) << 2);
      store<u32>(cell, load<u32>(cell) + 1);
    }
    a += stride;
    y += yStride;
  }
  store<u32>(HEADER, load<u32>(HEADER, CORRECT) + correct, CORRECT);
}

function classOf(values: usize, units: i32): i32 {
  if (units == 1) return i32(load<f32>(values) > 0.5);
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
