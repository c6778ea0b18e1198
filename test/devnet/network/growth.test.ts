import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Returns the bytes that are in use after a collection. */
async function usedBytes(): Promise<number> {
  // Objects that finalizers hold go in the second collection.
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('a network that is reverted a hundred times takes no more memory', { timeout: 120_000 }, async () => {
  const network = await createNetwork({ nodes: 3 });
  const [alice, bob] = network.accounts;
  await alice!.pay(bob!, '1');
  const id = await network.snapshot();
  const useAndRevert = async (times: number) => {
    for (let i = 0; i < times; i++) {
      await alice!.pay(bob!, '1');
      await network.mine(1);
      await network.revert(id);
    }
  };
  // Compiled code and caches with a bound grow at first.
  await useAndRevert(30);
  const before = await usedBytes();
  await useAndRevert(100);
  // A node that stayed would take 500 kB each time.
  expect((await usedBytes()) - before).toBeLessThan(6_000_000);
  await network.close();
});
