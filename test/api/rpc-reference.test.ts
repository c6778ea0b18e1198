import { expect, it } from 'vitest';
import { rpcMethods } from '../../src/api/methods/index.ts';
import { lightMethods } from '../../src/api/methods/light/index.ts';
import { missingMethods, pierMethods, rpcReference } from './rpc-reference.ts';

const tables = { full: rpcMethods, light: lightMethods };
const has = (name: string) => rpcMethods.has(name) || lightMethods.has(name);

it('docs/rpc.md equals the reference generated from the method definitions', async () => {
  const reason = 'docs/rpc.md is out of date: run `npm run docs:rpc`';
  await expect(rpcReference(tables), reason).toMatchFileSnapshot('../../docs/rpc.md');
});

it('lists as missing only methods that no node has', () => {
  expect(Object.values(missingMethods).flat().filter(has)).toEqual([]);
});

it('lists as Pier’s own only methods that a node has', () => {
  expect([...pierMethods].filter((name) => !has(name))).toEqual([]);
});

it('every method with a required argument has an example', () => {
  const methods = [...rpcMethods.values(), ...lightMethods.values()];
  const lacking = methods.filter((each) => each.arguments.some(({ required }) => required) && !each.example);
  expect(lacking.map(({ name }) => name)).toEqual([]);
});
