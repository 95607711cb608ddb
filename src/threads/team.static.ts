import { checkBoolean, checkInteger, outOfRange } from '../check/errors.js';
import { checkSize } from '../core/arena.js';
import type { BuildName, CoreOptions } from '../core/core-options.js';
import { type CoreImports, startEngine } from '../core/engine.js';
import { makePlan } from '../core/memory-plan.js';
import type { Spec } from '../spec/spec.js';
import type { Started } from './team.js';

// team.ts for simdprop/static, which has no threads: only the options that say so are taken.

export async function startTeam(
  spec: Spec,
  capacity: number,
  build: BuildName,
  { threads = 1, wide = false, wasm }: CoreOptions,
  imports: CoreImports | undefined,
): Promise<Started> {
  checkInteger('threads', threads, 1, 64);
  checkBoolean('wide', wide);
  if (threads > 1) throw outOfRange('threads', `${threads} in simdprop/static`, "1, or the import of 'simdprop'");
  if (wide) throw outOfRange('wide', 'true in simdprop/static', "false, or the import of 'simdprop'");
  const plan = checkSize(makePlan(spec, capacity));
  return { plan, engine: await startEngine(build, wasm, plan.bytes, imports) };
}
