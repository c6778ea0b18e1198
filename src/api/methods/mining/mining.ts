import { toHex, toReversedHex } from '../../../bytes/hex.ts';
import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { isActiveAfter } from '../../../consensus/deployments.ts';
import { difficultyInterval } from '../../../consensus/params.ts';
import { nextWorkRequired } from '../../../consensus/pow.ts';
import { witnessCommitmentOutputIndex } from '../../../consensus/witness-commitment.ts';
import { lastTemplateSize, MIN_FEE_RATE } from '../../../mining/block-template.ts';
import { unixSeconds } from '../../../platform/clock.ts';
import { Block } from '../../../primitives/block.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import { integerArgument, optional, textArgument } from '../../arguments/arguments.ts';
import { blockArgument, blockHeaderArgument } from '../../arguments/decode.ts';
import { targetJson } from '../../format/block-json.ts';
import { amountJson, type JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';

/** Default number of blocks that getnetworkhashps averages over. */
const DEFAULT_LOOKUP = 120;

/** Methods that submit blocks, and mining statistics. */
export const miningMethods: readonly Method[] = [
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
      '{ "blocks": n, "currentblockweight": n, "currentblocktx": n, "bits": hex, "difficulty": n, "target": hex,\n' +
      '  "networkhashps": n, "pooledtx": n, "blockmintxfee": amount, "chain": name, "next": { "height": n, "bits": hex,\n' +
      '  "difficulty": n, "target": hex }, "signet_challenge": hex (only on signet), "warnings": [] }',
    handler: ({ node: { chain, mempool, params, clock } }) => {
      const { tip } = chain;
      const last = lastTemplateSize(chain);
      const nextBits = nextWorkRequired(tip, Math.max(unixSeconds(clock), tip.medianTimePast() + 1), params);
      return {
        blocks: tip.height,
        currentblockweight: last?.weight,
        currentblocktx: last?.transactions,
        ...difficultyJson(tip.bits),
        networkhashps: networkHashRate(chain, tip, DEFAULT_LOOKUP),
        pooledtx: mempool.size,
        blockmintxfee: amountJson(MIN_FEE_RATE),
        chain: params.network,
        next: { height: tip.height + 1, ...difficultyJson(nextBits) },
        signet_challenge: params.signetChallenge && toHex(params.signetChallenge),
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

/** The members of `targetJson` in the order of getmininginfo. */
function difficultyJson(compact: number): JsonObject {
  const { bits, difficulty, target } = targetJson(compact);
  return { bits, difficulty, target };
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
