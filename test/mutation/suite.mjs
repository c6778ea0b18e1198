import { format } from 'node:util';

// Replaces 'vitest' for the tests of mutated code, so that they can run many times in one process: the part of its
// interface that they use. `expect` and `vi` are vitest's own, which also work outside its runner.
export { expect, vi } from 'vitest';

let tests = [];
/** The enclosing describe blocks, from the file inwards. */
let blocks;

export function describe(name, body) {
  blocks.push({ name, after: [] });
  body();
  blocks.pop();
}
describe.skip = () => {};

export function it(name, body) {
  const around = [...blocks];
  tests.push({
    name: [...around.map((block) => block.name), name].join(' ').trim(),
    async run() {
      try {
        await body();
      } finally {
        for (const { after } of around) for (const each of after) each();
      }
    },
  });
}
it.skip = () => {};
it.each = (rows) => (name, body) => {
  for (const row of rows) {
    const values = Array.isArray(row) ? row : [row];
    const named = name.replace(/\$(\w+)/g, (_, key) => String(row[key]));
    it(format(named, ...values.slice(0, named.split('%').length - 1)), () => body(...values));
  }
};

export function afterEach(body) {
  blocks.at(-1).after.push(body);
}

export function beforeAll() {
  throw new Error('tests of mutated code must not use set-up hooks: a second run would see the state of the first');
}
export { beforeAll as afterAll, beforeAll as beforeEach };

/** Returns the tests of one file, which `load` imports. */
export async function collect(load) {
  tests = [];
  blocks = [{ name: '', after: [] }];
  await load();
  return tests;
}
