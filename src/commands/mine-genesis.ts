import { resolve } from 'node:path';
import { toReversedHex } from '../bytes/hex.ts';
import { searchProofOfWork } from '../mining/proof-of-work.ts';
import { readNetworkFile } from '../node/network-file.ts';
import { resolveBase } from '../node/networks.ts';
import { PierError } from '../platform/errors.ts';
import { BlockHeader } from '../primitives/header.ts';

/** What a network file says of a genesis block that is proven; to be put into its `genesis`. */
export interface ProvenGenesis {
  readonly time: number;
  readonly bits: string;
  readonly nonce: number;
  readonly hash: string;
  readonly merkleRoot: string;
}

/**
 * Finds the nonce of the genesis block that a network file describes, and what else the file must say of it. Throws
 * `UsageError` 'bad-network-file', or `PierError` 'no-nonce' where none proves the work.
 */
export async function mineGenesis(file: string): Promise<ProvenGenesis> {
  const { header } = readNetworkFile(resolve(file), { resolveBase, unprovenGenesis: true }).genesis;
  const { version, prevHash, merkleRoot, time, bits } = header;
  const proof = await searchProofOfWork(new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce: 0 }));
  if (!proof) {
    throw new PierError('no-nonce', `no nonce proves the work of the genesis block with time ${time}`, {
      hint: 'Give it another time or message, or easier bits.',
    });
  }
  return {
    ...{ time, bits: bits.toString(16).padStart(8, '0'), nonce: proof.nonce },
    ...{ hash: toReversedHex(proof.header.hash), merkleRoot: toReversedHex(merkleRoot) },
  };
}
