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

export function expectEqual(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: got ${got}, want ${wanted}`);
}
