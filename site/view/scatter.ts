import { EXTENT, type Point } from '../model/datasets.js';
import { colour } from './theme.js';

/** Where a coordinate of the plane lies in a square of this size, from the left. From the top, it is that of -x2. */
export const pixelOf = (x: number, size: number): number => ((x / EXTENT + 1) * size) / 2;

/** The coordinate of the plane at a pixel of a square of this size. */
export const coordinateOf = (pixel: number, size: number): number => EXTENT * ((2 * pixel) / size - 1);

export interface ScatterOptions {
  /** In pixels. Default 3. */
  radius?: number;
  /** Rings instead of discs. */
  isHollow?: boolean;
}

/** Draws points over a square of this size at the origin: blue for positive y, orange for negative. */
export function drawPoints(
  context: CanvasRenderingContext2D,
  points: readonly Point[],
  size: number,
  { radius = 3, isHollow = false }: ScatterOptions = {},
): void {
  const paper = colour('--paper');
  for (const [name, isIn] of [
    ['--negative', (y: number) => y < 0],
    ['--positive', (y: number) => y >= 0],
  ] as const) {
    context.beginPath();
    for (const { x1, x2, y } of points) {
      if (!isIn(y)) continue;
      const [left, top] = [pixelOf(x1, size), pixelOf(-x2, size)];
      context.moveTo(left + radius, top);
      context.arc(left, top, radius, 0, 2 * Math.PI);
    }
    const ink = colour(name);
    context.fillStyle = isHollow ? paper : ink;
    context.strokeStyle = isHollow ? ink : paper;
    context.lineWidth = isHollow ? 1.5 : 1;
    context.fill();
    context.stroke();
  }
}
