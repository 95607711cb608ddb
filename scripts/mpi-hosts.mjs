import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Two hosts on one machine: network namespaces that are joined by a virtual cable. They need iproute2 and root.

const ADDRESSES = ['10.213.7.1', '10.213.7.2'];

/**
 * Makes the hosts. `inFirst`: the beginning of a command that runs on the first host. `agent`: a program that mpirun
 * starts in place of ssh, to run a command on the other. `remove` must be called at the end. If there can be no
 * namespaces, there is only the `reason`.
 */
export function makeHosts(folder) {
  const names = ['a', 'b'].map((host) => `simdprop-${process.pid}-${host}`);
  const cables = ['a', 'b'].map((host) => `sp${process.pid % 100_000}${host}`);
  const remove = () => {
    for (const name of names) spawnSync('ip', ['netns', 'delete', name]);
  };
  const ip = (...args) => {
    const { status, error, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
  };
  try {
    for (const name of names) ip('netns', 'add', name);
    ip('link', 'add', cables[0], 'netns', names[0], 'type', 'veth', 'peer', 'name', cables[1], 'netns', names[1]);
    for (const [i, name] of names.entries()) {
      ip('-n', name, 'address', 'add', `${ADDRESSES[i]}/24`, 'dev', cables[i]);
      for (const device of [cables[i], 'lo']) ip('-n', name, 'link', 'set', device, 'up');
    }
  } catch (error) {
    remove();
    return { reason: error.message };
  }
  const agent = join(folder, 'agent.sh');
  // the first argument is the address of the host
  writeFileSync(agent, `#!/bin/sh\nshift\nexec ip netns exec ${names[1]} sh -c "$*"\n`);
  return { addresses: ADDRESSES, inFirst: ['ip', 'netns', 'exec', names[0]], agent, remove };
}
