import type { HeaderContext } from '../../../src/consensus/header-context.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { checkProofOfWork } from '../../../src/consensus/pow.ts';
import type { BlockRejectReason } from '../../../src/consensus/reject.ts';
import { hash160, sha256 } from '../../../src/crypto/hash.ts';
import { MAX_MONEY } from '../../../src/primitives/amount.ts';
import { Block } from '../../../src/primitives/block.ts';
import { BlockHeader } from '../../../src/primitives/header.ts';
import { nullOutPoint } from '../../../src/primitives/outpoint.ts';
import { Transaction, type TransactionFields } from '../../../src/primitives/transaction.ts';
import { Op } from '../../../src/script/opcodes.ts';
import { compileScript } from '../../../src/script/script.ts';
import { type BlockPlan, coinbase, mineBlock, OP_TRUE, outpoint, sealBlock, spend } from './builder.ts';

/** The chain that the cases build on; its coinbases pay 50 BTC each to OP_TRUE. */
export interface Ground {
  readonly tip: HeaderContext;
  /** Mature coinbases. */
  readonly mature: readonly Transaction[];
  readonly immature: Transaction;
  /** The validating node's clock, in seconds. */
  readonly now: number;
}

/** An invalid block and its expected reject reason. */
export interface InvalidBlock {
  readonly name: string;
  readonly reason: BlockRejectReason;
  readonly block: Block;
}

const P2SH_TRUE = compileScript(Op.OP_HASH160, hash160(OP_TRUE), Op.OP_EQUAL);
const P2WSH_TRUE = compileScript(Op.OP_0, sha256(OP_TRUE));
const fill = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte);
const fields = ({ version, inputs, outputs, lockTime }: Transaction): TransactionFields => ({
  version,
  inputs,
  outputs,
  lockTime,
});

/** Returns at least one invalid block per consensus rule, to be submitted on `tip`. */
export function invalidBlocks({ tip, mature, immature, now }: Ground): InvalidBlock[] {
  const coins = mature.map((tx) => outpoint(tx));
  const value = mature[0]!.outputs[0]!.value;
  const out = (amount = value, scriptPubKey: Uint8Array = OP_TRUE) => ({ value: amount, scriptPubKey });
  const pay = (amount = value, scriptPubKey: Uint8Array = OP_TRUE) =>
    spend({ inputs: [coins[0]!], outputs: [out(amount, scriptPubKey)] });
  const cases: InvalidBlock[] = [];
  const add = (name: string, reason: BlockRejectReason, block: Block) => cases.push({ name, reason, block });
  const mined = (name: string, reason: BlockRejectReason, plan: BlockPlan) =>
    add(name, reason, mineBlock(tip, { tag: cases.length + 1, ...plan }));
  const withTxs = (name: string, reason: BlockRejectReason, ...transactions: Transaction[]) =>
    mined(name, reason, { transactions });
  const header = { prevHash: tip.hash, time: tip.time + 1, bits: tip.bits, version: 0x2000_0000 };

  // Header
  {
    const { header: good, transactions } = mineBlock(tip, { tag: 901 });
    let nonce = 0;
    let bad = good;
    do bad = new BlockHeader({ ...good, nonce: nonce++ });
    while (checkProofOfWork(bad.hash, bad.bits, regtest));
    add('hash above the target', 'high-hash', new Block(bad, transactions));
  }
  add('a wrong target', 'bad-diffbits', sealBlock([coinbase(tip.height + 1)], { ...header, bits: 0x207ffffe }));
  mined('a time not after the median time past', 'time-too-old', { time: tip.medianTimePast() });
  mined('a time more than two hours ahead', 'time-too-new', { time: now + 7201 });
  mined('version 1', 'bad-version(0x00000001)', { version: 1 });
  mined('version 3', 'bad-version(0x00000003)', { version: 3 });
  add(
    'an unknown parent',
    'prev-blk-not-found',
    sealBlock([coinbase(tip.height + 1)], { ...header, prevHash: fill(7, 32) }),
  );

  // Merkle tree
  add(
    'a wrong merkle root',
    'bad-txnmrklroot',
    sealBlock([coinbase(tip.height + 1)], { ...header, merkleRoot: fill(1, 32) }),
  );
  {
    const pair = spend({ inputs: [coins[1]!], outputs: [out()] });
    const block = mineBlock(tip, { tag: 902, transactions: [pay(), pair] });
    const [first, ...rest] = block.transactions;
    add('a duplicated last transaction', 'bad-txns-duplicate', new Block(block.header, [first!, ...rest, rest[1]!]));
  }

  // Size and coinbase
  add('no transactions', 'bad-blk-length', sealBlock([], header));
  mined('more than a megabyte without witness', 'bad-blk-length', {
    coinbaseOutputs: [out(0n, fill(0x6a, 1_000_000))],
  });
  add('no coinbase', 'bad-cb-missing', sealBlock([pay()], header));
  withTxs('two coinbases', 'bad-cb-multiple', coinbase(tip.height + 1, { tag: 77, noCommitment: true }));
  const withScriptSig = (scriptSig: Uint8Array) => {
    const base = fields(coinbase(tip.height + 1, { noCommitment: true }));
    return sealBlock([new Transaction({ ...base, inputs: [{ ...base.inputs[0]!, scriptSig }] })], header);
  };
  add('a coinbase script of one byte', 'bad-cb-length', withScriptSig(fill(1, 1)));
  add('a coinbase script of 101 bytes', 'bad-cb-length', withScriptSig(fill(1, 101)));
  add('a wrong height', 'bad-cb-height', sealBlock([coinbase(tip.height + 2)], header));
  mined('a satoshi too much', 'bad-cb-amount', { fees: 1n });

  // Transactions without context
  withTxs('no inputs', 'bad-txns-vin-empty', new Transaction({ version: 2, inputs: [], outputs: [], lockTime: 0 }));
  withTxs('no outputs', 'bad-txns-vout-empty', spend({ inputs: [coins[0]!], outputs: [] }));
  withTxs('a negative output', 'bad-txns-vout-negative', pay(-1n));
  withTxs('an output above MAX_MONEY', 'bad-txns-vout-toolarge', pay(MAX_MONEY + 1n));
  withTxs(
    'outputs above MAX_MONEY in total',
    'bad-txns-txouttotal-toolarge',
    spend({ inputs: [coins[0]!], outputs: [out(MAX_MONEY), out(1n)] }),
  );
  withTxs(
    'one output spent by two inputs',
    'bad-txns-inputs-duplicate',
    spend({ inputs: [coins[0]!, coins[0]!], outputs: [out()] }),
  );
  withTxs(
    'a null input among others',
    'bad-txns-prevout-null',
    spend({ inputs: [coins[0]!, nullOutPoint], outputs: [out()] }),
  );
  withTxs('too many signature operations', 'bad-blk-sigops', pay(value, fill(Op.OP_CHECKSIG, 20_001)));

  // Locks
  const locked = (lockTime: number) => spend({ inputs: [coins[0]!], outputs: [out()], sequence: 0, lockTime });
  withTxs('locked until the next block', 'bad-txns-nonfinal', locked(tip.height + 1));
  withTxs('locked until the median time past', 'bad-txns-nonfinal', locked(tip.medianTimePast()));
  const relative = (sequence: number) => spend({ inputs: [coins[0]!], outputs: [out()], sequence });
  withTxs('BIP68: locked for 1,000 blocks', 'bad-txns-nonfinal', relative(1000));
  withTxs('BIP68: locked for 512 seconds', 'bad-txns-nonfinal', relative(0x0040_0001));

  // Witnesses
  const withWitness = (witness: readonly Uint8Array[]) => spend({ inputs: [coins[0]!], outputs: [out()], witness });
  mined('a witness without a commitment', 'unexpected-witness', {
    transactions: [withWitness([fill(1, 1)])],
    noCommitment: true,
  });
  {
    const base = fields(coinbase(tip.height + 1, { transactions: [pay()] }));
    const reserved = (witness: readonly Uint8Array[]) =>
      sealBlock([new Transaction({ ...base, inputs: [{ ...base.inputs[0]!, witness }] }), pay()], header);
    add('a reserved value of 31 bytes', 'bad-witness-nonce-size', reserved([fill(0, 31)]));
    add('two reserved values', 'bad-witness-nonce-size', reserved([fill(0, 32), fill(0, 32)]));
    add('a wrong reserved value', 'bad-witness-merkle-match', reserved([fill(1, 32)]));
  }
  withTxs(
    'too much weight',
    'bad-blk-weight',
    spend({ inputs: [coins[0]!], outputs: [out()], witness: [fill(0, 3_999_000)] }),
  );

  // Inputs
  const missing = spend({ inputs: [{ txid: fill(9, 32), vout: 0 }], outputs: [out()] });
  withTxs('an unknown output', 'bad-txns-inputs-missingorspent', missing);
  const twice = spend({ inputs: [coins[0]!], outputs: [out(1n)] });
  withTxs('an output spent twice in the block', 'bad-txns-inputs-missingorspent', pay(), twice);
  const child = spend({ inputs: [outpoint(pay())], outputs: [out()] });
  withTxs('a child before its parent', 'bad-txns-inputs-missingorspent', child, pay());
  const early = spend({ inputs: [outpoint(immature)], outputs: [out()] });
  withTxs('an immature coinbase', 'bad-txns-premature-spend-of-coinbase', early);
  withTxs('outputs above inputs', 'bad-txns-in-belowout', pay(value + 1n));

  // Signature operations that depend on the spent outputs. The limit is 80,000; P2SH ones cost 4 each, witness ones 1.
  {
    const redeem = fill(Op.OP_CHECKSIG, 520);
    const script = compileScript(Op.OP_HASH160, hash160(redeem), Op.OP_EQUAL);
    const parent = spend({
      inputs: [coins[0]!],
      outputs: Array.from({ length: 39 }, () => out(value / 39n, script)),
    });
    const inputs = parent.outputs.map((_, vout) => outpoint(parent, vout));
    const scriptSig = compileScript(redeem);
    withTxs('P2SH signature operations', 'bad-blk-sigops', parent, spend({ inputs, outputs: [out(1n)], scriptSig }));
  }
  {
    const program = fill(Op.OP_CHECKSIG, 8001);
    const parent = spend({
      inputs: [coins[0]!],
      outputs: Array.from({ length: 10 }, () => out(value / 10n, compileScript(Op.OP_0, sha256(program)))),
    });
    const inputs = parent.outputs.map((_, vout) => outpoint(parent, vout));
    withTxs(
      'witness signature operations',
      'bad-blk-sigops',
      parent,
      spend({ inputs, outputs: [out(1n)], witness: [program] }),
    );
  }

  // Scripts
  const spendFrom = (scriptPubKey: Uint8Array, plan: { scriptSig?: Uint8Array; witness?: readonly Uint8Array[] }) => {
    const parent = pay(value, scriptPubKey);
    return [parent, spend({ inputs: [outpoint(parent)], outputs: [out()], ...plan })] as const;
  };
  const failing = (name: string, text: string, transactions: readonly Transaction[]) =>
    withTxs(name, `block-script-verify-flag-failed (${text})`, ...transactions);
  const falseText = 'Script evaluated without error but finished with a false/empty top stack element';
  failing('a script that leaves false', falseText, spendFrom(Uint8Array.of(Op.OP_0), {}));
  failing('OP_VERIFY', 'Script failed an OP_VERIFY operation', spendFrom(compileScript(Op.OP_0, Op.OP_VERIFY), {}));
  failing('a disabled opcode', 'Attempted to use a disabled opcode', spendFrom(compileScript(Op.OP_1, Op.OP_CAT), {}));
  failing('P2SH: a wrong redeem script', falseText, spendFrom(P2SH_TRUE, { scriptSig: compileScript(Op.OP_2) }));
  failing(
    'P2WSH: a wrong script',
    'Witness program hash mismatch',
    spendFrom(P2WSH_TRUE, { witness: [fill(0x52, 1)] }),
  );
  failing('P2WSH: no witness', 'Witness program was passed an empty witness', spendFrom(P2WSH_TRUE, {}));
  failing(
    'P2WSH: a scriptSig',
    'Witness requires empty scriptSig',
    spendFrom(P2WSH_TRUE, { scriptSig: compileScript(Op.OP_1), witness: [OP_TRUE] }),
  );
  failing('a witness for a non-witness output', 'Witness provided for non-witness script', [withWitness([fill(1, 1)])]);
  failing(
    'P2TR: no witness',
    'Witness program was passed an empty witness',
    spendFrom(compileScript(Op.OP_1, fill(2, 32)), {}),
  );
  failing(
    'CLTV unmet',
    'Locktime requirement not satisfied',
    spendFrom(compileScript(BigInt(tip.height + 1), Op.OP_CHECKLOCKTIMEVERIFY), {}),
  );
  failing(
    'CSV unmet',
    'Locktime requirement not satisfied',
    spendFrom(compileScript(Op.OP_10, Op.OP_CHECKSEQUENCEVERIFY), {}),
  );
  failing(
    'a non-zero multisig dummy',
    'Dummy CHECKMULTISIG argument must be zero',
    spendFrom(compileScript(Op.OP_0, Op.OP_0, Op.OP_CHECKMULTISIG), { scriptSig: compileScript(Op.OP_1) }),
  );
  return cases;
}
