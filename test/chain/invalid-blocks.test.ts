import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { Chain } from '../../src/chain/chain.ts';
import { connectBlock } from '../../src/chain/connect/connect-block.ts';
import { checkBlock } from '../../src/consensus/block-check.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { chainParams, difficultyInterval, regtest } from '../../src/consensus/params.ts';
import type { BlockRejectReason } from '../../src/consensus/reject.ts';
import { checkTxCoins } from '../../src/consensus/tx-inputs.ts';
import { MAX_MONEY } from '../../src/primitives/amount.ts';
import { Block } from '../../src/primitives/block.ts';
import { outPointKey } from '../../src/primitives/outpoint.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { signetBlocks } from '../consensus/support/signet-blocks.ts';
import { Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, describeCoins, extend, openChain, START_MS } from './support/chain.ts';
import { type Ground, type InvalidBlock, invalidBlocks } from './support/invalid-blocks.ts';

const clock = new VirtualClock(START_MS);
const now = START_MS / 1000;
let chain: Chain;
const blocks: Block[] = [];
let cases: InvalidBlock[];
/** A transaction that is in the chain, with its output unspent. */
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
    name: 'a transaction again while its output is unspent',
    reason: 'bad-txns-BIP30',
    block: mineBlock(chain.tip, { tag: 903, transactions: [repeated] }),
  });
});

type FixedReason = Exclude<BlockRejectReason, `${string}(${string}`>;

/** The reasons that a case above has. A new reason without a place in one of these two is an error of types. */
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

/** The others, and where they are tested or why they cannot be had. */
const elsewhere: Readonly<Record<Exclude<FixedReason, (typeof ofCases)[number]>, string>> = {
  'duplicate-invalid': 'below, next to bitcoind',
  'bad-prevblk': 'below, next to bitcoind',
  'too-little-chainwork': 'below: only for who asks for a least work',
  'time-timewarp-attack': 'below, next to bitcoind',
  'bad-signet-blksig': 'below, next to bitcoind',
  'bad-txns-inputvalues-outofrange': 'below: no chain holds such coins',
  'bad-txns-fee-outofrange':
    'below: neither inputs nor outputs that passed the rules before can lead here, in Core too',
  'bad-txns-accumulated-fee-outofrange': 'below: no chain holds such coins',
  'bad-txns-oversize':
    'a block that holds such a transaction has bad-blk-length; test/interop/transaction-reasons.test.ts',
  'inconclusive-not-best-prevblk': 'test/interop/block-template.test.ts',
  rejected: 'what BIP22 says where no reason is known; no rule gives it',
};

describe('invalid blocks', () => {
  it('are those of too little work for who asks for more', async () => {
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

  it('have a case for every reason', () => {
    const had = new Set(cases.map(({ reason }) => reason).filter((reason) => !reason.includes('(')));
    expect(had).toEqual(new Set(ofCases));
    expect(ofCases.filter((reason) => reason in elsewhere)).toEqual([]);
  });

  it('are refused for fees and coins that no chain has', () => {
    const out = (value: bigint) => ({ value, scriptPubKey: OP_TRUE });
    const spending = (n: number, value: bigint) =>
      spend({ inputs: [{ txid: new Uint8Array(32).fill(n), vout: 0 }], outputs: [out(value)] });
    const coin: Coin = { output: out(MAX_MONEY), height: 1, isCoinbase: false };
    const tooRich = { ...coin, output: out(MAX_MONEY + 1n) };
    const judge = (value: bigint, coins: Coin[]) => checkTxCoins(spending(1, value), coins, 2, regtest).reject?.reason;
    expect(judge(0n, [tooRich])).toBe('bad-txns-inputvalues-outofrange');
    expect(judge(0n, [coin, coin])).toBe('bad-txns-inputvalues-outofrange');
    expect(judge(0n, [coin])).toBeUndefined();
    expect(judge(-1n, [coin])).toBe('bad-txns-fee-outofrange');

    const connect = (...transactions: ReturnType<typeof spend>[]) => {
      const spent = new Set(transactions.map((tx) => outPointKey(tx.inputs[0]!.prevout)));
      const coins = { peek: (key: string) => (spent.has(key) ? coin : undefined) };
      return connectBlock(mineBlock(chain.tip, { transactions }), chain.tip, coins, regtest).reject;
    };
    expect(connect(spending(1, 0n))).toBeUndefined();
    expect(connect(spending(1, 0n), spending(2, 1n))).toMatchObject({ reason: 'bad-txns-accumulated-fee-outofrange' });
  });

  it('are refused for the reasons that Bitcoin Core gives, and change nothing', async () => {
    const { tip } = chain;
    const coins = describeCoins(chain);
    const reasons: Record<string, string | undefined> = {};
    for (const { name, block } of cases) {
      // As it would come from a peer.
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

  it('are remembered, unless their header may have a valid block', async () => {
    const mutated = ['bad-txnmrklroot', 'bad-txns-duplicate', 'unexpected-witness'];
    mutated.push('bad-witness-nonce-size', 'bad-witness-merkle-match');
    for (const { name, reason, block } of cases) {
      const index = chain.getIndex(block.hash);
      if (mutated.includes(reason)) expect(index?.failed ?? false, name).toBe(false);
      if (index?.failed) {
        expect((await chain.acceptBlock(block)).reject?.reason, name).toBe('duplicate-invalid');
        const child = mineBlock({ ...index, hash: block.hash, height: index.height });
        expect((await chain.acceptBlock(child)).reject, name).toEqual({ kind: 'invalid-prev', reason: 'bad-prevblk' });
      }
    }
  });

  it('leave the valid block with the same header welcome', async () => {
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

  it('judges the same blocks in the same way', async () => {
    for (const block of blocks) expect(await node.rpc('submitblock', toHex(block.encode()))).toBeNull();
    expect(await node.rpc('getbestblockhash')).toBe(chain.tip.hashHex);
    const reasons: Record<string, unknown> = {};
    for (const { name, block } of cases) {
      reasons[name] = await node.rpc('submitblock', toHex(block.encode())).catch((error: Error) => error.message);
    }
    expect(reasons).toEqual(Object.fromEntries(cases.map(({ name, reason }) => [name, reason])));
  });

  it('refuses what it has refused before, and what builds on it', async () => {
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

  it('draws the same line against time warps (BIP94)', async () => {
    const params = { ...regtest, enforceBip94: true };
    const other = await openChain({ clock, params });
    const strict = await Bitcoind.start({ args: [`-mocktime=${now}`, '-test=bip94'] });
    try {
      const judge = async (block: Block) => {
        const ours = (await other.acceptBlock(block)).reject?.reason ?? null;
        return [ours, await strict.rpc('submitblock', toHex(block.encode()))];
      };
      const period = difficultyInterval(params);
      for (let height = 1; height < period; height++) {
        const time = other.tip.time + (height === period - 1 ? 1000 : 1);
        expect(await judge(mineBlock(other.tip, { time }))).toEqual([null, null]);
      }
      const { tip } = other;
      const early = await judge(mineBlock(tip, { time: tip.time - 601 }));
      expect(early).toEqual(['time-timewarp-attack', 'time-timewarp-attack']);
      expect(await judge(mineBlock(tip, { time: tip.time - 600 }))).toEqual([null, null]);
      expect(await judge(mineBlock(other.tip, { time: tip.time - 900 }))).toEqual([null, null]);
    } finally {
      await strict.stop();
    }
  });

  it('asks for the signatures of the same signers (BIP325)', async () => {
    const signet = chainParams('signet');
    // Both of the public signet's keys have to sign.
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
