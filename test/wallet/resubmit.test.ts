import { describe, expect, it } from 'vitest';
import type { AcceptResult } from '../../src/mempool/mempool.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { type ResubmissionModules, resubmission } from '../../src/wallet/resubmit.ts';
import type { WalletFile } from '../../src/wallet/wallet-file.ts';
import { CapturedLogger } from '../support/captured-logger.ts';

const tx = { txid: new Uint8Array(32), txidHex: '00' } as unknown as Transaction;
const rejected = { reject: { reason: 'min relay fee not met' } } as unknown as AcceptResult;

/** A wallet with one pending transaction, and a mempool that answers as the test says. */
function setUp(answer: () => AcceptResult | Promise<AcceptResult>) {
  const clock = new VirtualClock();
  const log = new CapturedLogger();
  const state = { offers: 0, isUnoffered: true, isInMempool: false };
  const wallet = {
    name: 'w',
    get hasUnoffered() {
      return state.isUnoffered;
    },
    unconfirmed: () => [tx],
    transactionAdded: () => [{ type: 'delete', key: new Uint8Array(1) }],
  };
  /** A wallet without pending transactions. */
  const idle = { name: 'idle', hasUnoffered: false, unconfirmed: () => [] };
  const file = { wallets: () => [idle, wallet, idle], write: async () => {} };
  const mempool = {
    has: () => state.isInMempool,
    acceptAsync: () => {
      state.offers++;
      return answer();
    },
  };
  const modules = { mempool, clock, logger: log } as unknown as ResubmissionModules;
  const lines = () => log.shown.map(({ message }) => message);
  return { clock, state, file, log, lines, resubmit: resubmission(file as unknown as WalletFile, modules) };
}

const settle = () => new Promise(setImmediate);

describe('offers of pending transactions', () => {
  it('are repeated every minute while the mempool rejects one', () => {
    const { clock, state, resubmit } = setUp(() => rejected);
    expect(resubmit.now()).toEqual([]);
    expect(state.offers).toBe(1);
    clock.advance(59_999);
    expect(state.offers).toBe(1);
    clock.advance(1);
    expect(state.offers).toBe(2);
    clock.advance(60_000);
    expect(state.offers).toBe(3);
  });

  it('end when none is left, and record one that the mempool has', () => {
    const { clock, state, resubmit } = setUp(() => rejected);
    state.isInMempool = true;
    expect(resubmit.now()).toHaveLength(1);
    expect(state.offers).toBe(0);
    state.isInMempool = false;
    state.isUnoffered = false;
    clock.advance(60_000);
    expect(resubmit.now()).toEqual([]);
    clock.advance(600_000);
    expect(state.offers).toBe(0);
  });

  it('come a second after a transaction has left the mempool, once for several', () => {
    const { clock, state, resubmit } = setUp(() => rejected);
    resubmit.soon();
    clock.advance(500);
    resubmit.soon();
    clock.advance(999);
    expect(state.offers).toBe(0);
    clock.advance(1);
    expect(state.offers).toBe(1);
  });

  it('are repeated a second after a verification, whether it succeeds or fails', async () => {
    for (const outcome of ['resolves', 'rejects']) {
      let verified = () => {};
      const answer = () =>
        new Promise<AcceptResult>((resolve, reject) => {
          verified = () => (outcome === 'resolves' ? resolve(rejected) : reject(new Error('a thread has failed')));
        });
      const { clock, state, resubmit } = setUp(answer);
      resubmit.now();
      verified();
      await settle();
      clock.advance(999);
      expect(state.offers, outcome).toBe(1);
      clock.advance(1);
      expect(state.offers, outcome).toBe(2);
    }
  });

  it('end with the wallet file, also those whose verification is under way', async () => {
    let verified = () => {};
    const { clock, state, resubmit } = setUp(
      () =>
        new Promise<AcceptResult>((resolve) => {
          verified = () => resolve(rejected);
        }),
    );
    resubmit.now();
    resubmit.stop();
    verified();
    await settle();
    clock.advance(600_000);
    expect(state.offers).toBe(1);
    resubmit.soon();
    clock.advance(600_000);
    expect(state.offers).toBe(1);
  });

  it('are logged if the mempool rejects them or cannot verify them, or if a write fails', async () => {
    const accepted = setUp(() => ({ entry: {} }) as unknown as AcceptResult);
    accepted.resubmit.now();
    expect(accepted.lines()).toEqual([]);
    const refused = setUp(() => rejected);
    refused.resubmit.now();
    expect(refused.lines()).toEqual(['wallet transaction rejected by the mempool']);
    expect(refused.log.shown).toMatchObject([{ wallet: 'w', txid: '00', reason: 'min relay fee not met' }]);
    const later = setUp(async () => rejected);
    later.resubmit.now();
    await settle();
    expect(later.lines()).toEqual(['wallet transaction rejected by the mempool']);
    const failing = setUp(async () => {
      throw new Error('a thread has failed');
    });
    failing.resubmit.now();
    await settle();
    expect(failing.log.shown).toMatchObject([
      { message: 'wallet transaction not verified', txid: '00', err: new Error('a thread has failed') },
    ]);
    accepted.file.write = async () => {
      throw new Error('disk full');
    };
    accepted.resubmit.soon();
    accepted.clock.advance(1000);
    await settle();
    expect(accepted.lines()).toEqual(['wallet file write failed']);
  });
});
