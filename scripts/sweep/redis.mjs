import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const LONGEST_START_MS = 20_000;
const TRIES = 5;

/** A port that nobody listens to now. */
async function freePort() {
  const server = createServer();
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts Redis with a password. Its data are in the folder. Another process may take the port before it does. */
export async function startRedis(folder, addresses) {
  for (let tries = 1; ; tries++) {
    const password = randomBytes(16).toString('hex');
    const port = await freePort();
    const child = spawn('redis-server', ['-'], { stdio: ['pipe', 'pipe', 'pipe'], cwd: folder });
    let output = '';
    const ended = new Promise((resolve) => {
      child.on('error', (error) => {
        output += error.message;
        resolve();
      });
      child.on('exit', resolve);
    });
    // from its input, so that no list of processes has the password
    child.stdin.on('error', () => {});
    child.stdin.end(
      [`port ${port}`, `bind ${addresses.join(' ')}`, `requirepass ${password}`, `dir ${folder}`, 'save ""', ''].join(
        '\n',
      ),
    );
    const ready = new Promise((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (text) => {
          output += text;
          if (output.includes('Ready to accept connections')) resolve(true);
        });
      }
    });
    const late = new Promise((resolve) => setTimeout(resolve, LONGEST_START_MS).unref());
    const isReady = await Promise.race([ready, ended, late]);
    const kill = () => child.kill('SIGKILL');
    const stop = async () => {
      child.kill();
      await ended;
    };
    if (isReady) return { port, kill, stop, urlAt: (address) => `redis://:${password}@${address}:${port}` };
    await stop();
    if (tries === TRIES)
      throw new Error(`redis-server: got no start, want redis-server on the PATH\n${output.slice(-500)}`);
  }
}
