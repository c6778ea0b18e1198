import { type TestAPI, test } from 'vitest';
import { NetworkFixture } from '../devnet/network/network-fixture.ts';
import type { NodeNetwork } from '../devnet/network/node-network.ts';
import type { NetworkOptions } from '../devnet/topology/network-options.ts';

/**
 * Returns Vitest's `test` with a fixture `network`: one network for the tests of a file, restored before each of them.
 * Tests of one file must not run concurrently.
 *
 * @example
 * ```ts
 * import { expect } from 'vitest';
 * import { networkTest } from 'pier/vitest';
 *
 * const test = networkTest({ nodes: 2 });
 *
 * test('a payment is confirmed', async ({ network }) => {
 *   const [alice, bob] = network.accounts;
 *   await alice!.pay(bob!, '1');
 *   await network.mine();
 *   expect(await bob!.balance()).toBe(51_0000_0000n);
 * });
 * ```
 */
export function networkTest(options: NetworkOptions = {}): TestAPI<{ network: NodeNetwork }> {
  return test
    .extend<{ $file: { networkFixture: NetworkFixture } }>({
      networkFixture: [
        // Vitest reads the names of the fixtures from a destructured parameter.
        // biome-ignore lint/correctness/noEmptyPattern: see above
        async ({}, use) => {
          const fixture = new NetworkFixture(options);
          await use(fixture);
          await fixture.close();
        },
        { scope: 'file' },
      ],
    })
    .extend<{ network: NodeNetwork }>({
      network: async ({ networkFixture }, use) => {
        await networkFixture.reset();
        await use(networkFixture.network);
      },
    });
}
