import type { Node } from 'simdprop/graph';
import { short, subscript, superscript } from './numbers.js';

// A small computational graph as a picture: values in boxes, the inputs on the left and the result on the right, and
// slopes at the edges of the paths that are shown.

const COLUMN = 96;
const ROW = 48;
const BOX = { width: 62, height: 34 };
/** The two edges of a square are this far apart. */
const APART = 14;
const SYMBOLS: Readonly<Record<string, string>> = { multiply: '×', add: '+', subtract: '−' };

/** w^2_1,1 as w²₁,₁, and operations that have no name of their own as ×, + and −. */
export function labelOf({ name, operation }: Node): string {
  const [, symbol, layer, unit] = /^([a-z])(?:\^(\d+))?_(\d+(?:,\d+)?)$/.exec(name) ?? [];
  if (symbol) {
    const units = unit.split(',').map((digits) => subscript(Number(digits)));
    return `${symbol}${layer ? superscript(Number(layer)) : ''}${units.join(',')}`;
  }
  return name.startsWith(`${operation} `) ? (SYMBOLS[operation] ?? operation) : name;
}

function svg(name: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made;
}

/** The place of each node: operations after their operands, inputs just before their first operation. */
function columnsOf(nodes: readonly Node[]): Node[][] {
  const column = nodes.map(() => 0);
  for (const { index, operands } of nodes) {
    for (const operand of operands) column[index] = Math.max(column[index], column[operand.index] + 1);
  }
  const first = nodes.map(() => Number.POSITIVE_INFINITY);
  for (const { index, operands } of nodes) {
    for (const operand of operands) first[operand.index] = Math.min(first[operand.index], column[index]);
  }
  const columns: Node[][] = [];
  for (const node of nodes) {
    const isInput = node.operands.length === 0;
    const at = isInput && Number.isFinite(first[node.index]) ? first[node.index] - 1 : column[node.index];
    columns[at] = [...(columns[at] ?? []), node];
  }
  return columns;
}

/** Heights of all nodes by their index: each as high as the nodes that use it, so that few edges cross. */
function heightsOf(columns: readonly Node[][], count: number): number[] {
  const heights = new Array<number>(count).fill(0);
  const users = Array.from({ length: count }, (): number[] => []);
  for (const { index, operands } of columns.flat()) for (const operand of operands) users[operand.index].push(index);
  for (const column of [...columns].reverse()) {
    const wanted = (node: Node) => {
      const used = users[node.index];
      return used.reduce((sum, user) => sum + heights[user], 0) / Math.max(1, used.length);
    };
    const sorted = [...column].sort((a, b) => wanted(a) - wanted(b) || a.index - b.index);
    sorted.forEach(({ index }, i) => {
      heights[index] = i - (sorted.length - 1) / 2;
    });
  }
  return heights;
}

/** Draws all nodes. Edges on a path from `from` are marked and have their slopes. */
export function drawGraph(nodes: readonly Node[], from: Node, label: string): SVGElement {
  const columns = columnsOf(nodes);
  const heights = heightsOf(columns, nodes.length);
  const rows = Math.max(...columns.map(({ length }) => length));
  const [width, height] = [columns.length * COLUMN, rows * ROW + BOX.height / 2];
  const places = new Map<number, [x: number, y: number]>();
  columns.forEach((column, c) => {
    for (const { index } of column) places.set(index, [COLUMN * (c + 0.5), height / 2 + ROW * heights[index]]);
  });
  const marked = new Set([from.index]);
  for (const { index, operands } of nodes) if (operands.some((operand) => marked.has(operand.index))) marked.add(index);
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, class: 'graph', role: 'img' });
  picture.setAttribute('aria-label', label);
  const [lines, texts] = [svg('g', {}), svg('g', {})];
  for (const node of nodes) {
    const [x2, y2] = places.get(node.index) as [number, number];
    node.operands.forEach((operand, k) => {
      const [x1, y1] = places.get(operand.index) as [number, number];
      const isTwice = node.operands.filter(({ index }) => index === operand.index).length > 1;
      const bend = isTwice ? (k - 0.5) * 2 * APART : 0;
      const [left, right] = [x1 + BOX.width / 2, x2 - BOX.width / 2];
      const middle = (left + right) / 2;
      const isMarked = marked.has(operand.index);
      const d = `M${left} ${y1}Q${middle} ${(y1 + y2) / 2 + bend} ${right} ${y2}`;
      lines.append(svg('path', { d, class: isMarked ? 'edge marked' : 'edge' }));
      if (!isMarked) return;
      const at = { x: middle, y: (y1 + y2) / 2 + bend / 2 - 3, class: 'slope', 'text-anchor': 'middle' };
      texts.append(svg('text', at, short(node.slopes[k])));
    });
  }
  for (const node of nodes) {
    const [x, y] = places.get(node.index) as [number, number];
    const box = { x: x - BOX.width / 2, y: y - BOX.height / 2, ...BOX, rx: 5 };
    texts.append(
      svg('rect', { ...box, class: marked.has(node.index) ? 'node marked' : 'node' }),
      svg('text', { x, y: y - 3, 'text-anchor': 'middle' }, labelOf(node)),
      svg('text', { x, y: y + 12, class: 'value', 'text-anchor': 'middle' }, short(node.value)),
    );
  }
  picture.append(lines, texts);
  return picture;
}
