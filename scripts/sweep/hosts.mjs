import { execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';

// Hosts of their own on one machine: network namespaces, each of which reaches this one over a cable of its own.

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });

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
 * Makes hosts. `server`: the address at which a host reaches this machine; `command`: what runs a program on it. Where
 * they cannot be made, the result is the reason, as a text.
 */
export function makeHosts(count) {
  const hosts = [];
  const remove = () => {
    for (const { name } of hosts.splice(0)) {
      try {
        // the cable goes with it
        ip('netns', 'delete', name);
      } catch {
        // it has not been made
      }
    }
  };
  try {
    const network = freeNetwork();
    for (let i = 0; i < count; i++) {
      const name = `sweep-${process.pid}-${i}`;
      const [here, there] = [`sw${process.pid}h${i}`, `sw${process.pid}t${i}`];
      const server = `${network}${4 * i + 1}`;
      hosts.push({ name, server, command: ['ip', 'netns', 'exec', name] });
      ip('netns', 'add', name);
      ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
      ip('addr', 'add', `${server}/30`, 'dev', here);
      ip('link', 'set', here, 'up');
      ip('-n', name, 'addr', 'add', `${network}${4 * i + 2}/30`, 'dev', there);
      ip('-n', name, 'link', 'set', there, 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    return { hosts: [...hosts], remove };
  } catch (error) {
    remove();
    return (error.stderr || error.message).trim();
  }
}
