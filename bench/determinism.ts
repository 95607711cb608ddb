import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { alignTable, describeMachine, machineLine } from './machine.js';
import { armNodeBinary, bunBinary, denoBinary, nodeBinary } from './nodes.js';
import { servePages } from './page-server.js';
import { lastError } from './rival.js';
import { digitsRange, loadDigits } from './workloads.js';

// Checks that the bits are the same everywhere. Trains the networks of determinism/bits.mjs in every engine, with one
// thread and with several, with and without wide registers, and compares the hashes with test/hashes.json.

const HELP = `npm run determinism -- [--accept] [--save] [--only ENGINE]
  --accept  compute the hashes in this Node, on one thread, and save them as the right ones in test/hashes.json
  --save    also write the table into docs/determinism.md
  --only    only the engines whose names begin with ENGINE, such as Deno; not with --save`;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const HASHES = here('../test/hashes.json');
const PAGE = here('../docs/determinism.md');
const DIGITS = 10_000;

const NODES = [20, 22, 24, 26];
const BROWSERS = [
  ['chrome', process.env.CHROMIUM ?? '/usr/bin/chromium'],
  ['firefox', process.env.FIREFOX ?? '/usr/bin/firefox-esr'],
];
const MODES = [{}, { threads: 2 }, { threads: 3 }, { wide: true }, { wide: true, threads: 2 }];
/** The modes that every engine has. */
const NARROW = MODES.filter((mode) => !('wide' in mode));
const QEMU = process.env.QEMU_AARCH64 ?? '/usr/bin/qemu-aarch64';

/** Runtimes besides this machine's Node, with the commands that start them. */
const RUNTIMES = [
  // on ARM64, emulated: a processor with other SIMD instructions
  { engine: 'Node 22 (arm64)', command: () => [QEMU, armNodeBinary(22)] },
  { engine: 'Deno', command: () => [denoBinary(), 'run', '--allow-all'] },
  { engine: 'Bun', command: () => [bunBinary()] },
];

type Hashes = Record<string, string>;

interface Outcome {
  version: string;
  hashes: Hashes;
  /** Why the network did not run in the mode that was asked for. */
  note?: string;
}

async function run(command: string, ...args: string[]): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(command, args);
  return JSON.parse(stdout);
}

const modeName = (mode: object) =>
  Object.keys(mode).length === 0
    ? 'one thread'
    : JSON.stringify(mode).replace(/[{}"]/g, '').replace(/:/g, ' ').replace(/,/g, ', ');

function compare(right: Hashes, { hashes, note }: Outcome): string {
  const other = Object.keys(right).filter((name) => hashes[name] !== right[name]);
  if (other.length > 0) return `DIFFERENT BITS: ${other.join(', ')}`;
  const match = `all ${Object.keys(right).length} match`;
  return note ? `${match}; ${note}` : match;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      accept: { type: 'boolean' },
      save: { type: 'boolean' },
      only: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { only = '' } = values;
  if (only && values.save) throw new RangeError('--save: got --only too, want the whole table');
  const digits = mkdtempSync(join(tmpdir(), 'simdprop-digits-'));
  const { inputs, targets } = digitsRange(loadDigits().train, 0, DIGITS);
  writeFileSync(join(digits, 'images.bin'), inputs);
  writeFileSync(join(digits, 'labels.bin'), targets);
  const inRuntime = (command: string[], mode: object) =>
    run(command[0], ...command.slice(1), here('determinism/node.mjs'), JSON.stringify(mode), digits);
  const inNode = (node: string, mode: object) => inRuntime([node], mode);
  const { url, server } = await servePages({ '/digits/': digits, '/bench/': here('.'), '/dist/': here('../dist') });
  try {
    if (values.accept) {
      const { hashes } = await inNode(process.execPath, {});
      writeFileSync(HASHES, `${JSON.stringify(hashes, undefined, 2)}\n`);
    }
    const right: Hashes = JSON.parse(readFileSync(HASHES, 'utf8'));
    const contests = [
      ...NODES.flatMap((major) =>
        MODES.filter((mode) => !('wide' in mode) || major >= 24).map((mode) => ({
          engine: `Node ${major}`,
          mode,
          outcome: () => inNode(nodeBinary(major), mode),
        })),
      ),
      ...RUNTIMES.flatMap(({ engine, command }) =>
        NARROW.map((mode) => ({ engine, mode, outcome: () => inRuntime(command(), mode) })),
      ),
      ...BROWSERS.flatMap(([browser, path]) =>
        NARROW.map((mode) => ({
          engine: browser === 'chrome' ? 'Chromium' : 'Firefox',
          mode,
          outcome: () => {
            const address = `${url}/bench/determinism/page.html?options=${encodeURIComponent(JSON.stringify(mode))}`;
            return run(process.execPath, here('peers/browse.mjs'), browser, path, address);
          },
        })),
      ),
    ];
    const rows: string[][] = [];
    for (const { engine, mode, outcome } of contests.filter((contest) => contest.engine.startsWith(only))) {
      process.stderr.write(`${engine}, ${modeName(mode)} ...\n`);
      try {
        const result = await outcome();
        rows.push([result.version, modeName(mode), compare(right, result)]);
      } catch (error) {
        const { stderr, message } = error as Error & { stderr?: string };
        rows.push([engine, modeName(mode), `not measured: ${lastError(String(stderr || message))}`]);
      }
      if (rows[rows.length - 1][2].startsWith('DIFFERENT')) process.exitCode = 1;
    }
    const machine = machineLine(describeMachine());
    console.log(`${machine}\n\n${alignTable([['engine', 'mode', 'bits'], ...rows])}`);
    if (values.save) save(rows, right.MNIST, machine);
  } finally {
    server.close();
    rmSync(digits, { recursive: true });
  }
}

/** Writes the table between the two marks of the page. */
function save(rows: string[][], mnist: string, machine: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const table = [['engine', 'mode', 'hashes'], ['---', '---', '---'], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
  const part = `<!-- table -->\n\nSHA-256 of the weights and predictions of the network trained on MNIST:\n\`${mnist}\`\n\n${table}\n\n${machine}.\n\n<!-- end -->`;
  writeFileSync(
    PAGE,
    page.replace(/<!-- table -->[\s\S]*<!-- end -->/, () => part),
  );
}

main().catch((error: unknown) => {
  const { stderr, message } = error as Error & { stderr?: string };
  console.error(stderr ? lastError(stderr) : message);
  process.exitCode = 1;
});
