import type { Machine } from './machine.js';
import { FORMS } from './products.js';
import type { RooflineRow, RoofRow } from './roofline-rows.js';

// Draws the figures of roofline.ts as SVG: speed over intensity. Both scales are logarithmic, so the limit of reading
// is a slope and the limit of computing a level.

const WIDTH = 900;
const HEIGHT = 560;
const LEFT = 70;
const RIGHT = 800;
const TOP = 165;
const BOTTOM = 480;
/** The range of the horizontal scale, in operations per byte. */
const INTENSITIES = [0.125, 256];
/** The range of the vertical scale, in 10^9 operations per second. */
const SPEEDS = [2, 64];

const MARKS = {
  forward: { color: '#2471a3', label: 'forward', path: 'm-5 -5h10v10h-10z' },
  error: { color: '#c0392b', label: 'errors', path: 'm0 -6.5l6 10.5h-12z' },
  gradient: { color: '#1e8449', label: 'gradients', path: 'm0 -6.5l6.5 6.5l-6.5 6.5l-6.5 -6.5z' },
};

const scale = (value: number, [low, high]: number[], from: number, to: number) =>
  from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
const xOf = (intensity: number) => scale(intensity, INTENSITIES, LEFT, RIGHT);
const yOf = (speed: number) => scale(speed, SPEEDS, BOTTOM, TOP);

const place = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;
const line = (from: string, to: string, attributes: string) => `<path d="M${from}L${to}" fill="none" ${attributes}/>`;
const write = (at: string, words: string, attributes = '', rotation = '') =>
  `<text transform="translate(${at})${rotation}" ${attributes}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

function drawScales(): string[] {
  const parts: string[] = [];
  for (let intensity = INTENSITIES[0]; intensity <= INTENSITIES[1]; intensity *= 2) {
    const x = xOf(intensity);
    parts.push(line(place(x, BOTTOM), place(x, BOTTOM + 5), 'stroke="#888"'));
    parts.push(write(place(x, BOTTOM + 20), String(intensity), 'text-anchor="middle"'));
  }
  for (let speed = SPEEDS[0]; speed <= SPEEDS[1]; speed *= 2) {
    const y = yOf(speed);
    parts.push(line(place(LEFT, y), place(RIGHT, y), 'stroke="#e4e4e4"'));
    parts.push(write(place(LEFT - 8, y + 4), String(speed), 'text-anchor="end"'));
  }
  parts.push(line(place(LEFT, BOTTOM), place(RIGHT, BOTTOM), 'stroke="#888"'));
  const middle = place((LEFT + RIGHT) / 2, BOTTOM + 42);
  parts.push(write(middle, 'intensity: operations per byte of the three matrices', 'text-anchor="middle"'));
  parts.push(write(place(24, (TOP + BOTTOM) / 2), 'GFLOP/s', 'text-anchor="middle"', ' rotate(-90)'));
  return parts;
}

export function readable(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.round(bytes / 2 ** 10)} KiB`;
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Draws the level of computing, and for each size that was read a slope up to it, with its label along the slope. */
function drawRoofs({ multiplyAddGigaflops, reads }: RoofRow): string[] {
  const top = yOf(multiplyAddGigaflops);
  const ridges = reads.map(({ gigabytes }) => multiplyAddGigaflops / gigabytes);
  const first = Math.min(...ridges);
  const parts = [line(place(xOf(first), top), place(RIGHT, top), 'stroke="#333" stroke-width="2"')];
  const level = `multiply-adds in registers: ${multiplyAddGigaflops.toFixed(1)} GFLOP/s`;
  parts.push(write(place(RIGHT - 4, top - 8), level, 'text-anchor="end" font-weight="bold"'));
  const angle = (Math.atan2(yOf(1) - yOf(2), xOf(2) - xOf(1)) * 180) / Math.PI;
  for (const [i, { bytes, gigabytes }] of reads.entries()) {
    const start = Math.max(INTENSITIES[0], SPEEDS[0] / gigabytes);
    const dashes = i === reads.length - 1 ? '' : ' stroke-dasharray="6 4"';
    const from = place(xOf(start), yOf(start * gigabytes));
    parts.push(line(from, place(xOf(ridges[i]), top), `stroke="#333" stroke-width="2"${dashes}`));
    const where = i === reads.length - 1 ? 'from memory' : `from ${readable(bytes)}`;
    const rotation = ` rotate(${(-angle).toFixed(1)}) translate(10 -6)`;
    parts.push(write(from, `${gigabytes.toFixed(0)} GB/s ${where}`, '', rotation));
  }
  return parts;
}

/**
 * Draws a point for each form, and the shape's name above the points, slanted. Shapes of nearly the same intensity
 * share the place for their names.
 */
function drawPoints(rows: readonly RooflineRow[]): string[] {
  const parts: string[] = [];
  const names: { x: number; words: string[] }[] = [];
  for (const { shape, intensity } of rows) {
    const x = xOf(intensity);
    const near = names.find((name) => Math.abs(name.x - x) < 8);
    if (near) near.words.push(shape);
    else names.push({ x, words: [shape] });
  }
  for (const { x, words } of names) {
    parts.push(line(place(x, TOP - 18), place(x, BOTTOM), 'stroke="#ccc" stroke-dasharray="2 3"'));
    parts.push(
      write(place(x + 2, TOP - 24), words.join(', ').replaceAll('x', ' × '), 'font-size="11"', ' rotate(-32)'),
    );
  }
  for (const { intensity, forms } of rows) {
    for (const form of FORMS) {
      const at = place(xOf(intensity), yOf(forms[form].gigaflops));
      const { color, path } = MARKS[form];
      parts.push(`<path d="M${at}${path}" fill="${color}" fill-opacity="0.85" stroke="#fff"/>`);
    }
  }
  for (const [i, form] of FORMS.entries()) {
    const { color, label, path } = MARKS[form];
    const y = BOTTOM - 70 + 22 * i;
    parts.push(`<path d="M${place(xOf(20), y)}${path}" fill="${color}"/>`);
    parts.push(write(place(xOf(20) + 14, y + 4), label));
  }
  return parts;
}

export function drawRoofline(roofs: RoofRow, rows: readonly RooflineRow[], { cpu, node, date }: Machine): string {
  const title = 'Roofline: matrix products, rows × fanIn × units, one thread, 128-bit vectors';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    write(place(LEFT, 26), title, 'font-weight="bold" font-size="14"'),
    ...drawScales(),
    ...drawRoofs(roofs),
    ...drawPoints(rows),
    write(
      place((LEFT + RIGHT) / 2, HEIGHT - 10),
      `${cpu}, Node ${node.slice(1)}, ${date}`,
      'text-anchor="middle" fill="#555"',
    ),
    '</svg>',
    '',
  ].join('\n');
}
