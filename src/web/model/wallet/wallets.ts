import { satoshisOf } from './amount.ts';
import { listWallets, type Nodes, type WalletName } from './nodes.ts';

/** Satoshis of a wallet, divided as by `getbalances`. */
export interface Balances {
  readonly trusted: bigint;
  readonly pending: bigint;
  readonly immature: bigint;
}

/** A wallet with what it has. */
export interface WalletSummary extends WalletName {
  readonly balances: Balances;
}

/** A payment of a wallet's history. */
export interface HistoryEntry {
  readonly txid: string;
  readonly vout: number;
  readonly category: 'send' | 'receive' | 'generate' | 'immature' | 'orphan';
  readonly address: string | undefined;
  /** Satoshis; below 0 if the wallet has paid. */
  readonly amount: bigint;
  /** Satoshis; undefined for what it has received. */
  readonly fee: bigint | undefined;
  readonly confirmations: number;
  /** Seconds since the Unix epoch. */
  readonly time: number;
  readonly state: 'confirmed' | 'unconfirmed' | 'replaced' | 'conflicted' | 'abandoned';
}

/** What is read of an item of `listtransactions`, and of `gettransaction`. */
export interface TransactionRow {
  readonly txid: string;
  readonly vout?: number;
  readonly category: HistoryEntry['category'];
  readonly address?: string;
  readonly amount: number;
  readonly fee?: number;
  readonly confirmations: number;
  readonly time: number;
  readonly abandoned?: boolean;
  readonly mempoolconflicts?: readonly string[];
}

/** Returns the balances of a wallet. */
export async function loadBalances(nodes: Nodes, { node, wallet }: WalletName): Promise<Balances> {
  const { mine } = await nodes.call<{ mine: Record<'trusted' | 'untrusted_pending' | 'immature', number> }>(
    node,
    'getbalances',
    [],
    wallet,
  );
  return {
    trusted: satoshisOf(mine.trusted),
    pending: satoshisOf(mine.untrusted_pending),
    immature: satoshisOf(mine.immature),
  };
}

/** Returns all wallets of the nodes that run. */
export async function loadWallets(nodes: Nodes): Promise<WalletSummary[]> {
  const wallets = await listWallets(nodes);
  const loaded = await Promise.all(
    wallets.map((each) =>
      loadBalances(nodes, each).then(
        (balances) => ({ ...each, balances }),
        // Its node has stopped meanwhile.
        () => undefined,
      ),
    ),
  );
  return loaded.filter((each) => each !== undefined);
}

/** Returns the latest payments of a wallet, the newest first. */
export async function loadHistory(nodes: Nodes, wallet: WalletName, count: number): Promise<HistoryEntry[]> {
  const rows = await nodes.call<TransactionRow[]>(wallet.node, 'listtransactions', ['*', count], wallet.wallet);
  return rows.map(historyEntry).reverse();
}

/** Reads an item of `listtransactions`. */
export function historyEntry(row: TransactionRow): HistoryEntry {
  const { txid, vout = 0, category, address, amount, fee, confirmations, time } = row;
  return {
    ...{ txid, vout, category, address, confirmations, time, state: stateOf(row) },
    amount: satoshisOf(amount),
    fee: fee === undefined ? undefined : satoshisOf(-fee),
  };
}

/** Returns whether a transaction of a wallet counts, or why it does not. */
export function stateOf({
  confirmations,
  abandoned,
  mempoolconflicts = [],
}: Pick<TransactionRow, 'confirmations' | 'abandoned' | 'mempoolconflicts'>): HistoryEntry['state'] {
  if (confirmations > 0) return 'confirmed';
  if (confirmations < 0) return 'conflicted';
  if (mempoolconflicts.length > 0) return 'replaced';
  return abandoned ? 'abandoned' : 'unconfirmed';
}
