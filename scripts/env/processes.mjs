import { spawn } from 'node:child_process';

const LONGEST_MS = 180_000;

/** Runs a program. Resolves to its output, or rejects with the end of the output. */
export async function run(command, args, { cwd, env, longestMs = LONGEST_MS } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const clock = setTimeout(() => child.kill('SIGKILL'), longestMs);
  const exitCode = await new Promise((resolve) => {
    child.on('error', (error) => {
      stderr += error.message;
      resolve(-1);
    });
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  clearTimeout(clock);
  if (exitCode !== 0) {
    const end = `${stdout}\n${stderr}`.trim().slice(-1500);
    throw new Error(`${command} ${args.join(' ')}: got exit code ${exitCode}\n${end}`);
  }
  return { stdout, stderr };
}

/** Starts a server that prints its port once it listens. Resolves to { child, port }. */
export async function startServing(command, args, cwd) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const port = await new Promise((resolve, reject) => {
    const read = (chunk) => {
      output += chunk;
      const line = /^\d+$/m.exec(output);
      if (line) resolve(Number(line[0]));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${command} ${args.join(' ')}: has ended\n${output.slice(-1500)}`)));
    setTimeout(() => reject(new Error(`${args.join(' ')}: has printed no port\n${output}`)), LONGEST_MS).unref();
  });
  return { child, port };
}

export function expectEqual(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: got ${got}, want ${wanted}`);
}
