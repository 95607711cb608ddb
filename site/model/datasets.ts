import { randomNumbers } from './random.js';

// The six data sets of TensorFlow Playground, made from a seed.

/** A sample in the plane. `y` is -1 or 1 for two classes, and from -1 to 1 for numbers. */
export interface Point {
  readonly x1: number;
  readonly x2: number;
  readonly y: number;
}

export type Task = 'classes' | 'numbers';

/** The plane reaches from -EXTENT to EXTENT in both directions. */
export const EXTENT = 6;
const SAMPLES = 500;

export const DATASETS = {
  circle: { name: 'Circle', task: 'classes', make: circle },
  xor: { name: 'Exclusive or', task: 'classes', make: xor },
  gauss: { name: 'Two clouds', task: 'classes', make: gauss },
  spiral: { name: 'Spiral', task: 'classes', make: spiral },
  plane: { name: 'Plane', task: 'numbers', make: plane },
  hills: { name: 'Hills', task: 'numbers', make: hills },
} as const satisfies Record<string, { name: string; task: Task; make: Maker }>;

export type DatasetName = keyof typeof DATASETS;

/** Noise from 0 to 1. `uniform(r)` is between -r and r. */
type Maker = (noise: number, draw: Draw) => Point[];

interface Draw {
  uniform(radius: number): number;
  normal(): number;
}

/** A data set of 500 points; noise from 0 to 1. The same seed makes the same points. */
export function makePoints(name: DatasetName, noise: number, seed: number): Point[] {
  const random = randomNumbers(seed);
  const draw: Draw = {
    uniform: (radius) => (2 * random() - 1) * radius,
    // the sum of twelve has the variance 1, and needs no function that engines may round differently
    normal: () => Array.from({ length: 12 }, random).reduce((sum, u) => sum + u, -6),
  };
  return DATASETS[name].make(noise, draw).map(({ x1, x2, y }) => ({ x1: round(x1), x2: round(x2), y: round(y) }));
}

/** Engines may differ in the last bit of a sine. The points are rounded, so that all have the same ones. */
const round = (value: number) => Math.round(value * 1024) / 1024;

const times = (count: number, make: (i: number) => Point) => Array.from({ length: count }, (_, i) => make(i));

function circle(noise: number, { uniform }: Draw): Point[] {
  return times(SAMPLES, (i) => {
    const isInside = i < SAMPLES / 2;
    const radius = isInside ? 1.25 + uniform(1.25) : 4.25 + uniform(0.75);
    const angle = uniform(Math.PI);
    const x1 = radius * Math.sin(angle);
    const x2 = radius * Math.cos(angle);
    const distance = Math.hypot(x1 + uniform(5) * noise, x2 + uniform(5) * noise);
    return { x1, x2, y: distance < 2.5 ? 1 : -1 };
  });
}

function xor(noise: number, { uniform }: Draw): Point[] {
  const padded = () => {
    const value = uniform(5);
    return value + (value > 0 ? 0.3 : -0.3);
  };
  return times(SAMPLES, () => {
    const [x1, x2] = [padded(), padded()];
    return { x1, x2, y: (x1 + uniform(5) * noise) * (x2 + uniform(5) * noise) >= 0 ? 1 : -1 };
  });
}

function gauss(noise: number, { normal }: Draw): Point[] {
  const spread = Math.sqrt(0.5 + 7 * noise);
  return times(SAMPLES, (i) => {
    const y = i < SAMPLES / 2 ? 1 : -1;
    return { x1: 2 * y + spread * normal(), x2: 2 * y + spread * normal(), y };
  });
}

function spiral(noise: number, { uniform }: Draw): Point[] {
  const half = SAMPLES / 2;
  return times(SAMPLES, (i) => {
    const y = i < half ? 1 : -1;
    const share = (i % half) / half;
    const angle = 1.75 * share * 2 * Math.PI + (y > 0 ? 0 : Math.PI);
    return { x1: 5 * share * Math.sin(angle) + uniform(noise), x2: 5 * share * Math.cos(angle) + uniform(noise), y };
  });
}

function plane(noise: number, { uniform }: Draw): Point[] {
  return times(SAMPLES, () => {
    const [x1, x2] = [uniform(6), uniform(6)];
    return { x1, x2, y: (x1 + uniform(6) * noise + x2 + uniform(6) * noise) / 10 };
  }).map((point) => ({ ...point, y: Math.max(-1, Math.min(1, point.y)) }));
}

const HILLS = [
  [-4, 2.5, 1],
  [0, 2.5, -1],
  [4, 2.5, 1],
  [-4, -2.5, -1],
  [0, -2.5, 1],
  [4, -2.5, -1],
];

function hills(noise: number, { uniform }: Draw): Point[] {
  const heightAt = (x1: number, x2: number) => {
    let height = 0;
    for (const [c1, c2, sign] of HILLS) {
      const near = sign * Math.max(0, 1 - Math.hypot(x1 - c1, x2 - c2) / 2);
      if (Math.abs(near) > Math.abs(height)) height = near;
    }
    return height;
  };
  return times(SAMPLES, () => {
    const [x1, x2] = [uniform(6), uniform(6)];
    return { x1, x2, y: heightAt(x1 + uniform(6) * noise, x2 + uniform(6) * noise) };
  });
}
