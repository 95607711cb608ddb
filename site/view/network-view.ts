import { FEATURES } from '../model/features.js';
import { type LayerValues, MAP_SIZE, type Session } from '../model/session.js';
import { element } from './element.js';
import { HeatMap } from './heat-map.js';
import { LineRaster } from './line-raster.js';
import { short, subscript, superscript } from './numbers.js';
import { colour, rgb } from './theme.js';

// The network as a picture: a map for each feature and each unit, and a line for each weight. The maps are drawn on one
// canvas; a button lies over each, so that the keyboard and screen readers find it.

/** A unit by its layer in `net.layers`. */
export interface UnitAt {
  readonly layer: number;
  readonly unit: number;
}

export interface WeightAt extends UnitAt {
  readonly input: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

export interface NetworkViewOptions {
  /** A unit was chosen. */
  choose(at: UnitAt): void;
  /** A unit is pointed at, or has the focus; undefined where none is. */
  preview(at: UnitAt | undefined): void;
  /** A weight got a new value. */
  edit(at: WeightAt, value: number): void;
}

/** The height that larger networks get. */
const HEIGHT = 420;
/** The size of a map, and the distance from one to the next. */
const LARGEST = 38;
const LARGEST_PITCH = 56;
const SMALLEST = 9;
const LEAST_GAP = 3;
/** The height of the numbers below a map, which are shown in columns that are wide enough. */
const NUMBERS_HEIGHT = 13;
const MARGIN = 6;
/** Least distance between two columns. */
const LEAST_COLUMN = 80;
/** The font of the numbers, and the least distance between those of two columns. */
const NUMBERS_FONT = '10px system-ui, sans-serif';
const NUMBERS_GAP = 6;
/** A line is chosen by a pointer that is at most this far away. */
const NEAR = 5;
/** Lines are drawn in this many widths. */
const WIDTHS = 6;
/** In layers with more weights, all lines are thin; larger weights have stronger colours. */
const DENSE = 160;

/** The distance from one map to the next in a column of `count` maps. */
const pitchOf = (count: number) => Math.max(SMALLEST + LEAST_GAP, Math.min(LARGEST_PITCH, HEIGHT / count));
const sizeOf = (count: number) => Math.min(LARGEST, Math.floor(pitchOf(count)) - LEAST_GAP);

export class NetworkView {
  readonly element: HTMLElement;
  readonly #canvas = element('canvas', { role: 'presentation' });
  readonly #context = this.#canvas.getContext('2d') as CanvasRenderingContext2D;
  readonly #buttons = element('div', { class: 'units' });
  readonly #tip = element('div', { class: 'tip', hidden: true });
  readonly #options: NetworkViewOptions;
  #session: Session | undefined;
  #maps: HeatMap[][] = [];
  #raster = new LineRaster(1, 1);
  #boxes: Box[][] = [];
  #chosen: UnitAt = { layer: 0, unit: 0 };
  #hovered: WeightAt | undefined;
  #size = { width: 0, height: 0 };
  #isEditing = false;
  /** The numbers of the chosen sample in each layer. */
  #values: readonly LayerValues[] = [];
  /** The numbers below the maps, for each unit of each layer. */
  #texts: string[][] = [];

  constructor(options: NetworkViewOptions) {
    this.#options = options;
    this.element = element('div', { class: 'network' }, this.#canvas, this.#buttons, this.#tip);
    this.element.addEventListener('pointermove', (event) => this.#hover(event));
    this.element.addEventListener('pointerleave', () => this.#leave());
    for (const [begin, end] of [
      ['pointerover', 'pointerout'],
      ['focusin', 'focusout'],
    ]) {
      this.#buttons.addEventListener(begin, ({ target }) => options.preview(unitOf(target)));
      this.#buttons.addEventListener(end, () => options.preview(undefined));
    }
    this.element.addEventListener('click', (event) => this.#click(event));
    this.#buttons.addEventListener('keydown', (event) => this.#moveFocus(event));
  }

  /** Shows another network. `width`: of the place that it may take, in pixels. */
  show(session: Session, chosen: UnitAt, width: number): void {
    this.#session = session;
    this.#chosen = chosen;
    this.#isEditing = false;
    this.#values = [];
    this.#texts = [];
    this.#leave();
    this.#layOut(width);
    const featureMaps = session.featureMaps();
    this.#maps = this.#boxes.map((boxes) => boxes.map(() => new HeatMap(MAP_SIZE)));
    this.#maps[0].forEach((map, k) => {
      map.set(featureMaps, k, session.state.features.length);
    });
    this.#makeButtons();
  }

  #layOut(width: number): void {
    const { net, state } = this.#session as Session;
    const counts = [state.features.length, ...net.layers.map(({ units }) => units)];
    const height = Math.max(...counts.map((count) => count * pitchOf(count))) + 2 * MARGIN;
    const wide = Math.max(width, (counts.length - 1) * LEAST_COLUMN + LARGEST + 2 * MARGIN);
    this.#boxes = counts.map((count, column) => {
      const [pitch, size] = [pitchOf(count), sizeOf(count)];
      const x = MARGIN + (column / (counts.length - 1)) * (wide - size - 2 * MARGIN);
      return Array.from({ length: count }, (_, i) => ({ x, y: height / 2 + (i - count / 2) * pitch, size }));
    });
    this.#size = { width: wide, height };
    this.#raster = new LineRaster(wide, height);
    const ratio = Math.min(2, devicePixelRatio);
    this.#canvas.width = wide * ratio;
    this.#canvas.height = height * ratio;
    for (const part of [this.#canvas, this.#buttons]) {
      part.style.width = `${wide}px`;
      part.style.height = `${height}px`;
    }
  }

  #makeButtons(): void {
    const { net, state } = this.#session as Session;
    const features = state.features.map((name, k) =>
      place(element('span', { class: 'feature' }, FEATURES[name].label), this.#boxes[0][k]),
    );
    const units = net.layers.flatMap(({ activation }, layer) =>
      this.#boxes[layer + 1].map((box, unit) => {
        const name = layer === net.layers.length - 1 ? 'output' : `layer ${layer + 2}, unit ${unit + 1}, ${activation}`;
        const button = element('button', {
          type: 'button',
          class: 'unit',
          'aria-label': name,
          'data-layer': layer,
          'data-unit': unit,
          click: () => this.#options.choose({ layer, unit }),
        });
        return place(button, box);
      }),
    );
    this.#buttons.replaceChildren(...features, ...units);
    this.choose(this.#chosen);
  }

  /** Marks a unit. The Tab key reaches only this unit; arrow keys lead to the others. */
  choose(at: UnitAt): void {
    this.#chosen = at;
    for (const button of this.#buttons.querySelectorAll<HTMLButtonElement>('.unit')) {
      const isChosen = Number(button.dataset.layer) === at.layer && Number(button.dataset.unit) === at.unit;
      button.setAttribute('aria-pressed', String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
    }
  }

  #moveFocus(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const [layer, unit] = [Number(target.dataset.layer), Number(target.dataset.unit)];
    const moves: Record<string, [number, number]> = {
      ArrowUp: [layer, unit - 1],
      ArrowDown: [layer, unit + 1],
      ArrowLeft: [layer - 1, unit],
      ArrowRight: [layer + 1, unit],
    };
    const move = moves[event.key];
    if (!move) return;
    const units = this.#boxes[move[0] + 1];
    if (move[0] < 0 || !units || move[1] < 0) return;
    event.preventDefault();
    const next = Math.min(move[1], units.length - 1);
    this.#buttonOf(move[0], next)?.focus();
  }

  #buttonOf(layer: number, unit: number): HTMLElement | null {
    return this.#buttons.querySelector(`[data-layer="${layer}"][data-unit="${unit}"]`);
  }

  /** Computes the maps of the units anew. */
  updateMaps(): void {
    const session = this.#session as Session;
    session.net.layers.forEach(({ units }, layer) => {
      const values = session.maps(layer);
      for (let unit = 0; unit < units; unit++) this.#maps[layer + 1][unit].set(values, unit, units);
    });
  }

  /**
   * Takes the numbers that are written below the maps: a and delta of a sample, and the length of its gradient by the
   * weights of the unit. Where there is less room, there are fewer of them.
   */
  updateNumbers(values: readonly LayerValues[]): void {
    this.#values = values;
    const [[first], [second]] = this.#boxes;
    const room = second.x - first.x - NUMBERS_GAP;
    this.#context.font = NUMBERS_FONT;
    this.#texts = values.map(({ a, delta, weightGradients }, layer) => {
      if (pitchOf(a.length) < LARGEST + NUMBERS_HEIGHT) return [];
      const fanIn = this.#boxes[layer].length;
      const numbers = Array.from(a, (activation, unit) => {
        const gradient = weightGradients.subarray(unit * fanIn, (unit + 1) * fanIn);
        return [`δ ${short(delta[unit])}`, `a ${short(activation)}`, `|∇w| ${short(Math.hypot(...gradient))}`];
      });
      const texts = [3, 2, 1].map((count) => numbers.map((all) => all.slice(0, count).join('  ')));
      return texts.find((all) => all.every((text) => this.#context.measureText(text).width <= room)) ?? [];
    });
  }

  #drawNumbers(): void {
    const context = this.#context;
    context.fillStyle = colour('--ink');
    // a border in the colour of the panel keeps the lines of weights away from the digits
    context.strokeStyle = colour('--panel');
    context.lineWidth = 4;
    context.lineJoin = 'round';
    context.font = NUMBERS_FONT;
    this.#texts.forEach((texts, layer) => {
      const isLast = layer === this.#texts.length - 1;
      context.textAlign = isLast ? 'right' : 'center';
      texts.forEach((text, unit) => {
        const { x, y, size } = this.#boxes[layer + 1][unit];
        const place = [text, isLast ? x + size : x + size / 2, y + size + 10] as const;
        context.strokeText(...place);
        context.fillText(...place);
      });
    });
  }

  draw(): void {
    const { net } = this.#session as Session;
    const context = this.#context;
    const ratio = this.#canvas.width / this.#size.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const weights = net.layers.map((layer) => layer.getWeights());
    this.#raster.fill(rgb('--panel'));
    weights.forEach((values, l) => {
      if (values.length > DENSE) this.#rasterWeights(l, values);
    });
    this.#raster.draw(context);
    weights.forEach((values, l) => {
      if (values.length <= DENSE) this.#strokeWeights(l, values);
    });
    if (this.#hovered) this.#drawLine(this.#hovered);
    this.#boxes.forEach((boxes, column) => {
      boxes.forEach((box, i) => {
        this.#maps[column][i].draw(context, box.x, box.y, box.size);
      });
    });
    this.#drawNumbers();
    const { x, y, size } = this.#boxes[this.#chosen.layer + 1][this.#chosen.unit];
    context.strokeStyle = colour('--ink');
    context.lineWidth = 2;
    context.strokeRect(x - 1, y - 1, size + 2, size + 2);
  }

  #rasterWeights(l: number, weights: Float32Array): void {
    const [from, to] = [this.#boxes[l], this.#boxes[l + 1]];
    const [negative, positive] = [rgb('--negative'), rgb('--positive')];
    weights.forEach((w, i) => {
      const [a, b] = [from[i % from.length], to[Math.floor(i / from.length)]];
      const alpha = Math.min(0.6, 0.04 + 0.3 * Math.abs(w));
      const ink = w < 0 ? negative : positive;
      this.#raster.line(a.x + a.size, a.y + a.size / 2, b.x, b.y + b.size / 2, ink, alpha);
    });
  }

  /** Blue lines for positive weights, orange for negative, wider for larger: a path for each colour and width. */
  #strokeWeights(l: number, weights: Float32Array): void {
    const [from, to] = [this.#boxes[l], this.#boxes[l + 1]];
    const paths = Array.from({ length: 2 * WIDTHS }, () => new Path2D());
    weights.forEach((w, i) => {
      const width = Math.min(WIDTHS - 1, Math.floor(2 * Math.abs(w)));
      const [a, b] = [from[i % from.length], to[Math.floor(i / from.length)]];
      const path = paths[(w < 0 ? 0 : WIDTHS) + width];
      path.moveTo(a.x + a.size, a.y + a.size / 2);
      path.lineTo(b.x, b.y + b.size / 2);
    });
    const context = this.#context;
    context.globalAlpha = 0.75;
    paths.forEach((path, i) => {
      context.strokeStyle = colour(i < WIDTHS ? '--negative' : '--positive');
      context.lineWidth = 0.5 + (i % WIDTHS) * 0.9;
      context.stroke(path);
    });
    context.globalAlpha = 1;
  }

  #ends({ layer, unit, input }: WeightAt): [x1: number, y1: number, x2: number, y2: number] {
    const [a, b] = [this.#boxes[layer][input], this.#boxes[layer + 1][unit]];
    return [a.x + a.size, a.y + a.size / 2, b.x, b.y + b.size / 2];
  }

  #drawLine(at: WeightAt): void {
    const [x1, y1, x2, y2] = this.#ends(at);
    const context = this.#context;
    context.strokeStyle = colour('--ink');
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
  }

  #pointOf({ clientX, clientY }: MouseEvent): [number, number] {
    const { left, top } = this.#canvas.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  /** The weight whose line is nearest to a point, if one is near. */
  #weightNear(x: number, y: number): WeightAt | undefined {
    let found: WeightAt | undefined;
    let nearest = NEAR;
    for (let layer = 0; layer + 1 < this.#boxes.length; layer++) {
      const [first] = this.#boxes[layer];
      const [last] = this.#boxes[layer + 1];
      const share = (x - first.x - first.size) / (last.x - first.x - first.size);
      if (share <= 0 || share >= 1) continue;
      for (let unit = 0; unit < this.#boxes[layer + 1].length; unit++) {
        for (let input = 0; input < this.#boxes[layer].length; input++) {
          const [x1, y1, x2, y2] = this.#ends({ layer, unit, input });
          const distance = Math.abs(y - y1 - share * (y2 - y1)) / Math.hypot(1, (y2 - y1) / (x2 - x1));
          if (distance >= nearest) continue;
          nearest = distance;
          found = { layer, unit, input };
        }
      }
    }
    return found;
  }

  #hover(event: PointerEvent): void {
    if (this.#isEditing || !this.#session) return;
    const [x, y] = this.#pointOf(event);
    this.#hovered = this.#weightNear(x, y);
    this.#tip.hidden = !this.#hovered;
    if (!this.#hovered) return;
    const { layer, unit, input } = this.#hovered;
    const value = this.#session.net.layers[layer].getWeights(unit)[input];
    const gradient = this.#values[layer]?.weightGradients[unit * this.#boxes[layer].length + input];
    const slope = gradient === undefined ? '' : `, ∂C/∂w = ${short(gradient)}`;
    this.#tip.replaceChildren(`${weightName(this.#hovered)} = ${short(value)}${slope}; click to change it`);
    this.#placeTip(x, y);
  }

  #placeTip(x: number, y: number): void {
    this.#tip.style.left = `${Math.max(0, Math.min(x + 12, this.#size.width - 190))}px`;
    this.#tip.style.top = `${Math.min(y + 12, this.#size.height - 40)}px`;
  }

  #leave(): void {
    if (this.#isEditing) return;
    this.#hovered = undefined;
    this.#tip.hidden = true;
  }

  #click(event: MouseEvent): void {
    const isInside = this.#tip.contains(event.target as Node);
    if (isInside || !this.#session) return;
    this.#isEditing = false;
    const [x, y] = this.#pointOf(event);
    const at = (event.target as HTMLElement).closest('.unit') ? undefined : this.#weightNear(x, y);
    this.#hovered = at;
    this.#tip.hidden = !at;
    if (!at) return;
    const value = this.#session.net.layers[at.layer].getWeights(at.unit)[at.input];
    const input = element('input', { type: 'number', step: 'any', value: String(Number(value.toPrecision(4))) });
    const close = () => {
      this.#isEditing = false;
      this.#leave();
    };
    input.addEventListener('input', () => {
      if (Number.isFinite(input.valueAsNumber)) this.#options.edit(at, input.valueAsNumber);
    });
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== 'Escape') return;
      // or else the button that gets the focus would be pressed
      event.preventDefault();
      close();
      this.#buttonOf(at.layer, at.unit)?.focus();
    });
    this.#tip.replaceChildren(element('label', { class: 'field' }, weightName(at), input));
    this.#isEditing = true;
    this.#placeTip(x, y);
    input.focus();
  }
}

/** The unit whose button this is. */
function unitOf(target: EventTarget | null): UnitAt | undefined {
  const { layer, unit } = (target as HTMLElement).dataset;
  return unit === undefined ? undefined : { layer: Number(layer), unit: Number(unit) };
}

/** w^l_jk as in textbooks: layers and units are counted from 1, and the inputs are layer 1. */
export const weightName = ({ layer, unit, input }: WeightAt): string =>
  `w${superscript(layer + 2)}${subscript(unit + 1)},${subscript(input + 1)}`;

function place<T extends HTMLElement>(made: T, { x, y, size }: Box): T {
  made.style.left = `${x}px`;
  made.style.top = `${y}px`;
  made.style.width = `${size}px`;
  made.style.height = `${size}px`;
  return made;
}
