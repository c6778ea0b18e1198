import { describe, expect, it } from 'vitest';
import type { Coin } from '../../src/consensus/coins.ts';
import { hash160 } from '../../src/crypto/hash.ts';
import { DEFAULT_MEMPOOL_OPTIONS } from '../../src/mempool/options.ts';
import { areInputsStandard, isWitnessStandard, lacksWitness } from '../../src/mempool/policy/standard-inputs.ts';
import { isTooSmall, nonStandardReason } from '../../src/mempool/policy/standard-tx.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { ownScript } from '../support/regtest-chain.ts';

// The limits of Bitcoin Core's policy (policy.h), each with a value at the limit and one beyond it.

const hash20 = new Uint8Array(20).fill(1);
const hash32 = new Uint8Array(32).fill(1);
const none: Uint8Array = new Uint8Array(0);

interface Input {
  readonly scriptSig?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
}

function transaction(inputs: readonly Input[], outputs: readonly TxOut[], version = 2): Transaction {
  return new Transaction({
    version,
    inputs: inputs.map(({ scriptSig = none, witness = [] }, vout) => {
      return { prevout: { txid: hash32, vout }, scriptSig, sequence: 0, witness };
    }),
    outputs,
    lockTime: 0,
  });
}

const paying: TxOut = { value: 10_000n, scriptPubKey: ownScript };

const p2pkh = compileScript(Op.OP_DUP, Op.OP_HASH160, hash20, Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
const p2wpkh = compileScript(Op.OP_0, hash20);
const p2wsh = compileScript(Op.OP_0, hash32);
const p2tr = compileScript(Op.OP_1, hash32);
const anchor = Uint8Array.of(Op.OP_1, 2, 0x4e, 0x73);
const p2sh = (redeemScript: Uint8Array) => compileScript(Op.OP_HASH160, hash160(redeemScript), Op.OP_EQUAL);

const coin = (scriptPubKey: Uint8Array): Coin => ({
  output: { value: 1n, scriptPubKey },
  height: 1,
  isCoinbase: false,
});

describe('a standard transaction', () => {
  const reason = (tx: Transaction) => nonStandardReason(tx, DEFAULT_MEMPOOL_OPTIONS) ?? 'standard';

  it('has version 1 to 3', () => {
    const reasons = [0, 1, 3, 4, 0xffff_ffff].map((version) => reason(transaction([{}], [paying], version)));
    expect(reasons).toEqual(['version', 'standard', 'standard', 'version', 'version']);
  });

  it('has up to 400,000 weight units', () => {
    const weighing = (weight: number) => {
      const make = (size: number, item: number) => {
        const data = new Uint8Array(size);
        data[0] = Op.OP_RETURN;
        return transaction([{ witness: [new Uint8Array(item)] }], [{ value: 0n, scriptPubKey: data }]);
      };
      const missing = weight - make(90_000, 0).weight;
      const tx = make(90_000 + Math.floor(missing / 4), missing % 4);
      expect(tx.weight).toBe(weight);
      return tx;
    };
    expect([400_000, 400_001].map((weight) => reason(weighing(weight)))).toEqual(['standard', 'tx-size']);
  });

  it('has scriptSigs of up to 1,650 bytes that only push', () => {
    const reasonOf = (scriptSig: Uint8Array) => reason(transaction([{}, { scriptSig }], [paying]));
    expect(reasonOf(new Uint8Array(1650))).toBe('standard');
    expect(reasonOf(new Uint8Array(1651))).toBe('scriptsig-size');
    expect(reasonOf(Uint8Array.of(Op.OP_1, Op.OP_DUP))).toBe('scriptsig-not-pushonly');
  });

  it('has outputs of known types', () => {
    const reasonOf = (scriptPubKey: Uint8Array) => reason(transaction([{}], [paying, { value: 1000n, scriptPubKey }]));
    for (const script of [p2pkh, p2sh(none), p2wpkh, p2wsh, p2tr, anchor, compileScript(Op.OP_16, hash32)]) {
      expect(reasonOf(script)).toBe('standard');
    }
    for (const script of [none, Uint8Array.of(Op.OP_1), compileScript(hash20, Op.OP_EQUAL)]) {
      expect(reasonOf(script)).toBe('scriptpubkey');
    }
  });

  it('has at least 65 bytes without its witness (CVE-2017-12842)', () => {
    const sized = (size: number) => {
      const tx = transaction([{ witness: [hash32] }], [{ value: 1n, scriptPubKey: new Uint8Array(size - 60) }]);
      expect(tx.strippedSize).toBe(size);
      return isTooSmall(tx);
    };
    expect([64, 65].map(sized)).toEqual([true, false]);
  });
});

describe('standard inputs', () => {
  const isStandard = (...inputs: (readonly [scriptPubKey: Uint8Array, scriptSig?: Uint8Array])[]) =>
    areInputsStandard(
      transaction(
        inputs.map(([, scriptSig]) => ({ ...(scriptSig && { scriptSig }) })),
        [paying],
      ),
      inputs.map(([scriptPubKey]) => coin(scriptPubKey)),
    );

  it('spend outputs of known types', () => {
    for (const script of [p2pkh, p2wpkh, p2wsh, p2tr, anchor]) expect(isStandard([script])).toBe(true);
    expect(isStandard([Uint8Array.of(Op.OP_1)])).toBe(false);
    expect(isStandard([compileScript(Op.OP_2, hash32)])).toBe(false);
    expect(isStandard([p2pkh], [Uint8Array.of(Op.OP_1)])).toBe(false);
  });

  it('have up to 15 signature operations in a P2SH script, counted exactly', () => {
    const checks = (count: number) => {
      const redeemScript = new Uint8Array(count).fill(Op.OP_CHECKSIG);
      return isStandard([p2sh(redeemScript), compileScript(redeemScript)]);
    };
    expect([15, 16].map(checks)).toEqual([true, false]);
    // Two of two keys count two, not twenty.
    const key = new Uint8Array(33).fill(2);
    const multisig = compileScript(Op.OP_2, key, key, Op.OP_2, Op.OP_CHECKMULTISIG);
    expect(isStandard([p2sh(multisig), compileScript(Op.OP_0, multisig)])).toBe(true);
  });

  it('have a scriptSig that pushes the P2SH script', () => {
    const spk = p2sh(none);
    const check = (scriptSig: Uint8Array) => isStandard([spk, scriptSig]);
    expect(check(none)).toBe(false);
    expect(check(Uint8Array.of(Op.OP_DUP))).toBe(false);
    expect(check(Uint8Array.of(Op.OP_RESERVED))).toBe(false);
    // Truncated.
    expect(check(Uint8Array.of(5, 1))).toBe(false);
    // A single byte, which contains no signature operation.
    expect([Op.OP_1NEGATE, Op.OP_1, Op.OP_16, Op.OP_0].map((op) => check(Uint8Array.of(op)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(check(Uint8Array.of(Op.OP_16 + 1))).toBe(false);
    expect([520, 521].map((size) => check(compileScript(new Uint8Array(size))))).toEqual([true, false]);
  });

  it('count legacy signature operations exactly', () => {
    const key = new Uint8Array(33).fill(2);
    const multisig = compileScript(Op.OP_1, key, key, key, Op.OP_3, Op.OP_CHECKMULTISIG);
    // 2,499 and 2,502 of at most 2,500 (BIP54); in scriptSigs they count too.
    const inputs = (count: number) => Array.from({ length: count }, () => [multisig] as const);
    expect([833, 834].map((count) => isStandard(...inputs(count)))).toEqual([true, false]);
    const inScriptSig = new Uint8Array(2500).fill(Op.OP_CHECKSIG);
    expect(isStandard([p2tr, inScriptSig])).toBe(true);
    expect(isStandard([p2tr, inScriptSig], [p2pkh])).toBe(false);
    const scriptSig = compileScript(...Array.from({ length: 200 }, () => [Op.OP_3, Op.OP_CHECKMULTISIG]).flat());
    expect(isStandard([p2tr, scriptSig])).toBe(true);
  });
});

describe('standard witnesses', () => {
  const isStandard = (scriptPubKey: Uint8Array, witness: readonly Uint8Array[], scriptSig = none) =>
    isWitnessStandard(transaction([{ scriptSig, witness }], [paying]), [coin(scriptPubKey)]);
  const items = (count: number, size: number) => Array.from({ length: count }, () => new Uint8Array(size));

  it('belong to witness outputs, except pay-to-anchor', () => {
    expect(isStandard(p2wpkh, [hash32, hash32])).toBe(true);
    for (const script of [p2pkh, anchor, p2sh(none)]) {
      expect(isStandard(script, [hash32])).toBe(false);
      expect(isStandard(script, [])).toBe(true);
    }
    // Wrapped in P2SH.
    expect(isStandard(p2sh(p2wpkh), [hash32], compileScript(p2wpkh))).toBe(true);
    expect(isStandard(p2sh(p2pkh), [hash32], compileScript(p2pkh))).toBe(false);
  });

  it('are standard in every input', () => {
    const both = (second: Uint8Array) =>
      isWitnessStandard(transaction([{ witness: [hash32] }, { witness: [hash32] }], [paying]), [
        coin(p2wpkh),
        coin(second),
      ]);
    expect([both(p2wpkh), both(p2pkh)]).toEqual([true, false]);
  });

  it.each([
    ['P2WSH', p2wsh, none],
    ['P2SH-P2WSH', p2sh(p2wsh), compileScript(p2wsh)],
  ])('of %s have a script of 3,600 bytes and 100 items of 80 bytes at most', (_, scriptPubKey, scriptSig) => {
    const check = (...witness: Uint8Array[]) => isStandard(scriptPubKey, witness, scriptSig);
    expect([3600, 3601].map((size) => check(new Uint8Array(size)))).toEqual([true, false]);
    expect([100, 101].map((count) => check(...items(count, 1), hash32))).toEqual([true, false]);
    expect([80, 81].map((size) => check(...items(2, 1), new Uint8Array(size), hash32))).toEqual([true, false]);
  });

  it('of other versions and sizes have no limits', () => {
    const large = [...items(101, 81), new Uint8Array(3601)];
    expect(isStandard(p2wpkh, large)).toBe(true);
    for (const script of [compileScript(Op.OP_1, new Uint8Array(31)), compileScript(Op.OP_2, hash32)]) {
      expect(isStandard(script, large)).toBe(true);
    }
    // Of the size of P2WSH and P2TR, but of another version.
    const control = Uint8Array.of(0xc0, ...hash32);
    expect(isStandard(compileScript(Op.OP_2, hash32), [...items(1, 81), hash32, control])).toBe(true);
    expect(isStandard(compileScript(Op.OP_1, new Uint8Array(33)), [...items(1, 81), hash32, control])).toBe(true);
    expect(isStandard(p2wpkh, [...items(1, 81), hash32, control])).toBe(true);
    // Taproot in P2SH is not taproot.
    expect(isStandard(p2sh(p2tr), [...items(1, 81), hash32, none], compileScript(p2tr))).toBe(true);
  });

  it('of P2TR have tapscript items of 80 bytes at most, and no annex', () => {
    const check = (...witness: Uint8Array[]) => isStandard(p2tr, witness);
    const control = Uint8Array.of(0xc1, ...hash32);
    const otherLeaf = Uint8Array.of(0xc2, ...hash32);
    const script = new Uint8Array(5000);
    expect(check(new Uint8Array(81))).toBe(true);
    expect([check(none), check(Uint8Array.of(0x50))]).toEqual([true, true]);
    expect([80, 81].map((size) => check(new Uint8Array(size), new Uint8Array(1), script, control))).toEqual([
      true,
      false,
    ]);
    expect([80, 81].map((size) => check(new Uint8Array(1), new Uint8Array(size), script, control))).toEqual([
      true,
      false,
    ]);
    expect(check(new Uint8Array(81), script, otherLeaf)).toBe(true);
    expect(check(script, Uint8Array.of(0x50, 1))).toBe(false);
    expect(check(script, none)).toBe(false);
  });
});

describe('a transaction that may lack its witness', () => {
  const lacks = (scripts: readonly Uint8Array[], inputs: readonly Input[] = scripts.map(() => ({}))) =>
    lacksWitness(transaction(inputs, [paying]), scripts.map(coin));

  it('spends a witness output, and has no witness at all', () => {
    expect([p2wpkh, p2wsh, p2tr].map((script) => lacks([script]))).toEqual([true, true, true]);
    expect(lacks([p2pkh, p2wpkh])).toBe(true);
    expect(lacks([p2wpkh, p2wpkh], [{}, { witness: [hash32] }])).toBe(false);
    expect([p2pkh, anchor].map((script) => lacks([script]))).toEqual([false, false]);
  });

  it('spends one that is wrapped in P2SH', () => {
    const wrapped = (redeemScript: Uint8Array) =>
      lacks([p2sh(redeemScript)], [{ scriptSig: compileScript(redeemScript) }]);
    expect([p2wpkh, p2wsh, p2pkh].map(wrapped)).toEqual([true, true, false]);
    expect(lacks([p2sh(p2wpkh)])).toBe(false);
  });
});
