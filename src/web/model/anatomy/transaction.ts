import { satoshisOf } from '../wallet/amount.ts';
import { listWallets, type Nodes, type WalletName } from '../wallet/nodes.ts';
import { stateOf, type TransactionRow } from '../wallet/wallets.ts';

/** Inputs whose outputs are looked for at once. */
const AT_ONCE = 50;

interface ScriptResult {
  readonly asm: string;
  readonly address?: string;
  readonly type?: string;
}

interface OutputResult {
  readonly value: number;
  readonly scriptPubKey: ScriptResult;
}

/** What is read of the result of `getrawtransaction`. */
interface RawTransaction {
  readonly txid: string;
  readonly hex: string;
  readonly size: number;
  readonly vsize: number;
  readonly weight: number;
  readonly blockhash?: string;
  readonly vin: readonly {
    readonly txid?: string;
    readonly vout?: number;
    readonly scriptSig?: ScriptResult;
    readonly txinwitness?: readonly string[];
    readonly prevout?: OutputResult;
  }[];
  readonly vout: readonly (OutputResult & { readonly n: number })[];
}

/** What is read of the result of `gettransaction`. */
interface WalletTransaction extends TransactionRow {
  readonly hex: string;
  readonly blockhash?: string;
  readonly walletconflicts?: readonly string[];
  readonly decoded: RawTransaction;
  readonly details: readonly { readonly abandoned?: boolean; readonly category: string }[];
}

/** An input with the output that it spends. */
export interface InputReport {
  /** Undefined for new coins. */
  readonly txid: string | undefined;
  readonly vout: number;
  /** Satoshis; undefined if no node has the output. */
  readonly value: bigint | undefined;
  readonly address: string | undefined;
  readonly script: string | undefined;
  readonly witness: readonly string[];
}

/** An output. */
export interface OutputReport {
  /** Satoshis. */
  readonly value: bigint;
  readonly address: string | undefined;
  readonly type: string | undefined;
  readonly script: string;
}

/** A transaction with all that is known of it. */
export interface TransactionReport {
  readonly txid: string;
  readonly hex: string;
  readonly size: number;
  readonly vsize: number;
  readonly weight: number;
  readonly inputs: readonly InputReport[];
  readonly outputs: readonly OutputReport[];
  /** Satoshis; undefined if the value of an input is, or if it makes new coins. */
  readonly fee: bigint | undefined;
  readonly state: ReturnType<typeof stateOf>;
  readonly confirmations: number;
  readonly blockhash: string | undefined;
  /** Transactions that spend the same coins, as wallets and mempools know them. */
  readonly conflicts: readonly string[];
  /** The wallet of a running node that has made it; undefined if there is none. */
  readonly payer: WalletName | undefined;
}

/** What the loading of transactions asks the network through. */
export interface TransactionNodes extends Nodes {
  findTransaction<T>(txid: string): Promise<T>;
}

/** Returns a transaction of a mempool, a block, or a wallet. Rejects if none has it. */
export async function loadTransaction(nodes: TransactionNodes, txid: string): Promise<TransactionReport> {
  const wallets = await findInWallets(nodes, txid);
  const known = wallets.map(({ row }) => row);
  const raw = await findRaw(nodes, txid, known);
  const inputs: InputReport[] = [];
  for (let i = 0; i < raw.vin.length; i += AT_ONCE) {
    inputs.push(...(await Promise.all(raw.vin.slice(i, i + AT_ONCE).map((input) => inputOf(nodes, input)))));
  }
  const outputs = raw.vout.map(({ value, scriptPubKey: { asm, address, type } }) => ({
    ...{ value: satoshisOf(value), address, type, script: asm },
  }));
  const confirmations = await confirmationsOf(nodes, raw.blockhash, known);
  const isInMempool = raw.blockhash === undefined && known.every(({ decoded }) => decoded !== raw);
  const conflicts = [
    ...new Set(
      known.flatMap(({ walletconflicts = [], mempoolconflicts = [] }) => [...mempoolconflicts, ...walletconflicts]),
    ),
  ];
  const spent = inputs.every(({ value }) => value !== undefined) ? sum(inputs.map(({ value }) => value!)) : undefined;
  const abandoned = known.some(({ details }) => details.some((each) => each.abandoned === true));
  return {
    ...{ txid, hex: raw.hex, size: raw.size, vsize: raw.vsize, weight: raw.weight, inputs, outputs },
    fee: spent === undefined ? undefined : spent - sum(outputs.map(({ value }) => value)),
    // What is in a mempool is not replaced, whatever a wallet elsewhere thinks.
    state: isInMempool
      ? 'unconfirmed'
      : stateOf({ confirmations, abandoned, mempoolconflicts: known.flatMap((row) => row.mempoolconflicts ?? []) }),
    ...{ confirmations, blockhash: raw.blockhash, conflicts },
    payer: wallets.find(({ row }) => row.details.some(({ category }) => category === 'send'))?.wallet,
  };
}

const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);

async function findInWallets(nodes: TransactionNodes, txid: string) {
  const found = await Promise.all(
    (await listWallets(nodes)).map(async (wallet) => {
      const row = await nodes
        .call<WalletTransaction>(wallet.node, 'gettransaction', [txid, false, true], wallet.wallet)
        .catch(() => undefined);
      return row && { wallet, row };
    }),
  );
  return found.filter((each) => each !== undefined);
}

async function findRaw(
  nodes: TransactionNodes,
  txid: string,
  known: readonly WalletTransaction[],
): Promise<RawTransaction> {
  // Without an index, a node finds a confirmed transaction in a given block only: wallets know which.
  const blockhash = known.find((row) => row.confirmations > 0)?.blockhash;
  const inBlock = (hash: string) => nodes.callAny<RawTransaction>('getrawtransaction', [txid, 2, hash]);
  if (blockhash !== undefined) {
    const raw = await inBlock(blockhash).catch(() => undefined);
    if (raw) return raw;
  }
  try {
    const raw =
      known.length > 0
        ? await nodes.callAny<RawTransaction>('getrawtransaction', [txid, 1])
        : await nodes.findTransaction<RawTransaction>(txid);
    // A block's undo data have what its inputs spend.
    return raw.blockhash === undefined ? raw : await inBlock(raw.blockhash);
  } catch (error) {
    const [row] = known;
    if (!row) throw error;
    // Only wallets have it: it was replaced, or conflicts with a block.
    return Object.assign(row.decoded, { hex: row.hex });
  }
}

async function confirmationsOf(
  nodes: TransactionNodes,
  blockhash: string | undefined,
  known: readonly WalletTransaction[],
): Promise<number> {
  if (blockhash === undefined) return Math.min(0, ...known.map(({ confirmations }) => confirmations));
  const header = await nodes.callAny<{ confirmations: number }>('getblockheader', [blockhash]);
  return Math.max(0, header.confirmations);
}

async function inputOf(nodes: TransactionNodes, input: RawTransaction['vin'][number]): Promise<InputReport> {
  const { txid, vout = 0, scriptSig, txinwitness = [] } = input;
  const common = { txid, vout, script: scriptSig?.asm || undefined, witness: txinwitness };
  const output = input.prevout ?? (txid === undefined ? undefined : await findOutput(nodes, txid, vout));
  return { ...common, value: output && satoshisOf(output.value), address: output?.scriptPubKey.address };
}

async function findOutput(nodes: TransactionNodes, txid: string, vout: number): Promise<OutputResult | undefined> {
  const unspent = await nodes.callAny<OutputResult | null>('gettxout', [txid, vout, false]).catch(() => null);
  if (unspent) return unspent;
  const wallets = await findInWallets(nodes, txid);
  const decoded = wallets[0]?.row.decoded ?? (await nodes.findTransaction<RawTransaction>(txid).catch(() => undefined));
  return decoded?.vout[vout];
}
