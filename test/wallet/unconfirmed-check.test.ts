import { describe, expect, it } from 'vitest';
import { COIN } from '../../src/primitives/amount.ts';
import { type OutPoint, outPointKey } from '../../src/primitives/outpoint.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { KeyTree } from '../../src/wallet/keys.ts';
import { isAcceptableUnconfirmed } from '../../src/wallet/light/unconfirmed-check.ts';
import { type SigningInput, signTransaction } from '../../src/wallet/signing.ts';
import { spend } from '../chain/support/builder.ts';
import { foreignCoin, foreignScript, paying, rewarding } from './support/ledger-fixture.ts';

const tree = await KeyTree.fromMnemonic(`${'abandon '.repeat(11)}about`, 1);

/** Inputs that spend coins of the wallet, with their keys. */
const inputs: readonly SigningInput[] = [0, 1].map((index) => {
  const ref = { type: 'bech32', change: false, index } as const;
  const key = tree.output(ref);
  const output = { value: COIN, scriptPubKey: key.scriptPubKey };
  return { outpoint: foreignCoin(), output, key, privateKey: tree.privateKey(ref) };
});
const coins = new Map(inputs.map(({ outpoint, output }) => [outPointKey(outpoint), output]));
const isAcceptable = (tx: Transaction) =>
  isAcceptableUnconfirmed(tx, (outpoint: OutPoint) => coins.get(outPointKey(outpoint)));
const outputs = [{ value: COIN, scriptPubKey: foreignScript }];

/** Returns a signed spend of the coins, with other inputs than were signed if given. */
function signed(change: (inputs: Transaction['inputs']) => Transaction['inputs'] = (same) => same): Transaction {
  const { version, lockTime, inputs: made } = signTransaction(inputs, outputs, 0);
  return new Transaction({ version, lockTime, inputs: change(made), outputs });
}

describe('an unconfirmed transaction of an untrusted peer', () => {
  it('is accepted if it spends coins of others only: an invented one is never confirmed', () => {
    expect(isAcceptable(paying([foreignScript], [foreignCoin(), foreignCoin()]))).toBe(true);
  });

  it('is accepted if it spends coins of the wallet only, with valid signatures', () => {
    expect(isAcceptable(signed())).toBe(true);
  });

  it('is refused if a signature of a coin of the wallet is invalid or missing', () => {
    for (const at of [0, 1]) {
      const wrong = signed((made) => made.with(at, { ...made[at]!, witness: made[1 - at]!.witness }));
      expect(isAcceptable(wrong)).toBe(false);
      expect(isAcceptable(signed((made) => made.with(at, { ...made[at]!, witness: [] })))).toBe(false);
    }
  });

  it('is refused if it spends coins of the wallet and of others, whose signatures cannot be checked', () => {
    const [own] = signTransaction(inputs.slice(0, 1), outputs, 0).inputs;
    const other = { ...own!, prevout: foreignCoin(), witness: [] };
    for (const mixed of [
      [own!, other],
      [other, own!],
    ]) {
      expect(isAcceptable(new Transaction({ version: 2, inputs: mixed, outputs, lockTime: 0 }))).toBe(false);
    }
  });

  it('is refused if it is a coinbase, or invalid by itself', () => {
    expect(isAcceptable(rewarding(7))).toBe(false);
    expect(isAcceptable(spend({ inputs: [foreignCoin()], outputs: [] }))).toBe(false);
    const twice = foreignCoin();
    expect(isAcceptable(paying([foreignScript], [twice, twice]))).toBe(false);
  });
});
