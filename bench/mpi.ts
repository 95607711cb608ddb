import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { pairedRatio } from './medians.js';

// npm run bench:mpi: how much faster two processes train than one, by Open MPI, connected by shared memory and by TCP
// over the loopback device. One process, two that train for themselves, and a team of two take turns. The two show what
// the machine gives to two processes at that time: twice the work in the time that they take is the most that a team
// could reach. The fastest round of each counts: on a busy machine, two processes that wait for each other lose more to
// other work than one does. The medians are in the results.
// For machines that are not there, an estimate: the time of one process divided by their number, plus the time that the
// bytes of a step take at the bandwidth of a link. It leaves out latencies.

const ROUNDS = Number(process.env.SIMDPROP_ROUNDS ?? 10);
const NETWORKS = ['784-30-10', '784-128-10', '784-512-512-10', '1024-2048-2048-10'];
const TRANSPORTS = { 'shared memory': 'vader,self', 'TCP, one machine': 'tcp,self' };
/** Machines, and the bytes per millisecond of the links between them. */
const ESTIMATES = [
  { machines: 4, link: '10 Gb/s', bytesPerMs: 1.25e6 },
  { machines: 8, link: '10 Gb/s', bytesPerMs: 1.25e6 },
  { machines: 4, link: '100 Gb/s', bytesPerMs: 12.5e6 },
  { machines: 8, link: '100 Gb/s', bytesPerMs: 12.5e6 },
];

interface Row {
  readonly name: string;
  readonly batchSize: number;
  readonly steps: number;
  readonly bytes: number;
  readonly isSame: boolean;
  readonly library: string;
  readonly alone: number[];
  readonly each: number[];
  readonly together: number[];
}

function run(transport: string): Row[] {
  const isRoot = process.getuid?.() === 0;
  const job = fileURLToPath(new URL('mpi-job.mjs', import.meta.url));
  const args = ['-np', '2', '--bind-to', 'core', '--mca', 'btl', transport, ...(isRoot ? ['--allow-run-as-root'] : [])];
  const command = process.env.MPIRUN ?? 'mpirun.openmpi';
  const all = [...args, process.execPath, job, String(ROUNDS), ...NETWORKS];
  const { status, stdout, stderr, error } = spawnSync(command, all, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: exit code ${status}: ${error?.message ?? stderr.slice(-2000)}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

const fastest = ({ alone, together }: Row) => Math.min(...alone) / Math.min(...together);
const most = ({ alone, each }: Row) => (2 * Math.min(...alone)) / Math.min(...each);

const machine = describeMachine();
const load = [loadavg()[0]];
const measured = Object.entries(TRANSPORTS).map(([name, transport]) => ({ name, rows: run(transport) }));
load.push(loadavg()[0]);
for (const { rows } of measured) {
  for (const { name, isSame } of rows) if (!isSame) throw new Error(`${name}: got other bits from two processes`);
}
console.log(`${machineLine(machine)}, ${measured[0].rows[0].library}`);
console.log(
  `load ${load.map((value) => value.toFixed(1)).join(' to ')}; the fastest of ${measured[0].rows[0].alone.length} epochs`,
);
const estimate = ({ alone, steps, bytes }: Row, { machines, bytesPerMs }: (typeof ESTIMATES)[number]) => {
  const step = Math.min(...alone) / steps;
  return step / (step / machines + bytes / bytesPerMs);
};
console.log(
  alignTable([
    [
      'network',
      'batch',
      'ms a step alone',
      'MB a step',
      'two apart',
      ...measured.map(({ name }) => `np 2, ${name}`),
      ...ESTIMATES.map(({ machines, link }) => `estimate: ${machines} machines, ${link}`),
    ],
    ...measured[0].rows.map((row, i) => [
      row.name,
      String(row.batchSize),
      (Math.min(...row.alone) / row.steps).toFixed(2),
      (row.bytes / 1e6).toFixed(2),
      most(row).toFixed(2),
      ...measured.map(({ rows }) => fastest(rows[i]).toFixed(2)),
      ...ESTIMATES.map((machines) => estimate(row, machines).toFixed(1)),
    ]),
  ]),
);
const ratios = measured.flatMap(({ name, rows }) =>
  rows.map((row) => ({
    transport: name,
    network: row.name,
    fastest: fastest(row),
    most: most(row),
    median: pairedRatio(row.alone, row.together),
  })),
);
console.log(
  saveResult(`mpi-${machine.date}`, machine, { rounds: ROUNDS, load, ratios, estimates: ESTIMATES, measured }),
);
