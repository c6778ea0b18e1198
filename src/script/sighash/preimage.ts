import { ByteWriter } from '../../bytes/writer.ts';
import { sha256, sha256d } from '../../crypto/hash.ts';
import { type OutPoint, writeOutPoint } from '../../primitives/outpoint.ts';
import { type TxOut, writeTxOut } from '../../primitives/transaction.ts';

/**
 * A writer over one buffer that is used again for every signature hash, as a block asks for thousands. Hashing is
 * synchronous, so there is never a second user before the first has its digest. Each begins with `reset`.
 */
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

export const preimage = new Preimage(1024);
