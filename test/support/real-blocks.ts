import { execFileSync } from 'node:child_process';
import { toHex } from '../../src/bytes/hex.ts';
import { ByteReader } from '../../src/bytes/reader.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { isBuried } from '../../src/consensus/deployments.ts';
import type { HeaderContext } from '../../src/consensus/header-context.ts';
import { type ChainParams, chainParams } from '../../src/consensus/params.ts';
import { Block } from '../../src/primitives/block.ts';
import { outPointKey } from '../../src/primitives/outpoint.ts';
import { readTxOut } from '../../src/primitives/transaction.ts';
import { requireOracles } from './oracles.ts';
import { vectorBytes, vectorPath } from './vectors.ts';

// The one place where tests read the blocks of ../shared/vectors/blocks.

const main = chainParams('main');
const test = chainParams('test');

export interface RealBlock {
  readonly name: string;
  readonly height: number;
  readonly params: ChainParams;
  /** Inputs but the coinbase's, where the outputs that they spend are known. */
  readonly inputs?: number;
}

/** The files of one block each. Rules of blocks from BIP34 on confirm the heights. */
export const realBlocks: readonly RealBlock[] = [
  { name: 'block1', height: 1, params: main },
  { name: 'block300025', height: 300025, params: main, inputs: 1427 },
  { name: 'block426884', height: 426884, params: main },
  { name: 'block898352', height: 898352, params: test },
  { name: 'block928828', height: 928828, params: test, inputs: 1972 },
  { name: 'block928831', height: 928831, params: test, inputs: 9984 },
  { name: 'block928848', height: 928848, params: test, inputs: 11215 },
  { name: 'mainnet-000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae', height: 0, params: main },
  { name: 'mainnet-0000000000000000001602407ac49862a7bca9d00f7f402db20b7be2f5de59d2', height: 0, params: main },
];

export function rawBlock(name: string): Uint8Array {
  return vectorBytes(`blocks/${name}.raw`);
}

export function realBlock(name: string): Block {
  return Block.decode(rawBlock(name));
}

/** What the block spends, by `outPointKey`; their heights, which the vectors leave out, are said to be 1. */
export function spentCoins(block: Block, name: string): Map<string, Coin> {
  const reader = new ByteReader(vectorBytes(`blocks/${name}-undo.raw`));
  const coins = new Map<string, Coin>();
  for (const tx of block.transactions.slice(1)) {
    for (const { prevout } of tx.inputs) {
      coins.set(outPointKey(prevout), { output: readTxOut(reader), height: 1, isCoinbase: false });
    }
  }
  reader.end();
  return coins;
}

/** A parent at the block's height on the known chain, so that BIP30 needs no look-ups. */
export function parentOf(block: Block, height: number, params: ChainParams): HeaderContext {
  const { prevHash, time, bits, version } = block.header;
  const { bip34 } = params.deployments;
  const parent: HeaderContext = {
    hash: prevHash,
    height: height - 1,
    time: time - 600,
    bits,
    version,
    prev: undefined,
    ancestor: (at) => (isBuried(bip34) && at === bip34.height ? { ...parent, hash: params.bip34Hash! } : parent),
    medianTimePast: () => time - 3600,
  };
  return parent;
}

export const FIRST_BLOCKS = 'blocks/mainnet-1-256.bz2';

/** The blocks of that file: network magic, length, block, repeated. Throws where there is anything else in it. */
export function firstBlocks(): Block[] {
  const reader = new ByteReader(execFileSync('bzip2', ['-dc', vectorPath(FIRST_BLOCKS)], { maxBuffer: 1 << 28 }));
  const blocks: Block[] = [];
  while (reader.remaining > 0) {
    if (toHex(reader.bytes(4)) !== toHex(main.magic)) throw new Error('not the magic of mainnet');
    const length = reader.u32();
    blocks.push(Block.decode(reader.bytes(length)));
  }
  return blocks;
}

export function hasBzip2(): boolean {
  try {
    execFileSync('bzip2', ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (requireOracles) throw error;
    return false;
  }
}
