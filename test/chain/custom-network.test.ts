import { describe, expect, it } from 'vitest';
import { Chain } from '../../src/chain/chain.ts';
import { type ChainParams, difficultyInterval, regtest } from '../../src/consensus/params.ts';
import { compactToTarget, targetToCompact } from '../../src/consensus/pow.ts';
import { createBlockTemplate } from '../../src/mining/block-template.ts';
import { searchProofOfWork } from '../../src/mining/proof-of-work.ts';
import { findNetwork } from '../../src/node/networks.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { quickNetwork } from '../support/network-file.ts';
import { ownScript } from '../support/regtest-chain.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, extend, openChain } from './support/chain.ts';

describe('the chain of a custom network', () => {
  it('adjusts its difficulty to the measured timespan, and every node agrees', async () => {
    const { params } = findNetwork(await quickNetwork({ powTargetSpacing: 10, powTargetTimespan: 50 }));
    const clock = new VirtualClock(1_800_000_000_000);
    const open = () => Chain.open({ params }, { store: new MemoryStore(), clock, logger: silentLogger });
    const chain = await open();
    const blocks: Block[] = [];
    const mine = async (seconds: number) => {
      clock.advance(seconds * 1000);
      const { block } = createBlockTemplate(chain, undefined, ownScript, { clock });
      const found = await searchProofOfWork(block.header);
      blocks.push(new Block(found!.header, block.transactions));
      await accept(chain, blocks.at(-1)!);
    };
    // Seconds between the blocks of each period, from far too fast to far too slow.
    for (const seconds of [2, 2, 3, 8, 10, 20, 70]) {
      for (let i = 0; i < 5; i++) await mine(seconds);
    }

    const interval = difficultyInterval(params);
    let bits = params.genesis.header.bits;
    const expected: number[] = [];
    for (let height = 1; height <= blocks.length; height++) {
      if (height % interval === 0) {
        const [first, last] = [height - interval, height - 1].map((at) => chain.atHeight(at)!.time) as [number, number];
        const measured = Math.min(Math.max(last - first, 12), 200);
        const next = (compactToTarget(bits).target * BigInt(measured)) / 50n;
        bits = targetToCompact(next > params.powLimit ? params.powLimit : next);
      }
      expected.push(bits);
    }
    expect(blocks.map(({ header }) => header.bits)).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(5);

    // A block with the old target at the retarget height is rejected.
    const other = await open();
    const boundary = 2 * interval;
    for (const block of blocks.slice(0, boundary - 1)) await accept(other, block);
    const { version, prevHash, merkleRoot, time, nonce } = blocks[boundary - 1]!.header;
    const old = new BlockHeader({ version, prevHash, merkleRoot, time, bits: other.tip.bits, nonce });
    const stale = await searchProofOfWork(old);
    const { reject } = await other.acceptBlock(new Block(stale!.header, blocks[boundary - 1]!.transactions));
    expect(reject?.reason).toBe('bad-diffbits');
    for (const block of blocks.slice(boundary - 1)) await accept(other, block);
    expect(other.tip.hashHex).toBe(chain.tip.hashHex);
  });

  it('enforces a soft fork once its miners have activated it', async () => {
    const vote = { bit: 2, startTime: 0, period: 10, threshold: 8, timeout: Infinity, minActivationHeight: 0 };
    const csv = { ...vote, bit: 0 };
    const params: ChainParams = {
      ...{ ...regtest, coinbaseMaturity: 1, taprootFromGenesis: false },
      deployments: { ...regtest.deployments, taproot: vote, csv },
    };
    const chain = await openChain({ params });
    const taprootOutput = compileScript(Op.OP_1, new Uint8Array(32).fill(2));
    /** Mines a block whose second transaction violates taproot rules or a BIP68 relative lock. */
    const breaking = (kind: 'taproot' | 'csv') => {
      const coinbase = chain.getBlock(chain.tip)!.transactions[0]!;
      const { value } = coinbase.outputs[0]!;
      const parent = spend({
        inputs: [outpoint(coinbase)],
        outputs: [{ value, scriptPubKey: kind === 'taproot' ? taprootOutput : OP_TRUE }],
      });
      const sequence = kind === 'csv' ? 5 : 0xffff_ffff;
      const child = spend({ inputs: [outpoint(parent)], outputs: [{ value, scriptPubKey: OP_TRUE }], sequence });
      return mineBlock(chain.tip, { version: 0x2000_0000, transactions: [parent, child] });
    };
    // The periods in state DEFINED, STARTED and, for taproot only, LOCKED_IN.
    await extend(chain, 9);
    await extend(chain, 8, { version: 0x2000_0004 });
    await accept(chain, breaking('taproot'));
    await accept(chain, breaking('csv'));
    await extend(chain, 9);
    expect(chain.tip.height).toBe(28);
    await accept(chain, breaking('taproot'));
    expect((await chain.acceptBlock(breaking('taproot'))).reject?.reason).toBe(
      'block-script-verify-flag-failed (Witness program was passed an empty witness)',
    );
    // BIP68 has not activated.
    await accept(chain, breaking('csv'));
    expect(chain.tip.height).toBe(30);
  });
});
