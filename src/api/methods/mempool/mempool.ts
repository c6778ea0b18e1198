import type { MempoolEntry } from '../../../mempool/entry.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import { SEQUENCE_FINAL } from '../../../primitives/transaction.ts';
import { booleanArgument, hashArgument, integerArgument, numberArgument, optional } from '../../arguments/arguments.ts';
import { transactionArgument } from '../../arguments/decode.ts';
import { checkBurn, feeLimit, maxBurnArgument, maxFeeRateArgument } from '../../arguments/max-fee.ts';
import { amountJson, type JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';
import { logRejected, transactionRejected } from '../../method/reject.ts';

const ENTRY_RESULT =
  '{ "vsize": n, "weight": n, "time": unixtime, "height": n, "descendantcount": n, "descendantsize": n,\n' +
  '  "ancestorcount": n, "ancestorsize": n, "wtxid": hash, "fees": { "base", "modified", "ancestor", "descendant" },\n' +
  '  "depends": [txid, ...], "spentby": [txid, ...], "bip125-replaceable": bool, "unbroadcast": false }';

export const mempoolMethods: readonly Method[] = [
  method({
    name: 'getrawmempool',
    category: 'Blockchain',
    description: 'The ids of all transactions in the mempool, or what is known of each.',
    arguments: [
      optional(booleanArgument('verbose', 'true for objects, false for ids.'), false),
      optional(
        booleanArgument('mempool_sequence', 'Whether to tell the sequence number too; not with verbose.'),
        false,
      ),
    ],
    result:
      '["txid", ...], or { "txid": { the fields of getmempoolentry }, ... }, or { "txids": [...], "mempool_sequence": n }',
    example: 'true',
    handler: ({ node: { mempool } }, verbose, withSequence) => {
      const entries = [...mempool.entries()];
      if (verbose) {
        if (withSequence) {
          throw new RpcError(RpcCode.INVALID_PARAMETER, 'Verbose results cannot contain mempool sequence values.');
        }
        return Object.fromEntries(entries.map((entry) => [entry.tx.txidHex, entryJson(entry)]));
      }
      const txids = entries.map((entry) => entry.tx.txidHex);
      if (!withSequence) return txids;
      const last = entries.reduce((highest, entry) => Math.max(highest, entry.sequence), 0);
      return { txids, mempool_sequence: last + 1 };
    },
  }),
  method({
    name: 'getmempoolinfo',
    category: 'Blockchain',
    description: 'The size of the mempool and the fees that it asks for.',
    arguments: [],
    result:
      '{ "loaded": true, "size": n, "bytes": vbytes, "usage": bytes, "total_fee": amount, "maxmempool": bytes,\n' +
      '  "mempoolminfee": amount, "minrelaytxfee": amount, "incrementalrelayfee": amount, "unbroadcastcount": 0,\n' +
      '  "fullrbf": true, "permitbaremultisig": bool, "maxdatacarriersize": bytes }',
    handler: ({ node: { mempool } }) => {
      const { options } = mempool;
      return {
        loaded: true,
        size: mempool.size,
        bytes: mempool.bytes,
        usage: mempool.usage,
        total_fee: amountJson(mempool.totalFee),
        maxmempool: options.maxBytes,
        mempoolminfee: amountJson(mempool.minFeeRate()),
        minrelaytxfee: amountJson(options.minRelayFeeRate),
        incrementalrelayfee: amountJson(options.incrementalRelayFeeRate),
        unbroadcastcount: 0,
        fullrbf: true,
        permitbaremultisig: options.permitBareMultisig,
        maxdatacarriersize: options.maxDataCarrierBytes,
      };
    },
  }),
  method({
    name: 'getmempoolentry',
    category: 'Blockchain',
    description: 'What is known of one transaction in the mempool; counts and sizes of its family include itself.',
    arguments: [hashArgument('txid', 'The transaction; it must be in the mempool.')],
    result: ENTRY_RESULT,
    example: '"txid"',
    handler: ({ node: { mempool } }, txid) => entryJson(findEntry(mempool, txid)),
  }),
  familyMethod('getmempoolancestors', 'What a transaction in the mempool depends on there.', (mempool, entry) =>
    mempool.ancestors(entry),
  ),
  familyMethod('getmempooldescendants', 'What in the mempool depends on a transaction there.', (mempool, entry) =>
    mempool.descendants(entry),
  ),
  method({
    name: 'sendrawtransaction',
    category: 'Rawtransactions',
    description: 'Takes a signed transaction into the mempool, from where it is relayed to all peers.',
    arguments: [transactionArgument('hexstring', 'The transaction as hex.'), maxFeeRateArgument, maxBurnArgument],
    result: '"txid"',
    example: '"signedhex"',
    handler: ({ node }, tx, maxFeeRate, maxBurn) => {
      checkBurn(tx, maxBurn);
      if (!node.mempool.has(tx.txid)) {
        // As in Core it is judged first, with the limit, and then taken; its scripts are not run twice.
        const judged = node.mempool.accept(tx, { testOnly: true, ...feeLimit(maxFeeRate) });
        const result = 'reject' in judged ? judged : node.submitTransaction(tx);
        if ('reject' in result) {
          logRejected(node, tx, result.reject);
          throw transactionRejected(result.reject);
        }
      }
      return tx.txidHex;
    },
  }),
  method({
    name: 'prioritisetransaction',
    category: 'Mining',
    description: 'Makes a transaction count, when blocks are made and the mempool is full, as if it paid more or less.',
    arguments: [
      hashArgument('txid', 'The transaction, present or to come.'),
      optional(numberArgument('dummy', 'Must be 0 or null.'), 0),
      integerArgument('fee_delta', 'Satoshis to add, or to subtract where negative.'),
    ],
    result: 'true',
    example: '"txid" 0 10000',
    handler: ({ node: { mempool } }, txid, dummy, delta) => {
      if (dummy !== 0) {
        const message = 'Priority is no longer supported, dummy argument to prioritisetransaction must be 0.';
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      mempool.prioritise(txid, BigInt(delta));
      return true;
    },
  }),
];

function familyMethod(
  name: string,
  description: string,
  family: (mempool: Mempool, entry: MempoolEntry) => ReadonlySet<MempoolEntry>,
): Method {
  return method({
    name,
    category: 'Blockchain',
    description,
    arguments: [
      hashArgument('txid', 'The transaction; it must be in the mempool.'),
      optional(booleanArgument('verbose', 'true for objects, false for ids.'), false),
    ],
    result: '["txid", ...], or { "txid": { the fields of getmempoolentry }, ... }',
    example: '"txid"',
    handler: ({ node: { mempool } }, txid, verbose) => {
      const entries = [...family(mempool, findEntry(mempool, txid))];
      if (!verbose) return entries.map((entry) => entry.tx.txidHex);
      return Object.fromEntries(entries.map((entry) => [entry.tx.txidHex, entryJson(entry)]));
    },
  });
}

function findEntry(mempool: Mempool, txid: Uint8Array): MempoolEntry {
  const entry = mempool.get(txid);
  if (!entry) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Transaction not in mempool');
  return entry;
}

/** An entry as Core shows it (Core: entryToJSON). */
function entryJson(entry: MempoolEntry): JsonObject {
  const { tx } = entry;
  return {
    vsize: entry.vsize,
    weight: tx.weight,
    time: entry.time,
    height: entry.height,
    descendantcount: entry.descendantCount,
    descendantsize: entry.descendantSize,
    ancestorcount: entry.ancestorCount,
    ancestorsize: entry.ancestorSize,
    wtxid: tx.wtxidHex,
    fees: {
      base: amountJson(entry.fee),
      modified: amountJson(entry.modifiedFee),
      ancestor: amountJson(entry.ancestorFees),
      descendant: amountJson(entry.descendantFees),
    },
    depends: [...entry.parents].map((parent) => parent.tx.txidHex),
    spentby: [...entry.children].map((child) => child.tx.txidHex),
    'bip125-replaceable': signalsReplacement(entry),
    unbroadcast: false,
  };
}

/** Whether the entry, or one in the mempool that it depends on, announces that it may be replaced (BIP125). */
function signalsReplacement(entry: MempoolEntry): boolean {
  const seen = new Set<MempoolEntry>([entry]);
  for (const { tx, parents } of seen) {
    if (tx.inputs.some(({ sequence }) => sequence < SEQUENCE_FINAL - 1)) return true;
    for (const parent of parents) seen.add(parent);
  }
  return false;
}
