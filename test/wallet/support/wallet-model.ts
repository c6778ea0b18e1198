import { toHex } from '../../../src/bytes/hex.ts';
import type { Chain } from '../../../src/chain/chain.ts';
import type { Mempool } from '../../../src/mempool/mempool.ts';
import { formatOutPoint } from '../../../src/primitives/outpoint.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import type { Wallet } from '../../../src/wallet/wallet.ts';

/** What a wallet shows, as `ModelView` computes it and `viewOf` reads it. */
export interface ModelView {
  readonly balance: { trusted: bigint; pending: bigint; immature: bigint };
  /** Outpoint, value, confirmations and safety of each mature coin. */
  readonly coins: readonly string[];
  /** Txid, confirmations, debit, credit, and abandonment of each transaction. */
  readonly payments: readonly string[];
}

/** Returns what a wallet shows. */
export function viewOf(wallet: Wallet): ModelView {
  return {
    balance: wallet.balance(),
    coins: wallet
      .listUnspent()
      .map(({ outpoint, output, confirmations, isSafe }) =>
        coinLine(formatOutPoint(outpoint), output.value, confirmations, isSafe),
      )
      .sort(),
    payments: wallet
      .history()
      .map(({ entry, confirmations, debit, credit }) => {
        return `${entry.tx.txidHex} ${confirmations} -${debit} +${credit}${entry.abandoned && !entry.conflict ? ' abandoned' : ''}`;
      })
      .sort(),
  };
}

function coinLine(outpoint: string, value: bigint, confirmations: number, isSafe: boolean): string {
  return `${outpoint} ${value} ${confirmations} ${isSafe ? 'safe' : 'unsafe'}`;
}

/** A transaction as the model sees it at one moment. */
interface Fate {
  readonly tx: Transaction;
  /** Height of its block. */
  readonly confirmed: number | undefined;
  readonly inMempool: boolean;
  /** Height of the lowest block that spends an input of it, or of an unconfirmed ancestor, with another transaction. */
  readonly conflict: number | undefined;
  /** Whether a mempool transaction does so. */
  readonly mempoolConflict: boolean;
}

/**
 * An independent model of a wallet: computes what it shows from the blocks of the active chain, the mempool, and the
 * transactions seen before, by the definitions. It knows nothing of the order of events, except what was given up.
 */
export class WalletModel {
  readonly #chain: Chain;
  readonly #mempool: Mempool;
  /** The scripts of the wallet, in hex. */
  readonly #scripts: () => ReadonlySet<string>;
  /** All transactions that a block or the mempool has ever contained, by txid. */
  readonly #seen = new Map<string, Transaction>();
  /** Txids of transactions given up since a block or the mempool last contained them. */
  readonly #abandoned = new Set<string>();
  readonly #replaced = new Set<string>();
  /** Whether the wallet follows: what is replaced while it does not, it does not know. */
  isFollowed = true;

  constructor(chain: Chain, mempool: Mempool, watchedScripts: () => readonly Uint8Array[]) {
    this.#chain = chain;
    this.#mempool = mempool;
    let scripts: ReadonlySet<string> = new Set();
    this.#scripts = () => {
      const watched = watchedScripts();
      // Keys are only added.
      if (watched.length !== scripts.size) scripts = new Set(watched.map(toHex));
      return scripts;
    };
    const appeared = (tx: Transaction) => {
      this.#seen.set(tx.txidHex, tx);
      this.#abandoned.delete(tx.txidHex);
      this.#replaced.delete(tx.txidHex);
    };
    chain.events.on('blockConnected', ({ block }) => block.transactions.forEach(appeared));
    chain.events.on('blockDisconnected', ({ block }) => {
      for (const tx of block.transactions) this.#abandoned.delete(tx.txidHex);
      const scripts = this.#scripts();
      const [coinbase] = block.transactions;
      if (coinbase!.outputs.some(({ scriptPubKey }) => scripts.has(toHex(scriptPubKey)))) {
        this.abandon(coinbase!.txidHex);
      }
    });
    mempool.events.on('added', ({ entry }) => appeared(entry.tx));
    mempool.events.on('removed', ({ entry, reason }) => {
      if (reason === 'replaced' && this.isFollowed) this.#replaced.add(entry.tx.txidHex);
    });
  }

  /** Gives up a transaction of the wallet and its descendants. */
  abandon(txid: string, concerned = this.#concerned(this.#seen.values())): void {
    if (this.#abandoned.has(txid) || !concerned.has(txid)) return;
    this.#abandoned.add(txid);
    for (const tx of concerned.values()) {
      const isChild = tx.inputs.some(({ prevout }) => formatOutPoint(prevout).startsWith(txid));
      if (isChild) this.abandon(tx.txidHex, concerned);
    }
  }

  /** Returns those of the transactions that pay the wallet or spend its coins, by txid. */
  #concerned(transactions: Iterable<Transaction>): Map<string, Transaction> {
    const known = [...transactions];
    const scripts = this.#scripts();
    const own = new Set<string>();
    for (const tx of known) {
      for (const [vout, { scriptPubKey }] of tx.outputs.entries()) {
        if (scripts.has(toHex(scriptPubKey))) own.add(`${tx.txidHex}:${vout}`);
      }
    }
    const concerned = new Map<string, Transaction>();
    for (const tx of known) {
      const pays = tx.outputs.some((_, vout) => own.has(`${tx.txidHex}:${vout}`));
      if (pays || tx.inputs.some(({ prevout }) => own.has(formatOutPoint(prevout)))) concerned.set(tx.txidHex, tx);
    }
    return concerned;
  }

  /**
   * Returns what the wallet must show. A restored one knows only the transactions of the active chain and the mempool.
   */
  view({ isRestored = false } = {}): ModelView {
    const { fates, tip } = this.#fates(isRestored);
    const scripts = this.#scripts();
    const maturity = this.#chain.params.coinbaseMaturity;
    const isOwn = (tx: Transaction, vout: number) => scripts.has(toHex(tx.outputs[vout]!.scriptPubKey));
    const depth = ({ confirmed, conflict }: Fate) =>
      confirmed !== undefined ? tip - confirmed + 1 : conflict !== undefined ? conflict - tip - 1 : 0;
    const isAlive = ({ tx, confirmed, conflict, mempoolConflict }: Fate) =>
      confirmed !== undefined ||
      !(conflict !== undefined || mempoolConflict || this.#abandoned.has(tx.txidHex) || this.#replaced.has(tx.txidHex));
    const spent = new Set<string>();
    for (const fate of fates.values()) {
      if (isAlive(fate)) for (const { prevout } of fate.tx.inputs) spent.add(formatOutPoint(prevout));
    }
    const isTrusted = (fate: Fate): boolean =>
      fate.confirmed !== undefined ||
      (fate.inMempool &&
        fate.tx.inputs.every(({ prevout }) => {
          const [txid, vout] = formatOutPoint(prevout).split(':');
          const parent = fates.get(txid!);
          return parent !== undefined && isOwn(parent.tx, Number(vout)) && isTrusted(parent);
        }));
    const balance = { trusted: 0n, pending: 0n, immature: 0n };
    const coins: string[] = [];
    const payments: string[] = [];
    for (const [txid, fate] of fates) {
      const { tx, confirmed, inMempool } = fate;
      let [debit, credit] = [0n, 0n];
      for (const { prevout } of tx.inputs) {
        const parent = fates.get(formatOutPoint(prevout).split(':')[0]!);
        if (parent && isOwn(parent.tx, prevout.vout)) debit += parent.tx.outputs[prevout.vout]!.value;
      }
      for (const [vout, { value }] of tx.outputs.entries()) {
        if (!isOwn(tx, vout)) continue;
        credit += value;
        const outpoint = `${txid}:${vout}`;
        if (spent.has(outpoint) || !(confirmed !== undefined || inMempool)) continue;
        const isSafe = isTrusted(fate);
        if (tx.isCoinbase && depth(fate) <= maturity) {
          balance.immature += value;
          continue;
        }
        balance[isSafe ? 'trusted' : 'pending'] += value;
        coins.push(coinLine(outpoint, value, depth(fate), isSafe));
      }
      const isAbandoned = confirmed === undefined && this.#abandoned.has(txid) && fate.conflict === undefined;
      payments.push(`${txid} ${depth(fate)} -${debit} +${credit}${isAbandoned ? ' abandoned' : ''}`);
    }
    return { balance, coins: coins.sort(), payments: payments.sort() };
  }

  /** Returns the wallet's transactions that should be in the mempool if it accepts them. */
  unoffered(): Transaction[] {
    return [...this.#fates(false).fates.values()]
      .filter(
        ({ tx, confirmed, inMempool, conflict, mempoolConflict }) =>
          confirmed === undefined &&
          !(inMempool || conflict !== undefined || mempoolConflict || tx.isCoinbase) &&
          !(this.#abandoned.has(tx.txidHex) || this.#replaced.has(tx.txidHex)),
      )
      .map(({ tx }) => tx);
  }

  /** Returns the fates of the transactions that concern the wallet, by txid. */
  #fates(isRestored: boolean): { fates: Map<string, Fate>; tip: number } {
    const chain = this.#chain;
    const confirmed = new Map<string, number>();
    const blockSpends = new Map<string, { txid: string; height: number }>();
    for (let height = 0; height <= chain.tip.height; height++) {
      for (const tx of chain.getBlock(chain.atHeight(height)!)!.transactions) {
        confirmed.set(tx.txidHex, height);
        for (const { prevout } of tx.inputs) blockSpends.set(formatOutPoint(prevout), { txid: tx.txidHex, height });
      }
    }
    const pool = new Map([...this.#mempool.entries()].map(({ tx }) => [tx.txidHex, tx]));
    const poolSpends = new Map<string, string>();
    for (const [txid, tx] of pool) for (const { prevout } of tx.inputs) poolSpends.set(formatOutPoint(prevout), txid);

    const known = [...this.#seen.values()].filter(
      ({ txidHex }) => !isRestored || confirmed.has(txidHex) || pool.has(txidHex),
    );
    const concerned = this.#concerned(known);
    /** The lowest conflicting block, and whether a mempool transaction conflicts, of a transaction or its ancestors. */
    const conflicts = (tx: Transaction): { height: number; inPool: boolean } => {
      let [height, inPool] = [Number.POSITIVE_INFINITY, false];
      if (confirmed.has(tx.txidHex) || tx.isCoinbase) return { height, inPool };
      for (const { prevout } of tx.inputs) {
        const outpoint = formatOutPoint(prevout);
        const block = blockSpends.get(outpoint);
        if (block && block.txid !== tx.txidHex) height = Math.min(height, block.height);
        const other = poolSpends.get(outpoint);
        if (other !== undefined && other !== tx.txidHex) inPool = true;
        const parent = concerned.get(outpoint.split(':')[0]!);
        if (!parent) continue;
        const inherited = conflicts(parent);
        height = Math.min(height, inherited.height);
        inPool ||= inherited.inPool;
      }
      return { height, inPool };
    };
    const fates = new Map<string, Fate>();
    for (const [txid, tx] of concerned) {
      const { height, inPool } = conflicts(tx);
      fates.set(txid, {
        tx,
        confirmed: confirmed.get(txid),
        inMempool: pool.has(txid),
        conflict: Number.isFinite(height) ? height : undefined,
        mempoolConflict: inPool,
      });
    }
    return { fates, tip: chain.tip.height };
  }
}
