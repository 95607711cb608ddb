import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeC, writeJavaScript } from '../../src/export.js';
import { createNetwork } from '../build.js';
import { hasCompiler } from './compiler.js';
import { INPUTS, make, NETWORKS } from './networks.js';
import { distanceOf } from './onnxruntime.js';

const ROWS = INPUTS.length / 4;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simdprop-export-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const names = Object.keys(NETWORKS);

describe('a network as a JavaScript module', () => {
  it.each(names)('computes what the network predicts: %s', async (name) => {
    const net = await make(name);
    const file = join(folder, `${names.indexOf(name)}.mjs`);
    const text = await writeJavaScript(net);
    // the text may be put into a script element of a page, so it must not end the element
    expect(text).not.toMatch(/<\/|\u2028/);
    writeFileSync(file, text);
    const module = await import(/* @vite-ignore */ file);
    expect([module.inputs, module.outputs]).toEqual([net.inputs, net.outputs]);
    expect([module.classes, module.columns]).toEqual([net.classes ?? null, net.columns ?? null]);
    expect(distanceOf(module.predict(INPUTS), net.predict(INPUTS))).toBeLessThan(2e-5);
    expect(() => module.predict([1, 2])).toThrow('predict: got 2 numbers, want a multiple of 4');
  });

  it('runs in a process that has nothing but the language', async () => {
    const file = join(folder, 'alone.mjs');
    writeFileSync(file, `${await writeJavaScript(await make('one output'))}\nconsole.log(predict([1, 2, 3, 4])[0]);`);
    const printed = Number(execFileSync(process.execPath, [file], { encoding: 'utf8' }));
    expect(Math.abs(printed - (await make('one output')).predict([1, 2, 3, 4])[0])).toBeLessThan(1e-6);
  });
});

describe.skipIf(!hasCompiler)('a network as a header of C', () => {
  it('compiles without a warning, and computes what the network predicts, for every network', async () => {
    const nets = await Promise.all(names.map(make));
    for (const [i, net] of nets.entries())
      writeFileSync(join(folder, `net${i}.h`), await writeC(net, { name: `net${i}` }));
    const calls = nets.map((_, i) => `    for (int r = 0; r < ${ROWS}; r++) net${i}_predict(x + 4 * r, y), fwrite(y, 4, NET${i}_OUTPUTS, out);`); // biome-ignore format: one line
    const program = `#include <stdio.h>
${nets.map((_, i) => `#include "net${i}.h"`).join('\n')}
static float x[${INPUTS.length}], y[64];
int main(void) {
    FILE *in = fopen("x", "rb"), *out = fopen("y", "wb");
    if (!in || !out || fread(x, 4, ${INPUTS.length}, in) != ${INPUTS.length}) return 1;
${calls.join('\n')}
    return fclose(in) || fclose(out);
}
`;
    writeFileSync(join(folder, 'main.c'), program);
    writeFileSync(join(folder, 'x'), new Uint8Array(INPUTS.buffer));
    const flags = '-Wall -Wextra -Werror -pedantic -std=c99 -O1 main.c -o main -lm'.split(' ');
    execFileSync('gcc', flags, { cwd: folder });
    execFileSync('./main', { cwd: folder });
    const got = new Float32Array(new Uint8Array(readFileSync(join(folder, 'y'))).buffer);
    let at = 0;
    for (const [i, net] of nets.entries()) {
      const count = ROWS * net.outputs;
      expect(distanceOf(got.subarray(at, at + count), net.predict(INPUTS)), names[i]).toBeLessThan(2e-5);
      at += count;
    }
    expect(at).toBe(got.length);
  });

  it('has names that cannot leave their strings', async () => {
    const classes = ['"; system("x"); //', '*/ int x; /*', '??/', 'é\n\\'];
    const net = await createNetwork({
      inputs: 1,
      layers: [{ units: 4, activation: 'softmax' }],
      classes,
      task: 'classes',
    });
    writeFileSync(join(folder, 'hostile.h'), await writeC(net));
    const program = `#include <stdio.h>
#include "hostile.h"
int main(void) { for (int i = 0; i < 4; i++) printf("%s%c", network_classes[i], 0); float x = 1, y[4]; network_predict(&x, y); return 0; }
`;
    writeFileSync(join(folder, 'hostile.c'), program);
    execFileSync('gcc', '-Wall -Wextra -Werror -pedantic -std=c99 hostile.c -o hostile -lm'.split(' '), {
      cwd: folder,
    });
    expect(execFileSync('./hostile', { cwd: folder, encoding: 'utf8' }).split('\0').slice(0, 4)).toEqual(classes);
  });
});

it('options of writeC are checked', async () => {
  const net = await make('one output');
  await expect(writeC(net, { name: '1;' })).rejects.toThrow('options.name: got "1;", want a letter of ASCII');
  await expect(writeC(net, { nam: 'x' } as object)).rejects.toThrow('unknown key "nam"');
  await expect(writeJavaScript(net, {} as never)).rejects.toThrow('argument 2');
});
