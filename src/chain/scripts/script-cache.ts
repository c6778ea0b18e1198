import { binaryKey } from '../../bytes/compare.ts';
import type { Transaction } from '../../primitives/transaction.ts';

/** Transactions remembered. */
const MAX_ENTRIES = 100_000;

/**
 * Transactions whose scripts are known to be valid, so that a block need not verify them again (Core:
 * m_script_execution_cache). A wtxid commits to the scripts and, through the prevouts, to the outputs they spend.
 */
export class ScriptCache {
  /** `ScriptFlag`s by wtxid, oldest first. */
  readonly #flags = new Map<string, number>();

  /**
   * Records that all scripts of `tx` are valid under `flags`. A subset of the known flags changes nothing. Other flags
   * replace the known ones and are not merged: a script can pass under each of two sets of flags and fail under both.
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

  /** Returns whether the scripts of `tx` are known to be valid under `flags` or a superset of them. */
  has(tx: Transaction, flags: number): boolean {
    if (this.#flags.size === 0) return false;
    const known = this.#flags.get(binaryKey(tx.wtxid));
    return known !== undefined && (known & flags) === flags;
  }

  /** Removes a transaction, when a block has confirmed it. */
  delete(tx: Transaction): void {
    if (this.#flags.size > 0) this.#flags.delete(binaryKey(tx.wtxid));
  }
}
