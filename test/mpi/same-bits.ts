import { Network } from '../../src/index.js';
import { areEqual, check, team } from './checks.js';
import { drawCase } from './random-options.js';

// Random networks, data and options: training by the team leaves the same file as training by one process.

const [first, count] = process.argv.slice(2).map(Number);

/** The file that `fit` leaves, with the state of the optimizer, or the message of its error. */
async function train(seed: number, isTeam: boolean): Promise<Uint8Array> {
  const { network, data, options } = drawCase(seed);
  const net = await Network.create(isTeam ? { ...network, team } : network);
  try {
    const history = await net.fit(data, options);
    const costs = Float64Array.from([...history].map(({ cost }) => cost));
    const outputs = net.predict(data.inputs);
    return Buffer.concat([
      await net.save({ training: true }),
      new Uint8Array(costs.buffer),
      Buffer.from(outputs.buffer),
    ]);
  } catch (error) {
    return Buffer.from(String(error));
  } finally {
    net.dispose();
  }
}

let errors = 0;
for (let seed = first; seed < first + count; seed++) {
  const [together, alone] = [await train(seed, true), await train(seed, false)];
  if (together.length < 400) errors++;
  const { network, options } = drawCase(seed);
  const isSame = areEqual(together, alone);
  check(`case ${seed}: ${JSON.stringify({ network, options }).slice(0, 500)}`, isSame);
  if (!isSame && together.length < 600) console.log(String(together), '|', String(alone).slice(0, 300));
}
check(`at most a tenth of the cases is refused: got ${errors} of ${count}`, errors <= count / 10);
