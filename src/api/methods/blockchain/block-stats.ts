import { z } from 'zod';
import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import {
  arrayArgument,
  customArgument,
  hashSchema,
  integerSchema,
  nested,
  optional,
} from '../../arguments/arguments.ts';
import { findBlock, readBlock } from '../../arguments/find-block.ts';
import { blockStats } from '../../format/block-stats.ts';
import { isJsonNumber } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';

const hashOrHeight = z
  .unknown()
  .transform((value, context): number | Uint8Array =>
    isJsonNumber(value) ? nested(integerSchema, value, context) : nested(hashSchema('hash_or_height'), value, context),
  );

/** The method getblockstats. */
export const blockStatsMethods: readonly Method[] = [
  method({
    name: 'getblockstats',
    category: 'Blockchain',
    description: 'Computes statistics of a block: fees in satoshis, fee rates in sat/vB, sizes in bytes.',
    arguments: [
      customArgument('hash_or_height', 'string or numeric', hashOrHeight, 'The hash or height of the block.'),
      optional(arrayArgument('stats', z.string(), 'The statistics to return.', 'stats'), undefined, 'all'),
    ],
    result: '{ "avgfee": n, "avgfeerate": n, "feerate_percentiles": [n, n, n, n, n], ... }',
    example: '1000 \'["minfeerate","avgfeerate"]\'',
    handler: async ({ node: { chain, params }, call: { step } }, target, wanted) => {
      const index = typeof target === 'number' ? atHeight(chain, target) : findBlock(chain, target);
      if (!chain.contains(index)) {
        throw new RpcError(RpcCode.INVALID_PARAMETER, `Block is not in chain ${params.network}`);
      }
      const block = await readBlock(chain, index, step);
      const all = await blockStats(index, block, chain.getUndo(index) ?? [], { params, step });
      if (!wanted || wanted.length === 0) return all;
      const unknown = wanted.find((name) => !Object.hasOwn(all, name));
      if (unknown !== undefined) {
        throw new RpcError(RpcCode.INVALID_PARAMETER, `Invalid selected statistic '${unknown}'`);
      }
      return Object.fromEntries(wanted.map((name) => [name, all[name]]));
    },
  }),
];

function atHeight(chain: Chain, height: number): BlockIndex {
  if (height < 0) throw new RpcError(RpcCode.INVALID_PARAMETER, `Target block height ${height} is negative`);
  const index = chain.atHeight(height);
  if (index) return index;
  const message = `Target block height ${height} after current tip ${chain.tip.height}`;
  throw new RpcError(RpcCode.INVALID_PARAMETER, message);
}
