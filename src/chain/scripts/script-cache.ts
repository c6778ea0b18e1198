import { binaryKey } from '../../bytes/compare.ts';
import type { Transaction } from '../../primitives/transaction.ts';

const MAX_ENTRIES = 100_000;

/**
 * Transactions whose scripts have been found valid, so that they need not run again when a block holds them. A wtxid
 * commits to the scripts and, through the txids that it spends, to all that they are run against.
 */
export class ScriptCache {
  /** By wtxid, the flags; the oldest first. */
  readonly #flags = new Map<string, number>();

  /**
   * Remembers that all scripts of `tx` are valid with `flags`. Fewer than known before are no news. Others cannot be joined
   * with those known: what passes with each set of rules need not pass with both, when one adds what the other checks.
   */
  add(tx: Transaction, flags: number): void {
    const key = binaryKey(tx.wtxid);
    const known = this.#flags.get(key);
    if (known !== undefined && (known & flags) === flags) return;
    this.#flags.set(key, flags);
    if (this.#flags.size <= MAX_ENTRIES) return;
    for (const oldest of this.#flags.keys()) {
      this.#flags.delete(oldest);
      return;
    }
  }

  /** Whether the scripts of `tx` are known to be valid with `flags`: they are if they were with these and more. */
  has(tx: Transaction, flags: number): boolean {
    if (this.#flags.size === 0) return false;
    const known = this.#flags.get(binaryKey(tx.wtxid));
    return known !== undefined && (known & flags) === flags;
  }

  /** Forgets a transaction that is in the chain now. */
  delete(tx: Transaction): void {
    if (this.#flags.size > 0) this.#flags.delete(binaryKey(tx.wtxid));
  }
}
