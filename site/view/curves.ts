import type uPlot from 'uplot';
import { element } from './element.js';
import { short } from './numbers.js';
import { colour, onTheme } from './theme.js';

// Curves by uPlot. They are made anew when the theme changes, since a canvas keeps its colours. Legends are made where
// the curves are used, with their swatches.

export interface Curve {
  readonly stroke: () => string;
  readonly dash?: number[];
}

/** Marks of the axis are powers of ten, or a few steps between two of them. */
const onAxis = (value: number) =>
  value >= 0.01 ? String(Number(value.toPrecision(3))) : short(value).replace('.0e', 'e');

export class Curves {
  readonly element = element('div', { class: 'curves' });
  /** A short piece of the line of each curve. */
  readonly swatches: readonly HTMLElement[];
  /** Called with the index of the numbers at the pointer; undefined where there is none. */
  pointed: (index: number | undefined) => void = () => {};
  readonly #curves: readonly Curve[];
  readonly #height: number;
  #Plot: typeof uPlot | undefined;
  #plot: uPlot | undefined;
  #data: uPlot.AlignedData;

  constructor(curves: readonly Curve[], height: number) {
    this.#curves = curves;
    this.#height = height;
    this.#data = [[], ...curves.map(() => [])];
    this.swatches = curves.map(() => element('span', { class: 'swatch' }));
    this.#colourSwatches();
    onTheme(() => {
      this.#colourSwatches();
      this.#make();
    });
    new ResizeObserver(() => {
      const width = this.element.clientWidth;
      if (width > 0 && this.#plot?.width !== width) this.#make();
    }).observe(this.element);
  }

  /** Loads uPlot. Nothing is drawn before. */
  async load(): Promise<void> {
    this.#Plot = (await import('uplot')).default;
    this.#make();
  }

  set(data: uPlot.AlignedData): void {
    this.#data = data;
    this.#plot?.setData(data);
  }

  #colourSwatches(): void {
    this.#curves.forEach(({ stroke, dash: [line, gap] = [1, 0] }, i) => {
      const [colour, end] = [stroke(), line + gap];
      this.swatches[i].style.background =
        `repeating-linear-gradient(90deg, ${colour} 0 ${line}px, transparent ${line}px ${end}px)`;
    });
  }

  #make(): void {
    const width = this.element.clientWidth;
    if (width === 0 || !this.#Plot) return;
    this.#plot?.destroy();
    const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
    this.#plot = new this.#Plot(
      {
        width,
        height: this.#height,
        // costs fall by powers of ten
        scales: { x: { time: false }, y: { distr: 3 } },
        cursor: { drag: { x: false, y: false } },
        legend: { show: false },
        hooks: { setCursor: [({ cursor }) => this.pointed(cursor.idx ?? undefined)] },
        axes: [
          { ...axis, size: 28 },
          { ...axis, size: 46, values: (_, values) => values.map((value) => (value == null ? '' : onAxis(value))) },
        ],
        series: [
          {},
          ...this.#curves.map(({ stroke, dash }) => ({
            stroke: stroke(),
            dash,
            width: 1.5,
            points: { show: false },
          })),
        ],
      },
      this.#data,
      this.element,
    );
  }
}
