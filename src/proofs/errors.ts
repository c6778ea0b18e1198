import { PierError } from '../platform/errors.ts';

export type ProofErrorCode =
  | 'no-transactions' // a tree without leaves
  | 'too-many-transactions' // more leaves than a block has room for
  | 'too-many-hashes' // more hashes than leaves
  | 'too-few-bits' // fewer bits than hashes
  | 'bits-exhausted' // the tree goes on where the bits end
  | 'hashes-exhausted' // the tree goes on where the hashes end
  | 'unused-bits' // bits are left that no node asked for
  | 'unused-hashes' // hashes are left that no node asked for
  | 'equal-siblings' // two equal hashes beside each other (CVE-2012-2459)
  | 'wrong-position' // a position that the tree cannot have
  | 'wrong-root'; // another root than the header's

/** A merkle proof that proves nothing, and why. */
export class ProofError extends PierError {
  declare readonly code: ProofErrorCode;

  constructor(code: ProofErrorCode, message: string) {
    super(code, message);
  }
}
