// Trains by teams of processes under mpirun, with every MPI that is installed (Open MPI, MPICH), and sums up the checks
// of all. Prints what it leaves out, and why. --outputFile=FILE: writes the counts for .ci/run.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeHosts } from './mpi-hosts.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
/** Longer jobs hang. One that has many cases takes up to a minute or two on a slow machine, the others some seconds. */
const LONGEST_CASES_MS = 300_000;
const LONGEST_MS = 60_000;
/** A job must end this soon after one of its processes has failed. */
const LONGEST_END_MS = 10_000;
/** What a program prints just before it fails. */
const FAILING = 'failing now';

const scratch = mkdtempSync(join(tmpdir(), 'simdprop-test-mpi-'));
let passed = 0;
let failed = 0;

/** The commands that start processes of an installed MPI. */
function findMpis() {
  const found = ['mpirun.openmpi', 'mpirun.mpich', 'mpirun'].flatMap((command) => {
    const { stdout, status } = spawnSync(command, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (status !== 0) return [];
    return [{ command, name: stdout.includes('HYDRA') ? 'MPICH' : 'Open MPI' }];
  });
  return found.filter(({ name }, i) => found.findIndex((other) => other.name === name) === i);
}

const isRoot = process.getuid?.() === 0;
const OPEN_MPI = [...(isRoot ? ['--allow-run-as-root'] : []), '--oversubscribe', '--bind-to', 'none'];
const optionsOf = ({ name }) => (name === 'Open MPI' ? OPEN_MPI : []);

/** The arguments of node that run a program of test/mpi/, or of a copy of it. */
const program = (name, args = [], root = ROOT) => ['--import', TSX, join(root, 'test/mpi', name), ...args];

/**
 * Runs a job. Resolves to its exit code, its output, and how long it took to end after the output has said that a
 * process is failing. A job that takes longer than `longest` milliseconds is killed.
 */
function run(command, args, { env = {}, longest = LONGEST_MS } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // a group of its own, so that no process can be left behind
      detached: true,
    });
    let output = '';
    let failedAt;
    const listen = (chunk) => {
      output += chunk;
      if (output.includes(FAILING)) failedAt ??= performance.now();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    const clock = setTimeout(() => {
      output += `\nkilled after ${longest / 1000} s`;
      process.kill(-child.pid, 'SIGKILL');
    }, longest);
    child.on('error', (error) => listen(error.message));
    child.on('close', (code, signal) => {
      clearTimeout(clock);
      resolve({ code: code ?? signal, output, endedAfter: performance.now() - failedAt });
    });
  });
}

function check(name, isRight, output) {
  if (isRight) passed++;
  else failed++;
  if (!isRight) console.log(`FAILED  ${name}\n${output.slice(-3000)}`);
}

/** Runs a program whose processes count their checks. */
async function runChecks(name, command, args, processes, env) {
  const started = performance.now();
  const { code, output } = await run(command, args, { env, longest: LONGEST_CASES_MS });
  const results = [...output.matchAll(/^RESULT (.*)$/gm)].map(([, json]) => JSON.parse(json));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const isWhole = code === 0 && results.length === processes;
  check(`${name}: exit code ${code}, results of ${results.length} of ${processes} processes`, isWhole, output);
  const wrong = results.reduce((sum, result) => sum + result.failed, 0);
  if (wrong > 0) console.log(output.slice(0, 5000));
  failed += wrong;
  passed += results[0]?.passed ?? 0;
  console.log(`${name}: ${results[0]?.passed ?? 0} passed, ${wrong} failed, ${seconds} s`);
}

/** A job in which joinTeam makes no team: each of the two processes must say so, or at least `least` of them. */
async function runRefused(name, mpi, args, message, env, least = 2) {
  const { code, output } = await run(mpi.command, [...optionsOf(mpi), ...args], { env });
  const count = output.split('\n').filter((line) => line.includes('REFUSED') && line.includes(message)).length;
  check(`${mpi.name}, ${name}: exit code ${code}, ${count} times: ${message}`, code !== 0 && count >= least, output);
}

/** Every way in which one process can fail: the job ends, and the last checkpoint continues. */
async function runFailing(mpi, way) {
  const folder = mkdtempSync(join(scratch, 'failing-'));
  const args = [...optionsOf(mpi), '-np', '2', process.execPath, ...program('failing.ts', [way, folder])];
  const { code, output, endedAfter } = await run(mpi.command, args);
  const isEnded = code !== 0 && endedAfter < LONGEST_END_MS;
  const end = Number.isNaN(endedAfter) ? 'before a rank has failed' : `after ${endedAfter.toFixed()} ms`;
  check(`${mpi.name}, a rank ${way}: the job ended ${end} with exit code ${code}`, isEnded, output);
  const resumed = await run(process.execPath, program('failing.ts', ['resumed', folder]));
  const isSame = resumed.output.includes('resumed after epoch 3: true');
  check(`${mpi.name}, a rank ${way}: the checkpoint`, isSame, resumed.output);
  console.log(`${mpi.name}, a rank ${way}: the job ended ${end} with exit code ${code}`);
}

/** A copy of simdprop, beside which there is no koffi, with another version. */
function copyPackage(version) {
  const copy = mkdtempSync(join(scratch, 'copy-'));
  for (const name of [
    'src',
    'test/mpi',
    'test/random-numbers.ts',
    'assembly/abi.ts',
    'package.json',
    'tsconfig.json',
  ]) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  const file = join(copy, 'package.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version }));
  return copy;
}

async function runRefusals(mpi, mpis) {
  const node = process.execPath;
  const copy = copyPackage('0.0.0-other');
  await runRefused('no koffi', mpi, ['-np', '2', node, ...program('refused.ts', [], copy)], 'npm install koffi');
  mkdirSync(join(copy, 'node_modules'));
  const koffi = createRequire(import.meta.url).resolve('koffi');
  const reExport = `export { default } from ${JSON.stringify(pathToFileURL(koffi).href)};`;
  mkdirSync(join(copy, 'node_modules/koffi'));
  writeFileSync(join(copy, 'node_modules/koffi/package.json'), '{ "type": "module", "exports": "./index.js" }');
  writeFileSync(join(copy, 'node_modules/koffi/index.js'), reExport);
  const two = ['-np', '1', node, ...program('refused.ts'), ':', '-np', '1', node, ...program('refused.ts', [], copy)];
  await runRefused('another version', mpi, two, 'joinTeam: got other version in rank 1 than in rank 0');
  const args = ['-np', '2', node, ...program('refused.ts')];
  await runRefused('no library', mpi, args, 'joinTeam: got no MPI library', { MPI_LIBRARY: 'libmissing.so' });
  if (mpis.length > 1) {
    const other = mpi.name === 'MPICH' ? 'libmpi.so.40' : 'libmpich.so.12';
    const message = 'joinTeam: got 1 of the 2 processes that mpirun has started';
    // each process starts Open MPI for itself, whose MPI_Init sometimes ends one of them on a busy machine
    await runRefused('the library of another MPI', mpi, args, message, { MPI_LIBRARY: other }, 1);
  }
  console.log(`${mpi.name}: refusals`);
}

/** Two hosts, which are two network namespaces of this machine, over TCP. */
async function runHosts(mpi) {
  const hosts = makeHosts(scratch);
  if (hosts.reason) return console.log(`LEFT OUT  two hosts for a team of processes: ${hosts.reason}`);
  try {
    const { addresses, inFirst, agent } = hosts;
    chmodSync(agent, 0o755);
    const network = `${addresses[0]}/24`;
    const tcp = [
      'plm_rsh_agent',
      agent,
      'btl',
      'tcp,self',
      'btl_tcp_if_include',
      network,
      'oob_tcp_if_include',
      network,
    ];
    const pairs = tcp.flatMap((_, i) => (i % 2 === 0 ? ['--mca', tcp[i], tcp[i + 1]] : []));
    const start = [...inFirst, mpi.command, ...OPEN_MPI, ...pairs, '--host', `${addresses[0]}:1,${addresses[1]}:1`];
    for (const name of ['same-bits.ts', 'calls.ts']) {
      const args = [...start.slice(1), '-np', '2', process.execPath, ...program(name, ['100', '12'])];
      await runChecks(`Open MPI, two hosts over TCP, ${name}`, start[0], args, 2);
    }
  } finally {
    hosts.remove();
  }
}

const mpis = findMpis();
if (mpis.length === 0) {
  console.error('test-mpi: got no mpirun, want Open MPI or MPICH (on Debian: apt install openmpi-bin)');
  process.exit(1);
}
try {
  for (const mpi of mpis) {
    for (const processes of [1, 2, 3]) {
      const start = [...optionsOf(mpi), '-np', String(processes), process.execPath];
      // MPICH does not give way where there are more processes than cores
      const isSlow = processes > 2 && mpi.name === 'MPICH';
      // other cases for each number of processes
      const cases = program('same-bits.ts', [String(40 * processes), isSlow ? '5' : '40']);
      await runChecks(`${mpi.name}, np ${processes}, same-bits`, mpi.command, [...start, ...cases], processes);
      if (isSlow) continue;
      await runChecks(
        `${mpi.name}, np ${processes}, calls`,
        mpi.command,
        [...start, ...program('calls.ts')],
        processes,
      );
    }
    // steps that are shared and steps that are not, in turns
    const mixed = [...optionsOf(mpi), '-np', '2', process.execPath, ...program('calls.ts')];
    await runChecks(`${mpi.name}, np 2, calls, the larger steps shared`, mpi.command, mixed, 2, {
      LEAST_WORK: '250000',
    });
    const joining = [...optionsOf(mpi), '-np', '2', process.execPath, ...program('joining.ts')];
    await runChecks(`${mpi.name}, np 2, joining`, mpi.command, joining, 2);
    for (const way of ['killed', 'thrown', 'exits', 'ends early']) await runFailing(mpi, way);
    await runRefusals(mpi, mpis);
  }
  const openMpi = mpis.find(({ name }) => name === 'Open MPI');
  if (openMpi) await runHosts(openMpi);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
const outputFile = process.argv.find((arg) => arg.startsWith('--outputFile='))?.slice('--outputFile='.length);
if (outputFile) {
  writeFileSync(outputFile, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults: [] }));
}
process.exit(failed > 0 ? 1 : 0);
