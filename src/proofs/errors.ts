import { PierError } from '../platform/errors.ts';

/** The kind of a `ProofError`. */
export type ProofErrorCode =
  | 'no-transactions' // no leaves
  | 'too-many-transactions' // more leaves than fit into a block
  | 'too-many-hashes' // more hashes than leaves
  | 'too-few-bits' // fewer bits than hashes
  | 'bits-exhausted' // the bits end before the tree does
  | 'hashes-exhausted' // the hashes end before the tree does
  | 'unused-bits' // bits are left after the tree
  | 'unused-hashes' // hashes are left after the tree
  | 'equal-siblings' // two siblings have equal hashes (CVE-2012-2459)
  | 'wrong-position' // no block has a leaf at this position
  | 'wrong-root'; // the root is not the header's

/** Thrown when a merkle proof or a partial merkle tree is invalid. */
export class ProofError extends PierError {
  declare readonly code: ProofErrorCode;

  constructor(code: ProofErrorCode, message: string) {
    super(code, message);
  }
}
