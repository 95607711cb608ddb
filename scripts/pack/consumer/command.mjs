import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// node command.mjs <penguins.csv>
//
// Uses the command of the installed package as a user does: as a process, with pipes and interrupts.

const PENGUINS = process.argv[2];
const COMMAND = join('node_modules', '.bin', process.platform === 'win32' ? 'simdprop.cmd' : 'simdprop');
const { version } = JSON.parse(readFileSync('node_modules/simdprop/package.json', 'utf8'));

function simdprop(args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(COMMAND, args, { encoding: 'utf8', ...options });
  assert.ifError(error);
  return { status, stdout, stderr };
}

assert.deepEqual(simdprop(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' });
assert.equal(simdprop([]).status, 2);

const pictures = ['--plot', 'curve.svg', '--plot-confusion', 'confusion.svg'];
const trained = simdprop(['train', PENGUINS, '--target', 'Species', '--save', 'model.simdprop', ...pictures]);
assert.equal(trained.status, 0, trained.stderr);
assert.match(trained.stdout, /^Measured on 69 test rows:\naccuracy {2}(9\d|100)\.\d %/);
assert.match(trained.stderr, /^344 rows, 7 columns\n/);
// no terminal: no colours, no bar
assert(!`${trained.stdout}${trained.stderr}`.includes('\u001b'));
for (const file of ['curve.svg', 'confusion.svg']) assert.match(readFileSync(file, 'utf8'), /^<svg .*<\/svg>$/);

const [header, ...rows] = readFileSync(PENGUINS, 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.slice(line.indexOf(',') + 1));
const input = [header, ...rows].join('\n');
const predicted = simdprop(['predict', 'model.simdprop', '-'], { input });
assert.deepEqual([predicted.status, predicted.stderr], [0, '']);
const lines = predicted.stdout.trimEnd().split('\n');
assert.equal(lines[0], `${header},predicted Species`);
assert.equal(lines.length, 1 + rows.length);

const evaluated = JSON.parse(simdprop(['evaluate', 'model.simdprop', PENGUINS, '--json']).stdout);
assert(evaluated.accuracy > 0.95, `got ${evaluated.accuracy}`);
assert.match(simdprop(['info', 'model.simdprop']).stdout, /^file +model\.simdprop\n/);

// the network of the model in every other format, which info shows as the same
const shape = /Network ([\d-]+)/.exec(simdprop(['info', 'model.simdprop']).stdout)[1];
for (const name of ['copy.simdprop', 'copy.onnx', 'copy.safetensors', 'copy.mjs', 'copy.h']) {
  const converted = simdprop(['convert', 'model.simdprop', name]);
  assert.equal(converted.status, 0, converted.stderr);
  assert.match(converted.stderr, new RegExp(`Written: ${name} \\(\\w+\\), Network ${shape} `));
  if (/\.(simdprop|onnx|safetensors)$/.test(name)) {
    assert.match(simdprop(['info', name]).stdout, new RegExp(`network +Network ${shape} `));
  }
}
const { predict } = await import(pathToFileURL(join(process.cwd(), 'copy.mjs')).href);
assert(predict(new Array(Number(shape.split('-')[0])).fill(0)).every(Number.isFinite));
const half = simdprop(['convert', 'model.simdprop', 'half.simdprop', '--precision', 'f16']);
assert.match(half.stderr, /^Left behind: all but 11 bits of each weight, bias and slope\.$/m);
assert(readFileSync('half.simdprop').length < readFileSync('copy.simdprop').length);
assert.equal(simdprop(['convert', 'model.simdprop', 'copy.keras']).status, 2);

for (const [args, status] of [
  [['train', PENGUINS], 2],
  [['train', 'missing.csv', '--target', 'x'], 1],
  [['predict', PENGUINS, PENGUINS], 1],
]) {
  const refused = simdprop(args);
  assert.deepEqual([refused.status, refused.stdout], [status, '']);
  assert.match(refused.stderr, /^simdprop: .*\n/);
}

// a reader that goes away after the first line, as `| head -1` does
writeFileSync('many.csv', [header, ...Array.from({ length: 200 }, () => rows).flat()].join('\n'));
const reader = spawn(COMMAND, ['predict', 'model.simdprop', 'many.csv'], { stdio: ['ignore', 'pipe', 'pipe'] });
let errors = '';
reader.stderr.on('data', (text) => {
  errors += text;
});
const closed = new Promise((resolve) => reader.once('close', resolve));
await new Promise((resolve) => reader.stdout.once('data', resolve));
reader.stdout.destroy();
assert.deepEqual([await closed, errors], [0, '']);

// a full disk
if (process.platform === 'linux') {
  const full = simdprop(['predict', 'model.simdprop', 'many.csv'], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  });
  assert.deepEqual([full.status, full.stderr], [1, 'simdprop: the results: the disk is full\n']);
}

// Ctrl-C: what has been learned is saved
if (process.platform !== 'win32') {
  const args = ['train', PENGUINS, '--target', 'Species', '--epochs', '100000000', '--validation', '0'];
  const child = spawn(COMMAND, [...args, '--save', 'interrupted.simdprop'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (part) => {
    // the profile has been printed: training begins
    if (text === '') setTimeout(() => child.kill('SIGINT'), 500);
    text += part;
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(status, 130, text);
  assert.match(text, /Interrupted: training ends after this epoch/);
  assert.equal(simdprop(['info', 'interrupted.simdprop']).status, 0);
}
assert.deepEqual(
  readdirSync('.').filter((name) => name.endsWith('.tmp')),
  [],
);
