import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Network } from '../../src/network.js';
import { parametersOf } from '../parameters.js';
import { BYTES, QUESTIONS, TRAININGS, trainAndSave } from './trainings.js';

// npx tsx test/golden-saved/generate.ts KIND ...: writes the files of these kinds in the present version of the format.
// Files that have been published stay as they are. With --values, only what their networks predict and how they go on
// learning is computed again, for a kernel that rounds differently.

const place = (name: string) => new URL(name, import.meta.url);

if (process.argv[2] === '--values') {
  const files = readdirSync(place('.')).filter((name) => name.endsWith('.simdprop'));
  // this one was written when standardisation itself rounded differently, and its test allows for that
  for (const file of files.filter((name) => name !== 'version-1-standardized.simdprop')) {
    const { data, training } = TRAININGS[file.replace(/version-\d-(.*)\.simdprop/, '$1')];
    const net = await Network.load(new Uint8Array(readFileSync(place(file))));
    const json = place(file.replace('.simdprop', '.json'));
    const values = {
      ...JSON.parse(readFileSync(json, 'utf8')),
      predictions: [...net.predict(QUESTIONS)],
      predictionsOfBytes: [...net.predict(BYTES)],
      costs: [...(await net.fit(data, training)).column('cost')],
      trained: parametersOf(net).flatMap((parameters) => [...parameters]),
    };
    writeFileSync(json, `${JSON.stringify(values)}\n`);
  }
  process.exit();
}
for (const name of process.argv.slice(2)) {
  const training = TRAININGS[name];
  const net = await Network.create(training.network);
  const { file: bytes, reports } = await trainAndSave(net, training);
  const version = new DataView(bytes.buffer).getUint32(8, true);
  const saved = await Network.load(bytes);
  const { means, deviations } = saved.getStandardization() ?? {};
  const scale = saved.getTargetStandardization();
  const expected = {
    predictions: [...saved.predict(QUESTIONS)],
    predictionsOfBytes: [...saved.predict(BYTES)],
    ...(means && deviations && { means: [...means], deviations: [...deviations] }),
    ...(scale && { targetMeans: [...scale.means], targetDeviations: [...scale.deviations] }),
    // `costs`: of the epochs that end after the file was written; `trained`: the parameters after the last of these
    costs: reports.map(({ cost }) => cost),
    trained: parametersOf(net).flatMap((values) => [...values]),
  };
  writeFileSync(place(`version-${version}-${name}.simdprop`), bytes);
  writeFileSync(place(`version-${version}-${name}.json`), `${JSON.stringify(expected)}\n`);
  console.log(`version-${version}-${name}: ${bytes.length} bytes`);
}
