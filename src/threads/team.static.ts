import { checkBoolean, outOfRange } from '../check/errors.js';
import { checkSize } from '../core/arena.js';
import type { BuildName, CoreOptions } from '../core/core-options.js';
import { type CoreImports, startEngine } from '../core/engine.js';
import { makePlan } from '../core/memory-plan.js';
import type { Spec } from '../spec/spec.js';
import { checkThreads, refuseUnused } from './check-threads.js';
import type { Started } from './team.js';

// Replaces team.ts in simdprop/static, which has no threads: accepts only `threads: 1` and `wide: false`.

export async function startTeam(
  spec: Spec,
  capacity: number,
  build: BuildName,
  options: CoreOptions,
  imports: CoreImports | undefined,
): Promise<Started> {
  const { threads = 1, wide = false, wasm, team } = options;
  refuseUnused(options);
  const count = threads === 'auto' ? 1 : checkThreads(threads);
  checkBoolean('wide', wide);
  if (count > 1) throw outOfRange('threads', `${count} in simdprop/static`, "1, or the import of 'simdprop'");
  if (wide) throw outOfRange('wide', 'true in simdprop/static', "false, or the import of 'simdprop'");
  if (team !== undefined) throw outOfRange('team', 'one in simdprop/static', "none, or the import of 'simdprop'");
  const plan = checkSize(makePlan(spec, capacity));
  const threadsReason = threads === 'auto' ? 'one thread in simdprop/static' : undefined;
  return { plan, engine: await startEngine(build, wasm, plan.bytes, imports), threadsReason };
}
