import type { ChainParams } from '../consensus/params.ts';
import type { Transport } from '../p2p/transport/connection.ts';
import { TcpTransport } from '../p2p/transport/tcp-transport.ts';
import { type Clock, MockableClock, systemClock } from '../platform/clock.ts';
import { type Logger, silentLogger } from '../platform/logger.ts';
import { type Random, systemRandom } from '../platform/random.ts';
import type { NodeConfig } from './config.ts';

/** What a node reaches the world through; each has the machine's own as default. */
export interface NodeModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  readonly logger: Logger;
}

/** The modules of a node; its clock can be set where the network allows that. */
export function nodeModules(overrides: Partial<NodeModules>): NodeModules & { readonly clock: MockableClock } {
  return {
    clock: new MockableClock(overrides.clock ?? systemClock),
    random: overrides.random ?? systemRandom,
    transport: overrides.transport ?? new TcpTransport(),
    logger: overrides.logger ?? silentLogger,
  };
}

/** How much of the network a node takes part in: all, only connections it makes itself, or none. */
export type NetworkMode = 'full' | 'outbound' | 'none';

/** What a node of any role is from its start to its end: parts that are closed in reverse order, whoever asks for it. */
export class RunningNode {
  readonly config: NodeConfig;
  readonly params: ChainParams;
  readonly clock: MockableClock;
  /** For what stands in front of the node, its RPC. */
  readonly logger: Logger;
  /** Milliseconds, by the monotonic clock. */
  readonly startedAt: number;
  /** Resolves when the node has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
  readonly #closers: readonly (() => unknown)[];
  readonly #stopListeners: (() => Promise<unknown>)[] = [];
  #resolveStopped: () => void = () => {};
  #stopping: Promise<void> | undefined;
  #failure: unknown;

  protected constructor(
    config: NodeConfig,
    { clock, logger }: { readonly clock: MockableClock; readonly logger: Logger },
    closers: readonly (() => unknown)[],
  ) {
    this.config = config;
    this.params = config.params;
    this.clock = clock;
    this.logger = logger.child({ category: 'rpc' });
    this.startedAt = clock.monotonic();
    this.#closers = closers;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
  }

  /** Why the node has stopped, or is stopping, by itself; undefined if it has not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Without its chain a node is of no use, and may do harm (Core: AbortNode). What fails on the way out has the same cause. */
  protected abort(error: unknown): void {
    this.#failure = error;
    this.stop().catch(() => {});
  }

  /** Runs `close` before the parts of the node are closed; for what is built on top of it, such as the RPC server. */
  beforeStop(close: () => Promise<unknown>): void {
    this.#stopListeners.push(close);
  }

  /** Leaves the network, then closes the files, last opened first. Safe to call more than once. */
  stop(): Promise<void> {
    this.#stopping ??= closeAll([...this.#closers, ...this.#stopListeners]).finally(() => this.#resolveStopped());
    return this.#stopping;
  }
}

/** Closes in reverse order; one that fails does not keep the others open, and its error is thrown at the end. */
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
