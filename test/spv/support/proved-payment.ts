import { concatBytes } from '../../../src/bytes/compare.ts';
import { type ChainParams, regtest } from '../../../src/consensus/params.ts';
import type { Block } from '../../../src/primitives/block.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import { paymentProofs } from '../../../src/spv/payment-proof.ts';
import type { SelfContainedProof } from '../../../src/spv/verify/proof-file.ts';
import { mineBlock, OP_TRUE, spend } from '../../chain/support/builder.ts';

/** Returns a transaction that spends an unknown output; one per lock time. */
export function payment(lockTime: number): Transaction {
  const inputs = [{ txid: new Uint8Array(32).fill(7), vout: 0 }];
  return spend({ inputs, outputs: [{ value: 1_000n, scriptPubKey: OP_TRUE }], lockTime });
}

/** Returns regtest blocks from genesis on; `counts` are the numbers of payments per block. */
export function blocksOf(counts: readonly number[]): Block[] {
  const blocks = [regtest.genesis];
  for (const [i, count] of counts.entries()) {
    const { hash, header } = blocks.at(-1)!;
    const prev = { height: i, hash, time: header.time, bits: header.bits };
    const transactions = Array.from({ length: count }, (_, at) => payment(1_000 * (i + 1) + at));
    blocks.push(mineBlock(prev, { time: header.time + 600, transactions }));
  }
  return blocks;
}

/** Returns the proof of a transaction, by the height of its block and its position. `blocks` start at genesis. */
export function proofIn(
  blocks: readonly Block[],
  height: number,
  position: number,
  params: ChainParams = regtest,
): SelfContainedProof {
  const block = blocks[height]!;
  const { proof, coinbase } = paymentProofs(block, height, [position])[0]!;
  return {
    network: params.network,
    genesis: params.genesis.hash,
    claim: { transaction: block.transactions[position]!, height, proof, ...(coinbase && { coinbase }) },
    headers: { from: 0, bytes: concatBytes(...blocks.map(({ header }) => header.encode())) },
  };
}
