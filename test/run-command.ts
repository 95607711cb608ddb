import { run } from '../src/command/run.js';

// Runs the command in this process. scripts/pack/command.mjs tests it as a process, from the packed package.

export const VERSION = '1.2.3';

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly env?: Record<string, string>;
  readonly input?: string | AsyncIterable<string | Uint8Array>;
  /** Called with each text for the standard output. The command waits for its answer. */
  readonly onOut?: (text: string) => Promise<void> | void;
  /** Interrupts the command as soon as it can be interrupted, so many times. */
  readonly interrupts?: number;
}

/** Runs the command. Returns its exit code and what it has printed. */
export async function simdprop(
  args: readonly string[],
  { isTTY, columns, env = {}, input = '', onOut, interrupts = 0 }: Screen = {},
) {
  let [out, err] = ['', ''];
  const output = (add: (text: string) => Promise<void> | void) => ({
    isTTY,
    columns,
    write: (text: string, done?: (error?: Error) => void) => {
      const added = add(text);
      if (added) added.then(() => done?.(), done);
      else done?.();
      return true;
    },
    // cli-progress calls these functions of a stream
    on: () => {},
    removeListener: () => {},
  });
  const terminal = {
    out: output((text) => {
      out += text;
      return onOut?.(text);
    }),
    err: output((text) => {
      err += text;
    }),
    input: typeof input === 'string' ? partsOf(input) : input,
    env,
    onInterrupt: (listener: () => void) => {
      for (let i = 0; i < interrupts; i++) listener();
      return () => {};
    },
  };
  const code = await run(args, terminal, VERSION);
  return { code, out, err };
}

async function* partsOf(text: string) {
  yield text;
}
