import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestNode } from '../api/test-node.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';

type Row = Record<string, unknown> & { category?: string; vout?: number; confirmations?: number };

/** One of the two programs, with the same wallet methods. */
interface Program {
  call<T>(method: string, ...params: readonly unknown[]): Promise<T>;
  wallet<T>(name: string, method: string, ...params: readonly unknown[]): Promise<T>;
}

const NOBODY = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

/** Members that tell of descriptors, which Pier's wallets do not show, or that only Knots has. */
const ignored = new Set(['parent_descs', 'desc', 'isactive', 'use_txids', 'in_mempool']);

describeBitcoind('RPC of wallets, beside those of bitcoind', () => {
  let bitcoind: Bitcoind;
  let pier: TestNode;
  let theirs: Program;
  let ours: Program;
  /** What the same steps came to, in each. */
  const outcomes: { program: Program; txids: string[] }[] = [];

  beforeAll(async () => {
    [bitcoind, pier] = await Promise.all([
      startBitcoind({ args: ['-walletrbf=1', '-addresstype=bech32', '-changetype=bech32'] }),
      TestNode.start(),
    ]);
    theirs = {
      call: (method, ...params) => bitcoind.rpc(method, ...params),
      wallet: (name, method, ...params) => bitcoind.call(method, params, name),
    };
    ours = {
      call: (method, ...params) => pier.call(method, ...params),
      wallet: (name, method, ...params) => pier.callWallet(name, method, ...params),
    };
    for (const program of [theirs, ours]) outcomes.push({ program, txids: await play(program) });
  });
  afterAll(async () => {
    await Promise.all([bitcoind?.stop(), pier?.stop()]);
  });

  /**
   * The payer has one coin, so that there is nothing to choose: it pays the payee once in a block, once in the mempool,
   * and then itself. A second reward is too young.
   */
  async function play(program: Program): Promise<string[]> {
    for (const name of ['payer', 'payee']) await program.call('createwallet', name);
    const reward = await program.wallet<string>('payer', 'getnewaddress', 'rewards');
    await program.call('generatetoaddress', 1, reward);
    await program.call('generatetoaddress', 99, NOBODY);
    await program.call('generatetoaddress', 1, reward);
    const pay = async (to: string, label: string, amount: number, options: object = {}) => {
      const address = await program.wallet<string>(to, 'getnewaddress', label);
      return named(program, 'payer', 'sendtoaddress', { address, amount, fee_rate: 5, ...options });
    };
    const first = await pay('payee', 'shop', 1.25);
    await program.call('generatetoaddress', 1, NOBODY);
    const second = await pay('payee', '', 0.5, { subtractfeefromamount: true });
    const third = await pay('payer', 'savings', 0.125);
    return [first, second, third];
  }

  function named(program: Program, wallet: string, method: string, params: object): Promise<string> {
    return program === ours
      ? pier.client.call<string>(method, params as Record<string, unknown>, wallet)
      : bitcoind.call<string>(method, params, wallet);
  }

  /** What does not depend on keys, times and chance. */
  function comparable(rows: readonly Row[]): unknown[] {
    const constant = [
      'category',
      'amount',
      'label',
      'fee',
      'confirmations',
      'generated',
      'trusted',
      'safe',
      'spendable',
    ];
    return rows
      .map((row) => ({
        members: Object.keys(row).filter((name) => !ignored.has(name)),
        ...Object.fromEntries(constant.filter((name) => name in row).map((name) => [name, row[name]])),
      }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }

  it('has the same balances', async () => {
    for (const wallet of ['payer', 'payee']) {
      const [expected, actual] = await Promise.all(
        [theirs, ours].map((program) =>
          program.wallet<{ mine: object; lastprocessedblock: { height: number } }>(wallet, 'getbalances'),
        ),
      );
      expect(actual?.mine).toEqual(expected?.mine);
      expect(actual?.lastprocessedblock.height).toBe(102);
      const [theirBalance, ourBalance] = await Promise.all(
        [theirs, ours].map((program) => program.wallet<number>(wallet, 'getbalance')),
      );
      expect(ourBalance).toBe(theirBalance);
    }
    // Only what stands in a block; Knots counts otherwise here.
    expect(await ours.wallet('payee', 'getbalance', '*', 1)).toBe(1.25);
    expect(await ours.wallet('payer', 'getbalance', '*', 1)).toBe(0);
  });

  it('lists the same payments', async () => {
    for (const [wallet, ...params] of [
      ['payer'],
      ['payer', '*', 3],
      ['payer', '*', 4, 2],
      ['payer', 'savings'],
      ['payee'],
      ['payee', 'shop'],
      ['payee', 'none'],
    ] as [string, ...unknown[]][]) {
      const [expected, actual] = await Promise.all(
        [theirs, ours].map((program) => program.wallet<Row[]>(wallet, 'listtransactions', ...params)),
      );
      expect(comparable(actual!), `${wallet} ${params}`).toEqual(comparable(expected!));
    }
  });

  it('shows the same of each transaction, from both sides', async () => {
    for (const wallet of ['payer', 'payee']) {
      for (const i of [0, 1, 2]) {
        const [expected, actual] = await Promise.all(
          outcomes.map(({ program, txids }) =>
            program
              .wallet<Row & { details: Row[] }>(wallet, 'gettransaction', txids[i], true, true)
              .catch((error) => error.message),
          ),
        );
        if (typeof expected === 'string') {
          expect(actual).toBe(expected);
          continue;
        }
        expect(comparable([actual])).toEqual(comparable([expected]));
        expect(comparable(actual.details)).toEqual(comparable(expected.details));
      }
    }
  });

  it('lists the same coins', async () => {
    for (const wallet of ['payer', 'payee']) {
      for (const params of [
        [],
        [0],
        [0, 0],
        [0, 9999999, [], false],
        [1000],
        [0, 9999999, [], true, { maximumAmount: 1 }],
      ]) {
        const [expected, actual] = await Promise.all(
          [theirs, ours].map((program) => program.wallet<Row[]>(wallet, 'listunspent', ...params)),
        );
        expect(comparable(actual!), `${wallet} ${params}`).toEqual(comparable(expected!));
      }
    }
  });

  it('describes wallets and addresses alike', async () => {
    for (const type of ['legacy', 'p2sh-segwit', 'bech32', 'bech32m']) {
      const [address, other] = await Promise.all(
        [ours, theirs].map((program) => program.wallet<string>('payee', 'getnewaddress', 'kind', type)),
      );
      const [ourInfo, theirInfo] = await Promise.all([
        ours.wallet<Row>('payee', 'getaddressinfo', address),
        theirs.wallet<Row>('payee', 'getaddressinfo', other),
      ]);
      for (const name of ['ismine', 'isscript', 'iswitness', 'witness_version', 'ischange', 'labels', 'iswatchonly']) {
        expect([name, ourInfo[name]]).toEqual([name, theirInfo[name]]);
      }
      // The same path, but for the coin type's and the account's marks of hardening.
      expect(String(ourInfo.hdkeypath).replaceAll("'", 'h').split('/').slice(0, 4)).toEqual(
        String(theirInfo.hdkeypath).split('/').slice(0, 4),
      );
    }
    const [expected, actual] = await Promise.all(
      [theirs, ours].map((program) => program.wallet<Row>('payer', 'getwalletinfo')),
    );
    const own = new Set(['mintxfee']);
    expect(Object.keys(actual!)).toEqual(Object.keys(expected!).filter((name) => !own.has(name)));
    for (const name of [
      'walletname',
      'balance',
      'immature_balance',
      'txcount',
      'private_keys_enabled',
      'descriptors',
    ]) {
      expect([name, actual![name]]).toEqual([name, expected![name]]);
    }
  });

  it('answers mistakes with the same codes', async () => {
    const address = NOBODY;
    const mistakes: [string, ...unknown[]][] = [
      ['sendtoaddress', 'nonsense', 1],
      ['sendtoaddress', address, 0],
      ['sendtoaddress', address, -1],
      ['sendtoaddress', address, 'a'],
      ['sendtoaddress', address, 1e6],
      ['sendtoaddress', address, 0.00000001],
      ['sendtoaddress', address, 1, '', '', false, true, 6, 'economical', false, 5],
      ['sendtoaddress', address, 1, '', '', false, true, null, 'unset', false, 'a'],
      ['sendtoaddress', address],
      ['gettransaction', '00'.repeat(32)],
      ['gettransaction', 'zz'],
      ['getnewaddress', 'a', 'nonsense'],
      ['getnewaddress', '*'],
      ['getaddressinfo', 'nonsense'],
      ['getbalance', 'nonsense'],
      ['listunspent', 'a'],
      ['listunspent', 1, 2, ['nonsense']],
      ['listunspent', 1, 2, [address, address]],
      ['listtransactions', '*', -1],
      ['listtransactions', '*', 1, -1],
      ['listtransactions', ''],
    ];
    for (const [method, ...params] of mistakes) {
      const [expected, actual] = await Promise.all(
        [theirs, ours].map((program) =>
          program.wallet('payee', method, ...params).catch((error) => error.rpcCode ?? error.code),
        ),
      );
      expect(actual, `${method} ${JSON.stringify(params)}`).toEqual(expected);
    }
    for (const program of [theirs, ours]) {
      await expect(program.call('createwallet', 'payer')).rejects.toThrow();
      await expect(program.call('getbalance')).rejects.toThrow();
    }
  });

  it('lists the addresses of all wallets', async () => {
    const addresses =
      await ours.call<{ wallet: string; address: string; label: string; used: boolean; change: boolean }[]>(
        'listaddresses',
      );
    expect(new Set(addresses.map(({ wallet }) => wallet))).toEqual(new Set(['payer', 'payee']));
    const rewards = addresses.find(({ label }) => label === 'rewards');
    expect(rewards).toMatchObject({ wallet: 'payer', used: true, change: false });
    expect(addresses.some(({ change }) => change)).toBe(true);
  });
});
