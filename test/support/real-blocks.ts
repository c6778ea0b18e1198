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

// The blocks of ../shared/vectors/blocks. Tests read them only from here.

const main = chainParams('main');
const test = chainParams('test');

/** A block of mainnet or testnet3 in a file of its own. */
export interface RealBlock {
  /** File name without the extension. */
  readonly name: string;
  /** 0 if no test needs it. */
  readonly height: number;
  readonly params: ChainParams;
  /** Number of inputs except the coinbase's, if the file of spent outputs exists. */
  readonly inputs?: number;
}

/** The blocks with a file of their own. For blocks after BIP34 the tests confirm the heights. */
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

/** Returns the encoded block. */
export function rawBlock(name: string): Uint8Array {
  return vectorBytes(`blocks/${name}.raw`);
}

/** Returns the decoded block. */
export function realBlock(name: string): Block {
  return Block.decode(rawBlock(name));
}

/** Returns the coins that the block spends, by `outPointKey`. The vectors lack their heights, which are set to 1. */
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

/** Returns a parent for the block whose ancestor is the BIP34 block, so that BIP30 is not checked. */
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

/** Mainnet's blocks 1 to 256, compressed. */
export const FIRST_BLOCKS = 'blocks/mainnet-1-256.bz2';

/** Returns the blocks of `FIRST_BLOCKS`. The file repeats magic, length, block; throws if it contains anything else. */
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

/** Returns whether bzip2 is installed; throws if it is absent and PIER_REQUIRE_ORACLES=1. */
export function hasBzip2(): boolean {
  try {
    execFileSync('bzip2', ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (requireOracles) throw error;
    return false;
  }
}
