import { type Unrolled, unroll } from 'simdprop/graph';
import { element, field, select, tableRow } from './element.js';
import type { Lab, Panel } from './lab.js';
import { short } from './numbers.js';
import { scrollBox } from './scroll-box.js';

const WEIGHTS = 6;
const SHOWN = ['linear', 'sigmoid', 'tanh', 'relu'];
const COSTS = ['quadratic', 'binaryCrossEntropy'];

/** The derivative of the cost by a weight of a 2-2-1 network, as the sum over all paths from it to the cost. */
export class PathsPanel implements Panel {
  readonly #lab: Lab;
  readonly #rows = element('tbody');
  readonly #sums = element('tbody');
  readonly #content: HTMLElement;
  readonly #offer: HTMLElement;
  readonly element: HTMLElement;
  #weight = 0;

  constructor(lab: Lab) {
    this.#lab = lab;
    const names = Array.from({ length: WEIGHTS }, (_, i): [string, string] => [String(i), nameOf(i)]);
    const choice = select(names, '0', (value) => {
      this.#weight = Number(value);
      this.update();
    });
    const head = (...cells: string[]) =>
      element('thead', {}, element('tr', {}, ...cells.map((cell) => element('th', { scope: 'col' }, cell))));
    this.#content = element(
      'div',
      {},
      field('From the weight', choice),
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
        'A small change of a weight reaches the cost along every path of the graph. Along a path the slopes are ' +
          'multiplied; over all paths the products are added. Back-propagation computes the same sum in one pass. (A ' +
          'square has two edges, one for each factor: with the quadratic cost each path occurs twice.)',
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
    const from = weightNode(unrolled, this.#weight);
    this.#rows.replaceChildren(
      ...[...graph.paths(from, cost)].map(({ nodes, slopes, product }) =>
        tableRow(nodes.map((node) => node.name).join(' → '), slopes.map(short).join(' · '), short(product)),
      ),
    );
    const values = session.look(point);
    const [layer, index] = this.#weight < 4 ? [0, this.#weight] : [1, this.#weight - 4];
    this.#sums.replaceChildren(
      tableRow('sum over the paths', graph.pathSum(from, cost).toPrecision(8)),
      tableRow('one pass back, in doubles', graph.reverse(cost)[from.index].toPrecision(8)),
      tableRow('the network, in single precision', values[layer].weightGradients[index].toPrecision(8)),
    );
  }
}

const weightNode = ({ layers }: Unrolled, i: number) => (i < 4 ? layers[0].weights[i] : layers[1].weights[i - 4]);

function nameOf(i: number): string {
  return i < 4 ? `w^2_${Math.floor(i / 2) + 1},${(i % 2) + 1}` : `w^3_1,${i - 3}`;
}
