import { toHex } from '../../bytes/hex.ts';
import type { BlockIndex } from '../../chain/block-index.ts';
import { difficulty } from '../../consensus/pow.ts';
import {
  booleanArgument,
  hashArgument,
  integerArgument,
  optional,
  textArgument,
  verbosityArgument,
} from '../arguments.ts';
import { chainFileSize } from '../chain-file.ts';
import { blockJson, headerHex, headerJson, hex256, targetJson } from '../format/block-json.ts';
import { deploymentsJson } from '../format/deployment-json.ts';
import { findBlock, readBlock } from '../lookup.ts';
import { type Method, method } from '../method.ts';
import { RpcCode, RpcError } from '../rpc-error.ts';

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
    handler: async ({ node: { chain, params, config } }) => {
      const { tip, bestHeader } = chain;
      return {
        chain: params.network,
        blocks: tip.height,
        headers: bestHeader.height,
        bestblockhash: tip.hashHex,
        ...targetJson(tip.bits),
        time: tip.time,
        mediantime: tip.medianTimePast(),
        verificationprogress: verificationProgress(tip, bestHeader),
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
    name: 'getblockcount',
    category: 'Blockchain',
    description: 'The height of the tip. The genesis block has height 0.',
    arguments: [],
    result: 'n',
    handler: ({ node: { chain } }) => chain.tip.height,
  }),
  method({
    name: 'getbestblockhash',
    category: 'Blockchain',
    description: 'The hash of the tip.',
    arguments: [],
    result: '"hash"',
    handler: ({ node: { chain } }) => chain.tip.hashHex,
  }),
  method({
    name: 'getblockhash',
    category: 'Blockchain',
    description: 'The hash of the block at a height of the active chain.',
    arguments: [integerArgument('height', 'The height.')],
    result: '"hash"',
    example: '1000',
    handler: ({ node: { chain } }, height) => {
      const index = chain.atHeight(height);
      if (!index) throw new RpcError(RpcCode.INVALID_PARAMETER, 'Block height out of range');
      return index.hashHex;
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
    name: 'getblockheader',
    category: 'Blockchain',
    description: "A block's header.",
    arguments: [
      hashArgument('blockhash', HASH),
      optional(booleanArgument('verbose', 'true for an object, false for the 80 bytes as hex.'), true),
    ],
    result:
      '"hex", or { "hash": hash, "confirmations": n (-1 off the active chain), "height": n, "version": n,\n' +
      '  "versionHex": hex, "merkleroot": hash, "time": unixtime, "mediantime": unixtime, "nonce": n, "bits": hex,\n' +
      '  "target": hex, "difficulty": n, "chainwork": hex, "nTx": n, "previousblockhash": hash, "nextblockhash": hash }',
    example: '"00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09"',
    handler: ({ node: { chain } }, hash, verbose) => {
      const index = findBlock(chain, hash);
      return verbose ? headerJson(chain, index) : headerHex(index);
    },
  }),
  method({
    name: 'getdeploymentinfo',
    category: 'Blockchain',
    description:
      'The soft forks that the network knows, and whether the block after a given one must keep their rules.',
    arguments: [optional(hashArgument('blockhash', HASH), undefined, 'the tip')],
    result:
      '{ "hash": hash, "height": n, "deployments": { name: { "type": "buried" | "bip9", "height": n, "active": bool,\n' +
      '  "bip9": { "bit": n, "start_time": n, "timeout": n, "min_activation_height": n, "status": word, "since": n,\n' +
      '  "status_next": word, "statistics": { "period": n, "elapsed": n, "count": n, "threshold": n, "possible": bool },\n' +
      '  "signalling": text } }, ... } }',
    handler: ({ node: { chain, params } }, hash) => {
      const index = hash ? findBlock(chain, hash) : chain.tip;
      return { hash: index.hashHex, height: index.height, deployments: deploymentsJson(index, params) };
    },
  }),
  method({
    name: 'getdifficulty',
    category: 'Blockchain',
    description: 'How many times harder than the easiest target of mainnet the proof of work of the tip was.',
    arguments: [],
    result: 'n',
    handler: ({ node: { chain } }) => difficulty(chain.tip.bits),
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
  method({
    name: 'getindexinfo',
    category: 'Util',
    description: 'The indexes that this node keeps beside the chain: none so far.',
    arguments: [optional(textArgument('index_name', 'Only this one.'), undefined, 'all')],
    result: '{}',
    handler: () => ({}),
  }),
];

function verificationProgress(tip: BlockIndex, bestHeader: BlockIndex): number {
  return bestHeader.height > tip.height ? tip.height / bestHeader.height : 1;
}

function tipStatus(tip: BlockIndex, active: boolean): string {
  if (active) return 'active';
  if (tip.failed) return 'invalid';
  if (tip.chainTxCount === 0) return 'headers-only';
  return tip.hasUndo ? 'valid-fork' : 'valid-headers';
}
