import { run } from '../src/command/run.js';

export const VERSION = '1.2.3';

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly env?: Record<string, string>;
  readonly input?: string;
  /** Interrupts the command as soon as it can be interrupted, so many times. */
  readonly interrupts?: number;
}

/** Runs the command. Returns its exit code and what it has printed. */
export async function simdprop(
  args: readonly string[],
  { isTTY, columns, env = {}, input = '', interrupts = 0 }: Screen = {},
) {
  let [out, err] = ['', ''];
  const output = (add: (text: string) => void) => ({
    isTTY,
    columns,
    write: (text: string, done?: (error?: Error) => void) => {
      add(text);
      done?.();
      return true;
    },
    // cli-progress wants a stream
    on: () => {},
    removeListener: () => {},
  });
  const terminal = {
    out: output((text) => {
      out += text;
    }),
    err: output((text) => {
      err += text;
    }),
    input: (async function* () {
      yield input;
    })(),
    env,
    onInterrupt: (listener: () => void) => {
      for (let i = 0; i < interrupts; i++) listener();
      return () => {};
    },
  };
  const code = await run(args, terminal, VERSION);
  return { code, out, err };
}
