import { counted } from '../check/errors.js';
import { writeC, writeJavaScript } from '../export.js';
import { saveFile } from '../io/files.js';
import { writeOnnx } from '../onnx.js';
import { writeSafetensors } from '../safetensors.js';
import { EXIT, UsageError } from './failure.js';
import { type Arguments, type Flags, type Given, integerOf, textOf, wordOf } from './flags.js';
import { WRITABLE, type Writable, writableOf } from './formats.js';
import type { Usage } from './help.js';
import { layersOf, shapeOf } from './layers.js';
import { hasTraining, lostIn, type Precision } from './lost.js';
import { Messages } from './messages.js';
import { READ_FLAGS, readNetwork, type Source } from './read-network.js';
import { checkNotRead, checkWritable } from './save.js';
import { printable, type Terminal, write } from './terminal.js';

// simdprop convert

const FLAGS: Flags = {
  ...READ_FLAGS,
  to: { value: 'FORMAT', help: `of the new file: ${WRITABLE.join(', ')}; by default its ending says it` },
  precision: { value: 'BITS', help: 'simdprop, safetensors: f16 rounds weights to 16 bits, f32 keeps them (default)' },
  opset: { value: 'NUMBER', help: 'onnx: the version of the operators (default 13)' },
  name: { value: 'NAME', help: 'c: the beginning of every name in the header (default network)' },
  json: { help: 'prints what was converted, and what was changed or lost, as JSON' },
};

export const CONVERT: Usage = {
  usage: '<network> <file>',
  summary:
    'Writes a network in another format. Reads onnx, safetensors, pytorch, keras, tfjs, brain, fann and simdprop; writes simdprop, onnx, safetensors, js and c. What is changed or left behind is printed to the standard error.',
  flags: FLAGS,
  examples: [
    'simdprop convert model.onnx model.simdprop',
    'simdprop convert weights.pt model.simdprop --activations relu,softmax',
    'simdprop convert model.simdprop model.h --name xor',
  ],
};

/** The flags of formats that are written. */
const FLAGS_OF: Readonly<Record<Writable, readonly string[]>> = {
  simdprop: ['precision'],
  onnx: ['opset'],
  safetensors: ['precision'],
  js: [],
  c: ['name'],
};

export async function convert({ given, operands }: Arguments, terminal: Terminal): Promise<number> {
  if (operands.length !== 2) {
    throw new UsageError(
      `convert: got ${counted(operands.length, 'file')}, want the file of a network and the file to write`,
    );
  }
  const [path, target] = operands;
  const to = wordOf(given, 'to', WRITABLE) ?? writableOf(target);
  checkFlags(given, to);
  const precision = wordOf(given, 'precision', ['f32', 'f16']);
  checkWritable('convert', target);
  const source = await readNetwork(path, given);
  try {
    checkNotRead('convert', target, source.paths);
    const bytes = await bytesOf(to, source, given, precision);
    saveFile(target, bytes);
    const lost = lostIn(to, source, precision);
    await report(source, { target, to, bytes: bytes.length, lost }, given, terminal);
  } finally {
    source.network.dispose();
    source.model?.dispose();
  }
  return EXIT.done;
}

/** Refuses flags of other formats than the one that is written. */
function checkFlags(given: Given, to: Writable): void {
  const foreign = [...new Set(Object.values(FLAGS_OF).flat())].find(
    (flag) => given[flag] !== undefined && !FLAGS_OF[to].includes(flag),
  );
  if (!foreign) return;
  const formats = WRITABLE.filter((format) => FLAGS_OF[format].includes(foreign)).join(' or ');
  throw new UsageError(`--${foreign}: got it for a file of the format ${to}, want it left out, or ${formats}`);
}

async function bytesOf(
  to: Writable,
  { network, threshold }: Source,
  given: Given,
  precision: Precision | undefined,
): Promise<Uint8Array> {
  const encoded = (text: string) => new TextEncoder().encode(text);
  switch (to) {
    case 'simdprop':
      return await network.save({ training: hasTraining(network, precision), precision });
    case 'onnx':
      return await writeOnnx(network, { opset: integerOf(given, 'opset', 0, Number.MAX_SAFE_INTEGER), threshold });
    case 'safetensors':
      return await writeSafetensors(network, { threshold, precision });
    case 'js':
      return encoded(await writeJavaScript(network));
    case 'c':
      return encoded(await writeC(network, { name: textOf(given, 'name') }));
  }
}

interface Result {
  readonly target: string;
  readonly to: Writable;
  readonly bytes: number;
  readonly lost: readonly string[];
}

async function report(
  { network, format, paths, bytes: read, notes }: Source,
  { target, to, bytes, lost }: Result,
  given: Given,
  terminal: Terminal,
): Promise<void> {
  if (given.json) {
    const result = {
      from: { file: paths[0], format, bytes: read, beside: paths.slice(1) },
      to: { file: target, format: to, bytes },
      network: shapeOf(network),
      layers: layersOf(network),
      parameters: network.parameters,
      changed: notes,
      lost,
    };
    await write(terminal.out, `${JSON.stringify(result, null, 2)}\n`);
  }
  const messages = new Messages(terminal, false);
  for (const note of notes) messages.line(`Changed: ${note}.`);
  for (const sentence of lost) messages.line(`Left behind: ${sentence}.`);
  messages.line(`Written: ${printable(target)} (${to}), ${shapeOf(network)}`);
}
