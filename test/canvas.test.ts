import { describe, expect, it } from 'vitest';
import { digitsRange, loadDigits } from '../bench/workloads.js';
import { type Picture, readDrawing } from '../src/io/canvas.js';

/** A picture in which `paint` gives the colour of each pixel. */
function picture(width: number, height: number, paint: (x: number, y: number) => number[]): Picture {
  const pixels = Array.from({ length: width * height }, (_, i) => paint(i % width, Math.floor(i / width)));
  return { data: Uint8ClampedArray.from(pixels.flat()), width, height };
}

/** A digit [28 × 28], drawn 8 times as large on a transparent canvas, not in its middle. */
function drawn(digit: Uint8Array): Picture {
  const [width, height, scale, left, top] = [300, 280, 8, 31, 17];
  const data = new Uint8ClampedArray(4 * width * height).fill(77);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = [Math.floor((x - left) / scale), Math.floor((y - top) / scale)];
      const isInside = column >= 0 && row >= 0 && column < 28 && row < 28;
      data[4 * (width * y + x) + 3] = isInside ? digit[28 * row + column] : 0;
    }
  }
  return { data, width, height };
}

const BLACK = [0, 0, 0, 255];
const WHITE = [255, 255, 255, 255];
const isIn = (x: number, y: number) => x >= 40 && x < 60 && y >= 10 && y < 90;

describe('readDrawing', () => {
  it('gives back digits of MNIST that were drawn larger and at another place', () => {
    const count = 40;
    const { inputs } = digitsRange(loadDigits().train, 0, count);
    let equal = 0;
    for (let i = 0; i < count; i++) {
      const digit = inputs.subarray(784 * i, 784 * (i + 1));
      const result = readDrawing(drawn(digit));
      const distance = result.reduce((sum, value, k) => sum + Math.abs(value - digit[k]), 0);
      const ink = digit.reduce((sum, value) => sum + value, 0);
      if (distance === 0) equal++;
      // some digits have no pixel of 255, so they come back a little stronger
      expect(distance / ink, `digit ${i}`).toBeLessThan(0.01);
    }
    expect(equal).toBeGreaterThan(0.8 * count);
  });

  it('scales a bar into the box and puts its centre of mass in the middle', () => {
    const result = readDrawing(picture(100, 100, (x, y) => (isIn(x, y) ? BLACK : [0, 0, 0, 0])));
    // the bar of 20 × 80 becomes one of 5 × 20, whose centre of mass is at column 2 and row 9.5 of the bar
    const wanted = new Uint8Array(784);
    for (let y = 5; y < 25; y++) wanted.fill(255, 28 * y + 12, 28 * y + 17);
    expect(result).toEqual(wanted);
  });

  it.each([
    ['black on white', BLACK, WHITE],
    ['white on black', WHITE, BLACK],
    ['red on transparent paper', [255, 0, 0, 255], [0, 0, 0, 0]],
  ])('takes %s alike', (_, ink, paper) => {
    const result = readDrawing(picture(100, 100, (x, y) => (isIn(x, y) ? ink : paper)));
    expect(result).toEqual(readDrawing(picture(100, 100, (x, y) => (isIn(x, y) ? BLACK : [0, 0, 0, 0]))));
  });

  it('averages what a pixel covers', () => {
    // columns 0 to 31 alternate between black and empty, so they become grey; columns 32 to 39 are black
    const result = readDrawing(
      picture(40, 40, (x) => [0, 0, 0, x >= 32 || x % 2 === 0 ? 255 : 0]),
      { size: 10, box: 10 },
    );
    expect([...result.subarray(0, 10)]).toEqual([128, 128, 128, 128, 128, 128, 128, 128, 255, 255]);
  });

  it('enlarges small drawings, and gives zeros for empty ones', () => {
    const dot = readDrawing(picture(9, 9, (x, y) => [0, 0, 0, x === 4 && y === 4 ? 255 : 0]));
    expect(dot.filter((value) => value === 255).length).toBe(400);
    expect(readDrawing(picture(9, 9, () => WHITE))).toEqual(new Uint8Array(784));
    expect(
      readDrawing(
        picture(9, 9, () => [0, 0, 0, 0]),
        { size: 4 },
      ),
    ).toEqual(new Uint8Array(16));
  });

  it('refuses what is no picture', () => {
    const right = picture(2, 2, () => WHITE);
    expect(() => readDrawing(right.data as never)).toThrow(/picture/);
    expect(() => readDrawing({ ...right, width: 3 })).toThrow(
      'picture.data: got 16 bytes, want 24, four for each of 3 × 2 pixels',
    );
    expect(() => readDrawing({ ...right, data: [1, 2, 3, 4] as never })).toThrow('picture.data');
    expect(() => readDrawing(right, { box: 29 })).toThrow('options.box: got 29, want an integer from 1 to 28');
    expect(() => readDrawing(right, { sise: 28 } as never)).toThrow('sise');
  });
});
