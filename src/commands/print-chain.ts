import type { NodeConfig } from '../node/config.ts';
import { accessNode } from './node-access.ts';

/** The fields of `getblock HASH 2` that are printed. */
export interface PrintedBlock {
  readonly hash: string;
  readonly height: number;
  readonly previousblockhash?: string;
  readonly merkleroot: string;
  readonly time: number;
  readonly bits: string;
  readonly nonce: number;
  readonly difficulty: number;
  readonly size: number;
  readonly tx: readonly PrintedTransaction[];
}

/** A transaction of a printed block. */
export interface PrintedTransaction {
  readonly txid: string;
  readonly vin: readonly { coinbase?: string; txid?: string; vout?: number }[];
  readonly vout: readonly { value: number; scriptPubKey: { address?: string; type: string } }[];
}

/**
 * Visits at most `limit` blocks of the active chain, from the tip down, and returns their number. Blocks are read one
 * at a time, so that a long chain does not fill memory. Throws `PierError` 'missing-chain'.
 */
export function printChain(
  config: NodeConfig,
  options: { limit?: number },
  visit: (block: PrintedBlock) => void,
): Promise<number> {
  return accessNode(config, { network: 'none', requires: ['chain'] }, async (node) => {
    let hash: string | undefined = await node.call<string>('getbestblockhash');
    let printed = 0;
    for (; hash !== undefined && printed < (options.limit ?? Number.POSITIVE_INFINITY); printed++) {
      const block: PrintedBlock = await node.call<PrintedBlock>('getblock', [hash, 2]);
      visit(block);
      hash = block.previousblockhash;
    }
    return printed;
  });
}
