import type { Chain } from '../chain/chain.ts';
import type { BlockIndex } from '../chain/tree/block-index.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { TimeSlices } from '../platform/time-slices.ts';
import type { StoreOperation } from '../store/store.ts';
import type { BlockReference, ScanPass, SyncRecord } from './records.ts';
import type { Wallet } from './wallet.ts';
import type { WalletFile } from './wallet-file.ts';

/** Blocks to scan between writes; a crash repeats at most this many. */
const SCAN_BATCH = 500;
/** Seconds that a block's time may differ from the real time (Core: TIMESTAMP_WINDOW). */
export const TIMESTAMP_WINDOW = 2 * 60 * 60;
/** Seconds after which a tip is too old for the chain to count as downloaded (Core: DEFAULT_MAX_TIP_AGE). */
const MAX_TIP_AGE = 24 * 60 * 60;

/** Modules that `scanToTip` uses. */
export interface ScanModules {
  readonly chain: Chain;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Returns whether the scan shall end before the tip; a later one continues it. */
  readonly isStopped: () => boolean;
  /** Called at the tip: from now on, the caller passes the blocks to the wallet. Receives the last writes. */
  readonly caughtUp: (operations: StoreOperation[]) => void;
}

/**
 * Scans the blocks from a wallet's sync state to the tip, and again as long as that finds keys to watch that earlier
 * blocks have not been scanned for (Core: ScanForWalletTransactions).
 */
export async function scanToTip(wallet: Wallet, file: WalletFile, modules: ScanModules): Promise<void> {
  const { chain, logger, clock, isStopped, caughtUp } = modules;
  const { syncedTo } = wallet;
  let at = syncedTo ? chain.findLocator(syncedTo.locator) : chain.atHeight(0)!;
  const isRewound = syncedTo !== undefined && syncedTo.height > at.height;
  let operations = isRewound ? wallet.rewind(at.height, (block) => isActive(chain, block)) : [];
  const first = at.height;
  let pass: ScanPass = syncedTo?.pass ?? { from: first, watched: wallet.watchedCount };
  /** The block of the sync state. */
  let recorded = syncedTo?.height === at.height ? at : undefined;
  /** Returns to the fork if a reorganisation has disconnected `at`; its event has removed the confirmations. */
  const followReorganisation = () => {
    at = chain.findFork(at);
    pass = { ...pass, from: Math.min(pass.from, at.height) };
  };
  // The tip may change during a write.
  while (at !== chain.tip || recorded !== at) {
    const slices = new TimeSlices(clock);
    for (let i = 0; i < SCAN_BATCH && at !== chain.tip && !isStopped(); i++) {
      at = chain.atHeight(at.height + 1)!;
      if (at.time < wallet.record.birthday - TIMESTAMP_WINDOW) continue;
      const block = chain.getBlock(at);
      if (block) operations.push(...wallet.blockConnected(block, at.height));
      if (!slices.isOver) continue;
      await slices.turn();
      followReorganisation();
    }
    operations.push(...wallet.synced({ ...syncRecord(chain, at), pass }));
    recorded = at;
    await file.write(operations);
    operations = [];
    followReorganisation();
    if (isStopped()) return;
    if (at !== chain.tip || wallet.watchedCount === pass.watched) continue;
    logger.info({ wallet: wallet.name, from: pass.from, to: at.height }, 'wallet scan repeated for new keys');
    pass = { from: pass.from, watched: wallet.watchedCount };
    at = chain.atHeight(pass.from)!;
  }
  if (at.height > first) logger.info({ wallet: wallet.name, from: first, to: at.height }, 'wallet scan finished');
  const settled = settlePass(wallet, chain, clock);
  caughtUp(settled === 'repeat' ? [] : settled);
}

/** Returns whether the active chain contains a block. */
export function isActive(chain: Pick<Chain, 'contains' | 'getIndex'>, { blockHash }: BlockReference): boolean {
  const index = chain.getIndex(blockHash);
  return index !== undefined && chain.contains(index);
}

/** The blocks or headers that a wallet is scanned with. */
type ScannedChain = Pick<Chain, 'atHeight' | 'locator' | 'tip'>;

/**
 * Ends the pass of a wallet at the tip. While a chain is downloaded, a restored wallet's pass stays open, since blocks
 * may still add keys that earlier blocks pay. Returns the writes, or 'repeat' if the blocks must be scanned again.
 */
export function settlePass(wallet: Wallet, chain: ScannedChain, clock: Clock): StoreOperation[] | 'repeat' {
  const { syncedTo } = wallet;
  if (!syncedTo?.pass) return [];
  const { pass, height, locator } = syncedTo;
  const isRestored = wallet.record.birthday === 0;
  if (isRestored && !isTipRecent(chain, clock)) return [];
  if (!isRestored || wallet.watchedCount === pass.watched) return wallet.synced({ height, locator });
  const repeated = { from: pass.from, watched: wallet.watchedCount };
  wallet.synced({ ...syncRecord(chain, chain.atHeight(pass.from)!), pass: repeated });
  return 'repeat';
}

/** Returns whether the chain counts as downloaded: its tip is less than a day old. */
export function isTipRecent({ tip }: Pick<Chain, 'tip'>, clock: Clock): boolean {
  return tip.time >= unixSeconds(clock) - MAX_TIP_AGE;
}

/** Returns the sync state of a wallet that is scanned up to a block. */
export function syncRecord(chain: Pick<Chain, 'locator'>, index: BlockIndex): SyncRecord {
  return { height: index.height, locator: chain.locator(index) };
}
