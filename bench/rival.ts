import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

// A contestant, in any language, is a process. It prints `ready VERSION` and then answers each line
// `train SAMPLES EPOCHS` or `predict SAMPLES BATCH` with `MILLISECONDS VALUE`. MILLISECONDS is the time of the work
// alone. VALUE is the cost of the last epoch, or the sum of the outputs, weighted by 1, 2, ... along a row. Each order
// starts from the job's weights.

export interface Command {
  name: string;
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
}

export interface Order {
  kind: 'train' | 'predict';
  samples: number;
  /** Epochs of a training, or samples in a call of predict. */
  argument: number;
}

export interface Answer {
  elapsedMs: number;
  value: number;
}

/** Parses `MILLISECONDS VALUE`. */
export function parseAnswer(name: string, line: string): Answer {
  const [elapsedMs, value] = line.split(' ').map(Number);
  if (!(elapsedMs >= 0) || !Number.isFinite(value))
    throw new Error(`${name}: got '${line}', want 'MILLISECONDS VALUE'`);
  return { elapsedMs, value };
}

export class Rival {
  readonly name: string;
  /** The version that the process prints. */
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(name: string, version: string, child: ChildProcess, lines: AsyncIterator<string>) {
    this.name = name;
    this.version = version;
    this.#child = child;
    this.#lines = lines;
  }

  /** Starts the process. If it cannot take part, this resolves to the reason: nothing is left out silently. */
  static async start({ name, command, args, env }: Command): Promise<Rival | string> {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    const failed = once(child, 'error').then(([error]) => (error as Error).message);
    const reader: Interface = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([lines.next(), failed]);
      if (typeof next === 'string') return next;
      if (next.done) return lastError(errors);
      // other lines, which libraries may print when they load, are not answers
      const [word, ...rest] = next.value.split(' ');
      if (word === 'unavailable') {
        child.kill();
        return rest.join(' ');
      }
      if (word === 'ready') return new Rival(name, rest.join(' '), child, lines);
    }
  }

  run({ kind, samples, argument }: Order): Promise<Answer> {
    return this.ask(`${kind} ${samples} ${argument}`);
  }

  async ask(line: string): Promise<Answer> {
    this.#child.stdin!.write(`${line}\n`);
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`${this.name}: the process ended at the order '${line}'`);
    return parseAnswer(this.name, value);
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}

/**
 * The line that names the error, in what a process wrote before it ended. It is the last line of a Python traceback,
 * but in the middle of what Node prints.
 */
export function lastError(text: string): string {
  const lines = text.trim().split('\n');
  const named = lines.filter((line) => /^\s*(\w+: )?\w*Error\b.{0,3}: /.test(line));
  return (named.at(-1) ?? lines[lines.length - 1]).trim().slice(0, 120);
}
