import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { adam, Network } from 'simdprop';
import { readCsv } from 'simdprop/csv';

const { columns, classes, ...flowers } = readCsv(await readFile('iris.csv', 'utf8'), {
  target: 'species',
  labels: true,
});
const trained = await Network.create({ inputs: 4, layers: [{ units: 3, activation: 'softmax' }], seed: 1 });
await trained.fit(flowers, { standardize: true, epochs: 200, optimizer: adam({ learningRate: 0.01 }) });
const bytes = trained.save(); // the names are kept in a file of their own

const net = await Network.load(bytes);
const LONGEST = 100_000;

// the network itself takes only numbers in a typed array
function classify(rows) {
  if (!Array.isArray(rows) || rows.length === 0) throw new TypeError('want rows of measurements');
  for (const [i, row] of rows.entries()) {
    if (!Array.isArray(row)) throw new TypeError(`row ${i}: want an array of numbers`);
    if (row.length !== columns.length)
      throw new RangeError(`row ${i}: got ${row.length} numbers, want ${columns.length}`);
    for (const [k, value] of row.entries()) {
      if (!Number.isFinite(value)) throw new TypeError(`row ${i}, ${columns[k]}: got ${value}, want a number`);
    }
  }
  const outputs = net.predict(Float32Array.from(rows.flat()));
  return rows.map((_, i) => {
    const probabilities = [...outputs.subarray(i * classes.length, (i + 1) * classes.length)];
    return { label: classes[probabilities.indexOf(Math.max(...probabilities))], probabilities };
  });
}

async function answerTo(request) {
  if (request.method !== 'POST' || request.url !== '/classify') return [404, { error: 'want POST /classify' }];
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part;
    if (text.length > LONGEST) return [413, { error: `want at most ${LONGEST} characters` }];
  }
  try {
    return [200, classify(JSON.parse(text))];
  } catch (error) {
    return [400, { error: error.message }];
  }
}

const server = createServer(async (request, response) => {
  const [status, body] = await answerTo(request);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
await new Promise((resolve) => server.listen(0, resolve));

// a client
const address = `http://localhost:${server.address().port}/classify`;
const ask = async (body) => (await fetch(address, { method: 'POST', body: JSON.stringify(body) })).json();
const [first, second] = await ask([
  [5.1, 3.5, 1.4, 0.2],
  [6.5, 3, 5.8, 2.2],
]);
console.log(first.label, second.label, second.probabilities.length);
console.log((await ask([[5.1, 3.5, null, 0.2]])).error);
console.log((await ask([[5.1, 3.5]])).error);
server.close();
