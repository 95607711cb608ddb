import { networkInterfaces } from 'node:os';
import { commandIn, ip, makeNamespaces } from '../namespaces.mjs';

// Hosts for the workers of a sweep, each of which reaches this machine over a cable of its own.

/** The start of a network 10.x.y.0 that this machine does not have. */
function freeNetwork() {
  const taken = Object.values(networkInterfaces())
    .flat()
    .map(({ address }) => address);
  for (let tries = 0; tries < 100; tries++) {
    const start = `10.${100 + Math.floor(100 * Math.random())}.${Math.floor(250 * Math.random())}.`;
    if (!taken.some((address) => address.startsWith(start))) return start;
  }
  throw new Error('got no free network 10.x.y.0, want one');
}

/**
 * Makes hosts. `server`: the address at which a host reaches this machine; `command`: what runs a program on it.
 * `remove` must be called at the end. Where they cannot be made, there is only the `reason`.
 */
export function makeHosts(count) {
  const network = freeNetwork();
  const hosts = Array.from({ length: count }, (_, i) => {
    const name = `sweep-${process.pid}-${i}`;
    return { name, server: `${network}${4 * i + 1}`, command: commandIn(name) };
  });
  const { remove, reason } = makeNamespaces(
    hosts.map(({ name }) => name),
    () => {
      for (const [i, { name, server }] of hosts.entries()) {
        const [here, there] = [`sw${process.pid}h${i}`, `sw${process.pid}t${i}`];
        ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
        ip('addr', 'add', `${server}/30`, 'dev', here);
        ip('link', 'set', here, 'up');
        ip('-n', name, 'addr', 'add', `${network}${4 * i + 2}/30`, 'dev', there);
        ip('-n', name, 'link', 'set', there, 'up');
      }
    },
  );
  return reason === undefined ? { hosts, remove } : { reason };
}
