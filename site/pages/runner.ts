import * as simdprop from 'simdprop';

// A worker that runs the example of the home page. The policy of this worker allows code from text; the policy of the
// page does not.

const IMPORT = /^[ \t]*import\s*(\{[^}]*\}|\*\s*as\s+\w+)\s*from\s*['"]simdprop['"];?/gm;

/** Imports of simdprop become constants. Every line stays where it is. */
function withoutImports(code: string): string {
  return code.replace(IMPORT, (_, names: string) =>
    names.startsWith('*') ? `const ${names.replace(/^\*\s*as\s+/, '')} = simdprop;` : `const ${names} = simdprop;`,
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const numbers = Array.from(value as Float32Array, (x) => String(Number(x.toPrecision(7))));
    return `${value.constructor.name} [ ${numbers.slice(0, 100).join(', ')}${numbers.length > 100 ? ', ...' : ''} ]`;
  }
  if (value instanceof simdprop.Network || value instanceof Error) return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

const print = (...values: unknown[]) => postMessage({ line: values.map(textOf).join(' ') });

addEventListener('message', async ({ data }: MessageEvent<string>) => {
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  try {
    const program = new AsyncFunction('simdprop', 'console', withoutImports(data));
    await program(simdprop, { ...console, log: print, info: print, warn: print, error: print });
    postMessage({ end: true });
  } catch (error) {
    postMessage({ line: String(error), isError: true, end: true });
  }
});
