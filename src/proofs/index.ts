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
export { type MerkleProof, merkleProof, rootOf } from './merkle-proof.ts';
export { type ExtractedTree, type MatchedLeaf, PartialMerkleTree } from './partial-merkle-tree.ts';
export {
  type TransactionProof,
  type TransactionProofFlaw,
  type TransactionProofResult,
  verifyTransactionProof,
} from './transaction-proof.ts';
