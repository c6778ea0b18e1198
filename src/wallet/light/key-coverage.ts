import { fromHex, toHex } from '../../bytes/hex.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { HeaderChain } from '../../spv/header-chain.ts';
import type { StoreOperation } from '../../store/store.ts';
import type { ScanPass, UnmatchedKeys } from '../records.ts';
import { syncRecord } from '../scan.ts';
import type { Wallet } from '../wallet.ts';

/** Ranges to keep before neighbours are merged: a wallet with many keys would write a long list for each. */
const MAX_RANGES = 256;

/** A repeated scan of blocks that have been matched with fewer keys. */
interface Repeat {
  /** Height of the last block scanned. */
  at: number;
  /** What the next repeat has to match: the keys found by this one, with the blocks before. */
  unmatched: readonly UnmatchedKeys[];
}

/**
 * Tracks which blocks of a light node are scanned for which keys of a wallet. While the scan of a restored wallet, or of
 * one that was closed, is not finished, a payment can add keys that earlier blocks pay. Those blocks are then matched
 * with these keys only, until no more are found. Heights above the wallet's sync state are matched with all keys.
 */
export class KeyCoverage {
  readonly wallet: Wallet;
  readonly #chain: HeaderChain;
  /** Numbers of watched keys at the last call of `noteKeys`. */
  #counts: readonly number[];
  #repeat: Repeat | undefined;

  constructor(wallet: Wallet, chain: HeaderChain) {
    this.wallet = wallet;
    this.#chain = chain;
    this.#counts = wallet.watchedCounts();
  }

  /** Begins the scan of a new wallet after a block. The blocks may pay keys of a restored one that are watched only later. */
  start(from: BlockIndex): StoreOperation[] {
    const pass = { from: from.height, watched: this.wallet.watchedCount };
    return this.wallet.synced({ ...syncRecord(this.#chain, from), ...(this.#isRestored ? { pass } : {}) });
  }

  /** Begins a pass over the blocks since the wallet was closed, unless one is open. */
  resume(): StoreOperation[] {
    const { syncedTo, watchedCount } = this.wallet;
    if (!syncedTo) return this.start(this.#chain.atHeight(0)!);
    const { height, pass } = syncedTo;
    if (!pass) return this.wallet.synced({ ...syncedTo, pass: { from: height, watched: watchedCount } });
    // A full node does not record which keys it has found where.
    if (pass.unmatched || pass.watched === watchedCount) return [];
    return this.#put(pass, [{ height, watched: [] }]);
  }

  /** Height of the last block before the next one to scan. */
  get position(): number {
    return this.#isRepeating ? this.#repeat!.at : this.#height;
  }

  /** Returns the height of the first block after `height` that is to be scanned for the wallet. */
  nextAfter(height: number): number {
    if (this.#isRepeating) {
      const next = Math.max(height, this.#repeat!.at) + 1;
      if (next <= this.#lastUnmatched) return next;
    }
    return Math.max(height, this.#height) + 1;
  }

  /** Returns the scriptPubKeys that the block at a height has not been matched with. */
  scripts(height: number): Uint8Array[] {
    if (height > this.#height) return this.wallet.watchedScripts();
    if (!this.#repeat || height <= this.#repeat.at) return [];
    const range = this.#unmatched.find((each) => each.height >= height);
    return [...(range ? this.wallet.watchedScripts(range.watched) : []), ...this.#found.map(fromHex)];
  }

  /** Handles transactions found in a block: if it is scanned again, later blocks may spend the coins. */
  found({ height }: BlockIndex): StoreOperation[] {
    const operations = this.noteKeys(height);
    if (!this.#isRepeating || height <= this.#repeat!.at) return operations;
    const found = new Set([...this.#found, ...this.wallet.scriptsPaidAt(height).map(toHex)]);
    if (found.size > this.#found.length) {
      operations.push(...this.#put({ ...this.#pass!, found: [...found] }, this.#unmatched));
    }
    return operations;
  }

  /** Records keys that are watched since the last call: the blocks up to `height` have not been matched with them. */
  noteKeys(height: number): StoreOperation[] {
    const [before, after] = [this.#counts, this.wallet.watchedCounts()];
    if (after.every((count, i) => count === before[i])) return [];
    this.#counts = after;
    const pass = this.#pass;
    if (!pass) return [];
    const repeat = this.#repeat;
    if (!repeat) {
      const range = { height: Math.max(height, this.#height), watched: before };
      return this.#put(pass, append(this.#unmatched, range, pass.from));
    }
    repeat.unmatched = append(repeat.unmatched, { height: Math.max(height, repeat.at), watched: before }, pass.from);
    // This repeat goes on with the new keys to the end.
    return this.#put(pass, append(this.#unmatched, { height: this.#height, watched: before }, pass.from));
  }

  /** Marks the blocks up to `index` as scanned, and ends a repeat that has reached its end. */
  scanned(index: BlockIndex): StoreOperation[] {
    const operations = this.noteKeys(index.height);
    if (this.#repeat) {
      this.#repeat.at = Math.max(this.#repeat.at, index.height);
      if (!this.#isRepeating) operations.push(...this.#finishRepeat());
    }
    if (index.height > this.#height) operations.push(...this.#moveTo(index, this.#pass));
    return operations;
  }

  #finishRepeat(): StoreOperation[] {
    const { unmatched } = this.#repeat!;
    this.#repeat = undefined;
    return this.#put({ ...this.#pass!, found: [] }, unmatched);
  }

  /**
   * Ends the pass at the tip, or starts to repeat it. `isCurrent`: whether the tip is recent. The pass of a restored
   * wallet stays open until then, since the chain may still be downloading.
   */
  settle(isCurrent: boolean): StoreOperation[] {
    const pass = this.#pass;
    if (!pass || this.#repeat) return [];
    if (this.#unmatched.length > 0 || this.#found.length > 0) {
      // The caller returns to `position` now, before it calls `scanned` again.
      this.#repeat = { at: pass.from, unmatched: [] };
      return [];
    }
    if (this.#isRestored && !isCurrent) return [];
    const { height, locator } = this.wallet.syncedTo!;
    return this.wallet.synced({ height, locator });
  }

  /** Marks the blocks above `index` as not scanned. */
  rewindTo(index: BlockIndex): StoreOperation[] {
    const { height } = index;
    if (this.#height <= height) return [];
    const pass = this.#pass && { ...this.#pass, from: Math.min(this.#pass.from, height) };
    // A repeat that was beyond is finished.
    if (pass && this.#repeat) this.#repeat.unmatched = clamp(this.#repeat.unmatched, height, pass.from);
    return this.#moveTo(index, pass && this.#withUnmatched(pass, clamp(this.#unmatched, height, pass.from)));
  }

  get #isRestored(): boolean {
    return this.wallet.record.birthday === 0;
  }

  get #height(): number {
    return this.wallet.syncedTo?.height ?? 0;
  }

  get #pass(): ScanPass | undefined {
    return this.wallet.syncedTo?.pass;
  }

  get #unmatched(): readonly UnmatchedKeys[] {
    return this.#pass?.unmatched ?? [];
  }

  get #found(): readonly string[] {
    return this.#pass?.found ?? [];
  }

  /** Height of the last block that is to be repeated. */
  get #lastUnmatched(): number {
    return this.#found.length > 0 ? this.#height : (this.#unmatched.at(-1)?.height ?? 0);
  }

  get #isRepeating(): boolean {
    return this.#repeat !== undefined && this.#repeat.at < this.#lastUnmatched;
  }

  #put(pass: ScanPass, unmatched: readonly UnmatchedKeys[]): StoreOperation[] {
    return this.wallet.synced({ ...this.wallet.syncedTo!, pass: this.#withUnmatched(pass, unmatched) });
  }

  #moveTo(index: BlockIndex, pass: ScanPass | undefined): StoreOperation[] {
    return this.wallet.synced({ ...syncRecord(this.#chain, index), ...(pass ? { pass } : {}) });
  }

  /** `watched` says the same to a full node, which repeats the pass for all keys. */
  #withUnmatched({ from, found = [] }: ScanPass, unmatched: readonly UnmatchedKeys[]): ScanPass {
    const [first] = unmatched;
    return {
      from,
      watched: first ? first.watched.reduce((sum, count) => sum + count, 0) : this.wallet.watchedCount,
      ...(first ? { unmatched } : {}),
      ...(found.length > 0 ? { found } : {}),
    };
  }
}

/** Adds a range unless an earlier one includes it: ranges are in order of height, and each has more keys than before. */
function append(ranges: readonly UnmatchedKeys[], range: UnmatchedKeys, from: number): readonly UnmatchedKeys[] {
  if (range.height <= Math.max(from, ranges.at(-1)?.height ?? 0)) return ranges;
  const all = [...ranges, range];
  return all.length > MAX_RANGES ? mergePairs(all) : all;
}

/** Merges each range with its successor: some blocks are then matched with keys that they have been matched with. */
function mergePairs(ranges: readonly UnmatchedKeys[]): UnmatchedKeys[] {
  return ranges
    .filter((_, i) => i % 2 === 0)
    .map(({ height, watched }, i) => ({ height: ranges[2 * i + 1]?.height ?? height, watched }));
}

/** Limits ranges to the blocks above `from` and up to `height`. */
function clamp(ranges: readonly UnmatchedKeys[], height: number, from: number): readonly UnmatchedKeys[] {
  let clamped: readonly UnmatchedKeys[] = [];
  for (const range of ranges) {
    clamped = append(clamped, { ...range, height: Math.min(range.height, height) }, from);
  }
  return clamped;
}
