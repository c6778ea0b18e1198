import { expect } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { AcceptResult } from '../../src/mempool/mempool.ts';
import type { Block } from '../../src/primitives/block.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { type Bitcoind, BitcoindRpcError, isKnots, startBitcoind } from './bitcoind.ts';
import type { RegtestChain } from './regtest-chain.ts';

/** Bytes: the largest OP_RETURN output that Knots accepts. Core 30 accepts 100,000. */
export const KNOTS_MAX_DATA_CARRIER = 83;

/** Options for test chains under Core 30's default policy. */
const COMMON_OPTIONS = [
  '-acceptnonstdtxn=0',
  '-minrelaytxfee=0.000001',
  '-incrementalrelayfee=0.000001',
  '-blockmintxfee=0.00000001',
  '-blockmaxweight=4000000',
  '-dustrelayfee=0.00003',
  `-datacarriersize=${KNOTS_MAX_DATA_CARRIER}`,
  '-permitbaremultisig=1',
  '-checkmempool=0',
  '-checkblockindex=0',
  // The test chains are dated 2020; without this option bitcoind would stay in its initial block download.
  '-maxtipage=1000000000',
];

/** Options, unknown to Core, that give Bitcoin Knots the policy of Core 30, as far as possible. */
const KNOTS_OPTIONS = [
  '-corepolicy=1',
  '-datacarrierfullcount=0',
  '-datacarriercost=0.25',
  '-acceptnonstddatacarrier=1',
  '-permitbaredatacarrier=1',
  '-permitbarepubkey=1',
  '-permitbareanchor=1',
  '-permitephemeral=anchor,send,dust',
  '-rejecttokens=0',
  '-rejectparasites=0',
  '-rejectbpub=0',
  '-rejectdeadbranches=0',
  '-maxscriptsize=4000000',
  '-bytespersigopstrict=0',
  '-subdustfeepenalty=0',
  '-mempooltruc=enforce',
  '-mempoolreplacement=fee,-optin',
];

/** Knots' reject reasons and Core 30's: Knots has finer ones in places, and the script reason from before Core 30. */
const renamed: readonly [RegExp, string][] = [
  [/^(non-)?mandatory-script-verify-flag(-failed)?/, 'mempool-script-verify-flag-failed'],
  [/^bad-txns-input-.*/, 'bad-txns-nonstandard-inputs'],
  [/^bad-witness-.*/, 'bad-witness-nonstandard'],
  [/^truc-.*/, 'TRUC-violation'],
  [/^missing-inputs$/, 'bad-txns-inputs-missingorspent'],
];

/** Returns Core 30's reject reason of a block: until then it did not tell apart blocks and the mempool. */
export function coreBlockReason(reason: unknown): unknown {
  return typeof reason === 'string' ? reason.replace(/^mandatory-/, 'block-') : reason;
}

/** Reject reasons that Core 30 lacks: scripts of more than 34 bytes, more than one OP_RETURN. */
const KNOTS_ONLY: readonly string[] = ['bad-txns-vout-script-toolarge', 'multi-op-return'];

/** Reject details of Knots, not of Core 30, for a replacement with the same fee rate in whole satoshis per kvB. */
const SAME_FEERATE = /new feerate (\S+) BTC\/kvB <= old feerate \1 BTC\/kvB/;

/** Returns Core 30's reject reason for Knots' `reason`. */
export function coreReason(reason: string): string {
  for (const [pattern, name] of renamed) reason = reason.replace(pattern, name);
  return reason;
}

/** Script errors of standardness rules that only Knots has. */
const KNOTS_SCRIPT_RULE = /\((Push value size limit exceeded|OP_IF\/NOTIF argument must be minimal in tapscript)\)$/;

/** Whether Knots rejects the transaction by a rule that Core 30 lacks. */
export function isKnotsOnly(verdict: Partial<TestMempoolAccept>): boolean {
  const { 'reject-reason': reason = '', 'reject-details': details = '' } = verdict;
  return KNOTS_ONLY.includes(reason) || SAME_FEERATE.test(details) || KNOTS_SCRIPT_RULE.test(reason);
}

interface TestMempoolAccept {
  readonly allowed: boolean;
  readonly 'reject-reason'?: string;
  readonly 'reject-details'?: string;
}

/** Starts a bitcoind with Core 30's policy. */
export function startCorePolicyNode(...args: readonly string[]): Promise<Bitcoind> {
  return startBitcoind({ args: [...COMMON_OPTIONS, ...(isKnots() ? KNOTS_OPTIONS : []), ...args] });
}

/** Returns Pier's verdict: `ok` or the reject reason. */
export function ourVerdict(result: AcceptResult): string {
  return 'reject' in result ? result.reject.reason : 'ok';
}

/** Returns bitcoind's verdict by testmempoolaccept: `ok` or Core 30's reject reason. */
export async function theirVerdict(node: Bitcoind, tx: Transaction): Promise<string> {
  const [result] = await node.rpc<[TestMempoolAccept]>('testmempoolaccept', [toHex(tx.encode())], 0);
  if (SAME_FEERATE.test(result['reject-details'] ?? '')) return 'same-feerate';
  let reason = result.allowed ? 'ok' : result['reject-reason']!;
  for (const [pattern, name] of renamed) reason = reason.replace(pattern, name);
  return reason;
}

/** Sends a transaction to bitcoind. Returns the error message if bitcoind rejects it. */
export async function sendTo(node: Bitcoind, tx: Transaction): Promise<string | undefined> {
  try {
    await node.rpc('sendrawtransaction', toHex(tx.encode()), 0, '21000000');
    return undefined;
  } catch (error) {
    if (error instanceof BitcoindRpcError) return error.message;
    throw error;
  }
}

/** Submits blocks to bitcoind; throws if it rejects one. */
export async function submitTo(node: Bitcoind, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    const reason = await node.rpc('submitblock', toHex(block.encode()));
    // `inconclusive`: a block on a branch with less work, which bitcoind does not validate fully.
    if (reason !== null && reason !== 'inconclusive') throw new Error(`bitcoind rejects the block: ${reason}`);
  }
}

/** Mines a block that empties both mempools. */
export async function mineAll(node: Bitcoind, ours: RegtestChain): Promise<void> {
  await submitTo(node, await ours.mine());
  expect(ours.mempool.size).toBe(0);
  expect(await node.rpc('getrawmempool')).toEqual([]);
}

interface RawMempoolEntry {
  readonly vsize: number;
  readonly weight: number;
  readonly descendantcount: number;
  readonly descendantsize: number;
  readonly ancestorcount: number;
  readonly ancestorsize: number;
  readonly fees: { readonly base: number; readonly ancestor: number; readonly descendant: number };
}

const satoshis = (bitcoins: number) => BigInt(Math.round(bitcoins * 1e8));

/** Returns the entries of bitcoind's mempool by txid, sorted, in the form of `ourEntries`. */
export async function theirEntries(node: Bitcoind): Promise<Map<string, object>> {
  const raw = await node.rpc<Record<string, RawMempoolEntry>>('getrawmempool', true);
  const entries = Object.entries(raw).map(([txid, entry]): [string, object] => {
    const { fees, ...sizes } = entry;
    return [
      txid,
      {
        ...pickSizes(sizes),
        fee: satoshis(fees.base),
        ancestorFees: satoshis(fees.ancestor),
        descendantFees: satoshis(fees.descendant),
      },
    ];
  });
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function pickSizes(entry: Omit<RawMempoolEntry, 'fees'>): object {
  const { vsize, weight, descendantcount, descendantsize, ancestorcount, ancestorsize } = entry;
  return { vsize, weight, descendantcount, descendantsize, ancestorcount, ancestorsize };
}

/** Returns the entries of Pier's mempool by txid, sorted; fees in satoshis. */
export function ourEntries({ mempool }: RegtestChain): Map<string, object> {
  const entries = [...mempool.entries()].map((entry): [string, object] => [
    entry.tx.txidHex,
    {
      vsize: entry.vsize,
      weight: entry.tx.weight,
      descendantcount: entry.descendantCount,
      descendantsize: entry.descendantSize,
      ancestorcount: entry.ancestorCount,
      ancestorsize: entry.ancestorSize,
      fee: entry.fee,
      ancestorFees: entry.ancestorFees,
      descendantFees: entry.descendantFees,
    },
  ]);
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
