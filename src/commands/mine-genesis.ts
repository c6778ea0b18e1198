import { resolve } from 'node:path';
import { toReversedHex } from '../bytes/hex.ts';
import { searchProofOfWork } from '../mining/proof-of-work.ts';
import { readNetworkFile } from '../node/network-file.ts';
import { resolveBase } from '../node/networks.ts';
import { PierError } from '../platform/errors.ts';
import { BlockHeader } from '../primitives/header.ts';

/** The mined fields of a genesis block, to be copied into `genesis` of the network file. */
export interface ProvenGenesis {
  readonly time: number;
  readonly bits: string;
  readonly nonce: number;
  readonly hash: string;
  readonly merkleRoot: string;
}

/**
 * Mines the genesis block that a network file describes: finds its nonce, hash and merkle root. Throws `UsageError`
 * 'bad-network-file', or `PierError` 'no-nonce' if no nonce gives a valid proof of work.
 */
export async function mineGenesis(file: string): Promise<ProvenGenesis> {
  const { header } = readNetworkFile(resolve(file), { resolveBase, unprovenGenesis: true }).genesis;
  const { version, prevHash, merkleRoot, time, bits } = header;
  const proof = await searchProofOfWork(new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce: 0 }));
  if (!proof) {
    throw new PierError('no-nonce', `no nonce gives the genesis block with time ${time} a valid proof of work`, {
      hint: 'Change genesis.time or genesis.message in the network file, or choose an easier target in genesis.bits.',
    });
  }
  return {
    ...{ time, bits: bits.toString(16).padStart(8, '0'), nonce: proof.nonce },
    ...{ hash: toReversedHex(proof.header.hash), merkleRoot: toReversedHex(merkleRoot) },
  };
}
