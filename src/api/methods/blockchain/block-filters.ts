import { z } from 'zod';
import { toHex, toReversedHex } from '../../../bytes/hex.ts';
import type { BlockFilters, Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { basicFilterElements, matchAny } from '../../../proofs/block-filter.ts';
import {
  hashArgument,
  integerArgument,
  objectArgument,
  optional,
  textArgument,
  wordArgument,
} from '../../arguments/arguments.ts';
import { findBlock, readBlock } from '../../arguments/find-block.ts';
import { scanArguments } from '../../arguments/scan-arguments.ts';
import { scriptsOfDescriptor } from '../../arguments/scan-descriptor.ts';
import type { Json } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import type { Step } from '../../json/step.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';

/** Scripts that are matched with a filter at a time. */
const SCRIPTS_PER_STEP = 2_000;

const INDEX_NAME = 'basic block filter index';

const filterTypeArgument = optional(
  wordArgument(
    'filtertype',
    ['basic'],
    'The type name of the filter.',
    () => new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Unknown filtertype'),
  ),
  'basic',
);

/** Methods for the index of block filters. */
export const blockFilterMethods: readonly Method[] = [
  method({
    name: 'getblockfilter',
    category: 'Blockchain',
    description: 'Returns the compact filter of a block (BIP157, BIP158).',
    arguments: [hashArgument('blockhash', 'The hash of the block.'), filterTypeArgument],
    result: '{ "filter": hex, "header": hash }',
    example: '"0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"',
    handler: ({ node: { chain } }, blockHash) => {
      const filters = indexOf(chain);
      const index = findBlock(chain, blockHash);
      const commitment = filters.commitment(index);
      if (!commitment) throw notFound(chain, index);
      return { filter: toHex(filters.filter(index)!), header: toReversedHex(commitment.header) };
    },
  }),
  method({
    name: 'getindexinfo',
    category: 'Util',
    description: 'Returns the status of one or all indexes of the node.',
    arguments: [optional(textArgument('index_name', 'Only the index with this name.'))],
    result: '{ "basic block filter index": { "synced": bool, "best_block_height": n } }',
    handler: ({ node: { chain } }, name = INDEX_NAME) => {
      const filters = chain.blockFilters;
      if (!filters || name !== INDEX_NAME) return {};
      const { best } = filters;
      return { [INDEX_NAME]: { synced: best === chain.tip, best_block_height: best?.height ?? 0 } };
    },
  }),
  method({
    name: 'scanblocks',
    category: 'Blockchain',
    description:
      'Returns the blocks that are relevant to output descriptors, by their block filters. It supports the descriptors of\n' +
      'scantxoutset.',
    arguments: [
      ...scanArguments,
      optional(integerArgument('start_height', 'The height to start the scan at.'), 0),
      optional(integerArgument('stop_height', 'The height to end the scan at.'), undefined, 'the tip'),
      filterTypeArgument,
      optional(
        objectArgument(
          'options',
          z.object({ filter_false_positives: z.boolean().default(false) }),
          '"filter_false_positives": whether to remove false positives by reading the matching blocks (default: false).',
          'options',
        ),
      ),
    ],
    result: '{ "from_height": n, "to_height": n, "relevant_blocks": [hash, ...], "completed": true }',
    example: 'start \'["addr(bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202)"]\' 100',
    handler: async (context, action, descriptors, startHeight, stopHeight, _type, options) => {
      if (action === 'abort') return false;
      if (action === 'status') return null;
      const { chain, params } = context.node;
      const filters = indexOf(chain);
      const start = chain.atHeight(startHeight);
      if (!start) throw new RpcError(RpcCode.MISC_ERROR, 'Invalid start_height');
      const stop = stopHeight === undefined ? chain.tip : chain.atHeight(stopHeight);
      if (!stop || stop.height < start.height) throw new RpcError(RpcCode.MISC_ERROR, 'Invalid stop_height');
      if (!descriptors) {
        throw new RpcError(RpcCode.TYPE_ERROR, 'JSON value of type null is not of expected type array');
      }
      const scripts: Uint8Array[] = [];
      for (const descriptor of descriptors) {
        const pause = context.call.step();
        if (pause) await pause;
        scripts.push(...scriptsOfDescriptor(descriptor, params.address));
      }
      return scan(context, filters, { start, stop, scripts, exact: options?.filter_false_positives ?? false });
    },
  }),
];

interface Scan {
  readonly start: BlockIndex;
  readonly stop: BlockIndex;
  readonly scripts: readonly Uint8Array[];
  /** Whether a filter match is verified against its block. */
  readonly exact: boolean;
}

async function scan(
  { node: { chain }, call }: RpcContext,
  filters: BlockFilters,
  { start, stop, scripts, exact }: Scan,
): Promise<Json> {
  const wanted = new Set(scripts.map(toHex));
  const isRelevant = async (index: BlockIndex) => {
    const block = await readBlock(chain, index, call.step);
    const spent = chain.getUndo(index)!.flatMap((coins) => coins.map(({ output }) => output.scriptPubKey));
    return basicFilterElements(block, spent).some((script) => wanted.has(toHex(script)));
  };
  const relevant: string[] = [];
  for (let height = start.height; height <= stop.height; height++) {
    const pause = call.step();
    if (pause) await pause;
    const index = stop.ancestor(height)!;
    const filter = filters.filter(index);
    if (!filter) throw notFound(chain, index);
    if ((await matchesAny(filter, index, scripts, call.step)) && (!exact || (await isRelevant(index))))
      relevant.push(index.hashHex);
  }
  return { from_height: start.height, to_height: stop.height, relevant_blocks: relevant, completed: true };
}

/** Returns whether a filter matches any of the scripts, some of which are hashed at a time. */
async function matchesAny(
  filter: Uint8Array,
  { hash }: BlockIndex,
  scripts: readonly Uint8Array[],
  step: Step,
): Promise<boolean> {
  for (let at = 0; at < scripts.length; at += SCRIPTS_PER_STEP) {
    if (matchAny(filter, hash, scripts.slice(at, at + SCRIPTS_PER_STEP))) return true;
    const pause = step();
    if (pause) await pause;
  }
  return false;
}

function indexOf(chain: Chain): BlockFilters {
  if (chain.blockFilters) return chain.blockFilters;
  throw new RpcError(RpcCode.MISC_ERROR, 'Index is not enabled for filtertype basic', {
    hint: 'Start the node without --no-blockfilterindex.',
  });
}

function notFound(chain: Chain, index: BlockIndex): RpcError {
  if (!chain.contains(index) && !index.hasUndo) {
    const why = 'Block was not connected to active chain.';
    return new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, `Filter not found. ${why}`);
  }
  const why = 'Block filters are still in the process of being indexed.';
  return new RpcError(RpcCode.MISC_ERROR, `Filter not found. ${why}`);
}
