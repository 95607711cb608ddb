import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Network } from 'simdprop';
import { type Graph, type Node, unroll } from 'simdprop/graph';
import { drawPlot, type Panel } from './expansion-plot.js';

// Compares two ways to compute all derivatives of one network on the same graph: sums over paths, and back-propagation.
// `--plot file.svg` also draws the results.

const WIDTH = 3;
const DEEPEST = 16;
/**
 * Sums over up to this many paths are computed, which takes about a second. The terms of longer sums are only counted.
 */
const MOST_PATHS = 1_000_000;
const X = [0.5, -0.25];

interface Row {
  layers: number;
  parameters: number;
  paths: number;
  /** Multiplications of the sums over paths: one for each edge of each path. */
  expanded: number;
  /** Multiplications of back-propagation: one for each edge of the graph. */
  propagated: number;
  /** undefined if there are more than MOST_PATHS paths. */
  expandedMs: number | undefined;
  propagatedMs: number;
}

async function measure(layers: number): Promise<Row> {
  const shape = Array.from({ length: layers }, (_, l) => ({ units: l === layers - 1 ? 1 : WIDTH }));
  const network = await Network.create({ inputs: X.length, layers: shape, seed: 1 });
  const unrolled = unroll(network, X, [1]);
  network.dispose();
  const { graph, cost } = unrolled;
  const parameters = unrolled.layers.flatMap(({ weights, biases }) => [...weights, ...biases]);

  let paths = 0;
  let expanded = 0;
  for (const parameter of parameters) {
    const count = graph.countPaths(parameter, cost);
    paths += count;
    expanded += count * pathLength(graph, parameter, cost);
  }
  const propagated = graph.nodes.reduce((edges, { operands }) => edges + operands.length, 0);

  let gradient = graph.reverse(cost);
  const propagatedMs = timeMs(() => {
    gradient = graph.reverse(cost);
  });
  let expandedMs: number | undefined;
  if (paths <= MOST_PATHS) {
    let sums: number[] = [];
    expandedMs = timeMs(() => {
      sums = parameters.map((parameter) => graph.pathSum(parameter, cost, { limit: MOST_PATHS }));
    });
    parameters.forEach(({ index, name }, i) => {
      // the error is at most 2^20 additions times 2^-53, because the absolute values of all terms add up to less than 1
      if (!(Math.abs(sums[i] - gradient[index]) < 1e-9)) {
        throw new Error(`dC/d${name} with ${layers} layers: got ${sums[i]} by paths, want ${gradient[index]}`);
      }
    });
  }
  return { layers, parameters: parameters.length, paths, expanded, propagated, expandedMs, propagatedMs };
}

/** The number of edges of a path. All paths from one parameter pass the same layers and are equally long. */
function pathLength(graph: Graph, from: Node, to: Node): number {
  for (const { slopes } of graph.paths(from, to, { limit: Number.MAX_SAFE_INTEGER })) return slopes.length;
  return 0;
}

/** The time of the fastest of the runs that fit into 50 ms, but at least one. */
function timeMs(run: () => void): number {
  const startedMs = performance.now();
  let fastestMs = Number.POSITIVE_INFINITY;
  let nowMs = startedMs;
  do {
    run();
    const endedMs = performance.now();
    fastestMs = Math.min(fastestMs, endedMs - nowMs);
    nowMs = endedMs;
  } while (nowMs - startedMs < 50);
  return fastestMs;
}

function formatMs(ms: number): string {
  if (ms < 1) return `${(ms * 1000).toFixed(1)} us`;
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function printTable(rows: readonly Row[]): void {
  const line = (...cells: string[]) =>
    console.log(cells.map((cell, i) => cell.padStart([6, 11, 12, 14, 9, 12, 10][i])).join(''));
  line('', 'weights', '', 'multiplications', '', 'time', '');
  line('layers', 'and biases', 'paths', 'by paths', 'backprop', 'by paths', 'backprop');
  for (const { layers, parameters, paths, expanded, propagated, expandedMs, propagatedMs } of rows) {
    const counts = [layers, parameters, paths, expanded, propagated].map((count) => count.toLocaleString('en'));
    line(...counts, expandedMs === undefined ? '-' : formatMs(expandedMs), formatMs(propagatedMs));
  }
}

/** Draws multiplications over depth. Three lines are a power of ten, so exponential growth is a straight line. */
function printPlot(rows: readonly Row[]): void {
  const LINES = 3;
  const COLUMNS = 4;
  const lineOf = (count: number) => Math.round(LINES * Math.log10(count));
  const highest = Math.max(...rows.map(({ expanded }) => lineOf(expanded)));
  const lowest = Math.floor(Math.min(...rows.map(({ propagated }) => lineOf(propagated))) / LINES) * LINES;
  for (let line = highest; line >= lowest; line--) {
    const label = line % LINES === 0 ? `10^${line / LINES}` : '';
    const marks = rows.map(({ expanded, propagated }) => {
      const mark = lineOf(expanded) === line ? '*' : ' ';
      return (lineOf(propagated) === line ? 'o' : mark).padStart(COLUMNS);
    });
    console.log(`${label.padStart(6)} |${marks.join('')}`.trimEnd());
  }
  console.log(`       +${'-'.repeat(COLUMNS * rows.length + 1)}`);
  console.log(`        ${rows.map(({ layers }) => String(layers).padStart(COLUMNS)).join('')}  layers`);
}

function plotOf(rows: readonly Row[]): string {
  const panel = (title: string, tick: Panel['tick'], byPaths: keyof Row, byBack: keyof Row): Panel => ({
    title,
    tick,
    series: [
      { label: 'sums over paths', color: '#c0392b', values: rows.map((row) => row[byPaths]) },
      { label: 'back-propagation', color: '#2471a3', values: rows.map((row) => row[byBack]) },
    ],
  });
  const powerOfTen = (exponent: number) =>
    `10${[...String(exponent)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`;
  const timeOf = (exponent: number) => {
    const unit = Math.floor(exponent / 3);
    return `${10 ** (exponent - 3 * unit)} ${['ns', 'µs', 'ms', 's'][unit + 2]}`;
  };
  const panels = [
    panel('Multiplications', powerOfTen, 'expanded', 'propagated'),
    panel('Time', timeOf, 'expandedMs', 'propagatedMs'),
  ];
  const machine = `${cpus()[0].model.trim()}, Node ${process.version.slice(1)}, ${new Date().toISOString().slice(0, 10)}`;
  const depths = rows.map(({ layers }) => layers);
  const title = 'What derivatives cost: sums over paths, and back-propagation';
  return drawPlot(depths, panels, title, `All derivatives of a network of ${WIDTH} units per layer. ${machine}`);
}

const { plot } = parseArgs({ options: { plot: { type: 'string' } } }).values;
const rows: Row[] = [];
for (let layers = 1; layers <= DEEPEST; layers++) rows.push(await measure(layers));
console.log(
  `All derivatives of the cost of one sample: ${X.length} inputs, sigmoid layers of ${WIDTH} units, 1 output.\n`,
);
printTable(rows);
console.log(`\n- : not computed, because there are more than ${MOST_PATHS.toLocaleString('en')} paths.`);
console.log('\nMultiplications: * for sums over paths, o for back-propagation\n');
printPlot(rows);
if (plot !== undefined) writeFileSync(plot, plotOf(rows));
