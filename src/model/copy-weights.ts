import { checkNumber, checkObject, keysOf, orDefault, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { pack, unpack } from '../core/parameters.js';
import { hasSlopes } from '../spec/activations.js';
import type { LayerSpec } from '../spec/spec.js';

/** Options of `copyWeights`. */
export interface CopyWeightsOptions {
  /**
   * The share of the other network's weights in the new ones, above 0 and at most 1: w becomes (1 - share) · w + share
   * · w of the other.
   * @defaultValue `1`: a copy
   */
  share?: number | undefined;
}

const KEYS = keysOf<CopyWeightsOptions>({ share: true });

/** Blends the parameters of another network of the same shape into those of `arena`, in doubles, rounded once. */
export function blendParameters(arena: Arena, other: Arena, options: CopyWeightsOptions): void {
  checkObject('options', options, KEYS);
  const isShare = (x: number) => x > 0 && x <= 1;
  const share = checkNumber('options.share', orDefault(options.share, 1), isShare, 'a number above 0, at most 1');
  const [own, theirs] = [shapeOf(arena), shapeOf(other)];
  if (own !== theirs) throw outOfRange('other', `the layers ${theirs}`, `${own}, as this network has them`);
  const mine = unpack(arena, arena.plan.parameters);
  const blended = unpack(other, other.plan.parameters);
  // a share of 1 copies every bit
  if (share < 1) {
    for (let i = 0; i < mine.length; i++) blended[i] = mine[i] + share * (blended[i] - mine[i]);
  }
  if (!blended.every(Number.isFinite)) {
    throw outOfRange('other', 'weights that are not finite, in one of the networks', 'finite ones');
  }
  pack(arena, arena.plan.parameters, blended);
}

/** The widths of a network, and which layers have no biases, or have slopes. */
function shapeOf({ spec: { inputs, layers } }: Arena): string {
  const where = (what: string, isSo: (layer: LayerSpec) => boolean) => {
    const found = layers.flatMap((layer, l) => (isSo(layer) ? [`layers[${l}]`] : []));
    return found.length > 0 ? ` ${what} ${found.join(', ')}` : '';
  };
  const widths = [inputs, ...layers.map(({ units }) => units)].join('-');
  const biases = where('without biases in', ({ bias }) => !bias);
  return `${widths}${biases}${where('with slopes in', ({ activation }) => hasSlopes(activation))}`;
}
