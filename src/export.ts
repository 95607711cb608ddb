/**
 * Networks as a JavaScript module or as a header of C.
 *
 * @module
 */

import { checkNoMore, checkObject, outOfRange, quote, wrongType } from './check/errors.js';
import { writeCHeader } from './exchange/c.js';
import { writeJavaScriptModule } from './exchange/javascript.js';
import { advised, exchangedOf } from './imported.js';
import type { Network } from './network.js';

/** Options of `writeC`. */
export interface COptions {
  /**
   * The beginning of every name in the header: letters of ASCII, digits and _.
   * @defaultValue `'network'`
   */
  name?: string | undefined;
}

/**
 * The network as a JavaScript module that imports nothing and needs no WebAssembly: it exports `predict(x)`, which
 * takes inputs [rows × inputs] as one array and returns a Float32Array [rows × outputs], and `inputs`, `outputs`,
 * `classes` and `columns`. It computes in doubles: outputs are those of the network up to the rounding of f32.
 *
 * @param network the network
 * @returns the text of the module
 * @throws TypeError for other objects; RangeError if a weight is not finite
 *
 * @example
 * import { Network } from 'simdprop';
 * import { writeJavaScript } from 'simdprop/export';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 });
 * const module = await writeJavaScript(net);
 * const { predict } = await import(`data:text/javascript,${encodeURIComponent(module)}`);
 * console.log(Math.abs(predict([0.5, -1])[0] - net.predict([0.5, -1])[0]) < 1e-6); // true
 */
export async function writeJavaScript(network: Network, none?: undefined): Promise<string> {
  return await advised(async () => {
    checkNoMore('writeJavaScript', 2, none);
    return writeJavaScriptModule(exchangedOf('writeJavaScript', network));
  });
}

/**
 * The network as a header of C99 for programs and microcontrollers: `network_predict(input, output)` with constant
 * weights and static buffers, no memory of the heap and no library but math.h.
 *
 * @param network the network
 * @param options the beginning of the names
 * @returns the text of the header
 * @throws TypeError or RangeError for other objects and wrong names; RangeError if a weight is not finite
 *
 * @example
 * import { Network } from 'simdprop';
 * import { writeC } from 'simdprop/export';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 });
 * const header = await writeC(net, { name: 'xor' });
 * console.log(header.includes('static inline void xor_predict(const float *input, float *output)')); // true
 */
export async function writeC(network: Network, options: COptions = {}, none?: undefined): Promise<string> {
  return await advised(async () => {
    checkNoMore('writeC', 3, none);
    checkObject('options', options, ['name']);
    const { name = 'network' } = options;
    if (typeof name !== 'string') throw wrongType('options.name', name, 'a name of C');
    if (!/^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(name)) {
      throw outOfRange('options.name', quote(name), 'a letter of ASCII, then letters, digits and _, 40 at most');
    }
    return writeCHeader(exchangedOf('writeC', network), name);
  });
}
