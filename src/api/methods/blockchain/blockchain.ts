import { toHex } from '../../../bytes/hex.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { unixSeconds } from '../../../platform/clock.ts';
import { hashArgument, optional, verbosityArgument } from '../../arguments/arguments.ts';
import { findBlock, readBlock, readRawBlock } from '../../arguments/find-block.ts';
import { blockJson, hex256, targetJson } from '../../format/block-json.ts';
import { hexJson, listJson } from '../../format/large-json.ts';
import { type Method, method } from '../../method/method.ts';
import { verificationProgress } from './verification-progress.ts';

const HASH = 'The hash of the block.';

/** Methods for the block chain that need full blocks. */
export const blockchainMethods: readonly Method[] = [
  method({
    name: 'getblockchaininfo',
    category: 'Blockchain',
    description: 'Returns the state of the block chain.',
    arguments: [],
    result:
      '{ "chain": name, "blocks": n, "headers": n, "bestblockhash": hash, "bits": hex, "target": hex, "difficulty": n,\n' +
      '  "time": unixtime, "mediantime": unixtime, "verificationprogress": 0..1, "initialblockdownload": bool,\n' +
      '  "chainwork": hex, "size_on_disk": bytes, "pruned": false, "signet_challenge": hex (only on signet), "warnings": [] }',
    handler: async ({ node: { chain, params, files, clock } }) => {
      const { tip, bestHeader } = chain;
      return {
        chain: params.network,
        blocks: tip.height,
        headers: bestHeader.height,
        bestblockhash: tip.hashHex,
        ...targetJson(tip.bits),
        time: tip.time,
        mediantime: tip.medianTimePast(),
        verificationprogress: verificationProgress(tip, bestHeader.height, params, unixSeconds(clock)),
        initialblockdownload: chain.isInitialBlockDownload,
        chainwork: hex256(tip.chainwork),
        size_on_disk: (await files?.chainSize()) ?? 0,
        pruned: false,
        signet_challenge: params.signetChallenge && toHex(params.signetChallenge),
        warnings: [],
      };
    },
  }),
  method({
    name: 'getblock',
    category: 'Blockchain',
    description:
      'Returns a block. Verbosity 0 returns it as hex; 1 returns its header, sizes and txids; 2 also its transactions with\n' +
      'fees; 3 also the outputs that their inputs spend.',
    arguments: [
      hashArgument('blockhash', HASH),
      optional(
        verbosityArgument(
          'verbosity|verbose',
          '0 for hex, 1 for an object, 2 to include transactions, 3 to include prevouts.',
        ),
        1,
      ),
    ],
    result:
      '"hex", or { the fields of getblockheader, "strippedsize": bytes, "size": bytes, "weight": n,\n' +
      '  "tx": ["txid" | { the fields of getrawtransaction, "fee": amount }, ...] }',
    example: '"00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09"',
    handler: async ({ node: { chain }, call }, hash, verbosity) => {
      const index = findBlock(chain, hash);
      if (verbosity <= 0) return hexJson(readRawBlock(chain, index));
      return blockJson(chain, index, await readBlock(chain, index, call.step), verbosity);
    },
  }),
  method({
    name: 'getchaintips',
    category: 'Blockchain',
    description:
      'Returns all tips of the block tree: the active chain and stale branches. The status is "active", "valid-fork" (fully\n' +
      'validated, not active), "valid-headers" (blocks stored, not fully validated), "headers-only" or "invalid".',
    arguments: [],
    result: '[{ "height": n, "hash": hash, "branchlen": n, "status": word }, ...]',
    handler: ({ node: { chain } }) =>
      listJson(
        [...chain.tips()].sort((a, b) => b.height - a.height),
        (tip) => ({
          height: tip.height,
          hash: tip.hashHex,
          branchlen: tip.height - chain.findFork(tip).height,
          status: tipStatus(tip, chain.contains(tip)),
        }),
      ),
  }),
];

function tipStatus(tip: BlockIndex, active: boolean): string {
  if (active) return 'active';
  if (tip.failed) return 'invalid';
  if (tip.chainTxCount === 0) return 'headers-only';
  return tip.hasUndo ? 'valid-fork' : 'valid-headers';
}
