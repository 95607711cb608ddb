import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandIn, ip, makeNamespaces } from './namespaces.mjs';

// Two hosts for a team of processes, which are joined by a virtual cable.

const ADDRESSES = ['10.213.7.1', '10.213.7.2'];

/**
 * Makes the hosts. `inFirst`: the beginning of a command that runs on the first host. `agent`: a program that mpirun
 * starts in place of ssh, to run a command on the other. `remove` must be called at the end. If there can be no
 * namespaces, there is only the `reason`.
 */
export function makeHosts(folder) {
  const names = ['a', 'b'].map((host) => `simdprop-${process.pid}-${host}`);
  const cables = ['a', 'b'].map((host) => `sp${process.pid % 100_000}${host}`);
  const { remove, reason } = makeNamespaces(names, () => {
    ip('link', 'add', cables[0], 'netns', names[0], 'type', 'veth', 'peer', 'name', cables[1], 'netns', names[1]);
    for (const [i, name] of names.entries()) {
      ip('-n', name, 'address', 'add', `${ADDRESSES[i]}/24`, 'dev', cables[i]);
      ip('-n', name, 'link', 'set', cables[i], 'up');
    }
  });
  if (reason !== undefined) return { reason };
  const agent = join(folder, 'agent.sh');
  // the first argument is the address of the host
  writeFileSync(agent, `#!/bin/sh\nshift\nexec ip netns exec ${names[1]} sh -c "$*"\n`);
  return { addresses: ADDRESSES, inFirst: commandIn(names[0]), agent, remove };
}
