import { colourScale, shadeOf } from './theme.js';

/** A picture of numbers from -1 to 1 [size × size], which can be drawn at any place and size. */
export class HeatMap {
  readonly size: number;
  readonly #context: CanvasRenderingContext2D;
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;

  constructor(size: number) {
    this.size = size;
    const canvas = document.createElement('canvas');
    canvas.width = size;
    canvas.height = size;
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#image = this.#context.createImageData(size, size);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  /**
   * Takes every `stride`-th of the values from `first` on, [size²] of them. With `isDiscrete`, only their signs count.
   */
  set(values: Float32Array, first: number, stride: number, isDiscrete = false): void {
    const scale = colourScale();
    const pixels = this.#pixels;
    for (let i = 0, at = first; i < pixels.length; i++, at += stride) {
      const value = values[at];
      pixels[i] = scale[shadeOf(isDiscrete ? Math.sign(value) : value)];
    }
    this.#context.putImageData(this.#image, 0, 0);
  }

  draw(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
    context.imageSmoothingEnabled = size > 3 * this.size;
    context.drawImage(this.#context.canvas, x, y, size, size);
  }
}
