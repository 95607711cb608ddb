import type uPlot from 'uplot';
import { element } from './element.js';
import { short } from './numbers.js';
import { colour, onTheme } from './theme.js';

// Curves by uPlot. They are made anew when the theme changes, since a canvas keeps its colours.

export interface Curve {
  readonly name: string;
  readonly stroke: () => string;
  readonly dash?: number[];
}

export class Curves {
  readonly element = element('div', { class: 'curves' });
  readonly #curves: readonly Curve[];
  readonly #x: string;
  readonly #height: number;
  #Plot: typeof uPlot | undefined;
  #plot: uPlot | undefined;
  #data: uPlot.AlignedData;

  constructor(x: string, curves: readonly Curve[], height: number) {
    this.#x = x;
    this.#curves = curves;
    this.#height = height;
    this.#data = [[], ...curves.map(() => [])];
    onTheme(() => this.#make());
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
        axes: [
          { ...axis, size: 28 },
          { ...axis, size: 52, values: (_, values) => values.map((value) => (value == null ? '' : short(value))) },
        ],
        series: [
          { label: this.#x },
          ...this.#curves.map(({ name, stroke, dash }) => ({
            label: name,
            stroke: stroke(),
            dash,
            width: 1.5,
            points: { show: false },
            value: (_: uPlot, value: number | null) => (value == null ? '' : short(value)),
          })),
        ],
      },
      this.#data,
      this.element,
    );
  }
}
