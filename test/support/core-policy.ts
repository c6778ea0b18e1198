import { expect } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { AcceptResult } from '../../src/mempool/mempool.ts';
import type { Block } from '../../src/primitives/block.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { type Bitcoind, BitcoindRpcError, startBitcoind } from './bitcoind.ts';
import type { RegtestChain } from './regtest-chain.ts';

/** What Knots allows of OP_RETURN at most; Core has long allowed more. */
export const KNOTS_MAX_DATA_CARRIER = 83;

/** Core 30's policy out of Knots, as far as its options reach. */
const CORE_POLICY = [
  '-corepolicy=1',
  '-acceptnonstdtxn=0',
  '-minrelaytxfee=0.000001',
  '-incrementalrelayfee=0.000001',
  '-blockmintxfee=0.00000001',
  '-blockmaxweight=4000000',
  '-dustrelayfee=0.00003',
  `-datacarriersize=${KNOTS_MAX_DATA_CARRIER}`,
  '-datacarrierfullcount=0',
  '-datacarriercost=0.25',
  '-acceptnonstddatacarrier=1',
  '-permitbaredatacarrier=1',
  '-permitbaremultisig=1',
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
  '-checkmempool=0',
  '-checkblockindex=0',
  // Our chains are of 2020; without this it would think that it is still downloading.
  '-maxtipage=1000000000',
];

/** Knots has finer reasons in some places, and from the time before Core 30 another one for scripts. */
const renamed: readonly [RegExp, string][] = [
  [/^(non-)?mandatory-script-verify-flag(-failed)?/, 'mempool-script-verify-flag-failed'],
  [/^bad-txns-input-.*/, 'bad-txns-nonstandard-inputs'],
  [/^bad-witness-.*/, 'bad-witness-nonstandard'],
  [/^truc-.*/, 'TRUC-violation'],
  [/^missing-inputs$/, 'bad-txns-inputs-missingorspent'],
];

/** Where Knots is unlike Core 30: outputs of more than 34 bytes, more than one OP_RETURN, rounding of fee rates. */
const KNOTS_ONLY: readonly string[] = ['bad-txns-vout-script-toolarge', 'multi-op-return'];

/** Before Core 30, a replacement's fee rate had to be better by a whole satoshi for 1,000 bytes. */
const SAME_FEERATE = /new feerate (\S+) BTC\/kvB <= old feerate \1 BTC\/kvB/;

/** The reason that Core 30 has where Knots gives `reason`. */
export function coreReason(reason: string): string {
  for (const [pattern, name] of renamed) reason = reason.replace(pattern, name);
  return reason;
}

/** What Knots adds to the scripts' standard rules. */
const KNOTS_SCRIPT_RULE = /\((Push value size limit exceeded|OP_IF\/NOTIF argument must be minimal in tapscript)\)$/;

/** Whether Knots refuses a transaction for a reason that Core does not have. */
export function isKnotsOnly(verdict: Partial<TestMempoolAccept>): boolean {
  const { 'reject-reason': reason = '', 'reject-details': details = '' } = verdict;
  return KNOTS_ONLY.includes(reason) || SAME_FEERATE.test(details) || KNOTS_SCRIPT_RULE.test(reason);
}

interface TestMempoolAccept {
  readonly allowed: boolean;
  readonly 'reject-reason'?: string;
  readonly 'reject-details'?: string;
}

export function startCorePolicyNode(...args: readonly string[]): Promise<Bitcoind> {
  return startBitcoind({ args: [...CORE_POLICY, ...args] });
}

/** Our verdict: `ok` or the reason. */
export function ourVerdict(result: AcceptResult): string {
  return 'reject' in result ? result.reject.reason : 'ok';
}

/** The same of bitcoind, in Core 30's words. */
export async function theirVerdict(node: Bitcoind, tx: Transaction): Promise<string> {
  const [result] = await node.rpc<[TestMempoolAccept]>('testmempoolaccept', [toHex(tx.encode())], 0);
  if (SAME_FEERATE.test(result['reject-details'] ?? '')) return 'same-feerate';
  let reason = result.allowed ? 'ok' : result['reject-reason']!;
  for (const [pattern, name] of renamed) reason = reason.replace(pattern, name);
  return reason;
}

/** Sends a transaction to bitcoind; the error's text if it refuses. */
export async function sendTo(node: Bitcoind, tx: Transaction): Promise<string | undefined> {
  try {
    await node.rpc('sendrawtransaction', toHex(tx.encode()), 0, '21000000');
    return undefined;
  } catch (error) {
    if (error instanceof BitcoindRpcError) return error.message;
    throw error;
  }
}

/** Gives blocks to bitcoind; throws if it refuses one. */
export async function submitTo(node: Bitcoind, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    const refusal = await node.rpc('submitblock', toHex(block.encode()));
    // A block beside the best chain is judged later.
    if (refusal !== null && refusal !== 'inconclusive') throw new Error(`bitcoind refuses our block: ${refusal}`);
  }
}

/** Mines what both mempools hold, after which both are empty. */
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

/** Every entry of bitcoind's mempool by txid, in the terms of `ourEntries`. */
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
