import { outOfRange, quote } from '../check/errors.js';

// Weights that state dicts of PyTorch keep in another form than plain numbers: their names show it.

/** Names that weights have in another form, what the form is, and how PyTorch makes plain weights of it. */
const FORMS: readonly (readonly [names: RegExp, form: string, way: string])[] = [
  [/(^|\.)weight_g$/, 'weight norm', 'torch.nn.utils.remove_weight_norm(layer) before model.state_dict()'],
  [
    /(^|\.)parametrizations\./,
    'a parametrisation',
    "torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight') before model.state_dict()",
  ],
  [/(^|\.)weight_mask$/, 'pruning', "torch.nn.utils.prune.remove(layer, 'weight') before model.state_dict()"],
  [/(^|\.)weight_u$/, 'spectral norm', 'torch.nn.utils.remove_spectral_norm(layer) before model.state_dict()'],
  [
    /(^|\.)(_packed_params|qweight|weight_scale|weight_fake_quant|SCB|absmax)(\.|$)/,
    'quantised layers',
    'the state_dict() of the model before quantisation',
  ],
  [/(^|\.)lora_[AB](\.|$)/, 'adapters (LoRA)', 'the state_dict() of model.merge_and_unload()'],
];

/** The form of the first name that says that weights have another form than numbers. */
export const formOf = (names: Iterable<string>) =>
  Array.from(names, (name) => ({ name, found: FORMS.find(([pattern]) => pattern.test(name)) })).find(
    ({ found }) => found,
  );

/** Refuses weights that are no plain numbers, with what to do. */
export function checkForms(where: string, names: Iterable<string>): void {
  const { name, found } = formOf(names) ?? {};
  if (name === undefined || !found) return;
  const [, form, way] = found;
  throw outOfRange(`${where}: ${quote(name)}`, `weights in the form of ${form}`, `plain weights: ${way}`);
}
