/**
 * Turns a drawing on a canvas into the inputs of a network that reads digits.
 *
 * @module
 */

import { arrayType } from '../check/arrays.js';
import {
  checkInteger,
  checkIsObject,
  checkNoMore,
  checkObject,
  counted,
  keysOf,
  orDefault,
  outOfRange,
  wrongType,
} from '../check/errors.js';

// Turns a drawing on a canvas into the inputs of a network, as the MNIST digits were made: cropped, scaled into a box,
// and moved so that its centre of mass lies in the middle.

/** The pixels of a picture, as `getImageData` of a canvas returns them. */
export interface Picture {
  /** Red, green, blue and alpha of each pixel, row by row from the top left [4 × width × height]. */
  readonly data: Uint8ClampedArray | Uint8Array;
  /** Pixels in a row. */
  readonly width: number;
  /** The number of rows. */
  readonly height: number;
}

/** Options of `readDrawing`. The defaults are those of MNIST. */
export interface DrawingOptions {
  /**
   * Width and height of the result, in pixels.
   * @defaultValue `28`
   */
  size?: number | undefined;
  /**
   * The longer side of the drawing in the result, in pixels; at most `size`.
   * @defaultValue 5/7 of `size`, which is 20
   */
  box?: number | undefined;
}

const KEYS = keysOf<DrawingOptions>({ size: true, box: true });
const WANTED = 'a picture { data, width, height }, such as context.getImageData(0, 0, width, height)';
const LARGEST = 2 ** 14;
/** Pixels with less than this share of the strongest ink are no part of the drawing. */
const FAINT = 1 / 16;

/** Numbers [width × height], row by row. */
interface Grid {
  readonly values: Float64Array;
  readonly width: number;
  readonly height: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The drawing on a canvas as inputs, from 0 (paper) to 255 (ink), row by row: what the bytes of an MNIST digit are, for
 * a network with `scale: 1 / 255`. The drawing is cropped, scaled with its proportions until its longer side has `box`
 * pixels, each of which is the mean of what it covers, and moved until its centre of mass lies in the middle. The
 * strongest ink becomes 255.
 *
 * If any pixel is transparent, all opaque pixels are ink, whatever their colour. Otherwise, pixels are ink if their
 * brightness differs from that of the border of the picture. An empty picture gives zeros.
 *
 * @param picture the pixels, such as those of `getImageData`
 * @param options the size of the result
 * @returns [size × size], row by row
 * @throws TypeError or RangeError if `picture` is not the pixels of a picture, or for wrong options
 *
 * @example
 * import { readDrawing } from 'simdprop/canvas';
 *
 * // in a page: const picture = context.getImageData(0, 0, canvas.width, canvas.height);
 * const picture = { width: 4, height: 4, data: new Uint8ClampedArray(4 * 4 * 4) };
 * picture.data.fill(255, 0, 16); // the first row is drawn
 * const x = readDrawing(picture, { size: 28 });
 * console.log(x.length, Math.max(...x)); // 784 255
 */
export function readDrawing(picture: Picture, options: DrawingOptions = {}, none?: undefined): Uint8Array {
  checkNoMore('readDrawing', 3, none);
  checkObject('options', options, KEYS);
  const size = checkInteger('options.size', orDefault(options.size, 28), 1, 1024);
  const box = checkInteger('options.box', orDefault(options.box, Math.max(1, Math.round((5 * size) / 7))), 1, size);
  const ink = inkOf(checkPicture(picture));
  const result = new Uint8Array(size * size);
  const bounds = boundsOf(ink);
  if (!bounds) return result;
  const drawing = scaleDown(ink, bounds, box);
  place(drawing, size, result);
  return result;
}

function checkPicture(picture: Picture): Picture {
  checkIsObject('picture', picture, WANTED);
  const { data, width, height } = picture;
  const type = arrayType(data);
  if (type !== 'Uint8ClampedArray' && type !== 'Uint8Array') throw wrongType('picture.data', data, WANTED);
  checkInteger('picture.width', width, 1, LARGEST);
  checkInteger('picture.height', height, 1, LARGEST);
  if (data.length !== 4 * width * height) {
    const wanted = `${4 * width * height}, four for each of ${width} × ${height} pixels`;
    throw outOfRange('picture.data', counted(data.length, 'byte'), wanted);
  }
  return picture;
}

/** How much ink each pixel has. */
function inkOf({ data, width, height }: Picture): Grid {
  const values = new Float64Array(width * height);
  let isOpaque = true;
  for (let i = 0; i < values.length; i++) {
    values[i] = data[4 * i + 3];
    if (values[i] < 255) isOpaque = false;
  }
  if (!isOpaque) return { values, width, height };
  for (let i = 0; i < values.length; i++) {
    // brightness as ITU-R BT.601 weighs it
    values[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  }
  const paper = borderOf({ values, width, height });
  for (let i = 0; i < values.length; i++) values[i] = Math.abs(values[i] - paper);
  return { values, width, height };
}

/** The median of the border: a drawing that touches the border has no effect on it. */
function borderOf({ values, width, height }: Grid): number {
  const border = values.filter((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x === 0 || y === 0 || x === width - 1 || y === height - 1;
  });
  return border.sort()[border.length >> 1];
}

/** The smallest box around the ink; undefined if there is none. */
function boundsOf({ values, width }: Grid): Box | undefined {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (most < 1) return undefined;
  let [left, right, top, bottom] = [width, -1, -1, -1];
  values.forEach((ink, i) => {
    if (ink < FAINT * most) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    if (top < 0) top = y;
    bottom = y;
  });
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** What lies in the bounds, with a longer side of `box` pixels. */
function scaleDown({ values, width }: Grid, bounds: Box, box: number): Grid {
  const longer = Math.max(bounds.width, bounds.height);
  const columns = sharesOf(bounds.left, bounds.width, Math.max(1, Math.round((box * bounds.width) / longer)));
  const rows = sharesOf(bounds.top, bounds.height, Math.max(1, Math.round((box * bounds.height) / longer)));
  const scaled = new Float64Array(columns.length * rows.length);
  rows.forEach((row, j) => {
    columns.forEach((column, i) => {
      let sum = 0;
      for (const [y, tall] of row) for (const [x, wide] of column) sum += tall * wide * values[y * width + x];
      scaled[j * columns.length + i] = sum;
    });
  });
  return { values: scaled, width: columns.length, height: rows.length };
}

/** For each of `count` parts of a line of pixels: the pixels that it covers and their shares of it. These sum to 1. */
function sharesOf(first: number, length: number, count: number): [pixel: number, share: number][][] {
  const part = length / count;
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i * part, (i + 1) * part];
    const shares: [number, number][] = [];
    for (let pixel = Math.floor(from); pixel < to && pixel < length; pixel++) {
      const share = (Math.min(to, pixel + 1) - Math.max(from, pixel)) / part;
      if (share > 0) shares.push([first + pixel, share]);
    }
    return shares;
  });
}

/** Writes the drawing to the result [size × size], its centre of mass in the middle, as far as it fits. */
function place({ values, width, height }: Grid, size: number, result: Uint8Array): void {
  let [mass, x, y, most] = [0, 0, 0, 0];
  values.forEach((ink, i) => {
    mass += ink;
    x += ink * (i % width);
    y += ink * Math.floor(i / width);
    most = Math.max(most, ink);
  });
  const offset = (centre: number, length: number) =>
    Math.max(0, Math.min(size - length, Math.round(size / 2 - centre / mass)));
  const [left, top] = [offset(x, width), offset(y, height)];
  values.forEach((ink, i) => {
    result[(top + Math.floor(i / width)) * size + left + (i % width)] = Math.round((255 * ink) / most);
  });
}
