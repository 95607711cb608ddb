import { PIXELS, WIDTH } from '../model/digits.js';
import { colourScale, rgb, shadeOf } from './theme.js';

/** About a millisecond of work on a slow machine. */
const PICTURES_A_FRAME = 64;

/** Draws a digit [784], ink on paper. */
export function drawDigit(canvas: HTMLCanvasElement, digit: Uint8Array): void {
  canvas.width = WIDTH;
  canvas.height = WIDTH;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(WIDTH, WIDTH);
  const [ink, paper] = [rgb('--ink'), rgb('--paper')];
  digit.forEach((value, i) => {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = paper[c] + (value / 255) * (ink[c] - paper[c]);
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

/** Weights of units as pictures in rows. The frames are drawn apart, because they change with every stroke. */
export class WeightPictures {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #units = 0;
  #columns = 1;
  #run = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
  }

  /** `weights` [units × 784]. Many pictures take several frames. */
  show(weights: Float32Array): void {
    this.#units = weights.length / PIXELS;
    this.#columns = Math.ceil(Math.sqrt(1.6 * this.#units));
    const tile = WIDTH + 2;
    const [width, height] = [this.#columns * tile, Math.ceil(this.#units / this.#columns) * tile];
    // a new size clears the canvas
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#drawFrom(0, weights, ++this.#run);
  }

  /** Draws the pictures from a unit on, unless others have come since. */
  #drawFrom(first: number, weights: Float32Array, run: number): void {
    if (run !== this.#run) return;
    const scale = colourScale();
    const image = this.#context.createImageData(WIDTH, WIDTH);
    const pixels = new Uint32Array(image.data.buffer);
    const end = Math.min(this.#units, first + PICTURES_A_FRAME);
    for (let unit = first; unit < end; unit++) {
      const start = unit * PIXELS;
      let largest = 1e-9;
      for (let i = 0; i < PIXELS; i++) largest = Math.max(largest, Math.abs(weights[start + i]));
      for (let i = 0; i < PIXELS; i++) pixels[i] = scale[shadeOf(weights[start + i] / largest)];
      this.#context.putImageData(image, ...this.#placeOf(unit));
    }
    if (end < this.#units) requestAnimationFrame(() => this.#drawFrom(end, weights, run));
  }

  #placeOf(unit: number): [number, number] {
    return [1 + (unit % this.#columns) * (WIDTH + 2), 1 + Math.floor(unit / this.#columns) * (WIDTH + 2)];
  }

  /** Frames around the units, brighter for larger activations [units]. */
  mark(activations: Float32Array, ink: string): void {
    const most = activations.reduce((a, b) => Math.max(a, b), 1e-9);
    activations.forEach((a, unit) => {
      const [x, y] = this.#placeOf(unit);
      this.#context.clearRect(x - 1, y - 1, WIDTH + 2, 1);
      this.#context.clearRect(x - 1, y + WIDTH, WIDTH + 2, 1);
      this.#context.clearRect(x - 1, y - 1, 1, WIDTH + 2);
      this.#context.clearRect(x + WIDTH, y - 1, 1, WIDTH + 2);
      if (a <= 0) return;
      this.#context.globalAlpha = a / most;
      this.#context.strokeStyle = ink;
      this.#context.strokeRect(x - 0.5, y - 0.5, WIDTH + 1, WIDTH + 1);
      this.#context.globalAlpha = 1;
    });
  }
}
