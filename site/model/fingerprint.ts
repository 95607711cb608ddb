import { hashOf } from './hash.js';
import type { Fingerprint } from './playground-link.js';
import type { PlaygroundState } from './playground-state.js';
import { createNetwork, dataSetOf, parametersOf, splitPoints, stepOptions } from './session.js';

/**
 * Trains a new network with the settings of the state for some epochs, and hashes its weights. The hash is the same on
 * every machine.
 */
export async function fingerprintOf(state: PlaygroundState, epochs: number): Promise<Fingerprint> {
  const net = await createNetwork(state);
  try {
    const { training } = splitPoints(state);
    await net.fit(dataSetOf(training, state), { epochs, ...stepOptions(state, training.length) });
    return { epochs, hash: hashOf(parametersOf(net)) };
  } finally {
    net.dispose();
  }
}
