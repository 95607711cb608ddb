import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import binaryen from 'assemblyscript/binaryen';
import { createVitest, type TestCase, type TestModule, type TestProject } from 'vitest/node';
import { type EquationRow, equationRows } from './equation-rows.js';

// `npm run test:equations` proves docs/equations.md: the test of each row passes, and it fails if the function of the
// row does nothing.
//
// This is a stronger proof than coverage, because a test that merely calls the function would still pass. The emptied
// function returns at once, with zeros if it has a result. Functions of assembly/ are emptied in the debug build.
// Nothing is inlined there (optimizeLevel 0), so each function of the source is a function of the module, with its
// name. This takes milliseconds, while compiling a changed source takes seconds. Functions of src/ are emptied when
// Vite loads their file. A single Vitest runs everything, with a project for each function and one for the unchanged
// build. It takes a minute, so it is not part of `npm test`.

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CORE = `${ROOT}build/debug.wasm`;
/** Suites read build/<SIMDPROP_BUILD>.wasm: see build.ts. */
const EMPTIED = 'emptied';

/** A row whose test does not use its function. If this row counted as proven, the proof itself would be wrong. */
const WRONG: EquationRow = {
  equation: 'a wrong row',
  functionName: 'shuffle',
  file: 'assembly/random.ts',
  title: 'has de/da = 2 and de/db = 5 in every way',
  testFile: 'test/graph.test.ts',
};

const rows = [...equationRows, WRONG];
const keyOf = ({ file, functionName }: EquationRow) => `${file}#${functionName}`;

/** Writes a core in which one function returns at once, with zero if it has a result. */
function emptyInCore(file: string, functionName: string): string {
  const module = binaryen.readBinary(readFileSync(CORE));
  const name = `${file.replace(/\.ts$/, '')}/${functionName}`;
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(i)),
  );
  // a generic function occurs once for each type: name<type>
  const emptied = functions.filter(({ name: found }) => found === name || found.startsWith(`${name}<`));
  if (emptied.length === 0) throw new Error(`build/debug.wasm: got no function ${name}, want one`);
  for (const { name: found, params, results } of emptied) {
    module.removeFunction(found);
    module.addFunction(found, params, results, [], zeroOf(module, results));
  }
  const build = `${EMPTIED}/${functionName}`;
  writeFileSync(`${ROOT}build/${build}.wasm`, module.emitBinary());
  module.dispose();
  return build;
}

function zeroOf(module: binaryen.Module, type: binaryen.Type): binaryen.ExpressionRef {
  switch (type) {
    case binaryen.none:
      return module.nop();
    case binaryen.i32:
      return module.i32.const(0);
    case binaryen.f32:
      return module.f32.const(0);
    case binaryen.f64:
      return module.f64.const(0);
    case binaryen.v128:
      return module.v128.const(new Array<number>(16).fill(0));
    default:
      throw new Error(`got a result of type ${type}, want none, i32, f32, f64 or v128`);
  }
}

/** The index at which the body of a JavaScript function begins: after the { that follows its parameters. */
function bodyOf(code: string, functionName: string): number {
  const heads = [...code.matchAll(new RegExp(`(?<=function |^\\s+(?:async )?)${functionName}(?=\\(.*\\{$)`, 'gm'))];
  if (heads.length !== 1) throw new Error(`got ${heads.length} functions named ${functionName}, want 1`);
  let depth = 0;
  for (let at = heads[0].index + functionName.length; at < code.length; at++) {
    if (code[at] === '(') depth++;
    if (code[at] === ')') depth--;
    if (depth === 0) return code.indexOf('{', at) + 1;
  }
  throw new Error(`got no end of the parameters of ${functionName}`);
}

const emptiedSources = new Set<string>();

/** A Vite plugin that lets a function of src/ return at once. */
function emptyInSource(file: string, functionName: string) {
  return {
    name: `empty ${functionName}`,
    // after Vite's own plugins, which remove the types
    transform(code: string, id: string) {
      if (id !== `${ROOT}${file}`) return;
      emptiedSources.add(`${file}#${functionName}`);
      const body = bodyOf(code, functionName);
      return { code: `${code.slice(0, body)} return; ${code.slice(body)}`, map: null };
    },
  };
}

/** Finds the tests of a title. A placeholder in the title of a test.each matches any text. */
function patternOf(title: string): RegExp {
  const pieces = title.split(/%[sidfjo%]|\$\w+/).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(?:^| )${pieces.join('.*')}$`);
}

const ofRow = (row: EquationRow) => (test: TestCase) => patternOf(row.title).test(test.name);

mkdirSync(`${ROOT}build/${EMPTIED}`, { recursive: true });
const emptied = [...new Map(rows.map((row) => [keyOf(row), row])).values()];
const projects = [
  { extends: true as const, test: { name: 'as it is', env: { SIMDPROP_BUILD: 'debug' } } },
  ...emptied.map((row) => {
    const isCore = row.file.startsWith('assembly/');
    return {
      extends: true as const,
      plugins: isCore ? [] : [emptyInSource(row.file, row.functionName)],
      test: {
        name: keyOf(row),
        env: { SIMDPROP_BUILD: isCore ? emptyInCore(row.file, row.functionName) : 'debug' },
      },
    };
  }),
];

const vitest = await createVitest('test', {
  config: `${ROOT}vitest.config.ts`,
  root: ROOT,
  watch: false,
  reporters: [{}],
  projects,
});
const failures: string[] = [];
try {
  const specificationsOf = (project: TestProject, projectRows: readonly EquationRow[]) =>
    [...new Set(projectRows.map(({ testFile }) => testFile))].map((testFile) => {
      const titles = projectRows.filter((row) => row.testFile === testFile).map(({ title }) => patternOf(title).source);
      return project.createSpecification(`${ROOT}${testFile}`, { testNamePattern: new RegExp(titles.join('|')) });
    });
  const specifications = vitest.projects.flatMap((project) =>
    specificationsOf(project, project.name === 'as it is' ? rows : rows.filter((row) => keyOf(row) === project.name)),
  );
  const { testModules } = await vitest.runTestSpecifications(specifications);
  const testsOf = (projectName: string, row: EquationRow): TestCase[] =>
    testModules
      .filter(
        ({ project, moduleId }: TestModule) => project.name === projectName && moduleId === `${ROOT}${row.testFile}`,
      )
      .flatMap((module) => [...module.children.allTests()])
      .filter(ofRow(row));
  const stateOf = (test: TestCase) => test.result().state;
  /** A test that has timed out on a busy machine proves nothing. */
  const isLate = (test: TestCase) => test.result().errors?.some(({ message }) => message.includes('timed out'));

  for (const row of rows) {
    const whole = testsOf('as it is', row);
    const without = testsOf(keyOf(row), row);
    const isSound = whole.length > 0 && whole.every((test) => stateOf(test) === 'passed');
    const isProven = isSound && without.some((test) => stateOf(test) === 'failed' && !isLate(test));
    if (isProven !== (row !== WRONG)) {
      const got = isSound ? 'a test that passes without it' : `${whole.length} tests, not all of which pass`;
      failures.push(`${row.equation}\n  ${keyOf(row)}: ${got}, "${row.title}" of ${row.testFile}`);
    }
  }
} finally {
  await vitest.close();
  rmSync(`${ROOT}build/${EMPTIED}`, { recursive: true, force: true });
}
const proven = equationRows.length - failures.length;
console.log(`docs/equations.md: ${proven} of ${equationRows.length} rows proven`);
if (failures.length) console.error(failures.join('\n'));
// Vitest has set the exit code because of the tests that failed, as they should without their functions
process.exitCode = failures.length ? 1 : 0;
