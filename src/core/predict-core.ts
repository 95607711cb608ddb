import { ABI_VERSION } from '../../assembly/abi.js';
import { isKind } from '../check/arrays.js';
import { wrongType } from '../check/errors.js';
import { alphabet, first, text } from '../generated/predict.js';
import { fromText } from './from-text.js';

/** The functions of the build that only predicts: see assembly/predict.ts. */
export interface PredictCore {
  predictVersion(): number;
  forwardWindow(rows: number, inputType: number): void;
}

/** The build is compiled only once in a process or page. */
let compiled: Promise<WebAssembly.Module> | undefined;

function compile(): Promise<WebAssembly.Module> {
  compiled ??= (async () => {
    try {
      return await WebAssembly.compile(fromText({ alphabet, first, text }));
    } catch (cause) {
      // a failure is not remembered: the next call may succeed
      compiled = undefined;
      throw new Error(
        'simdprop/predict: got no WebAssembly SIMD from bytes, ' +
          "want 'wasm-unsafe-eval' in the script-src of the page, " +
          'or the WebAssembly.Module of simdprop/predict.wasm as { wasm }',
        { cause },
      );
    }
  })();
  return compiled;
}

/** A core that works on `memory`. `wasm`: the compiled build; undefined: it is compiled from bytes. */
export async function startPredictCore(memory: WebAssembly.Memory, wasm: unknown): Promise<PredictCore> {
  const module = (wasm === undefined ? await compile() : wasm) as WebAssembly.Module;
  const wanted = 'the WebAssembly.Module of simdprop/predict.wasm of this version';
  if (!isKind(module, 'WebAssembly.Module')) throw wrongType('options.wasm', module, wanted);
  const isPredict = WebAssembly.Module.exports(module).some(({ name }) => name === 'predictVersion');
  const instance = isPredict && (await WebAssembly.instantiate(module, { env: { memory } }));
  const core = instance && (instance.exports as unknown as PredictCore);
  if (!core || core.predictVersion() !== ABI_VERSION) {
    throw new TypeError(`options.wasm: got another module, want ${wanted}`);
  }
  return core;
}
