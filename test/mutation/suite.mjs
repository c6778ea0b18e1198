import { format } from 'node:util';

// The part of vitest's interface that the tests of the mutated code use, for running them many times in one process.
// In place of 'vitest' itself, whose `expect` serves outside of its runner too.
export { expect, vi } from 'vitest';

let tests = [];
/** The blocks around what is being described, from the file as a whole in. */
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
  throw new Error('tests that are run by mutants have no set-up: a second run would meet what the first one left');
}
export { beforeAll as afterAll, beforeAll as beforeEach };

/** The tests of one file, which `load` imports. */
export async function collect(load) {
  tests = [];
  blocks = [{ name: '', after: [] }];
  await load();
  return tests;
}
