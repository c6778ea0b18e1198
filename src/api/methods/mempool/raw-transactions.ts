import { z } from 'zod';
import { equalBytes } from '../../../bytes/compare.ts';
import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { SEQUENCE_FINAL, Transaction, type TxIn } from '../../../primitives/transaction.ts';
import {
  arrayArgument,
  booleanArgument,
  hashArgument,
  hashSchema,
  hexArgument,
  int64Argument,
  int64Schema,
  integerSchema,
  nested,
  optional,
  refuse,
  textArgument,
  verbosityArgument,
} from '../../arguments/arguments.ts';
import { transactionFromHex } from '../../arguments/decode.ts';
import { readBlock } from '../../arguments/find-block.ts';
import { buildOutputs, outputsArgument } from '../../arguments/transaction-outputs.ts';
import { confirmations } from '../../format/block-json.ts';
import { decodeScriptJson } from '../../format/decode-script.ts';
import { hexJson } from '../../format/large-json.ts';
import { transactionJson } from '../../format/transaction-json.ts';
import { isJsonNumber, type Json, type JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import type { Step } from '../../json/step.ts';
import { type Method, method } from '../../method/method.ts';

const TRANSACTION_RESULT =
  '{ "txid": hash, "hash": wtxid, "version": n, "size": bytes, "vsize": n, "weight": n, "locktime": n,\n' +
  '  "vin": [{ "coinbase": hex } | { "txid": hash, "vout": n, "scriptSig": { "asm", "hex" }, "txinwitness": [hex],\n' +
  '    "sequence": n }, ...],\n' +
  '  "vout": [{ "value": amount, "n": n, "scriptPubKey": { "asm", "desc", "hex", "address", "type" } }, ...] }';

/** Highest sequence number that signals replaceability (BIP125; Core: MAX_BIP125_RBF_SEQUENCE). */
const SEQUENCE_REPLACEABLE = SEQUENCE_FINAL - 2;
/** Highest sequence number with which the lock time applies (Core: MAX_SEQUENCE_NONFINAL). */
const SEQUENCE_NONFINAL = SEQUENCE_FINAL - 1;

interface InputArgument {
  readonly txid: Uint8Array;
  readonly vout: number;
  readonly sequence?: number | undefined;
}

const inputSchema: z.ZodType<InputArgument> = z.object({
  txid: hashSchema('txid'),
  vout: z.unknown().transform((value, context) => {
    if (isJsonNumber(value)) return nested(integerSchema, value, context);
    return refuse(context, RpcCode.INVALID_PARAMETER, 'Invalid parameter, missing vout key');
  }),
  // Core ignores a sequence that is no number.
  sequence: z
    .unknown()
    .transform((value, context) => (isJsonNumber(value) ? nested(int64Schema, value, context) : undefined))
    .optional(),
});

/** Methods that look up, decode and create raw transactions. */
export const rawTransactionMethods: readonly Method[] = [
  method({
    name: 'getrawtransaction',
    category: 'Rawtransactions',
    description:
      'Returns a transaction in the mempool or, with blockhash, in a block. Verbosity 0 returns it as hex; 1 as an object; 2\n' +
      'also with its fee and the outputs that it spends. For wallet transactions, use gettransaction.',
    arguments: [
      hashArgument('txid', 'The transaction id.'),
      optional(verbosityArgument('verbosity|verbose', '0 for hex, 1 for an object, 2 to include fee and prevouts.'), 0),
      optional(hashArgument('blockhash', 'The hash of the block that contains the transaction.')),
    ],
    result: `"hex", or { "in_active_chain": bool (only with blockhash), the fields below, "fee": amount, "hex": hex,\n  "blockhash": hash, "confirmations": n, "time": unixtime, "blocktime": unixtime }\n${TRANSACTION_RESULT}`,
    example: '"txid" 1',
    handler: ({ node: { chain, mempool }, call }, txid, verbosity, blockHash) => {
      if (equalBytes(txid, chain.params.genesis.transactions[0]!.txid)) {
        const message = 'The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved';
        throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, message);
      }
      if (blockHash) return fromBlock(chain, txid, blockHash, { verbosity, step: call.step });
      const entry = mempool.get(txid);
      if (!entry) throw notFound('mempool');
      if (verbosity <= 0) return hexJson(entry.tx.encode());
      return transactionJson(entry.tx, { prefixes: chain.params.address, hex: true });
    },
  }),
  method({
    name: 'decoderawtransaction',
    category: 'Rawtransactions',
    description: 'Decodes a transaction.',
    arguments: [
      textArgument('hexstring', 'The hex-encoded transaction.'),
      optional(
        booleanArgument('iswitness', 'Whether the transaction is in witness serialization.'),
        undefined,
        'both are tried',
      ),
    ],
    result: TRANSACTION_RESULT,
    example: '"hex"',
    handler: ({ node: { params } }, hex, isWitness) => {
      const tx = transactionFromHex(hex, isWitness);
      if (!tx) throw new RpcError(RpcCode.DESERIALIZATION_ERROR, 'TX decode failed');
      return transactionJson(tx, { prefixes: params.address });
    },
  }),
  method({
    name: 'decodescript',
    category: 'Rawtransactions',
    description: 'Decodes a script, and returns the P2SH and segwit addresses that wrap it.',
    arguments: [hexArgument('hexstring', 'The hex-encoded script.', 'argument')],
    result:
      '{ "asm": text, "desc": text, "address": text, "type": word, "p2sh": address,\n' +
      '  "segwit": { "asm", "desc", "hex", "address", "type", "p2sh-segwit": address } }',
    example: '"51"',
    handler: ({ node: { params } }, script) => decodeScriptJson(script, params.address),
  }),
  method({
    name: 'createrawtransaction',
    category: 'Rawtransactions',
    description:
      'Creates an unsigned transaction from the given inputs and outputs. It is neither stored in a wallet nor relayed.',
    arguments: [
      arrayArgument('inputs', inputSchema, 'The outputs to spend.', '[{"txid":"hex","vout":n,"sequence":n},...]'),
      outputsArgument,
      optional(int64Argument('locktime', 'The lock time, a block height or UNIX epoch time.'), 0),
      optional(booleanArgument('replaceable', 'Whether to signal replaceability (BIP125).'), undefined, 'true'),
    ],
    result: '"hex"',
    example: '\'[{"txid":"myid","vout":0}]\' \'[{"data":"00010203"}]\'',
    handler: async ({ node: { params }, call }, inputs, outputs, lockTime, replaceable) => {
      if (!isUint32(lockTime)) throw invalid('Invalid parameter, locktime out of range');
      const fallback = (replaceable ?? true) ? SEQUENCE_REPLACEABLE : lockTime > 0 ? SEQUENCE_NONFINAL : SEQUENCE_FINAL;
      const txInputs: TxIn[] = [];
      for (const input of inputs) {
        const pause = call.step();
        if (pause) await pause;
        txInputs.push(toTxIn(input, fallback));
      }
      const contradicts =
        replaceable && inputs.length > 0 && txInputs.every(({ sequence }) => sequence > SEQUENCE_REPLACEABLE);
      if (contradicts) {
        throw invalid('Invalid parameter combination: Sequence number(s) contradict replaceable option');
      }
      const txOutputs = await buildOutputs(outputs, params.address, call.step);
      const tx = new Transaction({ version: 2, inputs: txInputs, outputs: txOutputs, lockTime });
      return hexJson(tx.encode());
    },
  }),
];

async function fromBlock(
  chain: Chain,
  txid: Uint8Array,
  blockHash: Uint8Array,
  { verbosity, step }: { readonly verbosity: number; readonly step: Step },
): Promise<Json> {
  const index = chain.getIndex(blockHash);
  if (!index) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Block hash not found');
  const { transactions } = await readBlock(chain, index, step);
  const position = await findTransaction(transactions, txid, step);
  if (position < 0) throw notFound('block');
  const tx = transactions[position]!;
  if (verbosity <= 0) return hexJson(tx.encode());
  const spent = verbosity >= 2 && position > 0 ? chain.getUndo(index)?.[position - 1] : undefined;
  return {
    in_active_chain: chain.contains(index),
    ...transactionJson(tx, { prefixes: chain.params.address, spent, prevouts: true, hex: true }),
    ...blockFields(chain, index),
  };
}

/** Returns the position of a transaction; -1 if there is none. */
async function findTransaction(txs: readonly Transaction[], txid: Uint8Array, step: Step): Promise<number> {
  for (const [i, tx] of txs.entries()) {
    if (equalBytes(tx.txid, txid)) return i;
    const pause = step();
    if (pause) await pause;
  }
  return -1;
}

function blockFields(chain: Chain, index: BlockIndex): JsonObject {
  const blockhash = index.hashHex;
  if (!chain.contains(index)) return { blockhash, confirmations: 0 };
  return { blockhash, confirmations: confirmations(chain, index), time: index.time, blocktime: index.time };
}

function notFound(where: 'mempool' | 'block'): RpcError {
  const text =
    where === 'block'
      ? 'No such transaction found in the provided block'
      : 'No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries';
  return new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, `${text}. Use gettransaction for wallet transactions.`);
}

function toTxIn({ txid, vout, sequence }: InputArgument, fallback: number): TxIn {
  if (vout < 0) throw invalid('Invalid parameter, vout cannot be negative');
  if (sequence !== undefined && !isUint32(sequence)) {
    throw invalid('Invalid parameter, sequence number is out of range');
  }
  return { prevout: { txid, vout }, scriptSig: new Uint8Array(0), sequence: sequence ?? fallback, witness: [] };
}

function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

function invalid(message: string): RpcError {
  return new RpcError(RpcCode.INVALID_PARAMETER, message);
}
