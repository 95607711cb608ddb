import { messageOf } from '../model/message.js';
import type { LayerValues } from '../model/session.js';
import { slopesOf } from '../model/slopes.js';
import { element } from './element.js';
import type { Lab, Panel } from './lab.js';
import { short, subscript, superscript } from './numbers.js';

const MOST_UNITS = 4;
const MOST_TERMS = 3;

/** The numbers with which the panel shows a step of one sample. */
interface Material {
  /** a^(l-1) and l for each layer of `net.layers`. */
  readonly inputs: readonly Float32Array[];
  readonly values: readonly LayerValues[];
  readonly weights: readonly Float32Array[];
  readonly biases: readonly Float32Array[];
  readonly slopes: readonly number[][];
  readonly y: number;
  readonly cost: string;
}

interface Stage {
  readonly name: string;
  readonly equation: string;
  lines(material: Material): string[];
}

const name = (symbol: string, layer: number, unit: number, input?: number) =>
  `${symbol}${superscript(layer + 2)}${subscript(unit + 1)}${input === undefined ? '' : `,${subscript(input + 1)}`}`;

/** A line for each of the first units of a layer. */
function each(count: number, line: (unit: number) => string): string[] {
  const lines = Array.from({ length: Math.min(count, MOST_UNITS) }, (_, unit) => line(unit));
  if (count > MOST_UNITS) lines.push(`... and ${count - MOST_UNITS} more`);
  return lines;
}

/** A sum of products as text: the first products, and dots for the others. */
function sum(terms: readonly [number, number][]): string {
  const shown = terms.slice(0, MOST_TERMS).map(([a, b]) => `${short(a)} · ${short(b)}`);
  return [...shown, ...(terms.length > MOST_TERMS ? ['...'] : [])].join(' + ');
}

const STAGES: readonly Stage[] = [
  {
    name: 'Forward',
    equation: 'zˡ = Wˡ aˡ⁻¹ + bˡ,  aˡ = σ(zˡ)',
    lines: ({ inputs, values, weights, biases }) =>
      values.flatMap(({ z, a }, l) =>
        each(z.length, (j) => {
          const fanIn = inputs[l].length;
          const terms = Array.from(inputs[l], (x, k): [number, number] => [weights[l][j * fanIn + k], x]);
          const right = `${sum(terms)} + ${short(biases[l][j])}`;
          return `${name('z', l, j)} = ${right} = ${short(z[j])};  ${name('a', l, j)} = σ(z) = ${short(a[j])}`;
        }),
      ),
  },
  {
    name: 'BP1',
    equation: 'δᴸ = ∇ₐC ⊙ σ′(zᴸ)',
    lines: ({ values, slopes, y, cost }) => {
      const l = values.length - 1;
      const [a, delta, slope] = [values[l].a[0], values[l].delta[0], slopes[l][0]];
      const left = name('δ', l, 0);
      if (cost === 'quadratic') {
        return [`${left} = (a − y) σ′(z) = (${short(a)} − ${short(y)}) · ${short(slope)} = ${short(delta)}`];
      }
      if (cost === 'binaryCrossEntropy') {
        return [`${left} = a − y = ${short(a)} − ${short(y)} = ${short(delta)}  (σ′(z) cancels)`];
      }
      return [`${left} = ∂C/∂a · σ′(z) = ${short(delta / slope)} · ${short(slope)} = ${short(delta)}`];
    },
  },
  {
    name: 'BP2',
    equation: 'δˡ = ((Wˡ⁺¹)ᵀ δˡ⁺¹) ⊙ σ′(zˡ)',
    lines: ({ values, weights, slopes }) =>
      values
        .slice(0, -1)
        .map((_, l) => l)
        .reverse()
        .flatMap((l) =>
          each(values[l].delta.length, (j) => {
            const fanIn = values[l].delta.length;
            const terms = Array.from(values[l + 1].delta, (d, k): [number, number] => [
              weights[l + 1][k * fanIn + j],
              d,
            ]);
            return `${name('δ', l, j)} = (${sum(terms)}) · ${short(slopes[l][j])} = ${short(values[l].delta[j])}`;
          }),
        ),
  },
  {
    name: 'BP3',
    equation: '∂C/∂bˡ = δˡ',
    lines: ({ values }) =>
      values.flatMap(({ delta, biasGradients }, l) =>
        each(delta.length, (j) => `∂C/∂${name('b', l, j)} = ${name('δ', l, j)} = ${short(biasGradients[j])}`),
      ),
  },
  {
    name: 'BP4',
    equation: '∂C/∂Wˡ = δˡ (aˡ⁻¹)ᵀ',
    lines: ({ inputs, values }) =>
      values.flatMap(({ delta, weightGradients }, l) => {
        const fanIn = inputs[l].length;
        return each(delta.length * fanIn, (i) => {
          const [j, k] = [Math.floor(i / fanIn), i % fanIn];
          const right = `${short(delta[j])} · ${short(inputs[l][k])}`;
          return `∂C/∂${name('w', l, j, k)} = δ a = ${right} = ${short(weightGradients[i])}`;
        });
      }),
  },
];

/** One sample through a whole step, one equation at a time, with the numbers in it. */
export class StepsPanel implements Panel {
  readonly #lab: Lab;
  readonly #next = element('button', { type: 'button', class: 'main', click: () => this.#advance() }, 'Forward');
  readonly #equation = element('p', { class: 'formula' });
  readonly #lines = element('pre', { role: 'log', 'aria-label': 'Numbers of the step' });
  readonly element: HTMLElement;
  /** The stage that is shown; STAGES.length is the update. */
  #stage = -1;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.element = element(
      'div',
      {},
      element('h2', {}, 'One step, one equation at a time'),
      element('p', {}, 'The sample with the ring goes forward and back through the network, and changes its weights.'),
      element('div', { class: 'row' }, this.#next),
      this.#equation,
      this.#lines,
    );
    this.#rest();
  }

  #rest(): void {
    this.#stage = -1;
    this.#next.textContent = 'Forward';
    this.#equation.textContent = '';
    this.#lines.textContent = 'Press the button. Training pauses.';
  }

  /** The numbers are shown until the network has been trained further. */
  update(): void {}

  #advance(): void {
    this.#lab.pause();
    this.#stage = (this.#stage + 1) % (STAGES.length + 1);
    const isUpdate = this.#stage === STAGES.length;
    try {
      const lines = isUpdate ? this.#update() : STAGES[this.#stage].lines(this.#material());
      this.#lines.textContent = lines.join('\n');
    } catch (error) {
      this.#lines.textContent = messageOf(error);
    }
    const { equation } = STAGES[this.#stage] ?? { equation: `w := w − ..., as ${this.#lab.state.optimizer} does` };
    const title = isUpdate ? 'Update' : STAGES[this.#stage].name;
    this.#equation.textContent = `${title}:  ${equation}`;
    const next = this.#stage + 1;
    this.#next.textContent = isUpdate ? 'Forward again' : `Next: ${STAGES[next]?.name ?? 'update'}`;
  }

  #material(): Material {
    const { session, point, state } = this.#lab;
    const { net } = session;
    const slopes = net.layers.map((_, l) => slopesOf(session, l, point));
    const values = session.look(point);
    const target = session.targetOf(point);
    return {
      inputs: [session.inputsOf(point), ...values.slice(0, -1).map(({ a }) => a)],
      values,
      weights: net.layers.map((layer) => layer.getWeights()),
      biases: net.layers.map((layer) => layer.getBiases()),
      slopes,
      y: target,
      cost: state.cost,
    };
  }

  #update(): string[] {
    const { session, point } = this.#lab;
    const { net } = session;
    const before = net.layers.map((layer) => layer.getWeights());
    const cost = session.costOf(point);
    session.stepOn(point);
    const lines = net.layers.flatMap((layer, l) => {
      const after = layer.getWeights();
      return each(after.length, (i) => {
        const [j, k] = [Math.floor(i / layer.fanIn), i % layer.fanIn];
        return `${name('w', l, j, k)}: ${short(before[l][i])} becomes ${short(after[i])}`;
      });
    });
    lines.push(`the cost of the sample: ${short(cost)} becomes ${short(session.costOf(point))}`);
    this.#lab.redraw();
    return lines;
  }
}
