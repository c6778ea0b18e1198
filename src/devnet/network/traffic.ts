import { RpcError } from '../../api/json/rpc-error.ts';
import { fromHex } from '../../bytes/hex.ts';
import { systemClock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';
import { Transaction } from '../../primitives/transaction.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { type AddressType, addressTypes } from '../../wallet/keys.ts';
import type { Account } from './account.ts';
import { check } from './arguments/method-arguments.ts';
import { holdProcess } from './deadline.ts';
import type { Payment } from './payment.ts';

/** What `NodeNetwork.traffic` makes. */
export interface TrafficOptions {
  /** Payments to attempt, up to 1,000,000; default 100, or as many as fit into `seconds`. */
  readonly count?: number | undefined;
  /** Seconds after which it ends, up to 86,400. */
  readonly seconds?: number | undefined;
  /** Payments per second at most, up to 10,000; default: as many as the nodes make. */
  readonly rate?: number | undefined;
  /** Least and highest satoshis per virtual byte, from 1 to 1,000; default 1 and 50. Low rates are more frequent. */
  readonly feeRates?: readonly [number, number] | undefined;
  /** Types of the addresses that are paid; default: all. */
  readonly types?: readonly AddressType[] | undefined;
  /** Share of payments, 0 to 1, that a double spend replaces at once; default 0. */
  readonly conflicts?: number | undefined;
  /**
   * Share of payments, 0 to 1, that spend the unconfirmed change of the payment before; default 0. A chain ends after 25, as
   * many as mempools accept.
   */
  readonly chains?: number | undefined;
  /** Seed of everything random; default 1. */
  readonly seed?: number | undefined;
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
}

/** A reason for which payments of traffic were refused. */
export interface TrafficRefusal {
  readonly reason: string;
  /** Attempts that were refused for it. */
  readonly count: number;
}

/** What traffic there was. */
export interface TrafficStatistics {
  /** Payments that mempools took. */
  readonly sent: number;
  /** How many of them were replaced by a double spend. */
  readonly replaced: number;
  /** How many of them spend the unconfirmed change of the one before, as `chains` says. */
  readonly chained: number;
  /** Attempts that a wallet or mempool refused: too few coins, or too many unconfirmed ones in a row. */
  readonly refused: number;
  /** Why, the most frequent reason first: what wallets and mempools answered, without what differs between payments. */
  readonly refusals: readonly TrafficRefusal[];
  /** Virtual bytes of the payments that were sent. */
  readonly vbytes: number;
  /** Seconds that it took. */
  readonly seconds: number;
}

const MAX_COUNT = 1_000_000;
/** Transactions of a chain (Core: DEFAULT_ANCESTOR_LIMIT). */
const MAX_CHAIN = 25;
/** Least and highest satoshis of a payment. */
const AMOUNTS = [10_000, 10_000_000] as const;

/** Lets accounts pay each other. Throws `PierError` 'bad-argument', and 'bad-traffic' without accounts. */
export async function makeTraffic(
  accounts: readonly Account[],
  closed: AbortSignal,
  options: TrafficOptions,
): Promise<TrafficStatistics> {
  closed.throwIfAborted();
  check.traffic({ options });
  if (accounts.length === 0) throw new PierError('bad-traffic', 'traffic: the network has no accounts');
  const { seconds = Number.POSITIVE_INFINITY, rate, feeRates = [1, 50], types = addressTypes } = options;
  const { conflicts = 0, chains = 0, seed = 1, signal } = options;
  const count = options.count ?? (options.seconds === undefined ? 100 : MAX_COUNT);
  const random = new SeededRandom(seed);
  const share = () => random.uint32() / 2 ** 32;
  const pick = <T>(items: readonly T[]) => items[random.uint32() % items.length]!;
  const start = systemClock.monotonic();
  const elapsed = () => (systemClock.monotonic() - start) / 1000;
  let [sent, replaced, chained, vbytes] = [0, 0, 0, 0];
  const reasons = new Map<string, number>();
  /** The payments of the chain that can be continued. */
  let chain: Payment[] = [];
  for (let i = 0; i < count && elapsed() < seconds; i++) {
    if (rate !== undefined) await until(start + 1000 * Math.min(i / rate, seconds), [signal, closed]);
    closed.throwIfAborted();
    if (signal?.aborted || elapsed() >= seconds) break;
    // All random numbers of a payment are drawn before it is made, so that a refusal does not change the next one.
    const [from, to, type] = [pick(accounts), pick(accounts), pick(types)];
    const amount = BigInt(Math.round(between(AMOUNTS, share())));
    const feeRate = Math.round(between(feeRates, share()) * 1000) / 1000;
    const isConflict = share() < conflicts;
    const isChained = share() < chains;
    try {
      const before = isChained && chain.length < MAX_CHAIN ? chain.at(-1) : undefined;
      const payer = accounts.find(({ wallet }) => wallet === before?.wallet) ?? from;
      const address = to.addresses[type];
      const next = before && (await payer.payFromChange(before, address, amount, feeRate));
      const payment = next ?? (await payer.pay(address, amount, { feeRate }));
      chain = next ? [...chain, next] : [payment];
      if (next) chained++;
      sent++;
      vbytes += Transaction.decode(fromHex(payment.hex)).vsize;
      if (!isConflict) continue;
      chain = [];
      await payer.doubleSpend(payment);
      replaced++;
    } catch (error) {
      chain = [];
      closed.throwIfAborted();
      const isRefusal = error instanceof PierError && (error instanceof RpcError || error.code === 'bad-replacement');
      if (!isRefusal) throw error;
      const reason = reasonOf(error);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  const refusals = [...reasons].map(([reason, times]) => ({ reason, count: times })).sort((a, b) => b.count - a.count);
  const refused = refusals.reduce((sum, refusal) => sum + refusal.count, 0);
  return { sent, replaced, chained, refused, refusals, vbytes, seconds: elapsed() };
}

/** Returns what a wallet or mempool answered, without the amounts and txids of one payment. */
function reasonOf(error: PierError): string {
  if (!(error instanceof RpcError)) return error.code;
  const [reason] = error.message.replaceAll(/\b[\d.]+ BTC\b/g, '… BTC').split(/: |, (?=.*\d)/);
  return reason!;
}

/** Returns a number of a range whose logarithm is uniform. */
function between([least, most]: readonly [number, number], share: number): number {
  return least * (most / least) ** share;
}

/** Resolves at a time of the system clock's `monotonic`, or when a signal aborts. */
async function until(at: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const ms = at - systemClock.monotonic();
  if (ms <= 0 || signals.some((signal) => signal?.aborted)) return;
  const release = holdProcess();
  await new Promise<void>((resolve) => {
    const done = () => {
      timer.cancel();
      for (const signal of signals) signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = systemClock.after(ms, done);
    for (const signal of signals) signal?.addEventListener('abort', done);
  });
  release();
}
