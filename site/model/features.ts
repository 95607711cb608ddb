import { EXTENT } from './datasets.js';

// The inputs of the network for a point: up to nine functions of x1 and x2.

export const FEATURES = {
  x1: { label: 'x₁', of: (x1: number, _x2: number) => x1 },
  x2: { label: 'x₂', of: (_x1: number, x2: number) => x2 },
  x1x1: { label: 'x₁²', of: (x1: number, _x2: number) => x1 * x1 },
  x2x2: { label: 'x₂²', of: (_x1: number, x2: number) => x2 * x2 },
  x1x2: { label: 'x₁x₂', of: (x1: number, x2: number) => x1 * x2 },
  sin1: { label: 'sin x₁', of: (x1: number, _x2: number) => Math.sin(x1) },
  sin2: { label: 'sin x₂', of: (_x1: number, x2: number) => Math.sin(x2) },
  cos1: { label: 'cos x₁', of: (x1: number, _x2: number) => Math.cos(x1) },
  cos2: { label: 'cos x₂', of: (_x1: number, x2: number) => Math.cos(x2) },
} as const;

export type FeatureName = keyof typeof FEATURES;
export const FEATURE_NAMES = Object.keys(FEATURES) as FeatureName[];

/** The features of points, [points × names]. */
export function featuresOf(
  points: readonly { readonly x1: number; readonly x2: number }[],
  names: readonly FeatureName[],
): Float32Array {
  const values = new Float32Array(points.length * names.length);
  let at = 0;
  for (const { x1, x2 } of points) for (const name of names) values[at++] = FEATURES[name].of(x1, x2);
  return values;
}

/** The points in the middle of the pixels of a picture of the plane [size × size], row by row from the top left. */
export function gridPoints(size: number): { x1: number; x2: number }[] {
  return Array.from({ length: size * size }, (_, i) => ({
    x1: EXTENT * ((2 * (i % size) + 1) / size - 1),
    x2: EXTENT * (1 - (2 * Math.floor(i / size) + 1) / size),
  }));
}
