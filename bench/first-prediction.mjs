// Measures the time until the first prediction of a small network, in a fresh process (bench/startup.ts). The library
// is imported while the clock runs, by its name, as programs do. Prints milliseconds as JSON.
let compileMs = 0;
let compiled = 0;
WebAssembly.Module = new Proxy(WebAssembly.Module, {
  construct(target, args) {
    const before = performance.now();
    const module = Reflect.construct(target, args);
    compileMs += performance.now() - before;
    compiled++;
    return module;
  },
});

const started = performance.now();
const { Network } = await import('simdprop');
const imported = performance.now();
const net = await Network.create({ inputs: 2, layers: [{ units: 2 }, { units: 1 }], seed: 1 });
const created = performance.now();
net.predict(new Float32Array([0, 1]));
const predicted = performance.now();
net.dispose();

// modules that Node itself compiles, such as the HTTP parser of fetch, are not counted
if (compiled !== 1) throw new Error(`got ${compiled} compiled modules, want 1, the core`);
console.log(
  JSON.stringify({
    all: predicted - started,
    import: imported - started,
    create: created - imported,
    compile: compileMs,
    predict: predicted - created,
  }),
);
