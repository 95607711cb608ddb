import { execFileSync } from 'node:child_process';

/** True if gcc is there: other machines skip the tests of headers of C. */
export const hasCompiler = (() => {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
