// Tries examples/sweep with the packed tarball, a real Redis and workers on several hosts, one of which is killed.
// Needs dist/ (npm run build) and redis-server. Hosts are network namespaces, which need root; where they cannot be
// made, it says so, and the workers run on this host.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expectEqual, run } from './env/processes.mjs';
import { Results } from './env/results.mjs';
import { installPacked, ROOT } from './pack/install.mjs';
import { makeHosts } from './sweep/hosts.mjs';
import { startRedis } from './sweep/redis.mjs';

/** 6 settings, 3 folds. */
const TRAININGS = 18;
/** A worker that is killed is replaced soon. */
const LOCK_MS = '1500';
const LONGEST_MS = 120_000;

/** The example with what it needs, in a folder of its own. */
function installExample({ folder, consumer }) {
  const app = join(folder, 'sweep');
  cpSync(join(ROOT, 'examples/sweep'), app, { recursive: true, filter: (path) => !path.includes('node_modules') });
  for (const file of ['alone.mjs', 'helper.mjs']) cpSync(join(ROOT, 'scripts/sweep', file), join(app, file));
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: app, stdio: 'inherit' });
  symlinkSync(join(consumer, 'node_modules/simdprop'), join(app, 'node_modules/simdprop'));
  return app;
}

/** Processes of the example. All of them end with this test. */
class Processes {
  #app;
  #running = new Set();

  constructor(app) {
    this.#app = app;
  }

  /** Starts a program. `onLine` gets each line that it prints. `host`: undefined: this one. */
  start(args, url, { host, onLine } = {}) {
    const [command, ...rest] = [...(host?.command ?? []), process.execPath, ...args];
    const env = { ...process.env, REDIS_URL: url, LOCK_MS };
    const child = spawn(command, rest, { cwd: this.#app, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines = [];
    let [unfinished, errors] = ['', ''];
    child.stdout.on('data', (chunk) => {
      const parts = `${unfinished}${chunk}`.split('\n');
      unfinished = parts.pop();
      for (const line of parts) {
        lines.push(line);
        onLine?.(line, child);
      }
    });
    child.stderr.on('data', (chunk) => (errors += chunk));
    const clock = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
    const ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        clearTimeout(clock);
        this.#running.delete(child);
        resolve(code ?? signal);
      });
    });
    this.#running.add(child);
    return { child, lines, ended, errors: () => errors };
  }

  /** Runs a program to its end and returns what it prints. */
  async output(args, url) {
    const { lines, ended, errors } = this.start(args, url);
    const code = await ended;
    if (code !== 0) throw new Error(`${args.join(' ')}: got ${code}, want 0\n${errors().slice(-1000)}`);
    return lines.join('\n');
  }

  get count() {
    return this.#running.size;
  }

  killAll() {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}

/** The trainings in a log, of which each must be there once. */
function expectOnce(path) {
  const entries = readFileSync(path, 'utf8').trimEnd().split('\n').slice(1).map(JSON.parse);
  expectEqual('lines of the log', entries.length, TRAININGS);
  expectEqual('trainings in it', new Set(entries.map(({ trial, part }) => `${trial}/${part}`)).size, TRAININGS);
}

const isRefused = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });

const packed = installPacked();
const results = new Results('sweep');
const made = makeHosts(2);
if (typeof made === 'string') console.log(`left out: hosts of their own, which cannot be made here: ${made}`);
const hosts = typeof made === 'string' ? [undefined, undefined] : made.hosts;
const data = join(packed.folder, 'redis');
mkdirSync(data);
let processes;
let redis;
try {
  const app = installExample(packed);
  const fileOf = (name) => join(packed.folder, name);
  processes = new Processes(app);
  redis = await startRedis(data, ['127.0.0.1', ...hosts.flatMap((host) => (host ? [host.server] : []))]);
  const url = redis.urlAt('127.0.0.1');
  const startWorker = (host, onLine) =>
    processes.start(['worker.mjs'], redis.urlAt(host?.server ?? '127.0.0.1'), { host, onLine });
  const startSweep = (name, onLine) =>
    processes.start(['sweep.mjs', fileOf(`${name}.jsonl`), fileOf(`${name}.json`)], url, { onLine });
  const expectSame = (name) => {
    expectEqual('the result', readFileSync(fileOf(`${name}.json`), 'utf8'), readFileSync(fileOf('alone.json'), 'utf8'));
    expectOnce(fileOf(`${name}.jsonl`));
  };
  const endOf = async (sweep) => expectEqual('exit code of the sweep', `${await sweep.ended}${sweep.errors()}`, '0');
  const stop = async (worker) => {
    worker.child.kill('SIGTERM');
    expectEqual('exit code of a worker', `${await worker.ended}${worker.errors()}`, '0');
  };
  await run(process.execPath, ['alone.mjs', fileOf('alone.json')], { cwd: app });

  await results.try('three workers on two hosts, one killed amid a training', async () => {
    let killedAt;
    const kill = (line, child) => {
      // a large network, so that the training is not over before the signal arrives
      const isLarge = Number(/^trial (\d+)/.exec(line)?.[1]) >= 2;
      if (killedAt || !isLarge || !line.endsWith('begins')) return;
      killedAt = line.replace(': begins', '');
      child.kill('SIGKILL');
    };
    const workers = [startWorker(hosts[0], kill), startWorker(hosts[0]), startWorker(hosts[1])];
    await endOf(startSweep('killed'));
    const [killed, ...others] = workers;
    expectEqual('the end of the killed worker', await killed.ended, 'SIGKILL');
    expectEqual('its last line', killed.lines.at(-1), `${killedAt}: begins`);
    const again = others.flatMap(({ lines }) => lines).filter((line) => line === `${killedAt}: begins again`);
    expectEqual('its training, by another worker', again.length, 1);
    const done = workers.flatMap(({ lines }) => lines).filter((line) => line.endsWith('done'));
    expectEqual('trainings', `${done.length} of ${new Set(done).size}`, `${TRAININGS} of ${TRAININGS}`);
    for (const { lines } of others) if (lines.length === 0) throw new Error('got a worker without a job');
    const { completed, failed, active, waiting } = JSON.parse(await processes.output(['helper.mjs', 'counts'], url));
    expectEqual('jobs', `${completed} ${failed} ${active} ${waiting}`, `${TRAININGS} 0 0 0`);
    expectSame('killed');
    await Promise.all(others.map(stop));
    return `${killedAt} began again`;
  });

  await results.try('the same sweep again, by its queue and by its log, without a worker', async () => {
    await endOf(startSweep('queued'));
    expectSame('queued');
    await processes.output(['helper.mjs', 'flush'], url);
    await endOf(startSweep('queued'));
    expectSame('queued');
  });

  await results.try('a sweep that was killed and started again', async () => {
    const workers = hosts.map((host) => startWorker(host));
    const first = startSweep('resumed', (line, child) => line.startsWith('4 of') && child.kill('SIGKILL'));
    expectEqual('the end of the first', await first.ended, 'SIGKILL');
    await endOf(startSweep('resumed'));
    expectSame('resumed');
    const begun = workers.flatMap(({ lines }) => lines).filter((line) => line.endsWith('begins'));
    expectEqual('trainings', begun.length, TRAININGS);
    await Promise.all(workers.map(stop));
  });

  await results.try('jobs with code, unknown keys and wrong values are refused, and the worker lives', async () => {
    const worker = startWorker(hosts[0]);
    const answers = JSON.parse(await processes.output(['helper.mjs', 'refuse'], url));
    const wanted = [
      /^job: got the unknown key "module", want trial, part/,
      /^job\.network\.wasm: got "AGFzbQ==", want none: a job has no code$/,
      /^job\.network\.createWorker: got "\/tmp\/code\.mjs", want none/,
      /^layers\[0\]\.units: got 1000000000, want an integer from 1 to 65536$/,
      /^job\.options: got the unknown key "onEpoch", want epochs/,
      /^options\.epochs: got -1, want an integer from 1 to/,
      /^job\.data: got a job for other data/,
      /^accuracy number$/,
    ];
    wanted.forEach((pattern, i) => {
      if (!pattern.test(answers[i])) throw new Error(`got ${answers[i]}, want ${pattern}`);
    });
    await stop(worker);
  });

  await results.try('no process is left, and the port is free', async () => {
    expectEqual('processes', processes.count, 0);
    await redis.stop();
    expectEqual('a refused connection', await isRefused(redis.port), true);
  });
} finally {
  processes?.killAll();
  await redis?.stop();
  if (typeof made !== 'string') made.remove();
  rmSync(packed.folder, { recursive: true, force: true, maxRetries: 5 });
}
if (!results.finish()) process.exitCode = 1;
