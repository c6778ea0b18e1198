import { binaryKey } from '../../bytes/compare.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import type { ScriptError } from '../../script/errors.ts';

/** Valid transactions remembered. */
const MAX_ENTRIES = 100_000;
/** Invalid transactions remembered. */
const MAX_FAILURES = 1_000;

/** The first input of a transaction with an invalid script. */
export interface ScriptFailure {
  readonly inputIndex: number;
  readonly error: ScriptError;
}

/**
 * Transactions whose scripts are known to be valid, so that a block need not verify them again (Core:
 * m_script_execution_cache), and some that are known to be invalid. A wtxid commits to the scripts and, through the
 * prevouts, to the outputs they spend.
 */
export class ScriptCache {
  /** `ScriptFlag`s by wtxid, oldest first. */
  readonly #flags = new Map<string, number>();
  /** By wtxid, oldest first. */
  readonly #failures = new Map<string, ScriptFailure & { readonly flags: number }>();

  /**
   * Records that all scripts of `tx` are valid under `flags`. A subset of the known flags changes nothing. Other flags
   * replace the known ones and are not merged: a script can pass under each of two sets of flags and fail under both.
   */
  add(tx: Transaction, flags: number): void {
    const key = binaryKey(tx.wtxid);
    const known = this.#flags.get(key);
    if (known !== undefined && (known & flags) === flags) return;
    this.#flags.set(key, flags);
    if (this.#flags.size > MAX_ENTRIES) deleteOldest(this.#flags);
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

  /** Records the first failure of `tx` under exactly these flags. */
  addFailure(tx: Transaction, flags: number, { inputIndex, error }: ScriptFailure): void {
    this.#failures.set(binaryKey(tx.wtxid), { inputIndex, error, flags });
    if (this.#failures.size > MAX_FAILURES) deleteOldest(this.#failures);
  }

  /** Returns the first failure of `tx` under exactly these flags, if it is known: other flags can fail elsewhere. */
  failure(tx: Transaction, flags: number): ScriptFailure | undefined {
    if (this.#failures.size === 0) return undefined;
    const known = this.#failures.get(binaryKey(tx.wtxid));
    return known?.flags === flags ? known : undefined;
  }
}

function deleteOldest(entries: Map<string, unknown>): void {
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}
