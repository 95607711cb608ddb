import { TEAM_CALL } from '../assembly/abi.js';
import { checkSpec } from '../src/spec/spec.js';
import { startTeam } from '../src/threads/team.js';

/** How many of two threads take part in a forward pass of one weight and two rows. */
export async function threadsOfSmallestNetwork(): Promise<number> {
  const spec = checkSpec({ inputs: 1, layers: [{ units: 1 }] });
  const { engine, plan } = await startTeam(spec, 2, 'simd', { threads: 2 }, undefined);
  try {
    engine.core.forward(2);
    // the low byte is the number of threads in the last call that was shared; 0 if none was
    return new DataView(engine.memory.buffer).getUint8(plan.teamWords + TEAM_CALL) || 1;
  } finally {
    engine.dispose?.();
  }
}
