import { quote } from '../check/errors.js';
import { meantWord } from '../check/similar.js';
import { asFlags } from './as-flags.js';
import { CONVERT, convert } from './convert.js';
import { EVALUATE, evaluate } from './evaluate.js';
import { EXIT, Interrupted, UsageError } from './failure.js';
import { type Arguments, parseFlags } from './flags.js';
import { helpOf, overview, type Usage } from './help.js';
import { INFO, info } from './info.js';
import { PREDICT, predict } from './predict.js';
import { coloursOf, columnsOf, type Terminal, write } from './terminal.js';
import { TRAIN, train } from './train.js';

// Chooses the command, and turns errors into messages and exit codes.

interface Command extends Usage {
  run(args: Arguments, terminal: Terminal): Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  train: { ...TRAIN, run: train },
  predict: { ...PREDICT, run: predict },
  evaluate: { ...EVALUATE, run: evaluate },
  info: { ...INFO, run: info },
  convert: { ...CONVERT, run: convert },
};

/** Runs the command. Returns its exit code. Throws only if the output is closed. */
export async function run(args: readonly string[], terminal: Terminal, version: string): Promise<number> {
  const [name, ...rest] = args;
  const columns = columnsOf(terminal.out);
  try {
    if (name === undefined) {
      terminal.err.write(overview(COMMANDS, columnsOf(terminal.err)));
      return EXIT.usage;
    }
    if (['--help', '-h', 'help'].includes(name)) {
      const text = Object.hasOwn(COMMANDS, rest[0] ?? '')
        ? helpOf(rest[0], COMMANDS[rest[0]], columns)
        : overview(COMMANDS, columns);
      await write(terminal.out, text);
      return EXIT.done;
    }
    if (['--version', '-v'].includes(name)) {
      await write(terminal.out, `${version}\n`);
      return EXIT.done;
    }
    if (!Object.hasOwn(COMMANDS, name)) {
      const near = name.startsWith('-') ? undefined : meantWord(name, Object.keys(COMMANDS));
      const wanted = `one of the commands ${Object.keys(COMMANDS).join(', ')}`;
      throw new UsageError(`got ${quote(name)}, want ${wanted}${near ? `: did you mean ${near}?` : ''}`);
    }
    const command = COMMANDS[name];
    const parsed = parseFlags(rest, command.flags);
    if (parsed.given.help) {
      await write(terminal.out, helpOf(name, command, columns));
      return EXIT.done;
    }
    return await command.run(parsed, terminal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') throw error;
    return fail(error, name, terminal);
  }
}

function fail(error: unknown, name: string | undefined, terminal: Terminal): number {
  const colours = coloursOf(terminal.err, terminal.env);
  const message = messageOf(error);
  // a message that begins with a flag is about wrong usage
  const isUsage = error instanceof UsageError || /^--\w/.test(message);
  const hint =
    isUsage && name !== undefined
      ? `\nsimdprop ${Object.hasOwn(COMMANDS, name) ? `${name} ` : ''}--help lists the options.`
      : '';
  terminal.err.write(`${colours.red('simdprop:')} ${message}${hint}\n`);
  if (error instanceof Interrupted) return EXIT.interrupted;
  return isUsage ? EXIT.usage : EXIT.failed;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path !== undefined) return `${quote(path, 400)}: there is no such file`;
  if (code === 'EACCES' && path !== undefined) return `${quote(path, 400)}: this file may not be read or written`;
  if (code === 'ENOSPC') return `${path === undefined ? 'the results' : quote(path, 400)}: the disk is full`;
  return asFlags(error.message);
}
