import { type Node, type Unrolled, unroll } from 'simdprop/graph';
import { element, field, select, tableRow } from './element.js';
import { drawGraph, labelOf } from './graph-picture.js';
import type { Lab, Panel } from './lab.js';
import { short } from './numbers.js';
import { scrollBox } from './scroll-box.js';

/** Where paths may begin: the weights and the inputs. */
const STARTS = ['w²₁,₁', 'w²₁,₂', 'w²₂,₁', 'w²₂,₂', 'w³₁,₁', 'w³₁,₂', 'x₁', 'x₂'];
const SHOWN = ['linear', 'sigmoid', 'tanh', 'relu'];
const COSTS = ['quadratic', 'binaryCrossEntropy'];

/** The derivative of the cost by a weight or input of a 2-2-1 network, as the sum over all paths to the cost. */
export class PathsPanel implements Panel {
  readonly #lab: Lab;
  readonly #picture = element('div');
  readonly #rows = element('tbody');
  readonly #sums = element('tbody');
  readonly #content: HTMLElement;
  readonly #offer: HTMLElement;
  readonly element: HTMLElement;
  #start = 0;

  constructor(lab: Lab) {
    this.#lab = lab;
    const names = STARTS.map((name, i): [string, string] => [String(i), name]);
    const choice = select(names, '0', (value) => {
      this.#start = Number(value);
      this.update();
    });
    const head = (...cells: string[]) =>
      element('thead', {}, element('tr', {}, ...cells.map((cell) => element('th', { scope: 'col' }, cell))));
    this.#content = element(
      'div',
      {},
      field('From', choice),
      scrollBox('The graph', this.#picture),
      scrollBox('Paths', element('table', { class: 'paths' }, head('path', 'slopes along it', 'product'), this.#rows)),
      scrollBox('Paths', element('table', { class: 'numbers' }, this.#sums)),
    );
    const make = () =>
      this.#lab.change({
        features: ['x1', 'x2'],
        layers: [{ units: 2, activation: 'tanh', dropout: 0 }],
        cost: 'quadratic',
      });
    this.#offer = element(
      'div',
      {},
      element('p', {}, 'This needs a 2-2-1 network, a quadratic cost or cross-entropy, and a smooth function.'),
      element('button', { type: 'button', click: make }, 'Make it 2-2-1'),
    );
    this.element = element(
      'div',
      {},
      element('h2', {}, 'The chain rule, path by path'),
      element(
        'p',
        {},
        'A small change of a weight or an input reaches the cost along every path of the graph. Along a path the ' +
          'slopes, which stand at the edges, are multiplied; over all paths the products are added. Back-propagation ' +
          'computes the same sum in one pass. (A square has two edges, one for each factor: with the quadratic cost ' +
          'each path occurs twice.)',
      ),
      this.#content,
      this.#offer,
    );
  }

  get #isShown(): boolean {
    const { net } = this.#lab.session;
    const isSmall = net.inputs === 2 && net.layers.length === 2 && net.layers[0].units === 2;
    return isSmall && SHOWN.includes(String(net.layers[0].activation)) && COSTS.includes(net.cost);
  }

  update(): void {
    const isShown = this.#isShown;
    this.#content.hidden = !isShown;
    this.#offer.hidden = isShown;
    if (!isShown) return;
    const { session, point } = this.#lab;
    const y = new Float32Array([session.targetOf(point)]);
    const unrolled = unroll(session.net, session.inputsOf(point), y);
    const { graph, cost } = unrolled;
    const from = startNode(unrolled, this.#start);
    const paths = [...graph.paths(from, cost)];
    const label = `The graph of the cost: ${paths.length} paths lead from ${STARTS[this.#start]} to C`;
    this.#picture.replaceChildren(drawGraph(graph.nodes, from, label));
    this.#rows.replaceChildren(
      ...paths.map(({ nodes, slopes, product }) =>
        tableRow(nodes.map(labelOf).join(' → '), slopes.map(short).join(' · '), short(product)),
      ),
    );
    this.#sums.replaceChildren(
      tableRow('sum over the paths', graph.pathSum(from, cost).toPrecision(8)),
      tableRow('one pass back, in doubles', graph.reverse(cost)[from.index].toPrecision(8)),
      tableRow('the network, in single precision', this.#gradient().toPrecision(8)),
    );
  }

  /** What the network computes for the same derivative. */
  #gradient(): number {
    const { session, point } = this.#lab;
    const [hidden, output] = session.look(point);
    if (this.#start < 4) return hidden.weightGradients[this.#start];
    if (this.#start < 6) return output.weightGradients[this.#start - 4];
    return session.inspector.inputGradients()[this.#start - 6];
  }
}

/** The node of one of STARTS. */
function startNode({ x, layers: [hidden, output] }: Unrolled, i: number): Node {
  return [...hidden.weights, ...output.weights, ...x][i];
}
