import { execFileSync, spawn } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../pack/install.mjs';

// The example in examples/sweep, installed and running.

/** A worker that is killed is replaced soon. */
const LOCK_MS = '1500';
const LONGEST_MS = 120_000;

/** Puts the example, what it needs, and further programs, named by their paths, into a folder of its own. */
export function installExample({ folder, consumer }, programs) {
  const app = join(folder, 'sweep');
  cpSync(join(ROOT, 'examples/sweep'), app, { recursive: true, filter: (path) => !path.includes('node_modules') });
  for (const path of programs) cpSync(join(ROOT, path), join(app, basename(path)));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: app, stdio: 'inherit' });
  symlinkSync(join(consumer, 'node_modules/simdprop'), join(app, 'node_modules/simdprop'));
  return app;
}

/** Processes of the example. */
export class Processes {
  #app;
  #running = new Set();

  constructor(app) {
    this.#app = app;
  }

  /** Starts a program. `url`: of Redis. `onLine` gets each line that it prints. `host`: undefined: this one. */
  start(args, url, { host, onLine, env: more } = {}) {
    const [command, ...rest] = [...(host?.command ?? []), process.execPath, ...args];
    const env = { ...process.env, REDIS_URL: url, LOCK_MS, ...more };
    const child = spawn(command, rest, { cwd: this.#app, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines = [];
    let [unfinished, errors] = ['', ''];
    child.stdout.on('data', (chunk) => {
      const parts = `${unfinished}${chunk}`.split('\n');
      unfinished = parts.pop();
      for (const line of parts) {
        lines.push(line);
        onLine?.(line, child);
      }
    });
    child.stderr.on('data', (chunk) => (errors += chunk));
    const clock = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
    const ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        clearTimeout(clock);
        this.#running.delete(child);
        resolve(code ?? signal);
      });
    });
    this.#running.add(child);
    return { child, lines, ended, errors: () => errors };
  }

  /** Runs a program to its end and returns what it prints. */
  async output(args, url, options) {
    const { lines, ended, errors } = this.start(args, url, options);
    const code = await ended;
    if (code !== 0) throw new Error(`${args.join(' ')}: got ${code}, want 0\n${errors().slice(-1000)}`);
    return lines.join('\n');
  }

  get count() {
    return this.#running.size;
  }

  killAll() {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}
