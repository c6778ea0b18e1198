import { toHex, toReversedHex } from '../../bytes/hex.ts';
import type { Chain } from '../../chain/chain.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import type { HeaderView } from '../../chain/tree/header-view.ts';
import { compactToTarget, difficulty } from '../../consensus/pow.ts';
import type { Block } from '../../primitives/block.ts';
import type { JsonObject } from '../json/json.ts';
import { listJson } from './large-json.ts';
import { transactionJson } from './transaction-json.ts';

/** Returns a 256-bit number, such as a target or chainwork, as 64 hex digits. */
export function hex256(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

/** Returns a 32-bit number, such as compact bits or a version, as eight hex digits. */
export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** Returns `bits`, `target` and `difficulty` of a compact target. */
export function targetJson(bits: number): { bits: string; target: string; difficulty: number } {
  return { bits: hex32(bits), target: hex256(compactToTarget(bits).target), difficulty: difficulty(bits) };
}

/** Returns the confirmations of a block: 1 at the tip, -1 off the active chain (Core: ComputeNextBlockAndDepth). */
export function confirmations(chain: HeaderView, index: BlockIndex): number {
  return chain.contains(index) ? chain.tip.height - index.height + 1 : -1;
}

/** Returns a block header as in getblockheader (Core: blockheaderToJSON). */
export function headerJson(chain: HeaderView, index: BlockIndex): JsonObject {
  const next = chain.contains(index) ? chain.atHeight(index.height + 1) : undefined;
  return {
    hash: index.hashHex,
    confirmations: confirmations(chain, index),
    height: index.height,
    version: index.version,
    versionHex: hex32(index.version),
    merkleroot: toReversedHex(index.header.merkleRoot),
    time: index.time,
    mediantime: index.medianTimePast(),
    nonce: index.nonce,
    ...targetJson(index.bits),
    chainwork: hex256(index.chainwork),
    nTx: index.txCount,
    previousblockhash: index.prev?.hashHex,
    nextblockhash: next?.hashHex,
  };
}

/** Returns a block as in getblock: verbosity 1 lists txids, 2 transactions, 3 prevouts too (Core: blockToJSON). */
export function blockJson(chain: Chain, index: BlockIndex, block: Block, verbosity: number): JsonObject {
  const prefixes = chain.params.address;
  const undo = verbosity >= 2 ? chain.getUndo(index) : undefined;
  const prevouts = verbosity >= 3;
  return {
    ...headerJson(chain, index),
    strippedsize: block.strippedSize,
    size: block.totalSize,
    weight: block.weight,
    tx: listJson(block.transactions, (tx, i) =>
      verbosity < 2
        ? tx.txidHex
        : // Undo data has no entry for the coinbase.
          transactionJson(tx, { prefixes, spent: i > 0 ? undo?.[i - 1] : undefined, prevouts, hex: true }),
    ),
  };
}

/** Returns a block header as 160 hex digits. */
export function headerHex(index: BlockIndex): string {
  return toHex(index.header.encode());
}
