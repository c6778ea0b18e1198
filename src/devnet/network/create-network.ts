import { PierError } from '../../platform/errors.ts';
import { silentLogger } from '../../platform/logger.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { AccountKeys, FAUCET_ACCOUNT } from '../accounts/account-keys.ts';
import type { Engine } from '../nodes/engine.ts';
import { MemoryEngine } from '../nodes/memory-engine.ts';
import { ProcessEngine } from '../nodes/process-engine.ts';
import { NetworkClock } from '../processes/network-clock.ts';
import type { NetworkOptions } from '../topology/network-options.ts';
import { type NetworkPlan, planNetwork } from '../topology/network-plan.ts';
import { NetworkLink } from './network-link.ts';
import { NodeNetwork } from './node-network.ts';
import { type NetworkState, readState } from './state-file.ts';

/** A network that `NodeNetwork.save` has written. */
export interface SavedNetworkOptions extends Pick<NetworkOptions, 'engine' | 'dataDir'> {
  /** Path of the file. */
  readonly state: string;
}

/** When a network closes by itself. */
export interface CloseOptions {
  /** Closes the network when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Creates a network of nodes with funded accounts, and resolves when they are connected and in sync. The nodes run in
 * this process, without ports and files, or with `engine: 'processes'` each in its own. With `state`, it
 * is the network of a file that `save` has written, at the time it was saved. When `signal` aborts, the network closes;
 * before that, this function rejects with the signal's reason. Throws `PierError` 'bad-topology' for invalid
 * options, 'bad-state' for such a file.
 *
 * @example
 * ```ts
 * import { createNetwork } from 'pier/devnet';
 *
 * await using network = await createNetwork({ nodes: 3, accounts: 10 });
 * const [alice, bob] = network.accounts;
 * const payment = await alice!.pay(bob!.address, '1.5');
 * await network.mine(1);
 * await payment.confirmed();
 * console.log(await bob!.balance()); // 5150000000n
 * ```
 */
export async function createNetwork(
  given: (NetworkOptions | SavedNetworkOptions) & CloseOptions = {},
): Promise<NodeNetwork> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new PierError('bad-topology', 'the options of a network are an object', {
      hint: 'Such as createNetwork({ nodes: 3 }).',
    });
  }
  const { signal, ...options } = given;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new PierError('bad-topology', 'signal: it is not an AbortSignal');
  }
  if (!('state' in options) || options.state === undefined) return createPlanned(planNetwork(options), signal);
  const { state, engine, dataDir, ...others } = options;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new PierError('bad-topology', `${other}: a saved network has options of its own`, {
      hint: 'With state, give at most engine and dataDir.',
    });
  }
  if (typeof state !== 'string') throw new PierError('bad-topology', 'state: it is not the path of a file');
  const saved = await readState(state);
  return createPlanned(planNetwork({ ...saved.topology, engine, dataDir }), signal, saved);
}

/** Creates a network with a saved state, whose nodes, links and accounts the options describe too. */
export function continueNetwork(options: NetworkOptions, saved: NetworkState): Promise<NodeNetwork> {
  return createPlanned(planNetwork(options), undefined, saved);
}

async function createPlanned(
  plan: NetworkPlan,
  signal: AbortSignal | undefined,
  saved?: NetworkState,
): Promise<NodeNetwork> {
  signal?.throwIfAborted();
  const clock = new NetworkClock();
  if (saved) clock.restore(saved.time, saved.clock.frozen !== undefined);
  const random = new SeededRandom(plan.seed);
  let network: NodeNetwork | undefined;
  const links = plan.links.map(
    (link) =>
      new NetworkLink(link, link.conditions, {
        checkOpen: () => network!.checkOpen(),
        cut: () => engine.closeCut(),
        mended: (mended) => network!.linkMended(mended),
      }),
  );
  for (const [i, { isCut, conditions }] of saved?.links.entries() ?? []) links[i]!.restore(isCut, conditions);
  const conditions = (from: string, to: string) => {
    const link = links.find((each) => each.isBetween(from, to));
    return link && !link.isCut ? link.conditions : undefined;
  };
  const engine: Engine =
    plan.engine === 'processes'
      ? await ProcessEngine.create(plan, { clock, random, conditions, saved: saved?.nodes })
      : await MemoryEngine.create(plan, { clock, random, logger: silentLogger, conditions, saved: saved?.nodes });
  try {
    signal?.throwIfAborted();
    const numbers = Array.from({ length: plan.accounts }, (_, i) => i);
    const [faucet, ...accounts] = await AccountKeys.derive(plan.mnemonic, plan.params, [FAUCET_ACCOUNT, ...numbers]);
    network = new NodeNetwork({ plan, engine, clock, random, links, faucet: faucet!, accounts });
    if (signal) network.closeOn(signal);
    network.fees.restore(saved?.fees);
    await network.connected();
    signal?.throwIfAborted();
    if (saved) network.mining = saved.mining;
    return network;
  } catch (error) {
    await network?.close();
    await engine.close();
    signal?.throwIfAborted();
    throw error;
  }
}
