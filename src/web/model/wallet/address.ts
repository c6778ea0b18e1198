import { satoshisOf } from './amount.ts';
import { listWallets, type Nodes, type WalletName } from './nodes.ts';
import { isAddress } from './payee.ts';
import { type HistoryEntry, historyEntry, type TransactionRow } from './wallets.ts';

/** Payments of each wallet that are looked through. */
const SEARCHED = 1_000;

/** What is known of an address. */
export interface AddressReport {
  /** Satoshis of the unspent outputs. */
  readonly total: bigint;
  /** The UTXO set that was scanned. */
  readonly height: number;
  readonly unspent: readonly UnspentOutput[];
  /** The wallets that have its key. */
  readonly owners: readonly (WalletName & { readonly path: string | undefined })[];
  /** What wallets have received at it or paid to it, the newest first; once each. */
  readonly payments: readonly HistoryEntry[];
}

/** An unspent output of an address. */
export interface UnspentOutput {
  readonly txid: string;
  readonly vout: number;
  /** Satoshis. */
  readonly value: bigint;
  readonly height: number;
  readonly blockhash: string | undefined;
  readonly confirmations: number | undefined;
}

/** What is read of the result of `scantxoutset`. */
interface ScanResult {
  readonly height: number;
  readonly total_amount: number;
  readonly unspents: readonly (Omit<UnspentOutput, 'value' | 'blockhash' | 'confirmations'> & {
    readonly amount: number;
    readonly blockhash?: string;
    readonly confirmations?: number;
  })[];
}

interface AddressInfo {
  readonly ismine: boolean;
  readonly hdkeypath?: string;
}

/** Returns what nodes and wallets know of an address; undefined if the text is none. */
export async function loadAddress(nodes: Nodes, address: string): Promise<AddressReport | undefined> {
  if (!(await isAddress(nodes, address))) return undefined;
  const scan = await nodes.callAny<ScanResult>('scantxoutset', ['start', [`addr(${address})`]]);
  const wallets = await listWallets(nodes);
  const known = await Promise.all(wallets.map((wallet) => askWallet(nodes, wallet, address)));
  const payments = new Map<string, HistoryEntry>();
  // What the owner has received comes first: the payer has the same output.
  for (const { rows } of known.toSorted((a, b) => Number(b.info?.ismine ?? false) - Number(a.info?.ismine ?? false))) {
    for (const row of rows) {
      const entry = historyEntry(row);
      const key = `${entry.txid} ${entry.vout}`;
      if (!payments.has(key)) payments.set(key, entry);
    }
  }
  return {
    total: satoshisOf(scan.total_amount),
    height: scan.height,
    unspent: scan.unspents
      .map(({ amount, blockhash, confirmations, ...rest }) => ({
        ...rest,
        ...{ value: satoshisOf(amount), blockhash, confirmations },
      }))
      .toSorted((a, b) => b.height - a.height),
    owners: known.flatMap(({ wallet, info }) => (info?.ismine ? [{ ...wallet, path: info.hdkeypath }] : [])),
    payments: [...payments.values()].toSorted((a, b) => b.time - a.time),
  };
}

async function askWallet(nodes: Nodes, wallet: WalletName, address: string) {
  const call = <T>(method: string, params: readonly unknown[]) =>
    nodes.call<T>(wallet.node, method, params, wallet.wallet).catch(() => undefined);
  const info = await call<AddressInfo>('getaddressinfo', [address]);
  const rows = (await call<TransactionRow[]>('listtransactions', ['*', SEARCHED])) ?? [];
  return { wallet, info, rows: rows.filter((row) => row.address === address) };
}
