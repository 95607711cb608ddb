import { partsOf, preluOf, preluWith } from './columns.js';
import type { Scalar } from './functions.js';
import { isRecognised, recognise } from './recognise.js';

// Functions that follow one another without weights between them, as relu and then tanh: together they are no
// activation, but each is one, of a layer of its own.

/** outer(scale · inner(u) + offset). */
export interface Stacked {
  readonly inner: Scalar;
  readonly scale: number;
  readonly offset: number;
  readonly outer: Scalar;
}

/** How many inner functions are tried: those next to the end come first. */
const MOST_TRIED = 16;

const known = new WeakMap<Scalar, Stacked | 'one'>();

/** How many inner functions may be tried for one file; each takes about a millisecond. */
export const MOST_TRIES = 8192;

/** How many more may be tried. */
export interface Tries {
  left: number;
}

/** `f` as an activation of an inner function, which is one too or is stacked itself; undefined if it is neither. */
export function stackedOf(f: Scalar, tries: Tries): Stacked | undefined {
  const before = known.get(f);
  if (before) return before === 'one' ? undefined : before;
  const found = stackedAnew(f, tries);
  known.set(f, found ?? 'one');
  return found;
}

function stackedAnew(f: Scalar, tries: Tries): Stacked | undefined {
  const tried = new Set([f]);
  for (const outside of tried) {
    for (const term of partsOf(outside)?.terms ?? []) {
      if (typeof term === 'number' || !term.f || tried.has(term.f)) continue;
      if (tried.size > MOST_TRIED || --tries.left < 0) return undefined;
      tried.add(term.f);
      const { f: inner, scale, offset } = term;
      const outer = scale === 0 ? undefined : outerOf(f, { inner, scale, offset });
      if (!outer || !isRecognised(recognise(outer))) continue;
      if (isRecognised(recognise(inner)) || stackedOf(inner, tries)) return { inner, scale, offset, outer };
    }
  }
  return undefined;
}

/** The function of w = scale · inner(u) + offset that is f(u); undefined if f depends on u in another way too. */
function outerOf(f: Scalar, { inner, scale, offset }: Omit<Stacked, 'outer'>): Scalar | undefined {
  const [first, slope] = partsOf(f)?.terms ?? [];
  const isNext = typeof first === 'object' && first.f === inner && first.scale === scale && first.offset === offset;
  if (isNext && partsOf(f)?.g === preluOf && typeof slope === 'number') return preluWith(slope);
  const made = new Map<Scalar, Scalar | undefined>([[inner, (w) => (w - offset) / scale]]);
  const make = (g: Scalar): Scalar | undefined => {
    if (made.has(g)) return made.get(g);
    const parts = partsOf(g);
    const values = parts?.terms.map((term): Scalar | undefined => {
      if (typeof term === 'number') return () => term;
      // a term of u itself, or of another multiple of it
      if (!term.f || term.mul !== 1 || term.add !== 0) return undefined;
      if (term.f === inner && term.scale === scale && term.offset === offset) return (w) => w;
      const value = make(term.f);
      return value && ((w) => term.scale * value(w) + term.offset);
    });
    const all = values?.filter((value) => value !== undefined);
    const h = parts && all?.length === parts.terms.length ? (w: number) => parts.g(...all.map((v) => v(w))) : undefined;
    made.set(g, h);
    return h;
  };
  return make(f);
}
