import type { MempoolEntry } from '../../mempool/entry.ts';
import type { Mempool } from '../../mempool/mempool.ts';
import type { Candidate } from '../coin-selection.ts';
import type { WalletCoin } from '../ledger-entry.ts';

/** A coin as coin selection sees it. */
export type SpendableCoin = WalletCoin & Candidate;

/** What a payment needs to know of the mempool's limits on ancestors and descendants. */
export interface ChainLimits {
  /**
   * Returns unconfirmed coins that one transaction can spend together. `limit` is the maximum number of ancestors and
   * of descendants of a coin's transaction, itself included; the coins of most value come first.
   */
  spendableTogether(unconfirmed: readonly SpendableCoin[], limit: number): readonly SpendableCoin[];
}

/** For a node without a mempool, which knows of no limits. */
export const noChainLimits: ChainLimits = {
  spendableTogether: (unconfirmed, limit) => (limit === 0 ? [] : unconfirmed),
};

/** Returns the limits of a mempool, so that it accepts what spends the coins (Core: CoinEligibilityFilter). */
export function chainLimits(mempool: Pick<Mempool, 'get' | 'ancestors' | 'options'>): ChainLimits {
  return {
    spendableTogether(unconfirmed, limit) {
      const { ancestorCount, ancestorSize, descendantCount, descendantSize } = mempool.options.limits;
      // Room for the transaction itself, which half of the size limits leaves in any case.
      const within = (families: ReadonlySet<MempoolEntry>) => {
        let size = 0;
        for (const entry of families) {
          if (entry.descendantCount >= descendantCount || 2 * entry.descendantSize > descendantSize) return false;
          size += entry.vsize;
        }
        return families.size < ancestorCount && 2 * size <= ancestorSize;
      };
      const byValue = [...unconfirmed].sort((a, b) => Number(b.value - a.value));
      const spendable: SpendableCoin[] = [];
      let families = new Set<MempoolEntry>();
      for (const coin of byValue) {
        const entry = mempool.get(coin.outpoint.txid);
        if (!entry || entry.ancestorCount > limit) continue;
        const family = [entry, ...mempool.ancestors(entry)];
        if (family.some((each) => each.descendantCount > limit)) continue;
        const together = new Set([...families, ...family]);
        if (!within(together)) continue;
        families = together;
        spendable.push(coin);
      }
      return spendable;
    },
  };
}
