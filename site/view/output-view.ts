import type { Point } from '../model/datasets.js';
import type { Session } from '../model/session.js';
import { element } from './element.js';
import { HeatMap } from './heat-map.js';
import type { UnitAt } from './network-view.js';
import { coordinateOf, drawPoints, pixelOf } from './scatter.js';
import { colour } from './theme.js';

// The output of the network over the plane, with the points.

const SIZE = 300;

export interface OutputViewOptions {
  /** The plane was clicked. */
  click(x1: number, x2: number): void;
}

export class OutputView {
  readonly #plane = element('canvas', {
    width: SIZE,
    height: SIZE,
    class: 'plane',
    role: 'img',
    'aria-label': 'The output of the network over the plane',
  });
  readonly #caption = element('p', { class: 'quiet caption' }, 'The output');
  readonly element = element('div', {}, this.#plane, this.#caption);
  readonly #context = this.#plane.getContext('2d') as CanvasRenderingContext2D;
  readonly #dots = document.createElement('canvas');
  #map = new HeatMap(10);
  #session: Session | undefined;
  /** A unit whose map is shown in place of the output. */
  #preview: UnitAt | undefined;
  isDiscrete = false;
  showsTest = false;

  constructor({ click }: OutputViewOptions) {
    this.#plane.addEventListener('click', ({ clientX, clientY }) => {
      const { left, top, width, height } = this.#plane.getBoundingClientRect();
      click(coordinateOf(clientX - left, width), -coordinateOf(clientY - top, height));
    });
    this.#dots.width = SIZE;
    this.#dots.height = SIZE;
  }

  show(session: Session): void {
    this.#session = session;
    this.#preview = undefined;
    if (this.#map.size !== session.outputSize) this.#map = new HeatMap(session.outputSize);
    this.updatePoints();
    this.updateMap();
    const { training, test } = session;
    const name = `The output of the network over the plane, with ${training.length} points to train on`;
    this.#plane.setAttribute('aria-label', `${name} and ${test.length} for the test`);
  }

  /** Draws the points anew, which change less often than the map. */
  updatePoints(): void {
    const { training, test } = this.#session as Session;
    const context = this.#dots.getContext('2d') as CanvasRenderingContext2D;
    context.clearRect(0, 0, SIZE, SIZE);
    drawPoints(context, training, SIZE, { radius: 3 });
    if (this.showsTest) drawPoints(context, test, SIZE, { radius: 3, isHollow: true });
  }

  /** Shows a unit in place of the output, or the output again. */
  preview(at: UnitAt | undefined): void {
    this.#preview = at;
    this.updateMap();
  }

  updateMap(): void {
    const session = this.#session as Session;
    const at = this.#preview;
    this.#map.set(at ? session.unitMap(at.layer, at.unit) : session.output(), 0, 1, this.isDiscrete);
    const isOutput = !at || at.layer === session.net.layers.length - 1;
    this.#caption.textContent = isOutput ? 'The output' : `Layer ${at.layer + 2}, unit ${at.unit + 1}`;
  }

  draw(chosen: Point): void {
    const context = this.#context;
    this.#map.draw(context, 0, 0, SIZE);
    context.drawImage(this.#dots, 0, 0);
    context.strokeStyle = colour('--ink');
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(pixelOf(chosen.x1, SIZE), pixelOf(-chosen.x2, SIZE), 7, 0, 2 * Math.PI);
    context.stroke();
  }
}
