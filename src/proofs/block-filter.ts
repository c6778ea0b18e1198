import { binaryKey, concatBytes } from '../bytes/compare.ts';
import { sha256d } from '../crypto/hash.ts';
import { atOnce, ITEMS_PER_STEP } from '../platform/slices.ts';
import type { Block } from '../primitives/block.ts';
import { Op } from '../script/opcodes.ts';
import { type DecodedSet, decodeSet, encodeSetInSteps, matchesAny } from './golomb-rice.ts';

/** The type of the basic filter, the only one (BIP158). */
export const BASIC_FILTER = 0;

/** The previous filter header of the genesis block: zeros (BIP157). */
export const NO_FILTER_HEADER = new Uint8Array(32);

/**
 * Returns the elements of a block's basic filter, without duplicates (BIP158): the scripts of its outputs, except those
 * that start with OP_RETURN, and the scripts of the outputs that it spends. Empty scripts are left out.
 */
export function basicFilterElements(block: Block, spentScripts: Iterable<Uint8Array>): Uint8Array[] {
  return atOnce(basicFilterElementsInSteps(block, spentScripts));
}

/** Does what `basicFilterElements` does, in steps. */
export function* basicFilterElementsInSteps(
  block: Block,
  spentScripts: Iterable<Uint8Array>,
): Generator<void, Uint8Array[]> {
  const elements = new Map<string, Uint8Array>();
  let i = 0;
  for (const { outputs } of block.transactions) {
    for (const { scriptPubKey } of outputs) {
      if (scriptPubKey.length > 0 && scriptPubKey[0] !== Op.OP_RETURN)
        elements.set(binaryKey(scriptPubKey), scriptPubKey);
    }
    if (i++ % ITEMS_PER_STEP === 0) yield;
  }
  for (const script of spentScripts) {
    if (script.length > 0) elements.set(binaryKey(script), script);
    if (i++ % ITEMS_PER_STEP === 0) yield;
  }
  return [...elements.values()];
}

/**
 * Encodes a basic filter, given the block hash (32 bytes, internal order) and the elements (BIP158).
 *
 * @example
 * ```ts
 * import { toHex } from 'pier/bytes';
 * import { chainParams } from 'pier/consensus';
 * import { basicFilterElements, encodeFilter, filterHash, filterHeader, NO_FILTER_HEADER } from 'pier/proofs';
 *
 * const { genesis } = chainParams('test');
 * const filter = encodeFilter(genesis.hash, basicFilterElements(genesis, []));
 * console.log(toHex(filter)); // 019dfca8
 * console.log(filterHeader(NO_FILTER_HEADER, filterHash(filter)).length); // 32
 * ```
 */
export function encodeFilter(blockHash: Uint8Array, elements: readonly Uint8Array[]): Uint8Array {
  return atOnce(encodeFilterInSteps(blockHash, elements));
}

/** Does what `encodeFilter` does, in steps. */
export function encodeFilterInSteps(
  blockHash: Uint8Array,
  elements: readonly Uint8Array[],
): Generator<void, Uint8Array> {
  return encodeSetInSteps(filterKey(blockHash), elements);
}

/**
 * Returns whether a filter matches any of the scripts: if not, the block neither creates nor spends an output with one
 * of them. False positives are rare (one in 784,931 per script). `blockHash` is 32 bytes in internal order. Throws
 * `DecodeError` for a malformed filter, but stops reading at the first match (Core: GCSFilter::MatchAny).
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { basicFilterElements, encodeFilter, matchAny } from 'pier/proofs';
 *
 * const { genesis } = regtest;
 * const filter = encodeFilter(genesis.hash, basicFilterElements(genesis, []));
 * console.log(matchAny(filter, genesis.hash, [genesis.transactions[0]!.outputs[0]!.scriptPubKey])); // true
 * console.log(matchAny(filter, genesis.hash, [Uint8Array.of(0x51)])); // false
 * ```
 */
export function matchAny(filter: Uint8Array, blockHash: Uint8Array, scripts: readonly Uint8Array[]): boolean {
  return matchesAny(filterKey(blockHash), filter, scripts);
}

/** Decodes a filter into a set. Throws `DecodeError` for a malformed filter. */
export function decodeFilter(filter: Uint8Array, blockHash: Uint8Array): DecodedSet {
  return decodeSet(filterKey(blockHash), filter);
}

/** Returns the hash of a filter: 32 bytes, internal order (BIP157). */
export function filterHash(filter: Uint8Array): Uint8Array {
  return sha256d(filter);
}

/**
 * Returns a filter header: 32 bytes, internal order. It commits to the filter and, through the previous header, to all
 * filters before it (BIP157).
 */
export function filterHeader(previousHeader: Uint8Array, filterHash: Uint8Array): Uint8Array {
  return sha256d(concatBytes(filterHash, previousHeader));
}

function filterKey(blockHash: Uint8Array): Uint8Array {
  return blockHash.subarray(0, 16);
}
