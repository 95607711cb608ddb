import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import { saveFile } from '../../src/io/files.js';

// A process of killed.test.ts that saves the files A and B to a path in turn, until it is killed:
//
//   path A B         again and again, until the parent kills it
//   path A B call    once; it kills itself at the call with this number, counted from 0, for the folder of the path;
//                    the first write writes only half of the bytes

const [path, first, second, call] = process.argv.slice(2);
const contents = [fs.readFileSync(first), fs.readFileSync(second)];

if (call !== undefined) {
  let calls = 0;
  const folder = dirname(path);
  const files = new Set<unknown>();
  const die = () => process.kill(process.pid, 'SIGKILL');
  const names = ['openSync', 'fchmodSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync'] as const;
  const patch = (name: (typeof names)[number]) => {
    const original = fs[name] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        const [file] = args;
        if (!files.has(file) && !String(file).startsWith(folder)) return original(...args);
        const isLast = calls++ === Number(call);
        if (name === 'writeSync') {
          const [, bytes, from] = args as [number, Uint8Array, number];
          const written = original(file, bytes, from, from === 0 ? bytes.length >> 1 : bytes.length - from);
          if (isLast) die();
          return written;
        }
        if (isLast) die();
        const result = original(...args);
        if (name === 'openSync') files.add(result);
        if (name === 'closeSync') files.delete(file);
        return result;
      },
    });
  };
  for (const name of names) patch(name);
  syncBuiltinESMExports();
}

if (call === undefined) {
  console.log('ready');
  for (let i = 0; ; i++) saveFile(path, contents[i % 2]);
}
saveFile(path, contents[1]);
console.log('saved');
