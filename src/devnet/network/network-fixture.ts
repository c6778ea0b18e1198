import { PierError } from '../../platform/errors.ts';
import type { NetworkOptions } from '../topology/network-options.ts';
import { createNetwork } from './create-network.ts';
import type { NodeNetwork } from './node-network.ts';

/**
 * One network for the tests of a file, each of which finds it as it was created: to restore it is much faster than to
 * create it anew. `pier/vitest` does this for Vitest; node:test, jest and others need a line for each hook.
 *
 * @example
 * ```ts
 * import { after, beforeEach, test } from 'node:test';
 * import { NetworkFixture } from 'pier/devnet';
 *
 * const fixture = new NetworkFixture({ nodes: 2 });
 * beforeEach(() => fixture.reset());
 * after(() => fixture.close());
 *
 * test('a payment is confirmed', async () => {
 *   const [alice, bob] = fixture.network.accounts;
 *   const payment = await alice!.pay(bob!, '1');
 *   await fixture.network.mine();
 *   await payment.confirmed();
 * });
 * ```
 */
export class NetworkFixture {
  readonly #options: NetworkOptions;
  #network: NodeNetwork | undefined;
  #clean = '';

  /** Does not create the network yet. */
  constructor(options: NetworkOptions = {}) {
    this.#options = options;
  }

  /** The network. Throws `PierError` 'no-network' before the first `reset` and after `close`. */
  get network(): NodeNetwork {
    if (this.#network) return this.#network;
    throw new PierError('no-network', 'the network of the fixture does not exist', {
      hint: 'Call reset() in the hook before each test.',
    });
  }

  /**
   * Creates the network at the first call, and restores its first state at later ones. For the hook before each test.
   * Rejects with `PierError` as `createNetwork` does.
   */
  async reset(): Promise<void> {
    if (this.#network) return this.#network.revert(this.#clean);
    const network = await createNetwork(this.#options);
    this.#network = network;
    this.#clean = await network.snapshot();
  }

  /** Closes the network. For the hook after all tests. */
  async close(): Promise<void> {
    const network = this.#network;
    this.#network = undefined;
    await network?.close();
  }
}
