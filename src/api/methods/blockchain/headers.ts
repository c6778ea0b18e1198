import { difficulty } from '../../../consensus/pow.ts';
import { booleanArgument, hashArgument, integerArgument, optional } from '../../arguments/arguments.ts';
import { findBlock } from '../../arguments/find-block.ts';
import { headerHex, headerJson } from '../../format/block-json.ts';
import { deploymentsJson } from '../../format/deployment-json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

const HASH = 'The hash of the block.';

/** Methods for the block chain that need headers only; light nodes have them too. */
export const headerMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'getblockcount',
    category: 'Blockchain',
    description: 'Returns the height of the tip of the active chain. The genesis block has height 0.',
    arguments: [],
    result: 'n',
    handler: ({ node: { chain } }) => chain.tip.height,
  }),
  method({
    name: 'getbestblockhash',
    category: 'Blockchain',
    description: 'Returns the hash of the tip of the active chain.',
    arguments: [],
    result: '"hash"',
    handler: ({ node: { chain } }) => chain.tip.hashHex,
  }),
  method({
    name: 'getblockhash',
    category: 'Blockchain',
    description: 'Returns the hash of the block at a height of the active chain.',
    arguments: [integerArgument('height', 'The height of the block.')],
    result: '"hash"',
    example: '1000',
    handler: ({ node: { chain } }, height) => {
      const index = chain.atHeight(height);
      if (!index) throw new RpcError(RpcCode.INVALID_PARAMETER, 'Block height out of range');
      return index.hashHex;
    },
  }),
  method({
    name: 'getblockheader',
    category: 'Blockchain',
    description: 'Returns a block header.',
    arguments: [
      hashArgument('blockhash', HASH),
      optional(booleanArgument('verbose', 'true for an object, false for the hex-encoded header.'), true),
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
      'Returns the state of the soft forks of the network: whether their rules apply to the block after the given one.',
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
    description: 'Returns the proof-of-work difficulty of the tip as a multiple of the minimum difficulty of mainnet.',
    arguments: [],
    result: 'n',
    handler: ({ node: { chain } }) => difficulty(chain.tip.bits),
  }),
];
