import { binaryKey, concatBytes } from '../bytes/compare.ts';
import { sha256d } from '../crypto/hash.ts';
import type { Block } from '../primitives/block.ts';
import { Op } from '../script/opcodes.ts';
import { type DecodedSet, decodeSet, encodeSet, matchesAny } from './golomb-rice.ts';

/** The number of BIP158's basic filter, the only type that there is. */
export const BASIC_FILTER = 0;

/** What the header of the first block's filter builds on. */
export const NO_FILTER_HEADER = new Uint8Array(32);

/**
 * BIP158: the scripts that a block's outputs pay to, but for empty ones and those that begin with OP_RETURN, and the
 * scripts of all outputs that it spends, but for empty ones. Each comes once.
 */
export function basicFilterElements(block: Block, spentScripts: Iterable<Uint8Array>): Uint8Array[] {
  const elements = new Map<string, Uint8Array>();
  for (const { outputs } of block.transactions) {
    for (const { scriptPubKey } of outputs) {
      if (scriptPubKey.length > 0 && scriptPubKey[0] !== Op.OP_RETURN)
        elements.set(binaryKey(scriptPubKey), scriptPubKey);
    }
  }
  for (const script of spentScripts) if (script.length > 0) elements.set(binaryKey(script), script);
  return [...elements.values()];
}

/** The basic filter of the block with this hash (32 bytes, internal order) from its elements. */
export function encodeFilter(blockHash: Uint8Array, elements: readonly Uint8Array[]): Uint8Array {
  return encodeSet(filterKey(blockHash), elements);
}

/**
 * Whether the block with this hash may hold or spend an output to one of the scripts: no only where it surely does not.
 * Throws `DecodeError` for a filter that is none; one with a match is not read to its end.
 */
export function matchAny(filter: Uint8Array, blockHash: Uint8Array, scripts: readonly Uint8Array[]): boolean {
  return matchesAny(filterKey(blockHash), filter, scripts);
}

/** What a filter holds. Throws `DecodeError` for one that is none. */
export function decodeFilter(filter: Uint8Array, blockHash: Uint8Array): DecodedSet {
  return decodeSet(filterKey(blockHash), filter);
}

/** BIP157: 32 bytes, internal order. */
export function filterHash(filter: Uint8Array): Uint8Array {
  return sha256d(filter);
}

/** BIP157: what commits to a block's filter and, by the header before, to all of the chain's filters up to it. */
export function filterHeader(previousHeader: Uint8Array, filterHash: Uint8Array): Uint8Array {
  return sha256d(concatBytes(filterHash, previousHeader));
}

function filterKey(blockHash: Uint8Array): Uint8Array {
  return blockHash.subarray(0, 16);
}
