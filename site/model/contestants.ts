import { version as tensorFlowVersion } from '@tensorflow/tfjs-core/package.json';
import { version as brainVersion } from 'brain.js/package.json';
import { version as ownVersion } from '../../package.json';
import type { Contest, ContestantName } from './bench.js';

// Who takes part in the contests of the bench page. trainers.ts loads them.

interface Contestant {
  readonly name: string;
  /** Why it cannot take part in a contest, if it cannot. */
  readonly missing?: (contest: Contest) => string | undefined;
}

export const CONTESTANTS: Readonly<Record<ContestantName, Contestant>> = {
  simdprop: { name: `simdprop ${ownVersion}` },
  plain: { name: 'plain JavaScript' },
  tensorflow: { name: `TensorFlow.js ${tensorFlowVersion}, wasm` },
  brain: {
    name: `brain.js ${brainVersion}`,
    missing: ({ batchSize, cost }) =>
      batchSize > 1 || cost !== 'quadratic' ? 'it trains one sample a step, with the quadratic cost' : undefined,
  },
};

export const CONTESTANT_NAMES = Object.keys(CONTESTANTS) as ContestantName[];
