import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { Chain } from '../../src/chain/chain.ts';
import { connectBlock } from '../../src/chain/connect/connect-block.ts';
import { checkBlock } from '../../src/consensus/block-check.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { chainParams, difficultyInterval, regtest } from '../../src/consensus/params.ts';
import type { BlockRejectReason } from '../../src/consensus/reject.ts';
import { blockSubsidy } from '../../src/consensus/subsidy.ts';
import { checkTxCoins } from '../../src/consensus/tx-inputs.ts';
import { MAX_MONEY } from '../../src/primitives/amount.ts';
import { Block } from '../../src/primitives/block.ts';
import { outPointKey } from '../../src/primitives/outpoint.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { signetBlocks } from '../consensus/support/signet-blocks.ts';
import { Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { coreBlockReason } from '../support/core-policy.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, describeCoins, extend, openChain, START_MS } from './support/chain.ts';
import { type Ground, type InvalidBlock, invalidBlocks } from './support/invalid-blocks.ts';

const clock = new VirtualClock(START_MS);
const now = START_MS / 1000;
let chain: Chain;
const blocks: Block[] = [];
let cases: InvalidBlock[];
/** A confirmed transaction with an unspent output. */
let repeated: ReturnType<typeof spend>;

beforeAll(async () => {
  chain = await openChain({ clock });
  blocks.push(...(await extend(chain, 110)));
  const first = blocks[0]!.transactions[0]!;
  repeated = spend({ inputs: [outpoint(first)], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
  blocks.push(...(await extend(chain, 1, { transactions: [repeated] })));
  const coinbases = blocks.map((block) => block.transactions[0]!);
  const ground: Ground = { tip: chain.tip, mature: coinbases.slice(1, 5), immature: coinbases.at(-1)!, now };
  cases = invalidBlocks(ground);
  cases.push({
    name: 'a duplicate of a transaction with an unspent output',
    reason: 'bad-txns-BIP30',
    block: mineBlock(chain.tip, { tag: 903, transactions: [repeated] }),
  });
});

type FixedReason = Exclude<BlockRejectReason, `${string}(${string}`>;

/** The reject reasons covered by a case above. The compiler requires each reason to be here or in `elsewhere`. */
const ofCases = [
  'high-hash',
  'bad-diffbits',
  'time-too-old',
  'time-too-new',
  'prev-blk-not-found',
  'bad-txnmrklroot',
  'bad-txns-duplicate',
  'bad-blk-length',
  'bad-cb-missing',
  'bad-cb-multiple',
  'bad-cb-length',
  'bad-cb-height',
  'bad-cb-amount',
  'bad-blk-sigops',
  'bad-blk-weight',
  'bad-txns-vin-empty',
  'bad-txns-vout-empty',
  'bad-txns-vout-negative',
  'bad-txns-vout-toolarge',
  'bad-txns-txouttotal-toolarge',
  'bad-txns-inputs-duplicate',
  'bad-txns-prevout-null',
  'bad-txns-nonfinal',
  'bad-witness-nonce-size',
  'bad-witness-merkle-match',
  'unexpected-witness',
  'bad-txns-BIP30',
  'bad-txns-inputs-missingorspent',
  'bad-txns-premature-spend-of-coinbase',
  'bad-txns-in-belowout',
] as const satisfies readonly FixedReason[];

/** The other reject reasons, with the place of their test or why they cannot occur. */
const elsewhere: Readonly<Record<Exclude<FixedReason, (typeof ofCases)[number]>, string>> = {
  'duplicate-invalid': 'below, next to bitcoind',
  'bad-prevblk': 'below, next to bitcoind',
  'too-little-chainwork': 'below: only with a minimum work',
  'time-timewarp-attack': 'below, next to bitcoind',
  'bad-signet-blksig': 'below, next to bitcoind',
  'bad-txns-inputvalues-outofrange': 'below: no valid chain has such coins',
  'bad-txns-fee-outofrange': 'below: unreachable after the earlier checks, in Core too',
  'bad-txns-accumulated-fee-outofrange': 'below: no valid chain has such coins',
  'bad-txns-oversize':
    'a block with such a transaction fails with bad-blk-length first; test/interop/transaction-reasons.test.ts',
  'inconclusive-not-best-prevblk': 'test/interop/block-template.test.ts',
  rejected: 'BIP22: reason unknown; no check returns it',
};

describe('invalid blocks', () => {
  it('include those below a required minimum work', async () => {
    const chain = await openChain();
    const block = mineBlock(chain.tip);
    const { chainwork } = chain.tip;
    const enough = chainwork * 2n;
    const refused = await chain.acceptBlock(block, { minimumWork: enough + 1n });
    expect(refused).toMatchObject({ isNew: false, reject: { kind: 'low-work', reason: 'too-little-chainwork' } });
    expect(chain.getIndex(block.hash)).toBeUndefined();
    expect(await chain.acceptBlock(block, { minimumWork: enough })).toMatchObject({ isNew: true });
    expect(chain.tip.chainwork).toBe(enough);
    await chain.close();
  });

  it('cover every reject reason', () => {
    const had = new Set(cases.map(({ reason }) => reason).filter((reason) => !reason.includes('(')));
    expect(had).toEqual(new Set(ofCases));
    expect(ofCases.filter((reason) => reason in elsewhere)).toEqual([]);
  });

  it('are rejected for fees and coins that no valid chain has', () => {
    const out = (value: bigint) => ({ value, scriptPubKey: OP_TRUE });
    const spending = (n: number, value: bigint) =>
      spend({ inputs: [{ txid: new Uint8Array(32).fill(n), vout: 0 }], outputs: [out(value)] });
    const coin: Coin = { output: out(MAX_MONEY), height: 1, isCoinbase: false };
    const tooRich = { ...coin, output: out(MAX_MONEY + 1n) };
    const check = (value: bigint, coins: Coin[]) => checkTxCoins(spending(1, value), coins, 2, regtest).reject?.reason;
    expect(check(0n, [tooRich])).toBe('bad-txns-inputvalues-outofrange');
    expect(check(0n, [coin, coin])).toBe('bad-txns-inputvalues-outofrange');
    expect(check(0n, [coin])).toBeUndefined();
    expect(check(-1n, [coin])).toBe('bad-txns-fee-outofrange');

    const connect = (...transactions: ReturnType<typeof spend>[]) => {
      const spent = new Set(transactions.map((tx) => outPointKey(tx.inputs[0]!.prevout)));
      const coins = { peek: (key: string) => (spent.has(key) ? coin : undefined) };
      return connectBlock(mineBlock(chain.tip, { transactions }), chain.tip, coins, regtest).reject;
    };
    expect(connect(spending(1, 0n))).toBeUndefined();
    expect(connect(spending(1, 0n), spending(2, 1n))).toEqual({
      kind: 'consensus',
      reason: 'bad-txns-accumulated-fee-outofrange',
      debug: 'accumulated fee in the block out of range',
    });
  });

  it('are rejected with the reasons of Bitcoin Core, and change nothing', async () => {
    const { tip } = chain;
    const coins = describeCoins(chain);
    const reasons: Record<string, string | undefined> = {};
    for (const { name, block } of cases) {
      // Decoded again, like a block from a peer.
      const { reject, isNew } = await chain.acceptBlock(Block.decode(block.encode()));
      reasons[name] = reject?.reason;
      expect(reject?.debug ?? '', name).not.toMatch(/undefined|NaN/);
      if (isNew) expect(chain.getIndex(block.hash)?.failed, name).toBe(true);
      expect(chain.tip, name).toBe(tip);
    }
    expect(reasons).toEqual(Object.fromEntries(cases.map(({ name, reason }) => [name, reason])));
    expect(describeCoins(chain)).toEqual(coins);
    expect(cases).toHaveLength(54);
  });

  it('have the debug messages of Bitcoin Core', async () => {
    const debugs = new Map<string, string>();
    const txids = new Map<string, string>();
    const fresh = await openChain({ clock });
    await Promise.all(blocks.map((block) => fresh.acceptBlock(block)));
    for (const { name, block } of cases) {
      const { reject } = await fresh.acceptBlock(block);
      debugs.set(name, reject!.debug ?? '');
      txids.set(name, block.transactions.at(-1)?.txidHex ?? '');
    }
    const missing = (name: string) => `CheckTxInputs: inputs missing/spent in transaction ${txids.get(name)}`;
    expect(debugs.get('an unknown output')).toBe(missing('an unknown output'));
    expect(debugs.get('an output spent twice in the block')).toBe(missing('an output spent twice in the block'));
    expect(debugs.get('P2SH signature operations')).toBe('too many sigops');
    const relative = 'BIP68: locked for 1,000 blocks';
    expect(debugs.get(relative)).toBe(`contains a non-BIP68-final transaction ${txids.get(relative)}`);
    const subsidy = blockSubsidy(chain.tip.height + 1, regtest);
    expect(debugs.get('a satoshi too much')).toBe(
      `coinbase pays too much (actual=${subsidy + 1n} vs limit=${subsidy})`,
    );
    expect(debugs.get('a duplicate of a transaction with an unspent output')).toBe('tried to overwrite transaction');
    const below = 'outputs above inputs';
    expect(debugs.get(below)).toMatch(/^value in \(50\.00\) < value out \(50\.00000001\) in transaction /);
    expect(debugs.get(below)).toContain(txids.get(below));
  });

  it('stay invalid, unless they may be a mutated valid block', async () => {
    const mutated = ['bad-txnmrklroot', 'bad-txns-duplicate', 'unexpected-witness'];
    mutated.push('bad-witness-nonce-size', 'bad-witness-merkle-match');
    let failed = 0;
    for (const { name, reason, block } of cases) {
      await chain.acceptBlock(block);
      const index = chain.getIndex(block.hash);
      if (mutated.includes(reason)) expect(index?.failed ?? false, name).toBe(false);
      if (index?.failed) {
        failed++;
        expect((await chain.acceptBlock(block)).reject?.reason, name).toBe('duplicate-invalid');
        const child = mineBlock({ ...index, hash: block.hash, height: index.height });
        expect((await chain.acceptBlock(child)).reject, name).toEqual({ kind: 'invalid-prev', reason: 'bad-prevblk' });
        expect(chain.acceptHeaders([child.header]).reject, name).toMatchObject({ kind: 'invalid-prev' });
      }
    }
    expect(failed).toBeGreaterThan(20);
  });

  it('do not prevent the valid block with the same header', async () => {
    const other = await openChain({ clock });
    for (const block of blocks) await accept(other, block);
    const good = mineBlock(other.tip, {
      transactions: [
        spend({ inputs: [outpoint(blocks[1]!.transactions[0]!)], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }),
      ],
    });
    const bad = new Block(good.header, [...good.transactions, good.transactions[1]!]);
    expect((await other.acceptBlock(bad)).reject).toMatchObject({ kind: 'mutated' });
    await accept(other, good);
    expect(other.tip.hashHex).toBe(good.hashHex);
  });
});

describeBitcoind('bitcoind', () => {
  let node: Bitcoind;
  beforeAll(async () => {
    node = await Bitcoind.start({ args: [`-mocktime=${now}`] });
  });
  afterAll(() => node.stop());

  it('rejects the same blocks with the same reasons', async () => {
    for (const block of blocks) expect(await node.rpc('submitblock', toHex(block.encode()))).toBeNull();
    expect(await node.rpc('getbestblockhash')).toBe(chain.tip.hashHex);
    const reasons: Record<string, unknown> = {};
    for (const { name, block } of cases) {
      const answer = await node.rpc('submitblock', toHex(block.encode())).catch((error: Error) => error.message);
      reasons[name] = coreBlockReason(answer);
    }
    expect(reasons).toEqual(Object.fromEntries(cases.map(({ name, reason }) => [name, reason])));
  });

  it('rejects a known invalid block again, and its children', async () => {
    const { block } = cases.find(({ reason }) => reason === 'bad-cb-amount')!;
    const child = mineBlock({ ...block.header, hash: block.hash, height: chain.tip.height + 1 });
    for (const [bad, reason] of [
      [block, 'duplicate-invalid'],
      [child, 'bad-prevblk'],
    ] as const) {
      expect((await chain.acceptBlock(bad)).reject?.reason).toBe(reason);
      expect(await node.rpc('submitblock', toHex(bad.encode()))).toBe(reason);
    }
  });

  it('enforces the same time warp limit (BIP94)', async () => {
    const params = { ...regtest, enforceBip94: true };
    const other = await openChain({ clock, params });
    const strict = await Bitcoind.start({ args: [`-mocktime=${now}`, '-test=bip94'] });
    try {
      const submit = async (block: Block) => {
        const ours = (await other.acceptBlock(block)).reject?.reason ?? null;
        return [ours, await strict.rpc('submitblock', toHex(block.encode()))];
      };
      const period = difficultyInterval(params);
      for (let height = 1; height < period; height++) {
        const time = other.tip.time + (height === period - 1 ? 1000 : 1);
        expect(await submit(mineBlock(other.tip, { time }))).toEqual([null, null]);
      }
      const { tip } = other;
      const early = await submit(mineBlock(tip, { time: tip.time - 601 }));
      expect(early).toEqual(['time-timewarp-attack', 'time-timewarp-attack']);
      expect(await submit(mineBlock(tip, { time: tip.time - 600 }))).toEqual([null, null]);
      expect(await submit(mineBlock(other.tip, { time: tip.time - 900 }))).toEqual([null, null]);
    } finally {
      await strict.stop();
    }
  });

  it('requires signatures of the same signers (BIP325)', async () => {
    const signet = chainParams('signet');
    // The public signet's challenge changed from 1-of-2 to 2-of-2.
    const signetChallenge = Uint8Array.from([0x52, ...signet.signetChallenge!.subarray(1)]);
    const signers = await Bitcoind.start({ network: 'signet', args: [`-signetchallenge=${toHex(signetChallenge)}`] });
    try {
      const [block] = signetBlocks;
      expect(checkBlock(block!, { ...signet, signetChallenge })?.reason).toBe('bad-signet-blksig');
      expect(await signers.rpc('submitblock', toHex(block!.encode()))).toBe('bad-signet-blksig');
    } finally {
      await signers.stop();
    }
  });
});
