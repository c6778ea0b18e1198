import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { fromHex, toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { ByteReader } from '../../src/bytes/reader.ts';
import { connectBlock } from '../../src/chain/connect.ts';
import { verifyRanges, wholeRange } from '../../src/chain/script-check.ts';
import { bip34Prefix } from '../../src/consensus/block-check.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import type { HeaderContext } from '../../src/consensus/header-context.ts';
import { type ChainParams, chainParams } from '../../src/consensus/params.ts';
import { blockSubsidy } from '../../src/consensus/subsidy.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { nullOutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { Op } from '../../src/script/opcodes.ts';
import { realBlock, spentCoins } from '../consensus/support/blocks.ts';
import { requireOracles } from '../support/oracles.ts';
import { describeVectors, vectorJson, vectorPath } from '../support/vectors.ts';
import { accept, describeCoins, openChain } from './support/chain.ts';
import { replay } from './support/model.ts';

const main = chainParams('main');
const test = chainParams('test');
const segwit =
  ScriptFlag.P2SH |
  ScriptFlag.WITNESS |
  ScriptFlag.TAPROOT |
  ScriptFlag.DERSIG |
  ScriptFlag.CHECKLOCKTIMEVERIFY |
  ScriptFlag.CHECKSEQUENCEVERIFY |
  ScriptFlag.NULLDUMMY;

/** A parent on the known chain, so that BIP30 needs no look-ups. */
function parentOf(block: Block, height: number, params: ChainParams): HeaderContext {
  const { prevHash, time, bits, version } = block.header;
  const parent: HeaderContext = {
    hash: prevHash,
    height: height - 1,
    time: time - 600,
    bits,
    version,
    prev: undefined,
    ancestor: (at) => (at === params.bip34Height ? { ...parent, hash: params.bip34Hash! } : parent),
    medianTimePast: () => time - 3600,
  };
  return parent;
}

describeVectors('real blocks with what they spend', 'blocks/block300025-undo.raw', () => {
  it.each([
    {
      height: 300025,
      params: main,
      inputs: 1427,
      step: 1,
      flags: ScriptFlag.P2SH | ScriptFlag.WITNESS | ScriptFlag.TAPROOT,
    },
    { height: 928828, params: test, inputs: 1972, step: 1, flags: segwit },
    { height: 928831, params: test, inputs: 9984, step: 9, flags: segwit },
    { height: 928848, params: test, inputs: 11215, step: 9, flags: segwit },
  ])('$height connects, and its scripts are valid', ({ height, params, inputs, step, flags }) => {
    const name = `block${height}`;
    const block = realBlock(name);
    const coins = spentCoins(block, name);
    const parent = parentOf(block, height, params);
    const result = connectBlock(block, parent, { peek: (key) => coins.get(key) }, params);
    if (result.reject) throw new Error(result.reject.reason);
    expect(result.flags).toBe(flags);
    const ranges = result.scriptChecks.map(wholeRange);
    expect(ranges.reduce((sum, { end }) => sum + end, 0)).toBe(inputs);
    // test/script runs all of the largest two.
    const chosen = ranges.filter((_, i) => i % step === 0);
    expect(verifyRanges(chosen, flags)).toBeUndefined();
    expect(result.undo.flat()).toHaveLength(inputs);

    // The miner took all the fees: one satoshi less coming in would be one too few.
    const claimed = block.transactions[0]!.outputs.reduce((sum, { value }) => sum + value, 0n);
    let fees = claimed - blockSubsidy(height, params);
    for (const tx of block.transactions.slice(1)) for (const { value } of tx.outputs) fees += value;
    for (const spent of result.undo.flat()) fees -= spent.output.value;
    expect(fees).toBe(0n);
    const [key, coin] = [...coins].find(([candidate]) => result.spent.has(candidate))!;
    const poorer: Coin = { ...coin, output: { ...coin.output, value: coin.output.value - 1n } };
    const less = (wanted: string) => (wanted === key ? poorer : coins.get(wanted));
    expect(connectBlock(block, parent, { peek: less }, params).reject?.reason).toBe('bad-cb-amount');
  });
});

/** The blocks of a file: network magic, length, block, repeated. */
function unpack(path: string): Block[] {
  const reader = new ByteReader(execFileSync('bzip2', ['-dc', vectorPath(path)], { maxBuffer: 1 << 28 }));
  const blocks: Block[] = [];
  while (reader.remaining > 0) {
    expect(toHex(reader.bytes(4))).toBe(toHex(main.magic));
    const length = reader.u32();
    blocks.push(Block.decode(reader.bytes(length)));
  }
  return blocks;
}

function hasBzip2(): boolean {
  try {
    execFileSync('bzip2', ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if (requireOracles) throw error;
    return false;
  }
}

describeVectors("mainnet's first blocks", 'blocks/mainnet-1-256.bz2', () => {
  it.skipIf(!hasBzip2())('make a chain (skipped where bzip2 is absent)', async () => {
    const blocks = unpack('blocks/mainnet-1-256.bz2');
    const chain = await openChain({ params: main });
    for (const block of blocks) await accept(chain, block);
    // The file ends one block before the number in its name.
    expect(chain.tip.height).toBe(255);
    expect(toReversedHex(chain.atHeight(1)!.hash)).toBe(
      '00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048',
    );
    // The first payment, Satoshi's to Hal Finney, is in block 170.
    const payment = 'f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16';
    expect(chain.getBlock(chain.atHeight(170)!)!.transactions[1]!.txidHex).toBe(payment);
    expect(chain.tip.chainwork).toBe(256n * 0x100010001n);
    expect(chain.isInitialBlockDownload).toBe(true);
    expect(describeCoins(chain)).toEqual(replay(blocks));
    expect(await chain.reindexUtxo()).toEqual({ blocks: 255, coins: replay(blocks).length });
    expect(describeCoins(chain)).toEqual(replay(blocks));
  });
});

/** The chain that these times and nonces belong to: empty blocks that name their height. */
function alternativeChain(timestamps: readonly number[], nonces: readonly number[]): Block[] {
  let prevHash = main.genesis.hash;
  return timestamps.map((time, i) => {
    const height = i + 1;
    const prefix = bip34Prefix(height);
    const coinbase = new Transaction({
      version: 2,
      inputs: [
        {
          prevout: nullOutPoint,
          scriptSig: prefix.length < 2 ? Uint8Array.of(...prefix, Op.OP_0) : prefix,
          sequence: 0xffff_ffff,
          witness: [],
        },
      ],
      outputs: [{ value: 50n * COIN, scriptPubKey: fromHex('76a914eadbac7f36c37e39361168b7aaee3cb24a25312d88ac') }],
      lockTime: 0,
    });
    const bits = height < 2016 ? 0x1d00ffff : 0x1c3fffc0;
    const fields = { version: 0x2000_0000, prevHash, merkleRoot: coinbase.txid, time, bits, nonce: nonces[i]! };
    const header = new BlockHeader(fields);
    prevHash = header.hash;
    return new Block(header, [coinbase]);
  });
}

describeVectors('another chain on the genesis of mainnet', 'core/mainnet_alt.json', () => {
  it('has its difficulty adjusted after 2,016 blocks', async () => {
    const { timestamps, nonces } = vectorJson<{ timestamps: number[]; nonces: number[] }>('core/mainnet_alt.json');
    const blocks = alternativeChain(timestamps, nonces);
    const chain = await openChain({ params: main, clock: new VirtualClock((timestamps.at(-1)! + 60) * 1000) });
    await Promise.all(blocks.map((block) => accept(chain, block)));
    expect(chain.tip.height).toBe(2016);
    expect(chain.atHeight(2015)!.bits).toBe(0x1d00ffff);
    expect(chain.tip.bits).toBe(0x1c3fffc0);
  });
});
