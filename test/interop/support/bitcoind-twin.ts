import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { base58check } from '@scure/base';
import { expect } from 'vitest';
import { fullTransactionJson } from '../../../src/api/format/wallet-json.ts';
import { encodeJson } from '../../../src/api/json/encode.ts';
import { toHex } from '../../../src/bytes/hex.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { parentsFirst } from '../../../src/mempool/parents-first.ts';
import { unixSeconds } from '../../../src/platform/clock.ts';
import { formatAmount } from '../../../src/primitives/amount.ts';
import type { Block } from '../../../src/primitives/block.ts';
import { formatOutPoint } from '../../../src/primitives/outpoint.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import type { Wallet } from '../../../src/wallet/wallet.ts';
import type { Bitcoind, RpcCall } from '../../support/bitcoind.ts';
import type { RegtestChain } from '../../support/regtest-chain.ts';
import { EXPIRY_SECONDS, type HistoryTwin, names } from '../../wallet/support/history.ts';
import { FILLER_BLOCKS, fillerScript, MempoolFiller } from './mempool-filler.ts';

/** Keys of each chain that bitcoind watches. */
const RANGE = 100;

const base58 = base58check(sha256);

/** What has happened to Pier's chain and mempool, at a Unix time. */
type Change = { readonly time: number } & (
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'added'; readonly tx: Transaction }
  | { readonly kind: 'evicted' | 'expired'; readonly tx: Transaction }
  | { readonly kind: 'call'; readonly call: RpcCall; readonly wallet: string | undefined }
);

/** Repeats a history of Pier's wallets at a bitcoind, with wallets of the same keys, and compares what both show. */
export class BitcoindTwin implements HistoryTwin {
  readonly #bitcoind: Bitcoind;
  readonly #prefix: string;
  readonly #submitted = new Set<string>();
  #chain!: RegtestChain;
  #filler!: MempoolFiller;
  #changes: Change[] = [];
  #restored = 0;
  /** Pier's wallets by name. */
  #walletOf: (name: string) => Wallet = () => expect.unreachable();

  /** `prefix`: of the names of its wallets. */
  constructor(bitcoind: Bitcoind, prefix: string) {
    this.#bitcoind = bitcoind;
    this.#prefix = prefix;
  }

  async begin(chain: RegtestChain): Promise<void> {
    this.#chain = chain;
    // The first blocks of another history are not to be those that are invalidated.
    chain.skipExtraNonces(Number.parseInt(this.#prefix, 10) * 100_000);
    if ((await this.#rpc<number>('getblockcount')) > 0) {
      await this.#rpc('invalidateblock', await this.#rpc('getblockhash', 1));
    }
    chain.chain.events.on('blockConnected', ({ block }) => this.#note({ kind: 'block', block }));
    chain.mempool.events.on('added', ({ entry }) => this.#note({ kind: 'added', tx: entry.tx }));
    chain.mempool.events.on('removed', ({ entry, reason }) => {
      if (reason === 'sizelimit') this.#note({ kind: 'evicted', tx: entry.tx });
      if (reason === 'expiry') this.#note({ kind: 'expired', tx: entry.tx });
    });
    const blocks = await chain.mine(FILLER_BLOCKS, { scriptPubKey: fillerScript });
    this.#filler = new MempoolFiller(this.#bitcoind, blocks, EXPIRY_SECONDS);
  }

  async started(walletOf: (name: string) => Wallet): Promise<void> {
    this.#walletOf = walletOf;
    for (const name of names) await this.#createWallet(name, walletOf(name));
  }

  invalidates(hashHex: string): void {
    this.#note({ kind: 'call', call: ['invalidateblock', hashHex], wallet: undefined });
  }

  reconsiders(hashHex: string): void {
    this.#note({ kind: 'call', call: ['reconsiderblock', hashHex], wallet: undefined });
  }

  abandons(name: string, txid: string): void {
    this.#note({ kind: 'call', call: ['abandontransaction', txid], wallet: this.#twinOf(name) });
  }

  async closed(): Promise<void> {
    await this.#repeat();
    for (const name of names) await this.#rpc('unloadwallet', this.#twinOf(name));
  }

  async reopens(): Promise<void> {
    await this.#repeat();
    for (const name of names) await this.#rpc('loadwallet', this.#twinOf(name));
  }

  async check(): Promise<void> {
    await this.#repeat();
    for (const name of names) await this.#compare(this.#walletOf(name), name);
  }

  async checkRestored(wallet: Wallet): Promise<void> {
    await this.#repeat();
    const name = `restored${this.#restored++}`;
    await this.#createWallet(name, wallet);
    await this.#compare(wallet, name);
    await this.#rpc('unloadwallet', this.#twinOf(name));
  }

  /** Removes its wallets, also after a failure. */
  async end(): Promise<void> {
    for (const twin of await this.#rpc<string[]>('listwallets')) await this.#rpc('unloadwallet', twin);
    await rm(join(this.#bitcoind.dataDir, 'regtest', 'wallets'), { recursive: true, force: true });
    await mkdir(join(this.#bitcoind.dataDir, 'regtest', 'wallets'));
  }

  #note(change: Change extends infer C ? (C extends Change ? Omit<C, 'time'> : never) : never): void {
    this.#changes.push({ ...change, time: unixSeconds(this.#chain.clock) } as Change);
  }

  async #rpc<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T> {
    const [result] = await this.#all([[method, ...params]]);
    return result as T;
  }

  #twinOf(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  async #createWallet(name: string, wallet: Wallet): Promise<void> {
    const twin = this.#twinOf(name);
    await this.#rpc('createwallet', twin, false, true);
    const requests = [];
    const descriptors = descriptorsOf(wallet.record.xprv);
    const infos = await this.#all(descriptors.map(({ desc }) => ['getdescriptorinfo', desc]));
    for (const [i, { desc, internal }] of descriptors.entries()) {
      const { checksum } = infos[i] as { checksum: string };
      // Active, so that bitcoind can tell change from payments.
      requests.push({ desc: `${desc}#${checksum}`, timestamp: 0, range: [0, RANGE], active: true, internal });
    }
    const imported = await this.#bitcoind.call<{ success: boolean }[]>('importdescriptors', [requests], twin);
    expect(imported.every(({ success }) => success)).toBe(true);
  }

  /** Repeats what has happened since the last call, in its order and at its times. */
  async #repeat(): Promise<void> {
    let isInvalidated = false;
    while (this.#changes.length > 0) {
      const { time, kind } = this.#changes[0]!;
      if (kind === 'block') {
        await this.#submitBlocks(this.#take((change) => change.kind === 'block'));
      } else if (kind === 'call') {
        const { call, wallet } = this.#changes.shift() as Change & { kind: 'call' };
        const [method, ...params] = call;
        await this.#rpc('setmocktime', time);
        await this.#bitcoind.call(method, params, wallet);
        isInvalidated ||= method === 'invalidateblock';
      } else {
        const changes = this.#take((change) => change.time === time);
        await this.#repeatAt(time, changes);
      }
    }
    const { chain, mempool, clock } = this.#chain;
    if (isInvalidated) await this.#offerAgain();
    const [, tip, txids] = await this.#all([
      ['setmocktime', unixSeconds(clock)],
      ['getbestblockhash'],
      ['getrawmempool'],
      ['syncwithvalidationinterfacequeue'],
    ]);
    expect(chain.tip.hashHex, 'tip').toBe(tip);
    const ours = [...mempool.entries()].map(({ tx }) => tx.txidHex);
    expect(ours.sort(), 'mempool').toEqual(this.#withoutFillers(txids as string[]).sort());
  }

  /** Removes the first changes, of one kind or another but not calls, as long as `test` holds. */
  #take(test: (change: Change) => boolean): Change[] {
    const end = this.#changes.findIndex((change) => change.kind === 'call' || !test(change));
    return this.#changes.splice(0, end === -1 ? this.#changes.length : end);
  }

  async #submitBlocks(changes: readonly Change[]): Promise<void> {
    const calls: RpcCall[] = [];
    for (const change of changes) {
      if (change.kind !== 'block' || this.#submitted.has(change.block.hashHex)) continue;
      this.#submitted.add(change.block.hashHex);
      calls.push(['setmocktime', change.time], ['submitblock', toHex(change.block.encode())]);
    }
    if (calls.length === 0) return;
    for (const result of await this.#all(calls)) expect([null, 'inconclusive'], String(result)).toContain(result);
  }

  /** Calls methods in their order; throws what the first fails with. */
  async #all(calls: readonly RpcCall[], wallet?: string): Promise<unknown[]> {
    const results = await this.#bitcoind.batch(calls, wallet);
    for (const result of results) if (result instanceof Error) throw result;
    return results;
  }

  /**
   * Policy difference: invalidateblock removes from bitcoind's mempool what is invalid after each disconnected block,
   * though another branch may follow at once. Pier's mempool is updated at the new tip, as bitcoind's is in another
   * reorganisation.
   */
  async #offerAgain(): Promise<void> {
    const present = await this.#mempool();
    for (const { tx, time } of parentsFirst(this.#chain.mempool.entries())) {
      if (present.has(tx.txidHex)) continue;
      await this.#rpc('setmocktime', time);
      await this.#rpc('sendrawtransaction', toHex(tx.encode()), 0, 100_000);
    }
  }

  /**
   * Policy difference: Pier gives up for good what another transaction has replaced. bitcoind counts its inputs as spent
   * once that other one has left the mempool, and offers it again, until it is abandoned.
   */
  async #abandonReplaced(wallet: Wallet, twin: string): Promise<void> {
    for (const { entry } of wallet.history()) {
      const { replaced, confirmation, conflict, inMempool, mempoolConflicts } = entry;
      if (!replaced || confirmation || conflict || inMempool || mempoolConflicts.size > 0) continue;
      await this.#bitcoind.call('abandontransaction', [entry.tx.txidHex], twin);
    }
  }

  /** Repeats changes of the mempool in one second. */
  async #repeatAt(time: number, changes: readonly Change[]): Promise<void> {
    // A reorganisation returns transactions to the mempool before its last block.
    await this.#submitBlocks(changes);
    await this.#rpc('setmocktime', time);
    let present = await this.#mempool();
    let evicted: string[] = [];
    const evict = async () => {
      const txids = evicted.filter((txid) => present.has(txid));
      evicted = [];
      if (txids.length === 0) return;
      await this.#filler.evict(txids, time);
      present = await this.#mempool();
    };
    const added = new Set<string>();
    for (const change of changes) {
      if (change.kind === 'evicted') evicted.push(change.tx.txidHex);
      if (change.kind !== 'added') continue;
      await evict();
      added.add(change.tx.txidHex);
      if (present.has(change.tx.txidHex)) continue;
      await this.#rpc('sendrawtransaction', toHex(change.tx.encode()), 0, 100_000);
      present = await this.#mempool();
    }
    await evict();
    // What made them expire at Pier was not accepted, since it spent what expired.
    const isLeft = ({ kind, ...change }: Change) =>
      kind === 'expired' && 'tx' in change && present.has(change.tx.txidHex) && !added.has(change.tx.txidHex);
    if (changes.some(isLeft)) await this.#filler.expire();
  }

  async #mempool(): Promise<Set<string>> {
    return new Set(this.#withoutFillers(await this.#rpc<string[]>('getrawmempool')));
  }

  #withoutFillers(txids: readonly string[]): string[] {
    return txids.filter((txid) => !this.#filler.isFiller(txid));
  }

  async #compare(wallet: Wallet, name: string): Promise<void> {
    const twin = this.#twinOf(name);
    const { chain, mempool } = this.#chain;
    await this.#abandonReplaced(wallet, twin);
    const history = wallet.history();
    const [balances, coins, payments, ...theirs] = (await this.#all(
      [
        ...([['getbalances'], ['listunspent', 0], ['listtransactions', '*', 1_000_000]] as const),
        ...history.map(({ entry }) => ['gettransaction', entry.tx.txidHex] as const),
      ],
      twin,
    )) as [Balances, Coin[], Payment[], ...Shown[]];
    const { trusted, pending, immature } = wallet.balance();
    const { mine } = balances;
    expect([trusted, pending, immature].map(formatAmount), `balances of ${name}`).toEqual(
      [mine.trusted, mine.untrusted_pending, mine.immature].map((amount) => amount.toFixed(8)),
    );
    const coinLines = wallet.listUnspent().map(({ outpoint, output, confirmations, isSafe }) => {
      return `${formatOutPoint(outpoint)} ${formatAmount(output.value)} ${confirmations} ${isSafe}`;
    });
    expect(coinLines.sort(), `coins of ${name}`).toEqual(
      coins
        .map(({ txid, vout, amount, confirmations, safe }) => {
          return `${txid}:${vout} ${amount.toFixed(8)} ${confirmations} ${safe}`;
        })
        .sort(),
    );
    const view = { wallet, chain, mempool };
    const listed: string[] = [];
    for (const [i, transaction] of history.entries()) {
      const ours: Shown = JSON.parse(encodeJson(fullTransactionJson(transaction, view)));
      const { txidHex } = transaction.entry.tx;
      const options = { withAbandoned: !transaction.entry.replaced };
      expect(shownOf(ours, options), `${txidHex} of ${name}`).toEqual(shownOf(theirs[i]!, options));
      for (const { category, vout } of ours.details) listed.push(`${txidHex} ${vout} ${category}`);
    }
    const theirLines = payments.map(({ txid, vout, category }) => `${txid} ${vout} ${category}`);
    expect(listed.sort(), `payments of ${name}`).toEqual(theirLines.sort());
  }
}

type Balances = { mine: { trusted: number; untrusted_pending: number; immature: number } };

type Coin = { txid: string; vout: number; amount: number; confirmations: number; safe: boolean };

type Payment = { txid: string; vout: number; category: string };

export type Shown = Record<string, unknown> & {
  details: { category: string; vout: number }[];
  walletconflicts: string[];
  mempoolconflicts: string[];
};

/** Returns the fields of gettransaction that depend on keys, chain and mempool only, in one order. */
export function shownOf(shown: Shown, { withAbandoned }: { withAbandoned: boolean }): object {
  const { amount, fee, confirmations, generated, trusted, blockhash, blockheight, blockindex } = shown;
  const details = shown.details.map((detail) => {
    const { address, category, amount: paid, vout, fee: share, abandoned } = detail as Record<string, unknown>;
    return JSON.stringify({ address, category, paid, vout, share, ...(withAbandoned ? { abandoned } : {}) });
  });
  return {
    ...{ amount, fee, confirmations, generated, trusted, blockhash, blockheight, blockindex },
    details: details.sort(),
    walletconflicts: shown.walletconflicts.toSorted(),
    mempoolconflicts: shown.mempoolconflicts.toSorted(),
  };
}

/** Returns the descriptors of a Pier wallet's keys: BIP44, BIP49, BIP84 and BIP86, external and change. */
function descriptorsOf(xprv: string): { desc: string; internal: boolean }[] {
  // The version bytes of test networks.
  const root = base58.encode(Uint8Array.of(0x04, 0x35, 0x83, 0x94, ...base58.decode(xprv).subarray(4)));
  const kinds = [
    ['pkh(', 44, ')'],
    ['sh(wpkh(', 49, '))'],
    ['wpkh(', 84, ')'],
    ['tr(', 86, ')'],
  ] as const;
  return kinds.flatMap(([open, purpose, close]) =>
    [0, 1].map((change) => ({
      desc: `${open}${root}/${purpose}h/1h/0h/${change}/*${close}`,
      internal: change === 1,
    })),
  );
}
