/**
 * Proofs about blocks for light clients: merkle proofs, partial merkle trees and Bloom filters (BIP37), and compact
 * block filters (BIP158). Runs in browsers as well.
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { basicFilterElements, encodeFilter, matchAny, merkleProof, verifyTransactionProof } from 'pier/proofs';
 *
 * const block = regtest.genesis;
 * const filter = encodeFilter(block.hash, basicFilterElements(block, []));
 * const [transaction] = block.transactions;
 * console.log(matchAny(filter, block.hash, [transaction!.outputs[0]!.scriptPubKey])); // true
 *
 * const proof = merkleProof([transaction!.txid], 0);
 * const verdict = verifyTransactionProof({ header: block.header, transaction: transaction!, proof });
 * console.log(verdict.valid); // true
 * ```
 *
 * @module pier/proofs
 * @packageDocumentation
 */

export {
  BASIC_FILTER,
  basicFilterElements,
  decodeFilter,
  encodeFilter,
  filterHash,
  filterHeader,
  matchAny,
  NO_FILTER_HEADER,
} from './block-filter.ts';
export {
  BloomFilter,
  type BloomFilterFields,
  BloomUpdate,
  MAX_BLOOM_FILTER_SIZE,
  MAX_HASH_FUNCS,
} from './bloom-filter.ts';
export { ProofError, type ProofErrorCode } from './errors.ts';
export type { DecodedSet } from './golomb-rice.ts';
export { MerkleBlock } from './merkle-block.ts';
export { type MerkleProof, merkleProof, merkleProofRoot } from './merkle-proof.ts';
export { type ExtractedTree, type MatchedLeaf, PartialMerkleTree } from './partial-merkle-tree.ts';
export {
  type TransactionProof,
  type TransactionProofFlaw,
  type TransactionProofResult,
  verifyTransactionProof,
} from './transaction-proof.ts';
