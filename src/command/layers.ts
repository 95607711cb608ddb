import type { Network } from '../index.js';

// A network in the outputs of the command.

/** Such as `Network 4-5-3 relu/softmax, 43 parameters`. */
export const shapeOf = (network: Network): string => String(network).replace(/( parameters), .*$/, '$1');

export const layersOf = ({ layers }: Network) => layers.map(({ units, activation }) => ({ units, activation }));
