import { ByteWriter } from '../../bytes/writer.ts';
import { sha256, sha256d } from '../../crypto/hash.ts';
import { type OutPoint, writeOutPoint } from '../../primitives/outpoint.ts';
import { type TxOut, writeTxOut } from '../../primitives/transaction.ts';

/** A writer of preimages that hashes them in place. */
class Preimage extends ByteWriter {
  outPoint(value: OutPoint): this {
    writeOutPoint(this, value);
    return this;
  }

  output(value: TxOut): this {
    writeTxOut(this, value);
    return this;
  }

  sha256(): Uint8Array {
    return sha256(this.finish());
  }

  sha256d(): Uint8Array {
    return sha256d(this.finish());
  }
}

/**
 * The shared preimage writer. All signature hashes use one buffer, because a block needs thousands of them. This is
 * safe because hashing is synchronous: each use starts with `reset` and ends with a digest.
 */
export const preimage = new Preimage(1024);
