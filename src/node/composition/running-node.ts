import type { ChainParams } from '../../consensus/params.ts';
import type { MempoolSnapshot } from '../../mempool/snapshot.ts';
import type { FullNodeProcessorModules } from '../../p2p/processing/full-node-processor.ts';
import type { Transport } from '../../p2p/transport/connection.ts';
import { type Clock, MockableClock, systemClock } from '../../platform/clock.ts';
import { type Logger, silentLogger } from '../../platform/logger.ts';
import { type Random, systemRandom } from '../../platform/random.ts';
import type { SignatureCache } from '../../script/signature-cache.ts';
import type { Store } from '../../store/store.ts';
import type { NodeFiles } from './node-files.ts';
import type { NodeConfig } from './settings.ts';

/** A node's access to time, randomness, the network, the log and the signals of its user. Default: those of the system, and no log. */
export interface NodeModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  readonly logger: Logger;
  /** Ends a start that is under way: it then throws the signal's reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** Returns whether a block that the node lacks is not accepted from a peer, nor what follows it. Default: none. Full nodes only. */
  readonly refusesBlock?: FullNodeProcessorModules['refusesBlock'];
  /** Valid signatures, which nodes in one process may share: a signature is then verified once. Default: its own. Full nodes only. */
  readonly signatures?: SignatureCache | undefined;
  /** Where the node keeps chain and wallets instead of files; the node does not close them. */
  readonly stores?: NodeStores | undefined;
  /** What RPC methods read and write besides. Default: the node's own files. */
  readonly files?: NodeFiles | undefined;
}

/** The stores of a full node. */
export interface NodeStores {
  readonly chain: Store;
  readonly wallet: Store;
  /** What the mempool holds at the start: taken on the chain's tip, or a mempool.dat, whose transactions are checked. */
  readonly mempool?: MempoolSnapshot | Uint8Array | undefined;
}

/** The modules that a node runs with: the clock is mockable (Core: setmocktime). */
export type CompleteModules = NodeModules & { readonly clock: MockableClock };

/** Returns a node's modules, with defaults for missing ones. */
export function completeModules(overrides: Partial<NodeModules> & { readonly transport: Transport }): CompleteModules {
  return {
    clock:
      overrides.clock instanceof MockableClock ? overrides.clock : new MockableClock(overrides.clock ?? systemClock),
    random: overrides.random ?? systemRandom,
    transport: overrides.transport,
    logger: overrides.logger ?? silentLogger,
    signal: overrides.signal,
    stores: overrides.stores,
    files: overrides.files,
    refusesBlock: overrides.refusesBlock,
    signatures: overrides.signatures,
  };
}

/** Which connections a node has: 'full' inbound and outbound, 'outbound' outbound only, 'none' no connections. */
export type NetworkMode = 'full' | 'outbound' | 'none';

/** The lifecycle common to full and light nodes: the node stops once, and closes its parts in reverse order. */
export class RunningNode {
  readonly config: NodeConfig;
  readonly params: ChainParams;
  readonly clock: MockableClock;
  /** Logger of the RPC server. */
  readonly logger: Logger;
  /** What RPC methods read and write; undefined in a browser. @internal */
  readonly files: NodeFiles | undefined;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Resolves when the node has stopped, after `stop` or a failure. */
  readonly stopped: Promise<void>;
  readonly #log: Logger;
  readonly #closers: readonly (() => unknown)[];
  readonly #stopListeners: (() => Promise<unknown>)[] = [];
  #resolveStopped: () => void = () => {};
  #stopping: Promise<void> | undefined;
  #failure: unknown;

  /** @internal */
  protected constructor(
    config: NodeConfig,
    { clock, logger, files }: Pick<CompleteModules, 'clock' | 'logger' | 'files'>,
    closers: readonly (() => unknown)[],
  ) {
    this.config = config;
    this.params = config.params;
    this.clock = clock;
    this.logger = logger.child({ category: 'rpc' });
    this.#log = logger.child({ category: 'node' });
    this.files = files;
    this.startedAt = clock.monotonic();
    this.#closers = closers;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  /** The error that made the node stop by itself; undefined if there was none. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Stops the node after a fatal error of its chain (Core: AbortNode). Ignores errors while closing: same cause. @internal */
  abort(error: unknown): void {
    this.#failure = error;
    this.stop().catch(() => {});
  }

  /** Registers a callback that runs before the node's parts are closed, for example to close the RPC server. */
  beforeStop(close: () => Promise<unknown>): void {
    this.#stopListeners.push(close);
  }

  /** Disconnects from the network, then closes the files. Further calls return the same promise. */
  stop(): Promise<void> {
    this.#stopping ??= closeAll([...this.#closers, ...this.#stopListeners]).finally(() => {
      this.#log.info({}, 'node stopped');
      this.#resolveStopped();
    });
    return this.#stopping;
  }
}

/** Runs all closers in reverse order, even if some fail; then throws the first error. */
export async function closeAll(closers: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
