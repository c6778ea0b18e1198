import { format } from 'node:util';

// Replaces 'vitest' for the tests of mutated code, so that they can run many times in one process: the part of its
// interface that they use. `expect` and `vi` are vitest's own, which also work outside its runner.
export { expect, vi } from 'vitest';

let tests = [];
/** The enclosing describe blocks, from the file inwards. */
let blocks;

export function describe(name, ...rest) {
  blocks.push({ name, before: [], after: [] });
  rest.at(-1)();
  blocks.pop();
}
describe.skip = () => {};
describe.skipIf = (isSkipped) => (isSkipped ? describe.skip : describe);
describe.runIf = (isRun) => describe.skipIf(!isRun);
describe.each = (rows) => each(rows, describe);

/** Defines a test. Each run begins with the set-up hooks around it, since a mutant may have changed what they made. */
export function it(name, ...rest) {
  const body = rest.find((each) => typeof each === 'function');
  const around = [...blocks];
  tests.push({
    name: [...around.map((block) => block.name), name].join(' ').trim(),
    async run() {
      try {
        for (const { before } of around) for (const each of before) await each();
        await body();
      } finally {
        for (const { after } of around) for (const each of after) await each();
      }
    },
  });
}
it.skip = () => {};
it.skipIf = (isSkipped) => (isSkipped ? it.skip : it);
it.runIf = (isRun) => it.skipIf(!isRun);
it.each = (rows) => each(rows, it);

function each(rows, define) {
  return (name, ...rest) => {
    const body = rest.find((each) => typeof each === 'function');
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      const named = name.replace(/\$(\w+)/g, (_, key) => String(row[key]));
      define(format(named, ...values.slice(0, named.split('%').length - 1)), () => body(...values));
    }
  };
}

export function beforeEach(body) {
  blocks.at(-1).before.push(body);
}

export function afterEach(body) {
  blocks.at(-1).after.push(body);
}
export { afterEach as afterAll, beforeEach as beforeAll };

/** Returns the tests of one file, which `load` imports. */
export async function collect(load) {
  tests = [];
  blocks = [{ name: '', before: [], after: [] }];
  await load();
  return tests;
}
