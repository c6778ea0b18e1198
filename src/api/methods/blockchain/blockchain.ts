import { toHex } from '../../../bytes/hex.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { unixSeconds } from '../../../platform/clock.ts';
import { hashArgument, optional, verbosityArgument } from '../../arguments/arguments.ts';
import { findBlock, readBlock } from '../../arguments/find-block.ts';
import { blockJson, hex256, targetJson } from '../../format/block-json.ts';
import { chainFileSize } from '../../method/chain-file-size.ts';
import { type Method, method } from '../../method/method.ts';
import { verificationProgress } from './verification-progress.ts';

const HASH = 'The block hash.';

export const blockchainMethods: readonly Method[] = [
  method({
    name: 'getblockchaininfo',
    category: 'Blockchain',
    description: 'The state of this chain: how far it is, how much work is in it, which network it belongs to.',
    arguments: [],
    result:
      '{ "chain": name, "blocks": n, "headers": n, "bestblockhash": hash, "bits": hex, "target": hex, "difficulty": n,\n' +
      '  "time": unixtime, "mediantime": unixtime, "verificationprogress": 0..1, "initialblockdownload": bool,\n' +
      '  "chainwork": hex, "size_on_disk": bytes, "pruned": false, "signet_challenge": hex (signet), "warnings": [] }',
    handler: async ({ node: { chain, params, config, clock } }) => {
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
        size_on_disk: await chainFileSize(config),
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
      'A block. With verbosity 0 as hex, with 1 its header, sizes and transaction ids, with 2 its transactions and\n' +
      'their fees, with 3 also the outputs that they spend.',
    arguments: [
      hashArgument('blockhash', HASH),
      optional(verbosityArgument('verbosity|verbose', 'How much to tell: 0, 1, 2 or 3.'), 1),
    ],
    result:
      '"hex", or { the fields of getblockheader, "strippedsize": bytes, "size": bytes, "weight": n,\n' +
      '  "tx": ["txid" | { the fields of getrawtransaction, "fee": amount }, ...] }',
    example: '"00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09"',
    handler: ({ node: { chain } }, hash, verbosity) => {
      const index = findBlock(chain, hash);
      if (verbosity > 0) return blockJson(chain, index, readBlock(chain, index), verbosity);
      const raw = index.hasData ? chain.getRawBlock(index) : undefined;
      return toHex(raw ?? readBlock(chain, index).encode());
    },
  }),
  method({
    name: 'getchaintips',
    category: 'Blockchain',
    description:
      'The ends of all branches of the block tree. The status is "active", "valid-fork" (was the active chain once),\n' +
      '"valid-headers" (has its blocks, not all validated), "headers-only" or "invalid".',
    arguments: [],
    result: '[{ "height": n, "hash": hash, "branchlen": n, "status": word }, ...]',
    handler: ({ node: { chain } }) =>
      [...chain.tips()]
        .sort((a, b) => b.height - a.height)
        .map((tip) => ({
          height: tip.height,
          hash: tip.hashHex,
          branchlen: tip.height - chain.findFork(tip).height,
          status: tipStatus(tip, chain.contains(tip)),
        })),
  }),
];

function tipStatus(tip: BlockIndex, active: boolean): string {
  if (active) return 'active';
  if (tip.failed) return 'invalid';
  if (tip.chainTxCount === 0) return 'headers-only';
  return tip.hasUndo ? 'valid-fork' : 'valid-headers';
}
