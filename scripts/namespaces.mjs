import { execFileSync } from 'node:child_process';

// Hosts of their own on one machine: network namespaces. They need iproute2 and root.

/** Runs `ip`. */
export const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });

/** The beginning of a command that runs in a namespace. */
export const commandIn = (name) => ['ip', 'netns', 'exec', name];

/**
 * Makes namespaces of these names, and calls `connect`, which lays the cables. `remove` must be called at the end.
 * Where they cannot be made, there is only the `reason`.
 */
export function makeNamespaces(names, connect) {
  const remove = () => {
    for (const name of names) {
      try {
        // its cables go with it
        ip('netns', 'delete', name);
      } catch {
        // it has not been made, or is gone
      }
    }
  };
  try {
    for (const name of names) {
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    connect();
    return { remove };
  } catch (error) {
    remove();
    return { reason: (error.stderr || error.message).trim() };
  }
}
