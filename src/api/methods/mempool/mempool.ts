import { z } from 'zod';
import type { MempoolEntry } from '../../../mempool/entry.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import type { NodeFiles } from '../../../node/composition/node-files.ts';
import { SEQUENCE_FINAL } from '../../../primitives/transaction.ts';
import {
  booleanArgument,
  exactInt64Argument,
  hashArgument,
  numberArgument,
  objectArgument,
  optional,
  textArgument,
} from '../../arguments/arguments.ts';
import { transactionArgument } from '../../arguments/decode.ts';
import { checkBurn, feeLimit, maxBurnArgument, maxFeeRateArgument } from '../../arguments/max-fee.ts';
import { listJson } from '../../format/large-json.ts';
import { amountJson, type Json, JsonMembers, type JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';
import { logRejected, transactionRejected } from '../../method/reject.ts';

const ENTRY_RESULT =
  '{ "vsize": n, "weight": n, "time": unixtime, "height": n, "descendantcount": n, "descendantsize": n,\n' +
  '  "ancestorcount": n, "ancestorsize": n, "wtxid": hash, "fees": { "base", "modified", "ancestor", "descendant" },\n' +
  '  "depends": [txid, ...], "spentby": [txid, ...], "bip125-replaceable": bool, "unbroadcast": false }';

const importOptions = z.strictObject({
  use_current_time: z.boolean().optional(),
  apply_fee_delta_priority: z.boolean().optional(),
  apply_unbroadcast_set: z.boolean().optional(),
});

/** Methods for the mempool. */
export const mempoolMethods: readonly Method[] = [
  method({
    name: 'getrawmempool',
    category: 'Blockchain',
    description: 'Returns the txids of all transactions in the mempool, or their entries.',
    arguments: [
      optional(booleanArgument('verbose', 'true for an object of entries, false for an array of txids.'), false),
      optional(
        booleanArgument('mempool_sequence', 'Whether to return the mempool sequence number too; not with verbose.'),
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
        return entriesJson(entries, true);
      }
      const txids = entriesJson(entries, false);
      if (!withSequence) return txids;
      const last = entries.reduce((highest, entry) => Math.max(highest, entry.sequence), 0);
      return { txids, mempool_sequence: last + 1 };
    },
  }),
  method({
    name: 'getmempoolinfo',
    category: 'Blockchain',
    description: 'Returns the size of the mempool, its minimum fee rates and its policy.',
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
    description:
      'Returns the mempool entry of a transaction. Ancestor and descendant counts and sizes include the transaction.',
    arguments: [hashArgument('txid', 'The transaction id (must be in mempool).')],
    result: ENTRY_RESULT,
    example: '"txid"',
    handler: ({ node: { mempool } }, txid) => entryJson(findEntry(mempool, txid)),
  }),
  familyMethod('getmempoolancestors', 'Returns all in-mempool ancestors of a transaction.', (mempool, entry) =>
    mempool.ancestors(entry),
  ),
  familyMethod('getmempooldescendants', 'Returns all in-mempool descendants of a transaction.', (mempool, entry) =>
    mempool.descendants(entry),
  ),
  method({
    name: 'sendrawtransaction',
    category: 'Rawtransactions',
    description: 'Submits a signed transaction to the mempool and relays it to all peers.',
    arguments: [transactionArgument('hexstring', 'The hex-encoded transaction.'), maxFeeRateArgument, maxBurnArgument],
    result: '"txid"',
    example: '"signedhex"',
    handler: async ({ node }, tx, maxFeeRate, maxBurn) => {
      checkBurn(tx, maxBurn);
      if (!node.mempool.has(tx.txid)) {
        // As in Core, a test accept applies the fee rate limit first. The second accept finds the scripts in the cache.
        const tested = await node.mempool.acceptAsync(tx, { testOnly: true, ...feeLimit(maxFeeRate) });
        const result = 'reject' in tested ? tested : await node.submitTransaction(tx);
        if ('reject' in result) {
          logRejected(node, tx, result.reject);
          throw transactionRejected(result.reject);
        }
      }
      return tx.txidHex;
    },
  }),
  method({
    name: 'savemempool',
    category: 'Blockchain',
    description: 'Writes the mempool to its file, as is also done every minute and when the node stops.',
    arguments: [],
    result: '{ "filename": path }',
    handler: async ({ node: { mempool, files, logger } }) => {
      const { mempoolPath: filename, saveMempool } = requireFiles(files);
      try {
        await saveMempool(mempool);
      } catch (error) {
        logger.warn({ err: error, path: filename }, 'mempool not saved');
        throw new RpcError(RpcCode.MISC_ERROR, 'Unable to dump mempool to disk', { cause: error });
      }
      return { filename };
    },
  }),
  method({
    name: 'importmempool',
    category: 'Blockchain',
    description:
      'Adds the transactions of a mempool.dat, of this node or of another, to the mempool. Only import files that you\n' +
      'trust: they can contain fee deltas.',
    arguments: [
      textArgument('filepath', 'The path of the file.'),
      optional(
        objectArgument(
          'options',
          importOptions,
          'use_current_time (default true): entry times are now, not those stored; apply_fee_delta_priority (default false).',
          'options',
        ),
        {},
        'none',
      ),
    ],
    result: '{}',
    example: '"/path/to/mempool.dat"',
    handler: async ({ node: { mempool, files, clock, logger } }, path, options) => {
      const { loadMempool } = requireFiles(files);
      const given: z.infer<typeof importOptions> = options;
      const { use_current_time: usesCurrentTime = true, apply_fee_delta_priority: appliesFeeDeltas = false } = given;
      try {
        const loaded = await loadMempool(mempool, path, clock, { usesCurrentTime, appliesFeeDeltas });
        logger.info({ ...loaded, path }, 'mempool imported');
      } catch (error) {
        logger.warn({ err: error, path }, 'mempool file not imported');
        const message = 'Unable to import mempool file, see debug log for details.';
        throw new RpcError(RpcCode.MISC_ERROR, message, { cause: error });
      }
      return {};
    },
  }),
  method({
    name: 'prioritisetransaction',
    category: 'Mining',
    description:
      'Changes the fee that block construction and mempool eviction assume for a transaction. The actual fee is unchanged.',
    arguments: [
      hashArgument('txid', 'The transaction id (need not be in mempool).'),
      optional(numberArgument('dummy', 'Must be 0 or null.'), 0),
      exactInt64Argument('fee_delta', 'The fee in satoshis to add, or to subtract if negative.'),
    ],
    result: 'true',
    example: '"txid" 0 10000',
    handler: ({ node: { mempool } }, txid, dummy, delta) => {
      if (dummy !== 0) {
        const message = 'Priority is no longer supported, dummy argument to prioritisetransaction must be 0.';
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      mempool.prioritise(txid, delta);
      return true;
    },
  }),
];

/** Defines a method that returns the ancestors or descendants of a mempool entry. */
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
      hashArgument('txid', 'The transaction id (must be in mempool).'),
      optional(booleanArgument('verbose', 'true for an object of entries, false for an array of txids.'), false),
    ],
    result: '["txid", ...], or { "txid": { the fields of getmempoolentry }, ... }',
    example: '"txid"',
    handler: ({ node: { mempool } }, txid, verbose) => {
      return entriesJson([...family(mempool, findEntry(mempool, txid))], verbose);
    },
  });
}

/** Lists txids or, if `verbose`, entries by txid; an entry is described as it is when it is encoded. */
function entriesJson(entries: readonly MempoolEntry[], verbose: boolean): Json {
  if (!verbose) return listJson(entries, (entry) => entry.tx.txidHex);
  function* members(): Generator<[key: string, value: Json]> {
    for (const entry of entries) yield [entry.tx.txidHex, entryJson(entry)];
  }
  return new JsonMembers(members());
}

function findEntry(mempool: Mempool, txid: Uint8Array): MempoolEntry {
  const entry = mempool.get(txid);
  if (!entry) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Transaction not in mempool');
  return entry;
}

/** Describes a mempool entry (Core: entryToJSON). */
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

/** Returns whether an entry or an unconfirmed ancestor signals replaceability (BIP125; Core: IsRBFOptIn). */
function signalsReplacement(entry: MempoolEntry): boolean {
  const seen = new Set<MempoolEntry>([entry]);
  for (const { tx, parents } of seen) {
    if (tx.inputs.some(({ sequence }) => sequence < SEQUENCE_FINAL - 1)) return true;
    for (const parent of parents) seen.add(parent);
  }
  return false;
}

function requireFiles(files: NodeFiles | undefined): NodeFiles {
  if (files) return files;
  throw new RpcError(RpcCode.MISC_ERROR, 'This node has no files');
}
