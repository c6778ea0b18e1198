import { expect, it } from 'vitest';
import { fromHex } from '../../src/bytes/hex.ts';
import { connectBlock } from '../../src/chain/connect/connect-block.ts';
import { verifyChecks } from '../../src/chain/scripts/script-check.ts';
import { bip34Prefix } from '../../src/consensus/block-check.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import type { HeaderContext } from '../../src/consensus/header-context.ts';
import { type ChainParams, chainParams } from '../../src/consensus/params.ts';
import { blockSubsidy } from '../../src/consensus/subsidy.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { nullOutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { Op } from '../../src/script/opcodes.ts';
import { SighashCache } from '../../src/script/sighash/cache.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import {
  FIRST_BLOCKS,
  firstBlocks,
  hasBzip2,
  parentOf,
  realBlock,
  realBlocks,
  spentCoins,
} from '../support/real-blocks.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';
import { accept, describeCoins, openChain } from './support/chain.ts';
import { replay } from './support/model.ts';

const main = chainParams('main');
const segwit =
  ScriptFlag.P2SH |
  ScriptFlag.WITNESS |
  ScriptFlag.TAPROOT |
  ScriptFlag.DERSIG |
  ScriptFlag.CHECKLOCKTIMEVERIFY |
  ScriptFlag.CHECKSEQUENCEVERIFY |
  ScriptFlag.NULLDUMMY;

// The script flags at each height: block 300025 is a mainnet block of 2014, the others are testnet blocks of 2016. Core
// enforces P2SH, WITNESS and TAPROOT from genesis, with two exceptional blocks (Core: script_flag_exceptions).
const flagsAt: Readonly<Record<number, number>> = {
  300025: ScriptFlag.P2SH | ScriptFlag.WITNESS | ScriptFlag.TAPROOT,
  928828: segwit,
  928831: segwit,
  928848: segwit,
};

const withCoins = realBlocks.filter((block) => block.inputs !== undefined);

describeVectors('real blocks with undo data', 'blocks/block300025-undo.raw', () => {
  it('exist for four blocks', () => {
    expect(withCoins.map(({ height }) => height)).toEqual(Object.keys(flagsAt).map(Number));
  });

  it.each(withCoins)('$name connects', ({ name, height, params, inputs }) => {
    const block = realBlock(name);
    const coins = spentCoins(block, name);
    const parent = parentOf(block, height, params);
    const result = connect(block, parent, coins, params);
    expect(result.flags).toBe(flagsAt[height]);
    expect(result.undo.flat()).toHaveLength(inputs!);

    // The miner claimed all fees, so one satoshi less in the inputs makes the block invalid.
    const claimed = block.transactions[0]!.outputs.reduce((sum, { value }) => sum + value, 0n);
    let fees = claimed - blockSubsidy(height, params);
    for (const tx of block.transactions.slice(1)) for (const { value } of tx.outputs) fees += value;
    for (const spent of result.undo.flat()) fees -= spent.output.value;
    expect(fees).toBe(0n);
    const [key, coin] = [...coins].find(([candidate]) => result.spent.has(candidate))!;
    const poorer: Coin = { ...coin, output: { ...coin.output, value: coin.output.value - 1n } };
    const less = (wanted: string) => (wanted === key ? poorer : coins.get(wanted));
    expect(connectBlock(block, parent, { peek: less }, params).reject?.reason).toBe('bad-cb-amount');

    // Every coin must be unspent and, if it is a coinbase, mature.
    const without = (wanted: string) => (wanted === key ? undefined : coins.get(wanted));
    expect(connectBlock(block, parent, { peek: without }, params).reject?.reason).toBe(
      'bad-txns-inputs-missingorspent',
    );
    const young: Coin = { ...coin, height: height - 99, isCoinbase: true };
    const immature = (wanted: string) => (wanted === key ? young : coins.get(wanted));
    expect(connectBlock(block, parent, { peek: immature }, params).reject?.reason).toBe(
      'bad-txns-premature-spend-of-coinbase',
    );
  });

  it.each(withCoins)(
    'every script of $name is valid, and nearly all fail with another output',
    { timeout: 60_000 },
    (row) => {
      const { name, height, params, inputs } = row;
      useSecp256k1Engine('native');
      const block = realBlock(name);
      const { scriptChecks, flags } = connect(block, parentOf(block, height, params), spentCoins(block, name), params);
      expect(scriptChecks.reduce((sum, { tx }) => sum + tx.inputs.length, 0)).toBe(inputs);
      expect(verifyChecks(scriptChecks, flags)).toBeUndefined();
      useSecp256k1Engine('wasm');
      expect(
        verifyChecks(
          scriptChecks.filter((_, i) => i % 9 === 0),
          flags,
        ),
      ).toBeUndefined();
      useSecp256k1Engine('native');

      // The first input of each transaction, with an extra output.
      let failed = 0;
      for (const { tx, spentOutputs } of scriptChecks) {
        const more = [{ value: 1n, scriptPubKey: new Uint8Array(0) }, ...tx.outputs];
        const changed = new Transaction({ ...tx, outputs: more });
        if (verifyInput(changed, 0, new SighashCache(changed, spentOutputs), flags)) failed++;
      }
      expect(failed).toBeGreaterThan(0.9 * scriptChecks.length);
    },
  );
});

/** Connects the block; throws if it is rejected. */
function connect(block: Block, parent: HeaderContext, coins: ReadonlyMap<string, Coin>, params: ChainParams) {
  const result = connectBlock(block, parent, { peek: (key) => coins.get(key) }, params);
  if (result.reject) throw new Error(result.reject.reason);
  return result;
}

describeVectors("mainnet's first blocks", FIRST_BLOCKS, () => {
  it.skipIf(!hasBzip2())('form a chain (skipped without bzip2)', async () => {
    const blocks = firstBlocks();
    // The file name and README say 256, but the file has blocks 1 to 255.
    expect(blocks).toHaveLength(255);
    expect(blocks[0]!.hashHex).toBe('00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048');
    const chain = await openChain({ params: main });
    for (const block of blocks) await accept(chain, block);
    expect(chain.tip.height).toBe(255);
    expect(chain.tip.hashHex).toBe(blocks[254]!.hashHex);
    // The first payment, from Satoshi to Hal Finney, is in block 170.
    const payment = 'f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16';
    expect(chain.getBlock(chain.atHeight(170)!)!.transactions[1]!.txidHex).toBe(payment);
    expect(chain.tip.chainwork).toBe(256n * 0x100010001n);
    expect(chain.isInitialBlockDownload).toBe(true);
    expect(describeCoins(chain)).toEqual(replay(blocks));
    expect(await chain.reindexUtxo()).toEqual({ blocks: 255, coins: replay(blocks).length });
    expect(describeCoins(chain)).toEqual(replay(blocks));
  });
});

/** Builds the chain for these times and nonces: empty blocks with BIP34 heights. */
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

describeVectors('an alternative mainnet chain', 'core/mainnet_alt.json', () => {
  it('adjusts its difficulty after 2,016 blocks', async () => {
    const { timestamps, nonces } = vectorJson<{ timestamps: number[]; nonces: number[] }>('core/mainnet_alt.json');
    const blocks = alternativeChain(timestamps, nonces);
    const chain = await openChain({ params: main, clock: new VirtualClock((timestamps.at(-1)! + 60) * 1000) });
    await Promise.all(blocks.map((block) => accept(chain, block)));
    expect(chain.tip.height).toBe(2016);
    expect(chain.atHeight(2015)!.bits).toBe(0x1d00ffff);
    expect(chain.tip.bits).toBe(0x1c3fffc0);
  });
});
