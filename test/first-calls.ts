import { Network } from '../src/index.js';

// What the tests of first calls share: data, a network, and the message of a call that is refused.

// biome-ignore lint/suspicious/noExplicitAny: what would not compile
export type Anything = any;

export const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
export const y = [0, 1, 1, 0];
export const data = { inputs: x, targets: y };
export const layers = [{ units: 1 }];

export const create = (options: object): Promise<Anything> =>
  Network.create({ inputs: 2, layers, ...options } as Anything);

export const messageOf = async (call: () => unknown): Promise<string> => {
  try {
    await call();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};
