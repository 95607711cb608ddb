// Draws the results of examples/expansion.ts as SVG: two panels over the same depths. Each has a logarithmic scale, on
// which exponential growth is a straight line.

export interface Series {
  readonly label: string;
  readonly color: string;
  /** One value for each depth; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[];
}

export interface Panel {
  readonly title: string;
  /** The label of a power of ten on the scale. */
  readonly tick: (exponent: number) => string;
  readonly series: readonly Series[];
}

const WIDTH = 860;
const HEIGHT = 380;
const PLOT = { top: 60, height: 250, width: 340, left: [64, 494] };

const text = (x: number, y: number, content: string, attributes = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

function drawPanel({ title, tick, series }: Panel, depths: readonly number[], left: number): string[] {
  const exponents = series.flatMap(({ values }) => values.flatMap((value) => (value ? [Math.log10(value)] : [])));
  const lowest = Math.floor(Math.min(...exponents));
  const highest = Math.ceil(Math.max(...exponents));
  const bottom = PLOT.top + PLOT.height;
  const x = (i: number) => left + 10 + (i / (depths.length - 1)) * (PLOT.width - 20);
  const y = (exponent: number) => bottom - ((exponent - lowest) / (highest - lowest)) * PLOT.height;
  const parts = [text(left, PLOT.top - 18, title, 'font-weight="bold"')];
  for (let exponent = lowest; exponent <= highest; exponent++) {
    const at = y(exponent).toFixed(1);
    parts.push(`<path d="M${left} ${at}h${PLOT.width}" stroke="#ddd"/>`);
    parts.push(text(left - 8, y(exponent) + 4, tick(exponent), 'text-anchor="end"'));
  }
  for (const [i, depth] of depths.entries()) {
    if (depth % 2 === 0) parts.push(text(x(i), bottom + 18, String(depth), 'text-anchor="middle"'));
  }
  parts.push(text(left + PLOT.width / 2, bottom + 38, 'layers', 'text-anchor="middle"'));
  for (const { label, color, values } of series) {
    const points = values.flatMap((value, i) => (value ? [{ x: x(i), y: y(Math.log10(value)) }] : []));
    const path = points.map((point) => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join('L');
    parts.push(`<path d="M${path}" fill="none" stroke="${color}" stroke-width="2"/>`);
    for (const point of points) {
      parts.push(`<circle cx="${point.x.toFixed(1)}" cy="${point.y.toFixed(1)}" r="3" fill="${color}"/>`);
    }
    const middle = points[Math.floor(points.length / 2)];
    parts.push(text(middle.x - 8, middle.y - 10, label, `fill="${color}" text-anchor="end"`));
  }
  return parts;
}

/** `title` describes the plot to people who cannot see it. */
export function drawPlot(depths: readonly number[], panels: readonly Panel[], title: string, caption: string): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...panels.flatMap((panel, i) => drawPanel(panel, depths, PLOT.left[i])),
    text(WIDTH / 2, HEIGHT - 10, caption, 'text-anchor="middle" fill="#555"'),
    '</svg>',
    '',
  ].join('\n');
}
