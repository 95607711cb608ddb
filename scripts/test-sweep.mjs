// Tries examples/sweep with the packed tarball, a real Redis and workers on several hosts, one of which is killed.
// Needs dist/ (npm run build) and redis-server. Hosts are network namespaces, which need root; where they cannot be
// made, it says so, and the workers run on this host.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expectEqual, run } from './env/processes.mjs';
import { Results } from './env/results.mjs';
import { setUpSweep } from './sweep/stage.mjs';

/** 6 settings, 3 folds. */
const TRAININGS = 18;

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

const results = new Results('sweep');
const { app, folder, hosts, processes, redis, url, startWorker, cleanUp } = await setUpSweep([
  'scripts/sweep/alone.mjs',
  'scripts/sweep/helper.mjs',
]);
try {
  const fileOf = (name) => join(folder, name);
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
  cleanUp();
}
if (!results.finish()) process.exitCode = 1;
