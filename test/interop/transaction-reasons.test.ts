import { afterAll, beforeAll, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { TxRejectReason } from '../../src/consensus/reject.ts';
import { DEFAULT_MEMPOOL_OPTIONS, type MempoolOptions } from '../../src/mempool/options.ts';
import { nonStandardReason } from '../../src/mempool/policy/standard-tx.ts';
import { MAX_MONEY } from '../../src/primitives/amount.ts';
import { nullOutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction, type TxIn } from '../../src/primitives/transaction.ts';
import { type ScriptError, scriptErrorString } from '../../src/script/errors.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { type Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { type CoinKind, oddKinds, publicKey, repeated, satisfyAll, unsignedP2wsh } from '../support/coin-kinds.ts';
import {
  coreBlockReason,
  KNOTS_MAX_DATA_CARRIER,
  ourVerdict,
  sendTo,
  startCorePolicyNode,
  submitTo,
  theirVerdict,
} from '../support/core-policy.ts';
import { ownScript, pay, RegtestChain, type SpendOptions, spend, type Utxo, utxo } from '../support/regtest-chain.ts';
import { scriptErrors } from '../support/script-error-kinds.ts';
import { olderTexts } from './differential/verdicts.ts';

/** Pier and bitcoind with the same chain and mempool. */
class Fixture {
  readonly ours: RegtestChain;
  readonly node: Bitcoind;
  #nextCoinbase = 1;

  private constructor(ours: RegtestChain, node: Bitcoind) {
    this.ours = ours;
    this.node = node;
  }

  static async create(mempool: Partial<MempoolOptions> = {}, ...args: readonly string[]): Promise<Fixture> {
    const node = await startCorePolicyNode(...args);
    const options = { maxDataCarrierBytes: KNOTS_MAX_DATA_CARRIER, ...mempool };
    const fixture = new Fixture(await RegtestChain.create({ blocks: 160, mempool: options }), node);
    await submitTo(node, fixture.ours.blocks(1));
    return fixture;
  }

  /** Returns a mature unspent coin. */
  coin(): Utxo {
    return this.ours.coinbase(this.#nextCoinbase++);
  }

  /** Returns the verdict of both nodes, which must be equal, without adding the transaction. */
  async testAccept(tx: Transaction): Promise<string> {
    const verdict = ourVerdict(this.ours.mempool.accept(tx, { testOnly: true }));
    expect([verdict, tx.txidHex]).toEqual([await theirVerdict(this.node, tx), tx.txidHex]);
    return verdict;
  }

  /** Adds the transaction to both mempools. */
  async submit(tx: Transaction): Promise<Transaction> {
    expect([ourVerdict(this.ours.mempool.accept(tx)), await sendTo(this.node, tx)]).toEqual(['ok', undefined]);
    return tx;
  }

  /** Mines a block of these transactions on both chains. */
  async mine(...transactions: Transaction[]): Promise<void> {
    await submitTo(this.node, await this.ours.mine(1, { transactions }));
  }

  /** Mines an output of the kind and returns a transaction that spends it. */
  async spendKind(kind: CoinKind): Promise<Transaction> {
    const funding = spend([this.coin()], [{ value: 100_000n, scriptPubKey: kind.scriptPubKey }]);
    await this.mine(funding);
    return spendKind(kind, funding, 0);
  }
}

function spendKind(kind: CoinKind, funding: Transaction, vout: number): Transaction {
  const coin = { outpoint: { txid: funding.txid, vout }, value: funding.outputs[vout]!.value, kind };
  const outputs = [{ value: coin.value - 20_000n, scriptPubKey: ownScript }];
  return satisfyAll({ inputs: [{ coin, sequence: 0xffff_fffe }], outputs, version: 2, lockTime: 0 });
}

function withInput(tx: Transaction, change: Partial<TxIn>): Transaction {
  const { version, inputs, outputs, lockTime } = tx;
  return new Transaction({ version, inputs: inputs.with(0, { ...inputs[0]!, ...change }), outputs, lockTime });
}

const out = (value: bigint, scriptPubKey: Uint8Array = ownScript) => ({ value, scriptPubKey });
const odd = (wanted: string) => oddKinds.find(({ name }) => name === wanted)!;
const truc: SpendOptions = { version: 3 };
const multisig = compileScript(Op.OP_1, publicKey, Op.OP_1, Op.OP_CHECKMULTISIG);

/** Sets up what the reject reason requires and returns a transaction that is rejected for it. */
type Row = (fixture: Fixture) => Transaction | Promise<Transaction>;
type FixedReason = Exclude<TxRejectReason, `${string}-failed (${string}`>;

/** Reject reasons without a row, and where they are tested. The types require every reason to be here or in `rows`. */
const elsewhere = {
  'mempool min fee not met': 'below, with a small mempool',
  'mempool full': 'below, with a small mempool',
  'missing-ephemeral-spends': 'below, without a relay fee',
  'max-fee-exceeded': 'below, with a maximum fee rate',
  'too many potential replacements': 'below',
  'too many potential replacements (including sibling eviction)': 'below',
  'bare-multisig': 'below; bitcoind applies the rule only on request',
  datacarrier: 'a reason of Core 30, not of Knots: test/mempool/policy.test.ts',
  'replacement-adds-unconfirmed (including sibling eviction)':
    'unreachable, also in Core: the only unconfirmed parent of such a replacement is the parent of the sibling',
  'bad-txns-inputvalues-outofrange': 'no chain contains such coins; test/chain/invalid-blocks.test.ts',
  'bad-txns-fee-outofrange': 'unreachable, also in Core; test/chain/invalid-blocks.test.ts',
} as const satisfies Partial<Record<FixedReason, string>>;

const rows: Readonly<Record<Exclude<FixedReason, keyof typeof elsewhere>, Row>> = {
  'bad-txns-vin-empty': () => new Transaction({ version: 2, inputs: [], outputs: [], lockTime: 0 }),
  'bad-txns-vout-empty': (fixture) => spend([fixture.coin()], []),
  'bad-txns-oversize': (fixture) => spend([fixture.coin()], [out(0n, new Uint8Array(1_000_000).fill(0x6a))]),
  'bad-txns-vout-negative': (fixture) => spend([fixture.coin()], [out(-1n)]),
  'bad-txns-vout-toolarge': (fixture) => spend([fixture.coin()], [out(MAX_MONEY + 1n)]),
  'bad-txns-txouttotal-toolarge': (fixture) => spend([fixture.coin()], [out(MAX_MONEY), out(1n)]),
  'bad-txns-inputs-duplicate': (fixture) => {
    const coin = fixture.coin();
    return spend([coin, coin], [out(1n)]);
  },
  'bad-cb-length': (fixture) =>
    withInput(pay([fixture.coin()], 1000n), { prevout: nullOutPoint, scriptSig: new Uint8Array(1) }),
  'bad-txns-prevout-null': (fixture) => {
    const coin = fixture.coin();
    return spend([coin, { ...coin, outpoint: nullOutPoint }], [out(1n)]);
  },
  'bad-txns-inputs-missingorspent': (fixture) => pay([utxo(pay([fixture.coin()], 1000n), 0)], 1000n),
  'bad-txns-premature-spend-of-coinbase': ({ ours }) => pay([ours.coinbase(ours.chain.tip.height)], 1000n),
  'bad-txns-in-belowout': (fixture) => pay([fixture.coin()], -1n),
  coinbase: ({ ours }) => ours.blocks(3, 3)[0]!.transactions[0]!,

  version: (fixture) => pay([fixture.coin()], 1000n, 1, { version: 4 }),
  'tx-size': (fixture) => pay([fixture.coin()], 1_000_000n, 2400),
  'tx-size-small': (fixture) =>
    spend([fixture.coin()], [out(10_000n, compileScript(Op.OP_1, Uint8Array.of(0x4e, 0x73)))]),
  'scriptsig-size': (fixture) =>
    withInput(pay([fixture.coin()], 1000n), {
      scriptSig: compileScript(...Array.from({ length: 4 }, () => new Uint8Array(500))),
    }),
  'scriptsig-not-pushonly': (fixture) =>
    withInput(pay([fixture.coin()], 1000n), { scriptSig: compileScript(Op.OP_NOP) }),
  scriptpubkey: (fixture) => spend([fixture.coin()], [out(10_000n, compileScript(Op.OP_1))]),
  dust: (fixture) => spend([fixture.coin()], [out(1n)]),
  'bad-txns-nonstandard-inputs': (fixture) => fixture.spendKind(odd('nonstandard')),
  'bad-witness-nonstandard': (fixture) => fixture.spendKind(odd('p2wsh big item')),
  // An OP_CHECKMULTISIG without a preceding key count counts as 20.
  'bad-txns-too-many-sigops': (fixture) =>
    fixture.spendKind(
      unsignedP2wsh('16,020 signature operations', compileScript(...repeated(801, Op.OP_CHECKMULTISIG))),
    ),

  'non-final': (fixture) => pay([fixture.coin()], 1000n, 1, { lockTime: 10_000 }),
  'non-BIP68-final': (fixture) => pay([fixture.coin()], 1000n, 1, { sequence: 10_000 }),

  'txn-already-in-mempool': (fixture) => fixture.submit(pay([fixture.coin()], 1000n)),
  'txn-same-nonwitness-data-in-mempool': async (fixture) => {
    const tx = await fixture.submit(pay([fixture.coin()], 1000n));
    return withInput(tx, { witness: [Uint8Array.of(1), ...tx.inputs[0]!.witness] });
  },
  'txn-already-known': async (fixture) => {
    const tx = pay([fixture.coin()], 1000n);
    await fixture.mine(tx);
    return tx;
  },

  'min relay fee not met': (fixture) => pay([fixture.coin()], 1n),
  'too-long-mempool-chain': async (fixture) => {
    let last = await fixture.submit(pay([fixture.coin()], 1000n));
    for (let i = 1; i < 25; i++) last = await fixture.submit(pay([utxo(last, 0)], 1000n));
    return pay([utxo(last, 0)], 1000n);
  },
  'TRUC-violation': async (fixture) =>
    pay([utxo(await fixture.submit(pay([fixture.coin()], 1000n, 1, truc)), 0)], 1000n),
  'bad-txns-spends-conflicting-tx': async (fixture) => {
    const coin = fixture.coin();
    const parent = await fixture.submit(pay([coin], 1000n));
    return pay([utxo(parent, 0), coin], 50_000n);
  },
  'insufficient fee': async (fixture) => {
    const coin = fixture.coin();
    await fixture.submit(pay([coin], 1000n));
    return pay([coin], 999n);
  },
  'insufficient fee (including sibling eviction)': async (fixture) => {
    const parent = await fixture.submit(pay([fixture.coin()], 1000n, 2, truc));
    await fixture.submit(pay([utxo(parent, 0)], 1000n, 1, truc));
    return pay([utxo(parent, 1)], 900n, 1, truc);
  },
  'replacement-adds-unconfirmed': async (fixture) => {
    const coin = fixture.coin();
    await fixture.submit(pay([coin], 1000n));
    const other = await fixture.submit(pay([fixture.coin()], 1000n));
    return pay([coin, utxo(other, 0)], 50_000n);
  },
};

describeBitcoind('reject reasons of transactions, compared with bitcoind', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.create();
  });
  afterAll(() => fixture?.node.stop());

  it.each(Object.entries(rows))('%s', async (reason, row) => {
    expect(await fixture.testAccept(await row(fixture))).toBe(reason);
  });

  it('include too many potential replacements, with and without sibling eviction', async () => {
    const from: Utxo[] = [];
    for (let i = 0; i < 5; i++) {
      from.push(fixture.coin());
      const root = await fixture.submit(pay([from[i]!], 1000n, 20));
      for (let vout = 0; vout < 20; vout++) await fixture.submit(pay([utxo(root, vout)], 1000n));
    }
    expect(await fixture.testAccept(pay(from, 1_000_000n))).toBe('too many potential replacements');
    const parent = await fixture.submit(pay([fixture.coin()], 1000n, 2, truc));
    await fixture.submit(pay([utxo(parent, 0)], 1000n, 1, truc));
    const sibling = pay([utxo(parent, 1), ...from], 1_000_000n, 1, truc);
    expect(await fixture.testAccept(sibling)).toBe('too many potential replacements (including sibling eviction)');
  });

  it('include a fee above the requested maximum', async () => {
    const tx = pay([fixture.coin()], 10_000_000n);
    const hex = toHex(tx.encode());
    const [theirs] = await fixture.node.rpc<[{ 'reject-reason': string }]>('testmempoolaccept', [hex], '0.10');
    const ours = ourVerdict(fixture.ours.mempool.accept(tx, { testOnly: true, maxFeeRate: 10_000_000n }));
    expect([ours, theirs['reject-reason']]).toEqual(['max-fee-exceeded', 'max-fee-exceeded']);
  });

  it('include bare multisig if it is not permitted', () => {
    const tx = spend([fixture.coin()], [out(10_000n, multisig)]);
    expect(nonStandardReason(tx, { ...DEFAULT_MEMPOOL_OPTIONS, permitBareMultisig: false })).toBe('bare-multisig');
  });

  it('include a full mempool and its raised minimum fee', async () => {
    const small = await Fixture.create({ maxBytes: 5_000_000 }, '-maxmempool=5');
    try {
      const submitters = [
        async (tx: Transaction) => ourVerdict(small.ours.mempool.accept(tx)),
        async (tx: Transaction) => (await sendTo(small.node, tx)) ?? 'ok',
      ];
      const transactions = Array.from({ length: 50 }, (_, i) =>
        pay([small.coin()], 1_000_000n - BigInt(i) * 10_000n, 2300),
      );
      for (const submit of submitters) {
        const verdicts: string[] = [];
        // Each pays less than the one before, so that a transaction that exceeds the limit is itself evicted.
        for (const tx of transactions) {
          verdicts.push((await submit(tx)).replace(/,.*/, ''));
          if (verdicts.at(-1) === 'mempool min fee not met') break;
        }
        expect([...new Set(verdicts)]).toEqual(['ok', 'mempool full', 'mempool min fee not met']);
      }
    } finally {
      await small.node.stop();
    }
  });

  it("include a parent's ephemeral dust left unspent", async () => {
    const free = await Fixture.create({ minRelayFeeRate: 0n }, '-minrelaytxfee=0');
    try {
      const coin = free.coin();
      const parent = await free.submit(spend([coin], [out(coin.output.value - 1n), out(1n)]));
      expect(await free.testAccept(pay([utxo(parent, 0)], 1000n))).toBe('missing-ephemeral-spends');
      expect(await free.testAccept(pay([utxo(parent, 0), utxo(parent, 1)], 1000n))).toBe('ok');
    } finally {
      await free.node.stop();
    }
  });

  it('include every script error, in blocks and in the mempool', async () => {
    const { ours, node } = fixture;
    const cases = Object.entries(scriptErrors) as [ScriptError, (typeof scriptErrors)[ScriptError]][];
    const funding = spend(
      [fixture.coin()],
      cases.map(([, { kind }]) => out(100_000n, kind.scriptPubKey)),
    );
    await fixture.mine(funding);
    for (const [vout, [error, { kind, ofPolicy }]] of cases.entries()) {
      const tx = spendKind(kind, funding, vout);
      const texts = [scriptErrorString(error), ...(olderTexts[scriptErrorString(error)] ?? [])];
      const verdicts = [ourVerdict(ours.mempool.accept(tx, { testOnly: true })), await theirVerdict(node, tx)];
      const expected = texts.map((text) => `mempool-script-verify-flag-failed (${text})`);
      if (ofPolicy) expect([error, expected[0]]).toEqual([error, verdicts[0]]);
      // A policy check before script validation may reject it first; then both nodes give that reason.
      if (verdicts[0] === expected[0]) expect(expected, error).toContain(verdicts[1]);
      else expect([error, verdicts[1]]).toEqual([error, verdicts[0]]);

      const block = mineBlock(ours.chain.tip, { transactions: [tx] });
      const reason = (await ours.chain.acceptBlock(block)).reject?.reason ?? null;
      const theirs = coreBlockReason(await node.rpc('submitblock', toHex(block.encode())));
      const inBlock = texts.map((text) => (ofPolicy ? null : `block-script-verify-flag-failed (${text})`));
      expect([error, reason]).toEqual([error, inBlock[0]]);
      expect(inBlock, error).toContain(theirs);
    }
  });
});
