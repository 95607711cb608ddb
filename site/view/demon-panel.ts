import { element, field } from './element.js';
import type { Lab, Panel } from './lab.js';
import { short, subscript, superscript } from './numbers.js';
import { colour } from './theme.js';

const WIDTH = 420;
const HEIGHT = 220;
const REACH = 2;
const POINTS = 60;

/**
 * Moves z of the chosen unit by mouse or keys, and shows the change of the cost, which is delta times the move if the
 * move is small.
 */
export class DemonPanel implements Panel {
  readonly #lab: Lab;
  readonly #canvas = element('canvas', { width: WIDTH, height: HEIGHT, role: 'img', class: 'drag' });
  readonly #range = element('input', { type: 'range', min: -REACH, max: REACH, step: 0.02, value: 0.5 });
  readonly #text = element('p', { class: 'number', 'aria-live': 'polite' });
  readonly element: HTMLElement;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#range.addEventListener('input', () => this.update());
    const drag = (event: PointerEvent) => {
      if (event.buttons === 0) return;
      const { left, width } = this.#canvas.getBoundingClientRect();
      this.#range.value = String(REACH * ((2 * (event.clientX - left)) / width - 1));
      this.update();
    };
    this.#canvas.addEventListener('pointerdown', (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      drag(event);
    });
    this.#canvas.addEventListener('pointermove', drag);
    this.element = element(
      'div',
      {},
      element('h2', {}, 'The demon'),
      element(
        'p',
        {},
        'A demon sits at the chosen unit and adds Δz to its weighted input. The cost of the sample follows the curve. ' +
          'For small moves it changes by δ Δz: the straight line. Drag in the picture.',
      ),
      this.#canvas,
      field('Δz', this.#range),
      this.#text,
    );
  }

  update(): void {
    const { session, chosen, point } = this.#lab;
    const delta = session.look(point)[chosen.layer].delta[chosen.unit];
    const change = (amount: number) => session.inspector.perturb({ ...chosen, amount });
    const xs = Array.from({ length: POINTS + 1 }, (_, i) => REACH * ((2 * i) / POINTS - 1));
    const curve = xs.map(change);
    const amount = this.#range.valueAsNumber;
    const moved = change(amount);
    this.#draw(xs, curve, delta, amount, moved);
    const z = `z${superscript(chosen.layer + 2)}${subscript(chosen.unit + 1)}`;
    const text = `${z} moved by ${short(amount)}: C changes by ${short(moved)}; δ Δz is ${short(delta * amount)} (δ = ${short(delta)})`;
    if (text !== this.#text.textContent) this.#text.textContent = text;
    this.#canvas.setAttribute('aria-label', `The change of the cost over the change of ${z}`);
  }

  #draw(xs: number[], curve: number[], delta: number, amount: number, moved: number): void {
    const context = this.#canvas.getContext('2d') as CanvasRenderingContext2D;
    const highest = Math.max(1e-9, ...curve.map(Math.abs)) * 1.1;
    const left = (x: number) => (x / REACH + 1) * (WIDTH / 2);
    const top = (c: number) => HEIGHT / 2 - (c / highest) * (HEIGHT / 2);
    const line = (ys: readonly number[], stroke: string, width: number) => {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.beginPath();
      xs.forEach((x, i) => {
        context.lineTo(left(x), top(ys[i]));
      });
      context.stroke();
    };
    context.clearRect(0, 0, WIDTH, HEIGHT);
    line(
      xs.map(() => 0),
      colour('--line'),
      1,
    );
    line(
      xs.map((x) => delta * x),
      colour('--negative'),
      1.5,
    );
    line(curve, colour('--positive'), 2.5);
    context.fillStyle = colour('--ink');
    context.beginPath();
    context.arc(left(amount), top(moved), 6, 0, 2 * Math.PI);
    context.fill();
  }
}
