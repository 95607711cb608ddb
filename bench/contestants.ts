import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compileC } from './compile.js';
import type { Job } from './job.js';
import { nodeBinary } from './nodes.js';
import type { Command } from './rival.js';

// The contestants of each workload, and how each is started.

export interface Contestant extends Command {
  /** `js`: runs in JavaScript or WebAssembly; `native`: machine code. */
  kind: 'simdprop' | 'native' | 'js';
  threads: number;
  /** How its work differs from that of the others, for the table. */
  remark?: string;
  /** True if its cost differs because of `remark`, so that it is not compared with the costs of the others. */
  costDiffers?: boolean;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A Node with the revectorizer that wide mode needs, which is version 24 or later. */
export function wideNode(): string {
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  try {
    return nodeBinary(24);
  } catch {
    // the running Node is used instead, and reports that it has no wide mode
    return process.execPath;
  }
}

/**
 * The first of PYTHON, `python3` in the path and Debian's Python that has PyTorch, or else the first that has NumPy.
 */
function findPython(): string {
  const candidates = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter((name) => name !== undefined);
  const having = (module: string) => candidates.find((name) => succeeds(name, '-c', `import ${module}`));
  return having('torch') ?? having('numpy') ?? 'python3';
}

function succeeds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function ours(directory: string): Contestant[] {
  const script = [here('ours.mjs'), directory];
  const kind = 'simdprop' as const;
  return [
    { kind, threads: 1, name: 'simdprop', command: process.execPath, args: script },
    { kind, threads: 2, name: 'simdprop, 2 threads', command: process.execPath, args: [...script, '--threads', '2'] },
    { kind, threads: 1, name: 'simdprop, wide', command: wideNode(), args: [...script, '--wide'] },
    {
      kind,
      threads: 2,
      name: 'simdprop, wide, 2 threads',
      command: wideNode(),
      args: [...script, '--wide', '--threads', '2'],
    },
    // with multiplications and additions fused, which Node 20 cannot do
    { kind, threads: 1, name: 'simdprop, fused', command: wideNode(), args: [...script, '--fused'] },
    { kind, threads: 1, name: 'simdprop, wide, fused', command: wideNode(), args: [...script, '--wide', '--fused'] },
    {
      kind,
      threads: 2,
      name: 'simdprop, wide, fused, 2 threads',
      command: wideNode(),
      args: [...script, '--wide', '--fused', '--threads', '2'],
    },
  ];
}

function natives(directory: string, job: Job): Contestant[] {
  const python = findPython();
  const kind = 'native' as const;
  const contestants: Contestant[] = [1, 2].flatMap((threads) => {
    const threadsText = threads === 1 ? '1 thread' : `${threads} threads`;
    const torch = [here('peers/torch_train.py'), directory, '--threads', String(threads)];
    // Debian's PyTorch multiplies with OpenBLAS, which has threads of its own. OpenMP's threads must not spin on the
    // cores that those need: with 2 threads and `passive`, PyTorch trains 1024-2048-2048-10 1.6x as fast.
    const env = { OPENBLAS_NUM_THREADS: String(threads), OMP_WAIT_POLICY: 'passive' };
    return [
      { kind, threads, name: `PyTorch, ${threadsText}`, command: python, args: torch, env },
      { kind, threads, name: `PyTorch by hand, ${threadsText}`, command: python, args: [...torch, '--manual'], env },
      {
        kind,
        threads,
        name: `NumPy, ${threadsText}`,
        command: python,
        args: [here('peers/numpy_train.py'), directory],
        env: { OPENBLAS_NUM_THREADS: String(threads) },
      },
    ];
  });
  if (job.batchSize === 1) {
    const sizes = [job.inputs, ...job.layers.map(({ units }) => units), job.learningRate].map(String);
    contestants.push({
      kind,
      threads: 1,
      name: 'FANN',
      command: compileC('fann_train', 'fann'),
      args: [directory, ...sizes],
      remark: 'limits activations to 0.01 .. 0.99 when it computes their slopes',
    });
  }
  return contestants;
}

function scripts(directory: string, job: Job): Contestant[] {
  const script = (name: string, file: string, remark?: string): Contestant => ({
    kind: 'js',
    threads: 1,
    name,
    command: process.execPath,
    args: [here(`peers/${file}`), directory],
    remark,
    costDiffers: remark !== undefined,
  });
  const cpu = script('TensorFlow.js', 'tfjs.mjs');
  const all = [
    script('TensorFlow.js wasm', 'tfjs.mjs'),
    { ...cpu, name: 'TensorFlow.js in JavaScript', args: [...cpu.args, 'cpu'] },
    script('jax-js wasm', 'jax.mjs'),
  ];
  if (job.batchSize === 1) {
    all.push(
      script('brain.js', 'brain.mjs', 'momentum 1e-9: it has no plain gradient descent'),
      script('synaptic', 'synaptic.mjs', 'its only cost is cross-entropy'),
    );
  }
  return all;
}

function predictors(directory: string): Contestant[] {
  const node = process.execPath;
  const onnx = (name: string, threads: number, ...args: string[]): Contestant => ({
    kind: name.includes('node') ? 'native' : 'js',
    threads,
    name: `${name}, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
    command: node,
    args: [here('peers/onnx.mjs'), directory, name, String(threads), ...args],
  });
  return [onnx('onnxruntime-node', 1), onnx('onnxruntime-node', 2), onnx('onnxruntime-web', 1)];
}

/** All contestants that train the job. simdprop is the first. */
export function listTrainers(directory: string, job: Job): Contestant[] {
  return [...ours(directory), ...natives(directory, job), ...scripts(directory, job)];
}

/** All contestants that predict with the job's network. simdprop is the first. */
export function listPredictors(directory: string, job: Job): Contestant[] {
  return [...listTrainers(directory, job), ...predictors(directory)];
}
