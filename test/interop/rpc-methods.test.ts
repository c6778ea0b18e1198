import { afterAll, beforeAll, expect, it } from 'vitest';
import { rpcMethods } from '../../src/api/methods/index.ts';
import { lightMethods } from '../../src/api/methods/light/light.ts';
import { missingMethods, pierMethods } from '../api/rpc-reference.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';

describeBitcoind('the methods that docs/rpc.md compares with those of Bitcoin Core', () => {
  let bitcoind: Bitcoind;

  beforeAll(async () => {
    bitcoind = await startBitcoind();
  });
  afterAll(() => bitcoind?.stop());

  /** Unlike the list of all methods, help on one of them knows the hidden ones too. */
  async function unknown(names: Iterable<string>): Promise<string[]> {
    const answers = await Promise.all(
      [...names].map(async (name) => ({ name, help: await bitcoind.call<string>('help', [name]) })),
    );
    return answers.filter(({ help }) => help.startsWith('help: unknown command')).map(({ name }) => name);
  }

  it('bitcoind has every method of Pier but those that only Pier has', async () => {
    // The bitcoind of the tests is derived from Core, and has dropped this one.
    const dropped = ['getdifficulty'];
    const names = [...rpcMethods.keys(), ...lightMethods.keys()].filter((name) => !dropped.includes(name));
    expect(new Set(await unknown(names))).toEqual(pierMethods);
  });

  it('bitcoind has every method that is listed as missing', async () => {
    expect(await unknown(Object.values(missingMethods).flat())).toEqual([]);
  });
});
