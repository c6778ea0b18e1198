import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedEvent, NodeNetwork } from 'pier/devnet';

/** Milliseconds between blocks. */
const BLOCK_MS = 5_000;
/** Milliseconds between the events of a network without nodes. */
const TICK_MS = 50;
/** Milliseconds over which a node sums up its messages. */
const SUMMARY_MS = 100;
/** Links a node on average, as in the shape `random`. */
const LINKS_A_NODE = 4;
const TRANSACTION = { vsize: 141, fee: 1_410 };
const TIP = '0'.repeat(64);

/** What a `SyntheticNetwork` reports. */
export interface SyntheticOptions {
  readonly nodes: number;
  /** Transactions a second. */
  readonly rate: number;
  /** Whether it also reports messages, as nodes that sum them up do. */
  readonly hasMessages?: boolean;
}

/** The events of a network without its nodes: transactions, blocks and messages, as so many nodes report them. */
export class SyntheticNetwork {
  readonly description = { chain: 'regtest', mnemonic: '' };
  readonly mining = 'manual';
  readonly time = { now: () => Math.floor(Date.now() / 1_000) };
  readonly accounts = [];
  readonly nodes: readonly object[];
  readonly links: readonly { readonly from: string; readonly to: string }[];
  readonly fees = { countOthers: (mempool: ReadonlySet<string>) => mempool.size };
  readonly #options: SyntheticOptions;
  readonly #names: readonly string[];
  readonly #listeners = new Set<{ readonly types: ReadonlySet<string>; readonly given: (event: FeedEvent) => void }>();
  #height = 0;
  #tip = TIP;
  #waiting = new Set<string>();

  constructor(options: SyntheticOptions) {
    this.#options = options;
    this.#names = Array.from({ length: options.nodes }, (_, i) => `node${i + 1}`);
    this.nodes = this.#names.map((name) => ({
      ...{ name, role: 'full', status: 'running' },
      call: () => Promise.reject(new Error('it is no node')),
      view: async () => ({ height: this.#height, tip: this.#tip, peers: LINKS_A_NODE, mempool: this.#waiting }),
    }));
    const conditions = { latency: 0, jitter: 0, loss: 0, bandwidth: 0 };
    this.links = this.#names.flatMap((from, i) =>
      // Half of the links of a node are its own, to nodes at distances that have no common factor.
      [1, 7].slice(0, LINKS_A_NODE / 2).map((step) => {
        const to = this.#names[(i + step) % options.nodes]!;
        return { from, to, isCut: false, conditions };
      }),
    );
  }

  /** Returns it as what a control server takes: it has what the server reads. */
  get asNetwork(): NodeNetwork {
    return this as unknown as NodeNetwork;
  }

  follow(types: readonly string[], given: (event: FeedEvent) => void): () => void {
    const listener = { types: new Set(types), given };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the number of transactions. */
  async run(seconds: number): Promise<number> {
    const { rate } = this.#options;
    const start = performance.now();
    let [sent, minedAt, summedAt, reported] = [0, start, start, 0];
    for (let now = start; now < start + seconds * 1_000; now = performance.now()) {
      // After a stall, a second's transactions at a time: the readers need turns.
      const due = Math.min(((now - start) / 1_000) * rate, sent + rate);
      for (; sent < due; sent++) {
        const txid = sent.toString(16).padStart(64, '0');
        this.#waiting.add(txid);
        // Fee rates from 1 to 100 satoshis per virtual byte.
        const fee = TRANSACTION.vsize * (1 + ((sent * 37) % 100));
        this.#each((node) => ({ type: 'transaction', node, txid, change: 'added', vsize: TRANSACTION.vsize, fee }));
      }
      if (now - summedAt >= SUMMARY_MS) {
        summedAt = now;
        this.#summary(sent - reported);
        reported = sent;
      }
      if (now - minedAt > BLOCK_MS) {
        minedAt = now;
        for (const txid of this.#waiting) {
          this.#each((node) => ({ type: 'transaction', node, txid, change: 'removed', reason: 'block' }));
        }
        this.#waiting.clear();
        this.wake();
      }
      await sleep(TICK_MS);
    }
    return sent;
  }

  /** Reports a block. */
  wake(): void {
    const height = ++this.#height;
    const previous = this.#tip;
    // The last digits are the colour.
    const hash = (height * 7919).toString(16).padStart(64, '0');
    this.#tip = hash;
    this.#each((node) => ({ type: 'block', node, height, hash, previous, transactions: 1, size: 250 }));
  }

  /** Reports what all nodes have sent over their links, and the sizes of their mempools. */
  #summary(transactions: number): void {
    if (!this.#options.hasMessages) return;
    const at = Date.now() - SUMMARY_MS;
    const count = Math.max(1, transactions);
    for (const { from, to } of this.links) {
      for (const ends of [
        { from, to },
        { from: to, to: from },
      ]) {
        const message = { type: 'message', node: ends.from, ...ends, count } as const;
        this.#emit({ ...message, at, command: 'inv', bytes: 61 * count });
        this.#emit({ ...message, at: at + 20, command: 'getdata', bytes: 61 * count });
        this.#emit({ ...message, at: at + 40, command: 'tx', bytes: 222 * count });
      }
    }
    const { size } = this.#waiting;
    this.#each((node) => ({ type: 'mempool', node, transactions: size, bytes: size * TRANSACTION.vsize }));
  }

  #each(event: (node: string) => FeedEvent): void {
    for (const name of this.#names) this.#emit(event(name));
  }

  #emit(event: FeedEvent): void {
    for (const { types, given } of this.#listeners) if (types.has(event.type)) given(event);
  }
}
