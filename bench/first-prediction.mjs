// From nothing to the first prediction of a small network, in a process of its own (bench/startup.ts). Prints milliseconds: all, and of them
// compiling the core.
const started = performance.now();
let compileMs = 0;
const { compile } = WebAssembly;
WebAssembly.compile = async (...args) => {
  const before = performance.now();
  const module = await compile.apply(WebAssembly, args);
  compileMs += performance.now() - before;
  return module;
};
const { Network } = await import('../dist/index.js');
const net = await Network.create({ inputs: 2, layers: [{ units: 2 }, { units: 1 }], seed: 1 });
net.predict(new Float32Array([0, 1]));
console.log(`${performance.now() - started} ${compileMs}`);
net.dispose();
