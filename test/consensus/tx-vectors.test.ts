import { expect, it } from 'vitest';
import { checkTransaction } from '../../src/consensus/tx-check.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { SighashCache } from '../../src/script/sighash/index.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { ALL_FLAGS, fillFlags, trimFlags } from '../script/support/assemble.ts';
import { loadTxCases, namedFlags, type TxCase } from '../script/support/tx-cases.ts';
import { describeVectors } from '../support/vectors.ts';

const flagList: readonly number[] = Object.values(ScriptFlag).filter((flag) => flag !== 0);

/** Returns whether all inputs verify. */
function passes({ tx, spent }: TxCase, flags: number): boolean {
  const cache = new SighashCache(tx, spent);
  return tx.inputs.every((_, i) => verifyInput(tx, i, cache, flags) === undefined);
}

/** Returns the sets of flags with one flag removed. */
function withoutOne(flags: number): number[] {
  return flagList.map((flag) => trimFlags(flags & ~flag)).filter((fewer) => fewer !== flags);
}

describeVectors("Core's valid transactions", 'core/tx_valid.json', () => {
  const cases = loadTxCases('core/tx_valid.json');

  it.each(['native', 'wasm'] as const)(
    'are valid with all flags except the excluded ones on the %s engine',
    (engine) => {
      useSecp256k1Engine(engine);
      for (const entry of cases) {
        expect(checkTransaction(entry.tx), entry.name).toBeUndefined();
        expect(passes(entry, ALL_FLAGS & ~namedFlags(entry.flags)), entry.name).toBe(true);
      }
      expect(cases).toHaveLength(121);
    },
  );

  it('are valid with fewer flags, and invalid with any excluded one', () => {
    useSecp256k1Engine('native');
    const random = new SeededRandom(121);
    for (const entry of cases) {
      const excluded = namedFlags(entry.flags);
      for (const flag of flagList) {
        expect(passes(entry, trimFlags(ALL_FLAGS & ~(excluded | flag))), entry.name).toBe(true);
      }
      expect(passes(entry, trimFlags(ALL_FLAGS & ~(excluded | random.uint32()))), entry.name).toBe(true);
      for (const fewer of withoutOne(excluded)) expect(passes(entry, ALL_FLAGS & ~fewer), entry.name).toBe(false);
    }
  });
});

describeVectors("Core's invalid transactions", 'core/tx_invalid.json', () => {
  const cases = loadTxCases('core/tx_invalid.json');

  it.each(['native', 'wasm'] as const)('are invalid with the given flags on the %s engine', (engine) => {
    useSecp256k1Engine(engine);
    let malformed = 0;
    for (const entry of cases) {
      if (entry.flags === 'BADTX') {
        malformed++;
        expect(checkTransaction(entry.tx), entry.name).toBeDefined();
      } else {
        expect(checkTransaction(entry.tx), entry.name).toBeUndefined();
        expect(passes(entry, namedFlags(entry.flags)), entry.name).toBe(false);
      }
    }
    expect(cases).toHaveLength(93);
    expect(malformed).toBe(cases.filter(({ flags }) => flags.includes('BADTX')).length);
  });

  it('are invalid with more flags, and valid without any one of them', () => {
    useSecp256k1Engine('native');
    const random = new SeededRandom(93);
    for (const entry of cases) {
      if (entry.flags === 'BADTX') continue;
      const flags = namedFlags(entry.flags);
      for (const flag of flagList) expect(passes(entry, fillFlags(flags | flag)), entry.name).toBe(false);
      expect(passes(entry, fillFlags(flags | (random.uint32() & ALL_FLAGS))), entry.name).toBe(false);
      for (const fewer of withoutOne(flags)) expect(passes(entry, fewer), entry.name).toBe(true);
    }
  });
});
