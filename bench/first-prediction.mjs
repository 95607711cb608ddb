// From nothing to the first prediction of a small network, in a process of its own (bench/startup.ts). Imports nothing before, that none of
// it is loaded already. Prints milliseconds.
let compileMs = 0;
let compiled = 0;
const { compile } = WebAssembly;
WebAssembly.compile = async (...args) => {
  const before = performance.now();
  const module = await compile.apply(WebAssembly, args);
  compileMs += performance.now() - before;
  compiled++;
  return module;
};

const started = performance.now();
const { Network } = await import('../dist/index.js');
const imported = performance.now();
const net = await Network.create({ inputs: 2, layers: [{ units: 2 }, { units: 1 }], seed: 1 });
const created = performance.now();
net.predict(new Float32Array([0, 1]));
const predicted = performance.now();
net.dispose();

// Node has modules of its own, the HTTP parser of its fetch among them
if (compiled !== 1) throw new Error(`got ${compiled} modules compiled, want the core alone`);
console.log(
  JSON.stringify({
    all: predicted - started,
    import: imported - started,
    create: created - imported,
    compile: compileMs,
    predict: predicted - created,
  }),
);
