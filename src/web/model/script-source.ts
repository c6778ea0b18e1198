import { fromHex, toReversedHex } from '../../bytes/hex.ts';
import { Transaction, type TxOut } from '../../primitives/transaction.ts';
import type { Session } from './session.ts';

/** What asks the nodes. */
type Nodes = Pick<Session, 'callAny' | 'findTransaction'>;

/** A transaction, and what it spends. */
export interface SpendingTransaction {
  readonly tx: Transaction;
  /** In the order of the inputs; undefined where no node has the output. */
  readonly spentOutputs: readonly (TxOut | undefined)[];
  readonly isConfirmed: boolean;
}

/** What is read of an output. */
interface OutputResult {
  readonly value: number;
  readonly scriptPubKey: { readonly hex: string };
}

/** What is read of the result of `getrawtransaction`. */
interface RawTransaction {
  readonly hex: string;
  readonly blockhash?: string;
  readonly vin: readonly { readonly prevout?: OutputResult }[];
  readonly vout: readonly OutputResult[];
}

/** What is read of the result of `testmempoolaccept`. */
interface AcceptResult {
  readonly allowed?: boolean;
  readonly 'reject-reason'?: string;
}

/** Inputs whose outputs are looked for at once. */
const AT_ONCE = 50;

/** Returns a transaction of a mempool or of one of the last blocks, and what it spends. Rejects if no node has it. */
export async function loadSpending(nodes: Nodes, txid: string): Promise<SpendingTransaction> {
  const { hex, blockhash } = await nodes.findTransaction<RawTransaction>(txid);
  const tx = Transaction.decode(fromHex(hex));
  if (blockhash === undefined) return { tx, spentOutputs: await findSpentOutputs(nodes, tx), isConfirmed: false };
  // A block's undo data have the outputs, however old.
  const { vin } = await nodes.callAny<RawTransaction>('getrawtransaction', [txid, 2, blockhash]);
  return { tx, spentOutputs: vin.map(({ prevout }) => prevout && toOutput(prevout)), isConfirmed: true };
}

/** Returns what a transaction spends: unspent outputs, and those of mempools and of the last blocks. */
export async function findSpentOutputs(nodes: Nodes, tx: Transaction): Promise<(TxOut | undefined)[]> {
  const found: (TxOut | undefined)[] = [];
  for (let i = 0; i < tx.inputs.length; i += AT_ONCE) {
    const some = tx.inputs.slice(i, i + AT_ONCE);
    found.push(...(await Promise.all(some.map(({ prevout }) => findOutput(nodes, prevout.txid, prevout.vout)))));
  }
  return found;
}

async function findOutput(nodes: Nodes, hash: Uint8Array, vout: number): Promise<TxOut | undefined> {
  const txid = toReversedHex(hash);
  const unspent = await nodes.callAny<OutputResult | null>('gettxout', [txid, vout, false]).catch(() => null);
  if (unspent) return toOutput(unspent);
  const output = await nodes.findTransaction<RawTransaction>(txid).then(
    (transaction) => transaction.vout[vout],
    () => undefined,
  );
  return output && toOutput(output);
}

function toOutput({ value, scriptPubKey }: OutputResult): TxOut {
  return { value: BigInt(Math.round(value * 1e8)), scriptPubKey: fromHex(scriptPubKey.hex) };
}

/** Returns the transaction of a text; undefined if it is none. */
export function parseTransaction(text: string): Transaction | undefined {
  try {
    return Transaction.decode(fromHex(text.trim()));
  } catch {
    return undefined;
  }
}

/** Returns why the nodes would refuse a transaction; undefined if they accept it. */
export async function rejectReason(nodes: Nodes, hex: string): Promise<string | undefined> {
  const [result] = await nodes.callAny<AcceptResult[]>('testmempoolaccept', [[hex], 0]);
  return result?.allowed ? undefined : (result?.['reject-reason'] ?? '?');
}

const noOutput: TxOut = { value: 0n, scriptPubKey: new Uint8Array(0) };

/**
 * Returns the outputs for a trace of an input; undefined if one is missing that it needs. Signatures before Taproot commit
 * to no output but the input's own.
 */
export function outputsFor(spent: readonly (TxOut | undefined)[], input: number): TxOut[] | undefined {
  const own = spent[input];
  if (!own || (isTaproot(own) && spent.includes(undefined))) return undefined;
  return spent.map((output) => output ?? noOutput);
}

function isTaproot({ scriptPubKey }: TxOut): boolean {
  return scriptPubKey.length === 34 && scriptPubKey[0] === 0x51;
}
