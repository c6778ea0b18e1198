import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromHex, fromReversedHex, toHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';
import { createBlockTemplate } from '../../src/mining/block-template.ts';
import { randomInt } from '../../src/platform/random.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { TestNode } from '../api/test-node.ts';
import { coinbase, mineBlock, OP_TRUE, sealBlock } from '../chain/support/builder.ts';
import { invalidBlocks } from '../chain/support/invalid-blocks.ts';
import { type Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { coreBlockReason, sendTo, startCorePolicyNode } from '../support/core-policy.ts';
import { ownScript, pay, type Utxo, utxo } from '../support/regtest-chain.ts';

const START = 1_600_000_000;
const SEGWIT = { rules: ['segwit'] };

interface TemplateTransaction {
  readonly data: string;
  readonly txid: string;
  readonly depends: readonly number[];
}

interface Template {
  readonly version: number;
  readonly previousblockhash: string;
  readonly transactions: readonly TemplateTransaction[];
  readonly coinbasevalue: number;
  readonly longpollid: string;
  readonly curtime: number;
  readonly mintime: number;
  readonly bits: string;
  readonly height: number;
  readonly default_witness_commitment: string;
}

describeBitcoind('getblocktemplate, compared with bitcoind', () => {
  let theirs: Bitcoind;
  let ours: TestNode;
  let clock: VirtualClock;
  let nextCoinbase = 1;

  beforeAll(async () => {
    clock = new VirtualClock(START * 1000);
    [theirs, ours] = await Promise.all([startCorePolicyNode(`-mocktime=${START}`), TestNode.start({ clock })]);
    for (let i = 0; i < 160; i++) {
      await advance(60);
      const { block } = createBlockTemplate(ours.node.chain, undefined, ownScript, { clock });
      await submit(sealBlock(block.transactions, block.header));
    }
  });
  afterAll(async () => {
    await Promise.all([theirs?.stop(), ours?.stop()]);
  });

  /** Advances both clocks. Core caches a template for five seconds. */
  async function advance(seconds: number): Promise<void> {
    clock.advance(seconds * 1000);
    await theirs.rpc('setmocktime', clock.now() / 1000);
  }

  function both<T>(method: string, ...args: readonly unknown[]): Promise<[T, T]> {
    return Promise.all([theirs.rpc<T>(method, ...args), ours.call<T>(method, ...args)]);
  }

  async function submit(block: Block): Promise<void> {
    expect(await both('submitblock', toHex(block.encode()))).toEqual([null, null]);
  }

  /** Calls getblocktemplate on both nodes and returns each result, or code and message of the error. */
  function responses(...args: readonly unknown[]): Promise<unknown[]> {
    const settle = (call: Promise<unknown>) =>
      call.catch((error: { code?: unknown; rpcCode?: unknown; message: string }) => ({
        code: error.rpcCode ?? error.code,
        // For invalid arguments Core's message contains the whole help.
        message: error.message.split(/[\n{]/)[0]?.replace('Bitcoin Knots', 'Pier').trim(),
      }));
    return Promise.all([
      settle(theirs.rpc('getblocktemplate', ...args)),
      settle(ours.call('getblocktemplate', ...args)),
    ]);
  }

  const coin = (height: number): Utxo => {
    const { chain } = ours.node;
    return utxo(chain.getBlock(chain.atHeight(height)!)!.transactions[0]!, 0);
  };

  /** Fills both mempools with random chains and trees of transactions. */
  async function fillMempools(seed: number, size: number): Promise<void> {
    const random = new SeededRandom(seed);
    const coins: Utxo[] = Array.from({ length: 12 }, () => coin(nextCoinbase++));
    while (ours.node.mempool.size < size) {
      const inputs = new Set([coins[randomInt(random, coins.length)]!]);
      if (randomInt(random, 4) === 0) inputs.add(coins[randomInt(random, coins.length)]!);
      const tx = pay([...inputs], BigInt(randomInt(random, 60_000) + 2000), 1 + randomInt(random, 5));
      const accepted = 'entry' in ours.node.mempool.accept(tx);
      expect((await sendTo(theirs, tx)) === undefined).toBe(accepted);
      if (!accepted) continue;
      for (const input of inputs) coins.splice(coins.indexOf(input), 1);
      coins.push(...tx.outputs.map((_, vout) => utxo(tx, vout)));
    }
    await advance(10);
  }

  /** Requests a template from both nodes, without the order of clusters and the long poll counter, which may differ. */
  async function templates(): Promise<[expected: object, actual: object, template: Template]> {
    const [expected, actual] = await both<Template>('getblocktemplate', SEGWIT);
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    return [comparable(expected), comparable(actual), actual];
  }

  it('returns the same template, member by member', async () => {
    for (const size of [0, 40]) {
      if (size > 0) await fillMempools(5, size);
      const [expected, actual, { transactions }] = await templates();
      expect(actual).toEqual(expected);
      expect(transactions).toHaveLength(size);
      const [theirInfo, ourInfo] = await both<Record<string, number>>('getmininginfo');
      expect(ourInfo.currentblocktx).toBe(size);
      expect([ourInfo.currentblockweight, ourInfo.currentblocktx]).toEqual([
        theirInfo.currentblockweight,
        theirInfo.currentblocktx,
      ]);
    }
    // Transactions that are given are not counted.
    await both('generateblock', 'raw(51)', [ours.node.mempool.entries().next().value!.tx.txidHex], false);
    expect(await ours.call('getmininginfo')).toMatchObject({ currentblocktx: 0, currentblockweight: 8000 });
    expect(await theirs.rpc('getmininginfo')).toMatchObject({ currentblocktx: 0, currentblockweight: 8000 });
  });

  it('returns templates whose blocks both nodes accept', async () => {
    await fillMempools(6, 60);
    const { transactions, ...template } = (await templates())[2];
    // Like a miner: a new coinbase with the given witness commitment.
    const base = coinbase(template.height, { noCommitment: true });
    const own = new Transaction({
      ...{ version: 1, lockTime: 0 },
      inputs: [{ ...base.inputs[0]!, witness: [new Uint8Array(32)] }],
      outputs: [
        { value: BigInt(template.coinbasevalue), scriptPubKey: ownScript },
        { value: 0n, scriptPubKey: fromHex(template.default_witness_commitment) },
      ],
    });
    const txs = transactions.map(({ data }) => Transaction.decode(fromHex(data)));
    expect(txs.map(({ txidHex }) => txidHex)).toEqual(transactions.map(({ txid }) => txid));
    const header = {
      version: template.version,
      prevHash: fromReversedHex(template.previousblockhash),
      time: template.mintime,
      bits: Number.parseInt(template.bits, 16),
    };
    const block = sealBlock([own, ...txs], header);
    const proposal = new Block(new BlockHeader({ ...block.header, nonce: 0 }), block.transactions);
    expect(await responses({ mode: 'proposal', data: toHex(proposal.encode()) })).toEqual([null, null]);
    await submit(block);
    expect(ours.node.mempool.size).toBe(0);
  });

  it('returns the same verdicts on proposals', async () => {
    const { tip } = ours.node.chain;
    const { mature, immature } = await openCoins();
    const cases = invalidBlocks({ tip: ours.node.chain.tip, mature, immature, now: clock.now() / 1000 });
    const verdicts = new Set<unknown>();
    for (const { name, block } of cases) {
      const [expected, actual] = await responses({ mode: 'proposal', data: toHex(block.encode()) });
      expect([name, actual]).toEqual([name, coreBlockReason(expected)]);
      verdicts.add(actual);
    }
    // Proposals need no proof of work.
    expect(cases.filter(({ reason }) => !verdicts.has(reason)).map(({ reason }) => reason)).toEqual([
      'high-hash',
      'prev-blk-not-found',
    ]);
    expect(verdicts).toContain('inconclusive-not-best-prevblk');
    expect(ours.node.chain.tip.height).toBe(tip.height + 2);
  });

  it('reports known and invalid blocks as duplicates', async () => {
    const propose = (block: Block) => responses({ mode: 'proposal', data: toHex(block.encode()) });
    const { chain } = ours.node;
    expect(await propose(chain.getBlock(chain.tip)!)).toEqual(['duplicate', 'duplicate']);
    expect(await propose(chain.getBlock(chain.atHeight(7)!)!)).toEqual(['duplicate', 'duplicate']);
    const [ofGenesis] = await propose(regtest.genesis);
    expect(await propose(regtest.genesis)).toEqual([ofGenesis, ofGenesis]);

    const onlyHeader = mineBlock(chain.tip, { tag: 1 });
    await both('submitheader', toHex(onlyHeader.header.encode()));
    expect(await propose(onlyHeader)).toEqual(['duplicate-inconclusive', 'duplicate-inconclusive']);
    const stale = mineBlock(chain.tip.prev!, { tag: 2 });
    await both('submitblock', toHex(stale.encode()));
    expect(await propose(stale)).toEqual(['duplicate-inconclusive', 'duplicate-inconclusive']);
    const invalid = mineBlock(chain.tip, { tag: 3, fees: 1n });
    await both('submitblock', toHex(invalid.encode()));
    expect(await propose(invalid)).toEqual(['duplicate-invalid', 'duplicate-invalid']);
  });

  it('rejects the same requests with the same errors', async () => {
    const requests: unknown[] = [
      ...[{}, { rules: [] }, { rules: 'segwit' }, { rules: ['csv'] }, { rules: ['segwit', 7] }, { rules: [null] }],
      ...[{ mode: 'nonsense' }, { mode: 3, ...SEGWIT }, { mode: null }, { mode: '' }, { mode: {} }],
      ...[{ mode: 'proposal' }, { mode: 'proposal', data: 3 }, { mode: 'proposal', data: '00' }],
      ...[
        { mode: 'proposal', data: 'zz' },
        { mode: 'proposal', data: '' },
      ],
      ...[
        { ...SEGWIT, longpollid: 'short' },
        { ...SEGWIT, longpollid: `${'zz'.repeat(32)}1` },
      ],
      ...[[], 'text', 7, null, true],
    ];
    for (const request of requests) {
      const [expected, actual] = await responses(request);
      expect([request, actual]).toEqual([request, expected]);
      expect(actual).toHaveProperty('code');
    }
    const [expected, actual] = await responses();
    expect(actual).toEqual(expected);
  });

  /** Mines what `invalidBlocks` needs: mature OP_TRUE outputs, and an immature coinbase that pays to OP_TRUE. */
  async function openCoins(): Promise<{ mature: Transaction[]; immature: Transaction }> {
    const { chain } = ours.node;
    const inputs = [1, 2, 3, 4].map(() => coin(nextCoinbase++));
    await advance(60);
    const mature = inputs.map((input) => toOpenScript(input));
    await submit(mineBlock(chain.tip, { transactions: mature }));
    const young = mineBlock(chain.tip, { tag: 55 });
    await submit(young);
    return { mature, immature: young.transactions[0]! };
  }

  function toOpenScript(input: Utxo): Transaction {
    const { version, inputs, lockTime } = pay([input], 0n);
    return new Transaction({ version, inputs, lockTime, outputs: [{ ...input.output, scriptPubKey: OP_TRUE }] });
  }
});

/** Returns the template with its transactions sorted by txid, and `depends` as txids instead of indexes. */
function comparable({ transactions, longpollid, ...rest }: Template): object {
  for (const [i, { depends }] of transactions.entries())
    for (const place of depends) expect(place).toBeLessThanOrEqual(i);
  const byTxid = transactions.map((tx) => ({
    ...tx,
    depends: tx.depends.map((place) => transactions[place - 1]!.txid).sort(),
  }));
  // The hash of the tip, followed by a counter of the node.
  expect(longpollid).toMatch(/^[0-9a-f]{64}\d+$/);
  return {
    ...rest,
    longpollid: longpollid.slice(0, 64),
    transactions: byTxid.sort((a, b) => (a.txid < b.txid ? -1 : 1)),
  };
}
