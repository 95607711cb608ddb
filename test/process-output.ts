import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

/** The output and the exit code of a process. */
export async function outputOf(child: ChildProcessWithoutNullStreams): Promise<[string, number]> {
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  // waits until its output is complete too
  const [exitCode] = await once(child, 'close');
  return [output.trim(), exitCode];
}
