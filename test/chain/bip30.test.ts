import { describe, expect, it } from 'vitest';
import { binaryKey } from '../../src/bytes/compare.ts';
import { connectBlock } from '../../src/chain/connect/connect-block.ts';
import { enforcesBip30 } from '../../src/chain/utxo/bip30.ts';
import type { CoinSource } from '../../src/chain/utxo/utxo-cache.ts';
import type { HeaderContext } from '../../src/consensus/header-context.ts';
import { type ChainParams, chainParams, regtest } from '../../src/consensus/params.ts';
import type { Block } from '../../src/primitives/block.ts';
import { coinbase, mineBlock, OP_TRUE, outpoint, sealBlock, spend } from './support/builder.ts';
import { accept, extend, openChain } from './support/chain.ts';

const main = chainParams('main');
const BIP34_HEIGHT = 227_931;
const other = new Uint8Array(32);

/** Returns a block at `height` on a chain whose block at BIP34's height, if any, has this hash. */
function parentAt(height: number, bip34Hash: Uint8Array): HeaderContext {
  const ancestor = (at: number) => (at <= height - 1 ? { hash: at === BIP34_HEIGHT ? bip34Hash : other } : undefined);
  return { height: height - 1, ancestor } as unknown as HeaderContext;
}

const block = (hashHex = 'ab') => ({ hashHex }) as Block;

describe('BIP30 (Core: fEnforceBIP30)', () => {
  const at = (height: number, hash = main.bip34Hash!, hashHex?: string) =>
    enforcesBip30(block(hashHex), parentAt(height, hash), main);

  it('applies before BIP34, and on chains whose BIP34 block is not the known one', () => {
    expect([at(1), at(BIP34_HEIGHT), at(BIP34_HEIGHT + 1)]).toEqual(['always', 'always', 'never']);
    expect(at(BIP34_HEIGHT + 1, other)).toBe('always');
    const unknown = { ...main, bip34Hash: undefined } as unknown as ChainParams;
    expect(enforcesBip30(block(), parentAt(BIP34_HEIGHT + 1, main.bip34Hash!), unknown)).toBe('always');
  });

  it('applies again from the height that an early coinbase named', () => {
    expect([at(1_983_701), at(1_983_702)]).toEqual(['never', 'always']);
  });

  it('does not apply to the two blocks that repeated a coinbase', () => {
    // Blocks 91,842 and 91,880.
    const repeated = [
      '00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec',
      '00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721',
    ];
    for (const hash of repeated) expect(at(91_842, main.bip34Hash!, hash)).toBe('never');
    expect(at(91_842)).toBe('always');
  });

  it('only gives the reason of a reject where BIP34 applies from the first block', () => {
    expect(enforcesBip30(block(), parentAt(1, other), regtest)).toBe('for-reason');
  });

  it('rejects a coinbase while outputs of an equal one are unspent', async () => {
    const deployments = { ...regtest.deployments, bip34: { height: 10_000 } };
    const chain = await openChain({ params: { ...regtest, deployments, coinbaseMaturity: 1 } });
    const [first] = (await extend(chain, 1, { noCommitment: true })) as [Block];
    const repeat = () => {
      const { hash, time, bits } = chain.tip;
      return sealBlock([coinbase(1, { noCommitment: true })], {
        prevHash: hash,
        time: time + 1,
        bits,
        version: 0x2000_0000,
      });
    };
    expect(repeat().transactions[0]!.txid).toEqual(first.transactions[0]!.txid);
    expect((await chain.acceptBlock(repeat())).reject).toMatchObject({ reason: 'bad-txns-BIP30' });
    const tx = spend({ inputs: [outpoint(first.transactions[0]!)], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
    await accept(chain, mineBlock(chain.tip, { transactions: [tx] }));
    const again = repeat();
    await accept(chain, again);
    expect(chain.tip.hashHex).toBe(again.hashHex);
  });

  it('gives no reason on the known chain, where Core does not look for repeated transactions', async () => {
    const chain = await openChain();
    const [first] = await extend(chain, 101);
    const outputs = [{ value: 1n, scriptPubKey: OP_TRUE }];
    const tx = spend({ inputs: [outpoint(first!.transactions[0]!)], outputs });
    await extend(chain, 1, { transactions: [tx] });
    const { tip } = chain;
    const repeated = mineBlock(tip, { transactions: [tx] });
    const known = {
      ...regtest,
      deployments: { ...regtest.deployments, bip34: { height: 2 } },
      bip34Hash: chain.atHeight(2)!.hash,
    };
    const coins = { peek: (key: string) => (key.startsWith(binaryKey(tx.txid)) ? {} : undefined) } as CoinSource;
    expect(connectBlock(repeated, tip, coins, regtest).reject).toEqual({
      kind: 'consensus',
      reason: 'bad-txns-BIP30',
      debug: 'tried to overwrite transaction',
    });
    expect(connectBlock(repeated, tip, coins, known).reject?.reason).toBe('bad-txns-inputs-missingorspent');
  });
});
