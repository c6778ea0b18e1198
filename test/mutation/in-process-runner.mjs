import { readdir, symlink } from 'node:fs/promises';
import { register } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from './suites.mjs';

// The tests run in this process: vitest would take seconds per mutant, mostly to start and to read vectors again.
const vitest = new URL('./suite.mjs', import.meta.url).href;
const hook = `export const resolve = (name, context, next) => name === 'vitest' && context.parentURL !== '${vitest}'
  ? { url: '${vitest}', shortCircuit: true } : next(name, context);`;

/** The test id for the coverage of code that runs between tests. */
const collecting = 'collecting';

const fileUrl = (...path) => pathToFileURL(resolve(...path)).href;

/** A Stryker test runner that runs all tests in this process (TestRunner of @stryker-mutator/api). */
class InProcessRunner {
  /** State shared with the instrumented code: the active mutant and the coverage. */
  #state = {};
  /** The tests of each imported file. */
  #tests = new Map();
  /** Whether a test that did not end may still be running. */
  #isDisturbed = false;

  constructor() {
    globalThis.__stryker__ = this.#state;
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  /** Yields the tests of all files, and imports each file when it is reached. */
  async *#allTests() {
    for (const file of suite.files) {
      let tests = this.#tests.get(file);
      if (!tests) {
        tests = await this.#testsOf(file);
        this.#tests.set(file, tests);
      }
      yield* tests;
    }
  }

  async #testsOf(file) {
    if (this.#tests.size === 0) await prepare();
    const { collect } = await import(vitest);
    // Code that runs during collection counts towards no test.
    this.#state.currentTestId = collecting;
    const collected = await collect(() => import(fileUrl('mutated/test', `${file}.js`)));
    this.#state.currentTestId = undefined;
    const tests = new Map(collected.map(({ name, run }) => [`${file}: ${name}`, run]));
    if (tests.size < collected.length) throw new Error(`two tests of ${file} have one name`);
    return [...tests].filter(([id]) => !suite.leftOut?.test(id));
  }

  async dryRun() {
    const tests = [];
    for await (const [id, run] of this.#allTests()) {
      this.#state.currentTestId = id;
      const start = performance.now();
      const failureMessage = await failure(run);
      const status = failureMessage === undefined ? 0 : 1;
      tests.push({ id, name: id, status, timeSpentMs: performance.now() - start, failureMessage });
      this.#state.currentTestId = undefined;
    }
    const { mutantCoverage } = this.#state;
    delete mutantCoverage.perTest[collecting];
    return { status: 'complete', tests, mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, mutantActivation, hitLimit }) {
    if (Number(activeMutant.id) % SAMPLE !== 0) return { status: 'error', errorMessage: 'not in the sample' };
    // On an error, Stryker retries in a new process.
    if (this.#isDisturbed) throw new Error('a test of an earlier mutant did not end');
    const isStatic = mutantActivation === 'static';
    const isFresh = this.#tests.size === 0;
    const chosen = testFilter && new Set(testFilter);
    const activate = () => {
      // Stryker's limit is a hundred times the hits of all tests: in inner loops, minutes of time or all memory.
      const limit = hitLimit === undefined ? 1e7 : hitLimit / 50;
      Object.assign(this.#state, { activeMutant: activeMutant.id, hitLimit: limit, hitCount: 0 });
    };
    let nrOfTests = 0;
    const runTests = async () => {
      for await (const [id, run] of this.#allTests()) {
        if (chosen && !chosen.has(id)) continue;
        nrOfTests++;
        activate();
        const failureMessage = await failure(run);
        const isEndless = this.#state.hitCount > this.#state.hitLimit;
        if (!isStatic) this.#state.activeMutant = undefined;
        if (isEndless) return { status: 'timeout', reason: 'endless loop' };
        if (failureMessage === undefined) continue;
        if (failureMessage === NOT_ENDED) {
          this.#isDisturbed = true;
          return { status: 'timeout', reason: `${id} did not end` };
        }
        // If the test also fails without the mutant, an earlier mutant has left bad state.
        if (!isFresh && (await failure(run)) !== undefined) throw new Error(`${id} fails without the mutant as well`);
        return { status: 'killed', killedBy: [id], failureMessage, nrOfTests };
      }
      return { status: 'survived', nrOfTests };
    };
    if (!isStatic) return runTests();
    activate();
    // A static mutant acts while modules load, so collecting the tests may fail.
    return runTests().catch((error) => ({ status: 'killed', killedBy: [], failureMessage: String(error), nrOfTests }));
  }
}

/** Imports the mutated modules, so that their initialization counts towards no test. */
async function prepare() {
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
  // The code finds the bundled network files beside its own folder.
  await symlink('../networks', 'mutated/networks').catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  for (const layer of suite.preload) {
    for (const name of await readdir(join('mutated/src', layer), { recursive: true })) {
      if (name.endsWith('.js')) await import(fileUrl('mutated/src', layer, name));
    }
  }
  // Parameters are built once and cached, so they are built before any test.
  const { chainParams } = await import(fileUrl('mutated/src/consensus/params.js'));
  for (const network of ['main', 'test', 'testnet4', 'signet']) chainParams(network);
}

/** One mutant in so many runs. The others have the status of a runtime error, which no score counts. */
const SAMPLE = Number(process.env.PIER_MUTATION_SAMPLE ?? 1);

/** Milliseconds that one test may take. A mutant can leave it waiting for an event that never comes. */
const TEST_TIMEOUT = suite.testTimeout ?? 15_000;
/** The failure of a test that did not end. */
const NOT_ENDED = 'the test did not end';

/** A rejection that no code has handled since the last test. */
let unhandled;
process.on('unhandledRejection', (error) => {
  unhandled = error ?? new Error('unhandled rejection');
});

async function failure(body) {
  let timer;
  unhandled = undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(NOT_ENDED)), TEST_TIMEOUT);
  });
  try {
    await Promise.race([body(), late]);
    if (unhandled) throw unhandled;
    return undefined;
  } catch (error) {
    return String(error?.message ?? error).slice(0, 500);
  } finally {
    clearTimeout(timer);
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', injectableClass: InProcessRunner }];
