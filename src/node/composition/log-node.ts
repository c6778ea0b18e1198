import type { Chain } from '../../chain/chain.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import type { SyncProgress } from '../../p2p/blocks/sync-progress.ts';
import type { ConnectionManager } from '../../p2p/connections/connection-manager.ts';
import type { MessageProcessor } from '../../p2p/processing/message-processor.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { HeaderChain } from '../../spv/header-chain.ts';

/** Blocks below the best header in which each block has a log line of its own; of deeper ones there may be many. */
const NEAR = 10;
/** Milliseconds between log lines about a download. */
const PROGRESS_INTERVAL_MS = 10_000;

/** The parts of a node whose events are logged, besides its chain. */
export interface LoggedParts {
  readonly connections: ConnectionManager;
  readonly processor: Pick<MessageProcessor, 'events'>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Logs the blocks that a full node connects, its reorganisations, and when it is synced. During a download, logs its
 * progress instead of each block.
 */
export function logBlocks(chain: Chain, parts: LoggedParts): void {
  const { logger } = parts;
  const sync = new SyncLog(chain, parts);
  /** Lines about the blocks of a new branch, which follow that about the reorganisation. */
  let branch: object[] | undefined;
  chain.events.on('blockDisconnected', () => {
    branch = [];
  });
  chain.events.on('blockConnected', ({ index, block, from }) => {
    const { height } = index;
    if (chain.isInitialBlockDownload || chain.bestHeader.height - height >= NEAR) {
      sync.skipped++;
      return;
    }
    const line = { height, block: index.hashHex, transactions: block.transactions.length, from };
    if (branch) branch.push(line);
    else logger.info(line, 'connected block');
  });
  chain.events.on('tip', ({ tip, fork, previous }) => {
    if (fork !== previous) {
      const depth = previous.height - fork.height;
      const { height, hashHex: block } = tip;
      logger.info({ depth, height, block, from: previous.hashHex, fork: fork.height }, 'reorganised');
      for (const line of branch ?? []) logger.info(line, 'connected block');
    }
    branch = undefined;
    sync.check();
  });
}

/** Logs the headers that a light node accepts, its reorganisations, and when it is synced. */
export function logHeaders(chain: HeaderChain, parts: LoggedParts): void {
  const { logger } = parts;
  const sync = new SyncLog(chain, parts);
  chain.events.on('tip', ({ tip, fork, previous }) => {
    const { height, hashHex: block } = tip;
    if (fork !== previous) {
      const depth = previous.height - fork.height;
      logger.info({ depth, height, block, from: previous.hashHex, fork: fork.height }, 'reorganised');
    }
    const headers = height - fork.height;
    if (chain.isInitialBlockDownload || headers > NEAR) sync.skipped += headers;
    else logger.info({ height, block, headers }, 'accepted headers');
    sync.check();
  });
}

/** Logs the progress of a download, and when the node is level with its peers: at its start, and after a download. */
class SyncLog {
  /** Blocks or headers without a log line of their own since the node was synced. */
  skipped = 0;
  readonly #chain: Pick<HeaderView, 'tip' | 'bestHeader'>;
  readonly #parts: LoggedParts;
  #wasSynced = false;
  /** Monotonic milliseconds of the last line about progress; undefined while there is no download. */
  #loggedAt: number | undefined;

  constructor(chain: Pick<HeaderView, 'tip' | 'bestHeader'>, parts: LoggedParts) {
    this.#chain = chain;
    this.#parts = parts;
    parts.connections.events.on('ready', () => this.check());
    parts.processor.events.on('progress', (progress) => this.#progressed(progress));
  }

  check(): void {
    if (this.#wasSynced && this.skipped === 0) return;
    const { tip, bestHeader } = this.#chain;
    const isLevel = this.#parts.connections
      .peers()
      .some(({ isReady, handshake }) => isReady && handshake.remote!.startHeight <= tip.height);
    if (tip !== bestHeader || !isLevel) return;
    this.#parts.logger.info({ height: tip.height, block: tip.hashHex, downloaded: this.skipped }, 'synced');
    this.#wasSynced = true;
    this.skipped = 0;
  }

  #progressed({ done, ...progress }: SyncProgress): void {
    const now = this.#parts.clock.monotonic();
    if (done || this.#loggedAt === undefined) {
      this.#loggedAt = done ? undefined : now;
      return;
    }
    if (now - this.#loggedAt < PROGRESS_INTERVAL_MS) return;
    this.#loggedAt = now;
    const blocksPerSecond = Math.round(progress.blocksPerSecond);
    this.#parts.logger.info({ ...progress, blocksPerSecond }, 'downloading blocks');
  }
}
