import type { TensorLike } from './graphs.js';

// Constants for the graphs that tests make.

export const floats = (count: number, first = 0) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(first + i * 1.3));

export const tensor = (shape: readonly number[], first = 0): TensorLike => ({
  shape,
  values: floats(
    shape.reduce((a, b) => a * b, 1),
    first,
  ),
});

export const sizes = (...values: number[]): TensorLike => ({ shape: [values.length], values, type: 'int64' });

export const scalar = (value: number): TensorLike => ({ shape: [], values: [value] });
