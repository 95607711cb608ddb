import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installPacked } from '../pack/install.mjs';
import { installExample, Processes } from './example.mjs';
import { makeHosts } from './hosts.mjs';
import { startRedis } from './redis.mjs';

/**
 * Sets up a sweep: the packed tarball and the example in a temporary folder, with further programs, named by their
 * paths; Redis; and two hosts, which are undefined where they cannot be made: then the workers run on this one. All of
 * it is removed by `cleanUp`, and when the process ends.
 */
export async function setUpSweep(programs) {
  const packed = installPacked();
  const made = makeHosts(2);
  if (made.reason !== undefined) {
    console.log(`LEFT OUT  hosts of their own for the workers: ${made.reason}`);
  }
  const hosts = made.hosts ?? [undefined, undefined];
  let processes;
  let redis;
  function cleanUp() {
    processes?.killAll();
    redis?.kill();
    made.remove?.();
    rmSync(packed.folder, { recursive: true, force: true, maxRetries: 5 });
  }
  process.on('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  try {
    const app = installExample(packed, programs);
    const data = join(packed.folder, 'redis');
    mkdirSync(data);
    processes = new Processes(app);
    redis = await startRedis(data, ['127.0.0.1', ...hosts.flatMap((host) => (host ? [host.server] : []))]);
    /** Starts a worker on a host. */
    const startWorker = (host, onLine) =>
      processes.start(['worker.mjs'], redis.urlAt(host?.server ?? '127.0.0.1'), { host, onLine });
    const { folder } = packed;
    return {
      app,
      folder,
      hosts,
      processes,
      redis,
      url: redis.urlAt('127.0.0.1'),
      startWorker,
      cleanUp,
    };
  } catch (error) {
    cleanUp();
    throw error;
  }
}
