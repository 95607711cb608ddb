import type { Activation, Network } from '../index.js';

// A network in the outputs of the command.

/** Such as `Network 4-5-3 relu/softmax, 43 parameters`. */
export const shapeOf = (network: Network): string => String(network).replace(/( parameters), .*$/, '$1');

export const layersOf = ({ layers }: Network) => layers.map(({ units, activation }) => ({ units, activation }));

/** A function in one word, as `--activations` takes it: `tanh`, `leakyRelu(0.2)`; or one for each unit. */
export const activationText = (activation: Activation | readonly Activation[]): string =>
  [activation].flat().map(wordOf).join();

function wordOf(activation: Activation): string {
  if (typeof activation === 'string') return activation;
  return `${activation.name}(${activation.name === 'elu' ? activation.alpha : activation.slope})`;
}

/** The function that such a word stands for. */
export function activationOf(word: string): Activation {
  const [, name, constant] = /^(leakyRelu|elu)\((.*)\)$/.exec(word) ?? [];
  if (name === 'leakyRelu') return { name, slope: Number(constant) };
  return name === 'elu' ? { name, alpha: Number(constant) } : (word as Activation);
}
