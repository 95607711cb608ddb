import { numberAt } from './onnx-elementwise.js';
import { axisOf, productOf } from './onnx-layout.js';
import {
  type Call,
  type Constant,
  type Data,
  type Decision,
  dataAt,
  type Rule,
  shapeOf,
  type Value,
} from './onnx-values.js';

// What a file makes of its outputs: the largest is the class, or those above a limit are labels. None of it is part of
// a network, but it says what the network is for, and from which output up a class or label counts.

/** How operators compare their first input with their second. Less is the contrary of GreaterOrEqual. */
const COMPARISONS: Readonly<Record<string, Pick<Rule, 'takesEqual' | 'isReversed'>>> = {
  Greater: { takesEqual: false, isReversed: false },
  GreaterOrEqual: { takesEqual: true, isReversed: false },
  Less: { takesEqual: true, isReversed: true },
  LessOrEqual: { takesEqual: false, isReversed: true },
};

/** The operators that say the same with the inputs exchanged. */
const TURNED: Readonly<Record<string, string>> = {
  Greater: 'Less',
  GreaterOrEqual: 'LessOrEqual',
  Less: 'Greater',
  LessOrEqual: 'GreaterOrEqual',
};

const reversed = (rule: Rule): Rule => ({ ...rule, isReversed: !rule.isReversed });

/** The rule by which an elementwise operator makes 0 and 1 of numbers; undefined if it does something else. */
export function ruleOf(call: Call): Rule | undefined {
  const { node, inputs } = call;
  const [a, b, c] = inputs;
  const limitsOf = (constant: Constant, { columns }: Data) =>
    [1, columns.columns.length].includes(constant.values.length) ? [...constant.values] : undefined;
  const compared = (of: Data, name: string, limits: readonly number[] | undefined, op: string): Rule | undefined =>
    limits && { of, name, limits, ...COMPARISONS[op] };
  if (Object.hasOwn(COMPARISONS, node.op)) {
    if (a?.kind === 'data' && b?.kind === 'constant') return compared(a, node.inputs[0], limitsOf(b, a), node.op);
    if (a?.kind === 'constant' && b?.kind === 'data') {
      return compared(b, node.inputs[1], limitsOf(a, b), TURNED[node.op]);
    }
    return undefined;
  }
  if (a?.kind !== 'data') return undefined;
  switch (node.op) {
    case 'Binarizer':
      return compared(a, node.inputs[0], [numberAt(node, 'threshold', 0)], 'Greater');
    case 'Round':
      // of two integers that are equally near, the even one: 1/2 becomes 0
      return isShare(a) ? compared(a, node.inputs[0], [0.5], 'Greater') : undefined;
    case 'Not':
      return a.rule && reversed(a.rule);
    case 'Where': {
      if (!a.rule || b?.kind !== 'constant' || c?.kind !== 'constant') return undefined;
      if (b.values.length !== 1 || c.values.length !== 1 || b.values[0] === c.values[0]) return undefined;
      return b.values[0] > c.values[0] ? a.rule : reversed(a.rule);
    }
    default:
      return undefined;
  }
}

/** Whether all columns lie between 0 and 1, as far as their limits say. */
const isShare = ({ columns }: Data) =>
  columns.whole === 'softmax' ||
  columns.columns.every(({ f, slope, scale, offset }) =>
    [-1e6, 1e6].every((far) => {
      const value = f && slope !== 0 ? scale * f(far) + offset : Number.NaN;
      return value >= 0 && value <= 1;
    }),
  );

/** The class of the largest output. */
export function largest(call: Call): Decision {
  const { node, where } = call;
  const of = dataAt(call, 0);
  const axis = numberAt(node, 'axis', node.op === 'Hardmax' ? -1 : 0);
  const place = axisOf(where, axis, shapeOf(of).length) - Number(of.hasBatch);
  const isWithin = place >= 0 && of.shape[place] === productOf(of.shape);
  const rule: Rule = { of, name: node.inputs[0], takesEqual: false, isReversed: false };
  return {
    ...decisionOf(call, isWithin ? 'the place of the largest number' : `axis=${axis}, which mixes samples or rows`),
    ...(isWithin && { rule }),
  };
}

export const decisionOf = ({ node, where }: Call, what: string): Decision => ({
  kind: 'decision',
  where,
  what,
  from: node.inputs[0],
});

/** Operators that take the place of a class, and give its name. */
const NAMING: ReadonlySet<string> = new Set(['ArrayFeatureExtractor', 'Gather', 'LabelEncoder']);

/** Yes and no as the places of names. */
export function indexOfNames(call: Call): Decision | undefined {
  if (!NAMING.has(call.node.op)) return undefined;
  const place = call.inputs[call.inputs.length - 1];
  return place?.kind === 'data' && place.rule ? { ...decisionOf(call, 'names'), rule: place.rule } : undefined;
}

/** Operators that keep what was decided, in another form or under the name of a class. */
const KEEPING: ReadonlySet<string> = new Set(
  'ArrayFeatureExtractor Cast CastLike Flatten Gather Identity LabelEncoder Reshape Squeeze Unsqueeze ZipMap'.split(
    ' ',
  ),
);

/** What an operator makes of a decision, which is one again. */
export function decided({ node, inputs }: Call, { rule, ...decision }: Decision): Decision {
  // others, which choose among numbers of the samples, say something else
  const isKept = KEEPING.has(node.op) && inputs.every((value) => value?.kind !== 'data');
  if (rule && isKept) return { ...decision, rule };
  return rule && node.op === 'Not' ? { ...decision, rule: reversed(rule) } : decision;
}

/** The rule by which a value was decided, if there is one. */
export const ruleIn = (value: Value | undefined): Rule | undefined =>
  value && value.kind !== 'constant' ? value.rule : undefined;
