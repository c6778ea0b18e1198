import { describe, expect, it } from 'vitest';
import { Timeline } from '../../src/web/model/timeline.ts';
import { loadAddress } from '../../src/web/model/wallet/address.ts';
import { bitcoinsOf, parseBitcoins, satoshisOf } from '../../src/web/model/wallet/amount.ts';
import { listWallets, type Nodes } from '../../src/web/model/wallet/nodes.ts';
import { PayeeFinder } from '../../src/web/model/wallet/payee.ts';
import { qrCode } from '../../src/web/model/wallet/qr.ts';
import { loadFeeOptions, previewPayment, sendPreviewed } from '../../src/web/model/wallet/send.ts';
import { historyEntry, loadHistory, loadWallets, stateOf } from '../../src/web/model/wallet/wallets.ts';

type Answers = Record<string, (params: never[], wallet: string | undefined, node: string) => unknown>;

/** Nodes that give the answers of a table, and what they were asked. */
function nodesWith(
  answers: Answers,
  roles: Record<string, string> = { shop: 'full' },
  stopped: readonly string[] = [],
): Nodes & { readonly asked: unknown[][] } {
  const timeline = new Timeline();
  const asked: unknown[][] = [];
  const common = { id: 1, answers: true, height: 1, tip: 'a', peers: 1, mempool: 0, backlog: 0, balance: '0' };
  const nodes = Object.entries(roles).map(([name, role]) => ({
    ...{ ...common, name, role, status: stopped.includes(name) ? 'stopped' : 'running' },
  }));
  timeline.start({ nodes: nodes as never }, [], 1_000);
  const call = async (node: string, method: string, params: readonly unknown[] = [], wallet?: string) => {
    asked.push([node, method, params, ...(wallet === undefined ? [] : [wallet])]);
    const answer = answers[method];
    if (!answer) throw new Error(`no answer to ${method}`);
    return answer(params as never, wallet, node);
  };
  const callAny = (method: string, params: readonly unknown[]) => call('any', method, params);
  return { timeline, asked, call, callAny } as Nodes & { asked: unknown[][] };
}

const accounts = [
  { index: 0, node: 'shop', wallet: 'alice', keys: { bech32: { address: 'bcrt1alice' } } },
  { index: 1, node: 'shop', wallet: 'twin', keys: { bech32: { address: 'bcrt1twin' } } },
] as never;

describe('amounts', () => {
  it('are exact in both directions', () => {
    expect([0.1 + 0.2, 20_999_999.9769, 1e-8, -2.5].map(satoshisOf)).toEqual([
      ...[30_000_000n, 2_099_999_997_690_000n, 1n, -250_000_000n],
    ]);
    expect([0n, 1n, 123_456_789n, -5n, 2_100_000_000_000_000n].map(bitcoinsOf)).toEqual([
      ...['0.00000000', '0.00000001', '1.23456789', '−0.00000005', '21000000.00000000'],
    ]);
    expect(['1', ' 1.5 ', '.25', '0.00000001', '3.'].map(parseBitcoins)).toEqual([
      ...[100_000_000n, 150_000_000n, 25_000_000n, 1n, 300_000_000n],
    ]);
    expect(['', '.', '0', '0.0', '-1', '1e3', '1,5', '0.000000001', 'x', '123456789'].map(parseBitcoins)).toEqual(
      Array(10).fill(undefined),
    );
  });
});

describe('wallets', () => {
  it('are those of nodes that run and answer, with their balances', async () => {
    const nodes = nodesWith(
      {
        listwallets: (_, __, node) => {
          if (node === 'mute') throw new Error('silent');
          return node === 'shop' ? ['alice', ''] : ['bob'];
        },
        getbalances: (_, wallet) => {
          if (wallet === 'bob') throw new Error('stopped meanwhile');
          return { mine: { trusted: 1.5, untrusted_pending: 0.25, immature: wallet === '' ? 50 : 0 } };
        },
      },
      { shop: 'full', mute: 'full', off: 'full', phone: 'light' },
      ['off'],
    );
    expect(await listWallets(nodes)).toEqual([
      { node: 'shop', wallet: 'alice' },
      { node: 'shop', wallet: '' },
      { node: 'phone', wallet: 'bob' },
    ]);
    expect(nodes.asked.some(([node]) => node === 'off')).toBe(false);
    expect(await loadWallets(nodes)).toEqual([
      { node: 'shop', wallet: 'alice', balances: { trusted: 150_000_000n, pending: 25_000_000n, immature: 0n } },
      { node: 'shop', wallet: '', balances: { trusted: 150_000_000n, pending: 25_000_000n, immature: 5_000_000_000n } },
    ]);
  });

  it('have a history, the newest payment first, with what became of each', async () => {
    const row = { txid: 'a', category: 'send', amount: -1, fee: -0.00001, confirmations: 0, time: 5 };
    const nodes = nodesWith({
      listtransactions: () => [row, { ...row, txid: 'b', category: 'receive', fee: undefined }],
    });
    const history = await loadHistory(nodes, { node: 'shop', wallet: 'w' }, 7);
    expect(nodes.asked).toEqual([['shop', 'listtransactions', ['*', 7], 'w']]);
    expect(history.map(({ txid, fee }) => [txid, fee])).toEqual([
      ['b', undefined],
      ['a', 1_000n],
    ]);
    expect(historyEntry({ ...row, vout: 3, category: 'send', address: 'x' })).toMatchObject({ vout: 3, address: 'x' });
    const states = [
      { confirmations: 3, mempoolconflicts: ['c'] },
      { confirmations: -1, abandoned: true },
      { confirmations: 0, mempoolconflicts: ['c'], abandoned: true },
      { confirmations: 0, abandoned: true },
      { confirmations: 0, abandoned: false },
    ].map(stateOf);
    expect(states).toEqual(['confirmed', 'conflicted', 'replaced', 'abandoned', 'unconfirmed']);
  });
});

describe('what a payment goes to', () => {
  const answers: Answers = {
    listwallets: (_, __, node) => (node === 'shop' ? ['alice', 'twin', 'faucet'] : ['twin']),
    getnewaddress: () => 'bcrt1fresh',
    validateaddress: ([text]: string[]) => ({ isvalid: text === 'bcrt1qqqqqqqqqqqqq' }),
  };

  it('is an account, a wallet or an address', async () => {
    const nodes = nodesWith(answers, { shop: 'full', phone: 'light' });
    const finder = new PayeeFinder(nodes);
    const find = async (text: string) => (await finder.find(text, accounts))?.address;
    expect(await find(' 0 ')).toBe('bcrt1alice');
    expect(await find('alice')).toBe('bcrt1alice');
    expect(await find('shop/twin')).toBe('bcrt1twin');
    // One address for each wallet, however often it is named.
    expect([await find('faucet'), await find('shop/faucet')]).toEqual(['bcrt1fresh', 'bcrt1fresh']);
    expect(nodes.asked.filter(([, method]) => method === 'getnewaddress')).toHaveLength(1);
    expect(await find('bcrt1qqqqqqqqqqqqq')).toBe('bcrt1qqqqqqqqqqqqq');
    expect((await finder.find('bcrt1qqqqqqqqqqqqq', accounts))?.wallet).toBeUndefined();
    for (const none of ['7', 'twin', 'unknown', 'bcrt1qqqqqqqqqqqqp', '<b>', ''])
      expect(await find(none)).toBeUndefined();
  });
});

describe('a payment', () => {
  const plan = { address: 'bcrt1to', amount: 50_000_000n, feeRate: 2.5, subtractFee: false };
  const from = { node: 'shop', wallet: 'w' };
  const coins = [
    { txid: 'aa', vout: 0, amount: 9, confirmations: 1 },
    { txid: 'aa', vout: 1, amount: 0.6, confirmations: 4 },
  ];
  const answers: Answers = {
    listunspent: () => coins,
    send: () => ({ hex: '00', txid: 'ab', complete: true }),
    sendrawtransaction: () => 'ab',
    decoderawtransaction: () => ({
      vsize: 200,
      vin: [{ txid: 'aa', vout: 1 }],
      vout: [
        { value: 0.0999, scriptPubKey: { address: 'bcrt1change' } },
        { value: 0.5, scriptPubKey: { address: 'bcrt1to' } },
        { value: 0, scriptPubKey: {} },
      ],
    }),
    getaddressinfo: () => ({ ischange: true }),
  };

  it('is previewed with its coins, change, fee and rate, and then sent as it is', async () => {
    const nodes = nodesWith(answers);
    const preview = await previewPayment(nodes, from, plan);
    expect(nodes.asked[1]).toEqual([
      ...['shop', 'send', [{ bcrt1to: '0.50000000' }, null, 'unset', 2.5, { add_to_wallet: false }], 'w'],
    ]);
    expect(preview).toEqual({
      ...{ txid: 'ab', hex: '00', fee: 10_000n, vsize: 200, feeRate: 50 },
      inputs: [{ txid: 'aa', vout: 1, value: 60_000_000n, confirmations: 4 }],
      outputs: [
        { address: 'bcrt1change', value: 9_990_000n, isChange: true },
        { address: 'bcrt1to', value: 50_000_000n, isChange: false },
        { address: undefined, value: 0n, isChange: false },
      ],
    });
    expect(await sendPreviewed(nodes, from, plan, preview)).toBe('ab');
    expect(nodes.asked.at(-1)).toEqual(['shop', 'sendrawtransaction', ['00']]);
    coins.pop();
    await expect(previewPayment(nodes, from, plan)).rejects.toThrow('aa:1');
  });

  it('of a light node is made again, and can pay its fee from the amount', async () => {
    const nodes = nodesWith({ ...answers, send: () => ({ txid: 'cd', complete: true }) }, { shop: 'light' });
    const subtracting = { ...plan, subtractFee: true };
    expect(await sendPreviewed(nodes, from, subtracting, { hex: '00' } as never)).toBe('cd');
    expect(nodes.asked).toEqual([
      ['shop', 'send', [{ bcrt1to: '0.50000000' }, null, 'unset', 2.5, { subtract_fee_from_outputs: [0] }], 'w'],
    ]);
  });

  it('has rates to choose, none of them below what nodes relay', async () => {
    const nodes = nodesWith({
      estimatesmartfee: ([blocks]: number[]) => (blocks === 1 ? { feerate: 0.00012345 } : {}),
      getmempoolinfo: () => ({ mempoolminfee: 0.00002 }),
    });
    expect(await loadFeeOptions(nodes)).toEqual([
      { kind: 'next', rate: 12.345 },
      { kind: 'soon', rate: 2 },
      { kind: 'least', rate: 2 },
    ]);
    const low = nodesWith({
      estimatesmartfee: () => ({ feerate: 0.00001 }),
      getmempoolinfo: () => ({ mempoolminfee: 0.00002 }),
    });
    expect((await loadFeeOptions(low)).map(({ rate }) => rate)).toEqual([2, 2, 2]);
  });
});

describe('an address', () => {
  it('has its outputs, its owner, and each payment once', async () => {
    const row = (txid: string, time: number, amount: number, address = 'bcrt1qqqqqqqqqqqqq') => ({
      ...{ txid, vout: 0, category: amount < 0 ? 'send' : 'receive', amount, confirmations: 1, time, address },
    });
    const nodes = nodesWith({
      validateaddress: () => ({ isvalid: true }),
      scantxoutset: () => ({
        ...{ height: 9, total_amount: 1.5 },
        unspents: [
          { txid: 'a', vout: 0, amount: 0.5, height: 3 },
          { txid: 'b', vout: 0, amount: 1, height: 8, blockhash: 'h', confirmations: 2 },
        ],
      }),
      listwallets: () => ['payer', 'owner'],
      getaddressinfo: (_, wallet) => ({ ismine: wallet === 'owner', hdkeypath: 'm/0' }),
      listtransactions: (_, wallet) =>
        wallet === 'owner'
          ? [row('a', 1, 0.5), row('b', 2, 1), row('c', 3, 1, 'bcrt1other')]
          : [row('b', 2, -1), row('d', 5, -2)],
    });
    const report = await loadAddress(nodes, 'bcrt1qqqqqqqqqqqqq');
    expect(nodes.asked[1]).toEqual(['any', 'scantxoutset', ['start', ['addr(bcrt1qqqqqqqqqqqqq)']]]);
    expect(report).toMatchObject({
      ...{ total: 150_000_000n, height: 9, owners: [{ node: 'shop', wallet: 'owner', path: 'm/0' }] },
      unspent: [
        { txid: 'b', value: 100_000_000n, blockhash: 'h' },
        { txid: 'a', value: 50_000_000n, blockhash: undefined },
      ],
    });
    expect(report!.payments.map(({ txid, amount }) => [txid, Number(amount)])).toEqual([
      ['d', -200_000_000],
      ['b', 100_000_000],
      ['a', 50_000_000],
    ]);
    expect(await loadAddress(nodes, 'short')).toBeUndefined();
  });
});

describe('a QR code', () => {
  it('has finder patterns, a quiet zone of four modules, and each dark module once', () => {
    const { size, runs } = qrCode('bitcoin:bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202');
    // A version has 17 + 4n modules on a side.
    expect((size - 8 - 17) % 4).toBe(0);
    const rows = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
    for (const { x, y, width } of runs) {
      for (let i = x; i < x + width; i++) {
        expect(rows[y]![i]).toBe(false);
        rows[y]![i] = true;
      }
      expect([x >= 4, y >= 4, x + width <= size - 4, y < size - 4]).toEqual([true, true, true, true]);
    }
    const finder = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111'];
    for (const [left, top] of [
      [4, 4],
      [size - 11, 4],
      [4, size - 11],
    ] as const) {
      const seen = finder.map((_, y) =>
        rows[top + y]!.slice(left, left + 7)
          .map(Number)
          .join(''),
      );
      expect(seen).toEqual(finder);
    }
  });
});
