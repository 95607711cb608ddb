/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/**
 * Draws thousands of thin lines, each from left to right, into the pixels of a picture. A canvas that is drawn by the
 * processor takes a hundred times as long to stroke them.
 */
export class LineRaster {
  readonly #context: CanvasRenderingContext2D;
  readonly #image: ImageData;
  readonly #width: number;
  readonly #height: number;

  constructor(width: number, height: number) {
    this.#width = Math.ceil(width);
    this.#height = Math.ceil(height);
    const canvas = document.createElement('canvas');
    canvas.width = this.#width;
    canvas.height = this.#height;
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#image = this.#context.createImageData(this.#width, this.#height);
  }

  /** Fills the picture with one colour. */
  fill([r, g, b]: Rgb): void {
    const { data } = this.#image;
    new Uint32Array(data.buffer).fill(new Uint32Array(new Uint8Array([r, g, b, 255]).buffer)[0]);
  }

  /** A line from (x1, y1) to (x2, y2), where x1 < x2; alpha from 0 to 1. */
  line(x1: number, y1: number, x2: number, y2: number, [r, g, b]: Rgb, alpha: number): void {
    const { data } = this.#image;
    const slope = (y2 - y1) / (x2 - x1);
    // a steep line has several pixels in a column, each of which covers less of it
    const share = Math.round((256 * alpha) / Math.max(1, Math.sqrt(Math.abs(slope))));
    const [first, end] = [Math.max(0, Math.round(x1)), Math.min(this.#width, Math.round(x2))];
    let y = y1 + slope * (first - x1);
    for (let x = first; x < end; x++) {
      const next = y + slope;
      const from = Math.max(0, Math.round(Math.min(y, next)));
      const to = Math.min(this.#height - 1, Math.max(from, Math.round(Math.max(y, next)) - 1));
      for (let row = from; row <= to; row++) {
        const at = 4 * (row * this.#width + x);
        data[at] += ((r - data[at]) * share) >> 8;
        data[at + 1] += ((g - data[at + 1]) * share) >> 8;
        data[at + 2] += ((b - data[at + 2]) * share) >> 8;
      }
      y = next;
    }
  }

  draw(context: CanvasRenderingContext2D): void {
    this.#context.putImageData(this.#image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(this.#context.canvas, 0, 0, this.#width, this.#height);
  }
}
