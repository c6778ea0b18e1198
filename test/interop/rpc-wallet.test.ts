import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestNode } from '../api/test-node.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';

type Row = Record<string, unknown> & { category?: string; vout?: number; confirmations?: number };

/** The RPC of Pier or bitcoind, behind one interface. */
interface Program {
  call<T>(method: string, ...params: readonly unknown[]): Promise<T>;
  wallet<T>(name: string, method: string, ...params: readonly unknown[]): Promise<T>;
}

/** P2WPKH of twenty zero bytes: no key has this hash. */
const BURN_ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

/** Members about descriptors, which Pier's wallets do not report, and members of Knots alone. */
const ignored = new Set(['parent_descs', 'desc', 'isactive', 'use_txids', 'in_mempool']);

describeBitcoind('the wallet RPC, compared with bitcoind', () => {
  let bitcoind: Bitcoind;
  let pier: TestNode;
  let theirs: Program;
  let ours: Program;
  /** The txids of the payments that each program made. */
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
    for (const program of [theirs, ours]) outcomes.push({ program, txids: await makePayments(program) });
  });
  afterAll(async () => {
    await Promise.all([bitcoind?.stop(), pier?.stop()]);
  });

  /**
   * Makes the same payments in either program: the payer pays the payee twice, confirmed and unconfirmed, and then
   * itself. The payer has a single mature coin, so that coin selection cannot differ; its second coinbase is immature.
   */
  async function makePayments(program: Program): Promise<string[]> {
    for (const name of ['payer', 'payee']) await program.call('createwallet', name);
    const reward = await program.wallet<string>('payer', 'getnewaddress', 'rewards');
    await program.call('generatetoaddress', 1, reward);
    await program.call('generatetoaddress', 99, BURN_ADDRESS);
    await program.call('generatetoaddress', 1, reward);
    const pay = async (to: string, label: string, amount: number, options: object = {}) => {
      const address = await program.wallet<string>(to, 'getnewaddress', label);
      return named(program, 'payer', 'sendtoaddress', { address, amount, fee_rate: 5, ...options });
    };
    const first = await pay('payee', 'shop', 1.25);
    await program.call('generatetoaddress', 1, BURN_ADDRESS);
    const second = await pay('payee', '', 0.5, { subtractfeefromamount: true });
    const third = await pay('payer', 'savings', 0.125);
    return [first, second, third];
  }

  function named(program: Program, wallet: string, method: string, params: object): Promise<string> {
    return program === ours
      ? pier.client.call<string>(method, params as Record<string, unknown>, wallet)
      : bitcoind.call<string>(method, params, wallet);
  }

  /** Returns the fields that do not depend on keys, times or randomness, and the names of all members. */
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

  it('returns the same balances', async () => {
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
    // Only confirmed coins; Knots counts differently here.
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

  it('returns the same transactions, for payer and payee', async () => {
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

  it('lists the same unspent outputs', async () => {
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

  it('returns the same information about wallets and addresses', async () => {
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
      // The same derivation path, apart from the notation of hardened indexes.
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

  it('returns the same error codes', async () => {
    const address = BURN_ADDRESS;
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
      ...[0, -1, 1009].map((target): [string, ...unknown[]] => {
        return ['sendtoaddress', address, 1, '', '', false, true, target];
      }),
      ['sendtoaddress', address, 1, '', '', false, true, 6, 'nonsense'],
      ['sendtoaddress', address, 1, '', '', false, true, null, 'economical', false, 5],
      ['sendtoaddress', address, 0.5, '', '', false, true, null, 'unset', false, 100_000],
      ['sendtoaddress', address, 0.5, '', '', false, true, null, 'unset', false, 200_000],
      ['send', [{ nonsense: 1 }]],
      ['send', { [address]: 0 }],
      ['send', { [address]: 1e6 }],
      ['send', { [address]: 0.00000001 }],
      ['send', []],
      ['send', [{ [address]: 1 }, { [address]: 1 }]],
      ['send', { [address]: 0.1 }, 6],
      ['send', { [address]: 0.1 }, 6, 'economical', 5],
      ['send', { [address]: 0.1 }, 6, 'economical', null, { estimate_mode: 'economical' }],
      ['send', { [address]: 0.1 }, null, 'unset', 5, { fee_rate: 5 }],
      ['send', { [address]: 0.1 }, null, 'unset', 200_000],
      ['send', { [address]: 0.1 }, null, 'unset', 5, { nonsense: 1 }],
      ...[[1], [-1], [0, 0]].map((positions): [string, ...unknown[]] => {
        return ['send', { [address]: 0.1 }, null, 'unset', 5, { subtract_fee_from_outputs: positions }];
      }),
      ['abandontransaction', '00'.repeat(32)],
      ['abandontransaction', 'zz'],
      ['importmempool', '/nonexistent/mempool.dat'],
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

  it('previews a payment without sending it, and sends it then, also with data', async () => {
    const outcome = async (program: Program) => {
      const own = (method: string, ...params: unknown[]) => program.wallet<Row>('payee', method, ...params);
      const before = await own('getbalances');
      const outputs = [{ [BURN_ADDRESS]: 0.1 }, { data: 'c0ffee' }];
      const rate = [null, 'unset', 5];
      const { txid, hex, complete, ...rest } = await own('send', outputs, ...rate, { add_to_wallet: false });
      expect(Object.keys(rest).filter((name) => name !== 'psbt')).toEqual([]);
      expect(await own('getbalances')).toEqual(before);
      await expect(own('gettransaction', txid)).rejects.toThrow('non-wallet');
      expect(await program.call('sendrawtransaction', hex)).toBe(txid);
      const sent = await own('gettransaction', txid, false, true);
      const { vsize, vout } = sent.decoded as { vsize: number; vout: { value: number }[] };
      const whole = await own('send', { [BURN_ADDRESS]: 0.2 }, ...rate, {
        ...{ add_to_wallet: false, subtract_fee_from_outputs: [0] },
      });
      const { vout: paid } = await program.call<{ vout: { value: number }[] }>('decoderawtransaction', whole.hex);
      const direct = await own('send', { [BURN_ADDRESS]: 0.01 }, ...rate);
      return [
        ...[complete, vsize, sent.fee, vout.map(({ value }) => value).sort(), Object.keys(direct)],
        (await own('gettransaction', direct.txid)).amount,
        paid.map(({ value }) => value).filter((value) => value < 0.2 && value > 0.19),
      ];
    };
    const [expected, actual] = [await outcome(theirs), await outcome(ours)];
    expect(actual).toEqual(expected);
    for (const program of [theirs, ours]) await program.call('generatetoaddress', 1, BURN_ADDRESS);
  });

  it('previews as often as it is asked without using up addresses', async () => {
    const addresses = async () => (await ours.call<unknown[]>('listaddresses')).length;
    const before = await addresses();
    for (let i = 0; i < 3; i++) {
      await ours.wallet('payee', 'send', { [BURN_ADDRESS]: 0.02 }, null, 'unset', 5, { add_to_wallet: false });
    }
    expect(await addresses()).toBe(before);
  });

  it('has the same messages for fees, limits and abandoning', async () => {
    for (const [wallet, method, ...params] of [
      ['payer', 'sendtoaddress', BURN_ADDRESS, 0.5, '', '', false, true, null, 'unset', false, 100_000],
      ['payer', 'sendtoaddress', BURN_ADDRESS, 0.5, '', '', false, true, null, 'unset', false, 200_000],
      ['payee', 'sendtoaddress', BURN_ADDRESS, 0.5, '', '', false, true, 0],
      ['payee', 'sendtoaddress', BURN_ADDRESS, 0.5, '', '', false, true, 6, 'nonsense'],
      ['payee', 'send', []],
      ['payee', 'send', { [BURN_ADDRESS]: 0.1 }, 6],
      ['payee', 'send', { [BURN_ADDRESS]: 0.1 }, 6, 'economical', null, { conf_target: 5 }],
      ['payee', 'send', { [BURN_ADDRESS]: 0.1 }, null, 'unset', 5, { fee_rate: 5 }],
      ['payee', 'send', { [BURN_ADDRESS]: 0.1 }, null, 'unset', 5, { nonsense: 1 }],
      ['payee', 'send', { [BURN_ADDRESS]: 0.1 }, null, 'unset', 5, { subtract_fee_from_outputs: [1] }],
      ['payee', 'send', { [BURN_ADDRESS]: 0.1 }, null, 'unset', 5, { subtract_fee_from_outputs: [-1] }],
      ['payee', 'send', { [BURN_ADDRESS]: 0.1 }, null, 'unset', 5, { subtract_fee_from_outputs: [0, 0] }],
      ['payee', 'abandontransaction', '00'.repeat(32)],
    ] as [string, string, ...unknown[]][]) {
      const [expected, actual] = await Promise.all(
        [theirs, ours].map((program) => program.wallet(wallet, method, ...params).catch((error) => error.message)),
      );
      expect(actual, `${method} ${JSON.stringify(params)}`).toBe(expected);
    }
    const messages = outcomes.map(({ program, txids }) =>
      program.wallet('payer', 'abandontransaction', txids[2]).catch((error) => error.message),
    );
    const [expected, actual] = await Promise.all(messages);
    expect(actual).toBe(expected);
  });

  it('makes as many payments from one coin as the limits of the mempool allow', async () => {
    const counts: [number, unknown][] = [];
    for (const { program } of outcomes) {
      await program.call('createwallet', 'chained');
      const address = await program.wallet<string>('chained', 'getnewaddress');
      await named(program, 'payer', 'sendtoaddress', { address, amount: 5, fee_rate: 5 });
      // A wallet sets some lock times up to 100 blocks back, and Bitcoin Knots does not relay the lock time 21 (parasite-cat21).
      await program.call('generatetoaddress', 30, BURN_ADDRESS);
      let sent = 0;
      let error: unknown;
      while (error === undefined && sent < 60) {
        await named(program, 'chained', 'sendtoaddress', { address: BURN_ADDRESS, amount: 0.01, fee_rate: 5 }).then(
          () => sent++,
          (thrown) => {
            error = [thrown.rpcCode ?? thrown.code, thrown.message];
          },
        );
      }
      counts.push([sent, error]);
    }
    expect(counts[1]).toEqual(counts[0]);
    expect(counts[0]![0]).toBe(25);
  });

  it('lists the addresses of all wallets', async () => {
    const addresses =
      await ours.call<{ wallet: string; address: string; label: string; used: boolean; change: boolean }[]>(
        'listaddresses',
      );
    expect(new Set(addresses.map(({ wallet }) => wallet))).toEqual(new Set(['payer', 'payee', 'chained']));
    const rewards = addresses.find(({ label }) => label === 'rewards');
    expect(rewards).toMatchObject({ wallet: 'payer', used: true, change: false });
    expect(addresses.some(({ change }) => change)).toBe(true);
  });
});
