#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { run } from './command/run.js';

// The command `simdprop`: the part that belongs to the process.

/**
 * The reader of the results has gone, as in `simdprop predict ... | head -1`. That is no failure. All other errors of
 * the output, such as a full disk, also reach `run`, which was writing: it prints them.
 */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
}

process.stdout.on('error', endQuietly);
process.stderr.on('error', () => {});

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

try {
  process.exitCode = await run(
    process.argv.slice(2),
    {
      out: process.stdout,
      err: process.stderr,
      input: process.stdin,
      env: process.env,
      onInterrupt: (listener) => {
        process.on('SIGINT', listener);
        return () => void process.off('SIGINT', listener);
      },
    },
    version,
  );
} catch (error) {
  endQuietly(error as NodeJS.ErrnoException);
  throw error;
}
