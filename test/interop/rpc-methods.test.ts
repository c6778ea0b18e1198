import { afterAll, beforeAll, expect, it } from 'vitest';
import { rpcMethods } from '../../src/api/methods/index.ts';
import { lightMethods } from '../../src/api/methods/light/index.ts';
import { missingMethods, pierMethods } from '../api/rpc-reference.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';

describeBitcoind('the method lists in docs/rpc.md', () => {
  let bitcoind: Bitcoind;

  beforeAll(async () => {
    bitcoind = await startBitcoind();
  });
  afterAll(() => bitcoind?.stop());

  /** Returns the methods that bitcoind lacks. Unlike the list of all methods, `help METHOD` also covers hidden ones. */
  async function unknown(names: Iterable<string>): Promise<string[]> {
    const replies = await Promise.all(
      [...names].map(async (name) => ({ name, help: await bitcoind.call<string>('help', [name]) })),
    );
    return replies.filter(({ help }) => help.startsWith('help: unknown command')).map(({ name }) => name);
  }

  it("name as Pier's own exactly the methods that bitcoind lacks", async () => {
    // Knots has removed this method of Core.
    const removed = ['getdifficulty'];
    const names = [...rpcMethods.keys(), ...lightMethods.keys()].filter((name) => !removed.includes(name));
    expect(new Set(await unknown(names))).toEqual(pierMethods);
  });

  it('name as missing only methods that bitcoind has', async () => {
    expect(await unknown(Object.values(missingMethods).flat())).toEqual([]);
  });
});
