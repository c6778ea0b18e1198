import { z } from 'zod';
import { fromReversedHex, toReversedHex } from '../../../bytes/hex.ts';
import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { isActiveAfter } from '../../../consensus/deployments.ts';
import { difficultyInterval } from '../../../consensus/params.ts';
import { nextWorkRequired } from '../../../consensus/pow.ts';
import { witnessCommitmentOutputIndex } from '../../../consensus/witness-commitment.ts';
import { unixSeconds } from '../../../platform/clock.ts';
import { Block } from '../../../primitives/block.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import { addressScript } from '../../arguments/address.ts';
import { arrayArgument, booleanArgument, integerArgument, optional, textArgument } from '../../arguments/arguments.ts';
import { blockArgument, blockHeaderArgument, transactionFromHex } from '../../arguments/decode.ts';
import { outputScript } from '../../arguments/output-script.ts';
import { targetJson } from '../../format/block-json.ts';
import { hexJson } from '../../format/large-json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';
import { blockRejected } from '../../method/reject.ts';

/** Hashes that the generate methods try per block (Core: DEFAULT_MAX_TRIES). */
const DEFAULT_MAX_TRIES = 1_000_000;
/** Default number of blocks that getnetworkhashps averages over. */
const DEFAULT_LOOKUP = 120;

/** Methods that generate and submit blocks, and mining statistics. */
export const miningMethods: readonly Method[] = [
  method({
    name: 'generatetoaddress',
    category: 'Generating',
    description: 'Mines blocks to an address and returns the block hashes.',
    arguments: [
      integerArgument('nblocks', 'The number of blocks to generate.'),
      textArgument('address', 'The address to send the newly generated bitcoin to.'),
      optional(integerArgument('maxtries', 'The number of hashes to try per block.'), DEFAULT_MAX_TRIES),
    ],
    result: '["blockhash", ...]',
    example: '11 "address"',
    handler: async ({ node: { miner, params } }, count, address, maxTries) => {
      const scriptPubKey = addressScript(address, params.address, 'Error: Invalid address');
      if (count <= 0) return [];
      const hashes = await miner.generate(count, scriptPubKey, maxTries).catch((error: unknown) => {
        throw blockRejected(error);
      });
      return hashes.map(toReversedHex);
    },
  }),
  method({
    name: 'generateblock',
    category: 'Generating',
    description: 'Mines a block of an ordered list of transactions to an address and returns the block hash.',
    arguments: [
      textArgument('output', 'The address or descriptor to send the newly generated bitcoin to.'),
      arrayArgument(
        'transactions',
        z.string(),
        'Txids of transactions in the mempool, or raw transactions as hex, in valid order.',
        '["rawtx/txid",...]',
      ),
      optional(booleanArgument('submit', 'Whether to submit the block, or only return it as hex.'), true),
    ],
    result: '{ "hash": hash, "hex": hex (only if not submitted) }',
    example: '"address" \'["rawtx","mempool_txid"]\'',
    handler: async (context, output, transactions, submit) => {
      const { miner, params } = context.node;
      const scriptPubKey = outputScript(output, params.address);
      const txs: Transaction[] = [];
      for (const text of transactions) {
        const pause = context.call.step();
        if (pause) await pause;
        txs.push(resolveTransaction(context, text));
      }
      const block = await miner.generateBlock(txs, scriptPubKey, { submit }).catch((error: unknown) => {
        throw blockRejected(error);
      });
      return { hash: block.hashHex, hex: submit ? undefined : hexJson(block.encode()) };
    },
  }),
  method({
    name: 'submitblock',
    category: 'Mining',
    description: 'Submits a block to the node. Returns null if the block is connected, otherwise the reason (BIP22).',
    arguments: [blockArgument('hexdata', 'The hex-encoded block.'), optional(textArgument('dummy', 'Ignored.'))],
    result: 'null, "duplicate", "duplicate-invalid", "inconclusive" or the reject reason',
    example: '"mydata"',
    handler: async ({ node: { chain } }, submitted) => {
      const block = withWitnessReservedValue(submitted, chain);
      const { index, isNew, reject } = await chain.acceptBlock(block, { from: 'submitblock' });
      if (reject) return reject.reason;
      if (!isNew) return 'duplicate';
      // As in Core, a block that was connected counts as valid, even if an invalid descendant changed the active chain.
      return index?.hasUndo ? null : 'inconclusive';
    },
  }),
  method({
    name: 'submitheader',
    category: 'Mining',
    description: 'Submits a block header as a candidate chain tip. Fails if the header is invalid.',
    arguments: [blockHeaderArgument('hexdata', 'The hex-encoded block header.')],
    result: 'null',
    example: '"aabbcc"',
    handler: ({ node: { chain } }, header) => {
      if (!chain.getIndex(header.prevHash)) {
        const message = `Must submit previous header (${toReversedHex(header.prevHash)}) first`;
        throw new RpcError(RpcCode.VERIFY_ERROR, message);
      }
      const { reject } = chain.acceptHeaders([header]);
      if (reject) throw new RpcError(RpcCode.VERIFY_ERROR, reject.reason);
      return null;
    },
  }),
  method({
    name: 'getmininginfo',
    category: 'Mining',
    description:
      'Returns mining-related information: the tip, the target of the next block, the hash rate of the network.',
    arguments: [],
    result:
      '{ "blocks": n, "bits": hex, "difficulty": n, "target": hex, "networkhashps": n, "pooledtx": n, "chain": name,\n' +
      '  "next": { "height": n, "bits": hex, "difficulty": n, "target": hex }, "warnings": [] }',
    handler: ({ node: { chain, mempool, params, clock } }) => {
      const { tip } = chain;
      const nextBits = nextWorkRequired(tip, Math.max(unixSeconds(clock), tip.medianTimePast() + 1), params);
      return {
        blocks: tip.height,
        ...targetJson(tip.bits),
        networkhashps: networkHashRate(chain, tip, DEFAULT_LOOKUP),
        pooledtx: mempool.size,
        chain: params.network,
        next: { height: tip.height + 1, ...targetJson(nextBits) },
        warnings: [],
      };
    },
  }),
  method({
    name: 'getnetworkhashps',
    category: 'Mining',
    description: 'Estimates the hashes per second of the network from the chainwork and the times of recent blocks.',
    arguments: [
      optional(
        integerArgument(
          'nblocks',
          'The number of blocks to average over; -1 for the blocks since the last difficulty change.',
        ),
        DEFAULT_LOOKUP,
      ),
      optional(integerArgument('height', 'The height of the last of these blocks; -1 for the tip.'), -1),
    ],
    result: 'n',
    handler: ({ node: { chain } }, lookup, height) => {
      if (lookup < -1 || lookup === 0) {
        throw new RpcError(RpcCode.INVALID_PARAMETER, 'Invalid nblocks. Must be a positive number or -1.');
      }
      const last = height === -1 ? chain.tip : chain.atHeight(height);
      if (!last) throw new RpcError(RpcCode.INVALID_PARAMETER, 'Block does not exist at specified height');
      return networkHashRate(chain, last, lookup);
    },
  }),
];

/** Resolves a transaction given as hex or as the txid of one in the mempool. */
function resolveTransaction({ node: { mempool } }: RpcContext, text: string): Transaction {
  if (/^[0-9a-fA-F]{64}$/.test(text)) {
    const entry = mempool.get(fromReversedHex(text));
    if (!entry) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, `Transaction ${text} not in mempool.`);
    return entry.tx;
  }
  const tx = transactionFromHex(text);
  if (!tx) {
    const message = `Transaction decode failed for ${text}. Make sure the tx has at least one input.`;
    throw new RpcError(RpcCode.DESERIALIZATION_ERROR, message);
  }
  return tx;
}

/** Adds the coinbase witness, a constant that miners may omit (Core: UpdateUncommittedBlockStructures). */
function withWitnessReservedValue(block: Block, chain: Chain): Block {
  const [coinbase, ...others] = block.transactions;
  const parent = chain.getIndex(block.header.prevHash);
  if (!coinbase || !parent || !isActiveAfter('segwit', parent, chain.params)) return block;
  if (coinbase.hasWitness || coinbase.inputs.length !== 1 || witnessCommitmentOutputIndex(coinbase) < 0) return block;
  const inputs = [{ ...coinbase.inputs[0]!, witness: [new Uint8Array(32)] }];
  const { version, outputs, lockTime } = coinbase;
  return new Block(block.header, [new Transaction({ version, inputs, outputs, lockTime }), ...others]);
}

/** Estimates hashes per second from the `lookup` blocks up to `last` (Core: GetNetworkHashPS). */
function networkHashRate(chain: Chain, last: BlockIndex, lookup: number): number {
  if (last.height === 0) return 0;
  const wanted = lookup === -1 ? (last.height % difficultyInterval(chain.params)) + 1 : lookup;
  let first = last;
  let earliest = last.time;
  let latest = last.time;
  for (let i = 0; i < wanted && first.prev; i++) {
    first = first.prev;
    earliest = Math.min(earliest, first.time);
    latest = Math.max(latest, first.time);
  }
  if (earliest === latest) return 0;
  return Number(last.chainwork - first.chainwork) / (latest - earliest);
}
