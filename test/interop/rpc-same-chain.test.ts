import { bech32, bech32m } from '@scure/base';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { Block } from '../../src/primitives/block.ts';
import { base58check } from '../../src/script/address.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { TestNode } from '../api/test-node.ts';
import { mineBlock } from '../chain/support/builder.ts';
import {
  type Bitcoind,
  type BitcoindRpcError,
  type BitcoindWallet,
  describeBitcoind,
  isKnots,
  startBitcoind,
} from '../support/bitcoind.ts';
import { Choice } from '../support/choice.ts';
import { sameAnswer } from '../support/same-answer.ts';
import { vectorJson } from '../support/vectors.ts';

/** Members that only Knots has. */
const knotsOnly = new Set([
  ...['txcount', 'header_version', 'nonce2', 'nonce3', 'xor_key'],
  ...['startingpriority', 'currentpriority', 'hash_of_entry', 'usage'],
  ...['dustrelayfee', 'dustrelayfeefloor', 'dustdynamic', 'rbf_policy', 'truc_policy', 'error_index'],
  'currentblocksize',
]);

/** A merkle block (gettxoutproof) for the only transaction of an unknown block. */
const UNKNOWN_BLOCK = `${'00'.repeat(36)}${'07'.repeat(32)}${'00'.repeat(12)}0100000001${'07'.repeat(32)}0101`;

type Tree = null | boolean | number | string | Tree[] | { [key: string]: Tree };

/** Returns the value without the ignored members. */
function comparable(value: Tree, ignored: ReadonlySet<string> = knotsOnly): Tree {
  if (Array.isArray(value)) return value.map((item) => comparable(item, ignored));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([key]) => !ignored.has(key));
  return Object.fromEntries(members.map(([key, member]) => [key, comparable(member, ignored)]));
}

describeBitcoind('RPC on the same chain, compared with bitcoind', () => {
  let theirs: Bitcoind;
  let ours: TestNode;
  let wallet: BitcoindWallet;
  let txids: string[];
  let spendBlock: string;

  beforeAll(async () => {
    // Core's default policy, since Knots' is stricter.
    const args = [
      ...(isKnots() ? ['-corepolicy'] : []),
      '-minrelaytxfee=0.000001',
      '-incrementalrelayfee=0.000001',
      '-blockfilterindex=1',
    ];
    [theirs, ours] = await Promise.all([startBitcoind({ args }), TestNode.start({ blockFilterIndex: true })]);
    wallet = await theirs.wallet();
    await wallet.mine(110);
    txids = [];
    for (const type of ['legacy', 'p2sh-segwit', 'bech32', 'bech32m'] as const) {
      txids.push(await wallet.rpc('sendtoaddress', await wallet.newAddress(type), 1.5));
    }
    await wallet.mine(1);
    // Spends each of those outputs and adds an OP_RETURN output.
    for (const txid of [...txids]) {
      const n = await outputOf(txid, 1.5);
      const outputs = [{ data: '50494552' }, { [await wallet.newAddress('bech32')]: 1.4999 }];
      const raw = await theirs.rpc('createrawtransaction', [{ txid, vout: n }], outputs);
      const { hex } = await wallet.rpc<{ hex: string }>('signrawtransactionwithwallet', raw);
      txids.push(await theirs.rpc('sendrawtransaction', hex));
    }
    [spendBlock] = (await wallet.mine(1)) as [string];
    await wallet.mine(3);
    await copyChain();
  });
  afterAll(async () => {
    await Promise.all([theirs?.stop(), ours?.stop()]);
  });

  /** Returns the index of the output with this value in a transaction of the wallet. */
  async function outputOf(txid: string, value: number): Promise<number> {
    const { hex } = await wallet.rpc<{ hex: string }>('gettransaction', txid);
    const { vout } = await theirs.rpc<{ vout: { n: number; value: number }[] }>('decoderawtransaction', hex);
    return vout.find((output) => output.value === value)!.n;
  }

  /** Submits bitcoind's new blocks to Pier. */
  async function copyChain(): Promise<void> {
    const height = await theirs.rpc<number>('getblockcount');
    for (let at = await ours.call<number>('getblockcount'); at < height; at++) {
      const hash = await theirs.rpc('getblockhash', at + 1);
      expect(await ours.call('submitblock', await theirs.rpc('getblock', hash, 0))).toBe(null);
    }
  }

  /** Calls a method on both nodes; returns bitcoind's result, then Pier's. */
  function both(method: string, ...params: readonly unknown[]): Promise<[Tree, Tree]> {
    return Promise.all([theirs.rpc<Tree>(method, ...params), ours.call<Tree>(method, ...params)]);
  }

  /** Calls a method on both nodes and compares the results. */
  async function same(method: string, ...params: readonly unknown[]): Promise<void> {
    const [expected, actual] = await both(method, ...params);
    expect(comparable(actual), `${method} ${JSON.stringify(params)}`).toEqual(comparable(expected));
  }

  it('returns the same tips', async () => {
    await same('getbestblockhash');
    await same('getblockcount');
    await same('getchaintips');
    // Knots has removed getdifficulty.
    const { difficulty } = await theirs.rpc<{ difficulty: number }>('getmininginfo');
    expect(await ours.call('getdifficulty')).toBe(difficulty);
  });

  it('returns the same chain and mining information', async () => {
    // The last three are newer than bitcoind 29, or stay away until there is a template.
    const own = new Set([...knotsOnly, 'size_on_disk', 'blockmintxfee', 'currentblockweight', 'currentblocktx']);
    for (const method of ['getblockchaininfo', 'getmininginfo']) {
      const [expected, actual] = await both(method);
      expect(JSON.stringify(comparable(actual, own))).toBe(JSON.stringify(comparable(expected, own)));
    }
    expect(Object.keys(await ours.call<object>('getmininginfo'))).not.toContain('currentblocktx');
    await both('getblocktemplate', { rules: ['segwit'] });
    own.delete('currentblockweight');
    own.delete('currentblocktx');
    const [expected, actual] = await both('getmininginfo');
    expect(JSON.stringify(comparable(actual, own))).toBe(JSON.stringify(comparable(expected, own)));
    expect(actual).toMatchObject({ currentblockweight: 8000, currentblocktx: 0, blockmintxfee: 1e-8 });
    await same('getnetworkhashps');
    await same('getnetworkhashps', 5, 50);
    await same('getnetworkhashps', -1);
  });

  it('returns the same headers and blocks at every verbosity', async () => {
    for (const height of [0, 1, 110, 111, 112, 115]) {
      const hash = await theirs.rpc('getblockhash', height);
      await same('getblockhash', height);
      await same('getblockheader', hash);
      await same('getblockheader', hash, false);
      for (const verbosity of [0, 1, 2, 3, true, false]) await same('getblock', hash, verbosity);
    }
  });

  it('returns members in the same order, and amounts with the same digits', async () => {
    const reply = await ours.raw('getblock', [spendBlock, 3]);
    const expected = await theirs.callText('getblock', [spendBlock, 3]);
    const values = (text: string) => text.match(/"value":[0-9.]+|"fee":[0-9.]+/g);
    expect(values(reply)).toEqual(values(expected));
    expect(values(reply)!.length).toBeGreaterThan(15);
    const keys = (text: string) => text.match(/"[a-zA-Z_]+":/g)!.filter((key) => !knotsOnly.has(key.slice(1, -2)));
    // From the first member on: the JSON-RPC envelope differs.
    expect(keys(reply.slice(reply.indexOf('"hash"')))).toEqual(keys(expected.slice(expected.indexOf('"hash"'))));
  });

  it('returns the same transactions', async () => {
    for (const txid of txids) {
      const { blockhash, hex } = await wallet.rpc<{ blockhash: string; hex: string }>('gettransaction', txid);
      for (const verbosity of [0, 1, 2]) await same('getrawtransaction', txid, verbosity, blockhash);
      await same('decoderawtransaction', hex);
    }
  });

  it('returns the same unspent outputs', async () => {
    const { tx } = await theirs.rpc<{ tx: string[] }>('getblock', spendBlock);
    for (const txid of [...tx, ...txids]) {
      for (let n = 0; n < 3; n++) await same('gettxout', txid, n);
    }
  });

  it('returns the same UTXO set statistics, with each hash type', async () => {
    const own = new Set([...knotsOnly, 'disk_size']);
    for (const type of ['hash_serialized_3', 'muhash', 'none']) {
      const [expected, actual] = await both('gettxoutsetinfo', type);
      expect(comparable(actual, own)).toEqual(comparable(expected, own));
    }
  });

  it('returns the same transaction proofs, and verifies proofs with the same results', async () => {
    const { tx } = await theirs.rpc<{ tx: string[] }>('getblock', spendBlock);
    const proofs: string[] = [];
    for (let set = 1; set < 2 ** tx.length; set++) {
      const chosen = tx.filter((_, i) => (set >> i) & 1);
      await same('gettxoutproof', chosen, spendBlock);
      proofs.push(await ours.call('gettxoutproof', chosen, spendBlock));
    }
    // Without a block hash, the block is found by the transaction's unspent outputs.
    for (const txid of [...tx, ...txids.slice(4)]) await same('gettxoutproof', [txid]);
    // An immature coinbase, which is therefore unspent.
    const [genesis, young] = await Promise.all([0, 100].map((height) => theirs.rpc<string>('getblockhash', height)));
    await same('gettxoutproof', (await theirs.rpc<{ tx: string[] }>('getblock', young)).tx);
    await same('gettxoutproof', (await theirs.rpc<{ tx: string[] }>('getblock', genesis)).tx, genesis);

    for (const proof of proofs.slice(-10)) {
      await same('verifytxoutproof', proof);
      await same('verifytxoutproof', `${proof}00`);
      // A changed merkle root, transaction count or flag bits: an invalid proof yields an empty list, not an error.
      const changed = (at: number, digits: string) =>
        `${proof.slice(0, at)}${digits}${proof.slice(at + digits.length)}`;
      await same('verifytxoutproof', changed(80, 'eeee'));
      for (const count of ['00000000', '01000000', '04000000', '06000000', '09000000', 'ffffffff']) {
        await same('verifytxoutproof', changed(160, count));
      }
      for (const bits of ['00', 'ff', '55']) await same('verifytxoutproof', changed(proof.length - 2, bits));
    }
  });

  it('finds the same unspent outputs of an address by scantxoutset', async () => {
    const { scriptPubKey } = await theirs.rpc<{ scriptPubKey: { address: string; hex: string } }>(
      'gettxout',
      txids[7],
      1,
    );
    const sorted = (scan: Tree) => {
      const { unspents, ...rest } = scan as { unspents: { txid: string }[]; [key: string]: Tree };
      return { ...rest, unspents: unspents.sort((a, b) => (a.txid < b.txid ? -1 : 1)) };
    };
    for (const descriptor of [`addr(${scriptPubKey.address})`, `raw(${scriptPubKey.hex})`]) {
      const [expected, actual] = await both('scantxoutset', 'start', [descriptor]);
      expect(sorted(actual)).toEqual(sorted(expected));
    }
  });

  it('returns the same block filters, and finds the same blocks by scanblocks', async () => {
    for (const height of [0, 1, 110, 111, 112, 115]) {
      await same('getblockfilter', await theirs.rpc('getblockhash', height), 'basic');
    }
    await same('getindexinfo');
    await same('getindexinfo', 'basic block filter index');
    await same('getindexinfo', 'txindex');
    const { tx } = await theirs.rpc<{ tx: { vout: { scriptPubKey: { hex: string } }[] }[] }>('getblock', spendBlock, 2);
    const descriptors = tx.flatMap(({ vout }) => vout.map(({ scriptPubKey }) => `raw(${scriptPubKey.hex})`));
    await same('scanblocks', 'start', descriptors);
    await same(
      'scanblocks',
      'start',
      descriptors.slice(1).map((desc) => ({ desc })),
      100,
      112,
      'basic',
      { filter_false_positives: true },
    );
    await same('scanblocks', 'start', [], 3);
    await same('scanblocks', 'status');
    await same('scanblocks', 'abort');
    // A block of which only the header is known.
    const { header, hashHex } = mineBlock(ours.node.chain.tip.prev!, { tag: 1 });
    await same('submitheader', toHex(header.encode()));
    await sameAnswer(theirs, ours, 'getblockfilter', hashHex);
  });

  it('returns the same block statistics', async () => {
    for (const height of [0, 1, 111, 112]) await same('getblockstats', height);
    await same('getblockstats', spendBlock, ['totalfee', 'txs']);
  });

  it('decodes the same scripts', async () => {
    const { tx } = await theirs.rpc<{ tx: { vout: { scriptPubKey: { hex: string } }[] }[] }>('getblock', spendBlock, 2);
    const scripts = new Set(tx.flatMap(({ vout }) => vout.map(({ scriptPubKey }) => scriptPubKey.hex)));
    const key = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
    const uncompressed = `04${key.slice(2)}483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8`;
    const hybrid = `06${uncompressed.slice(2)}`;
    for (const script of [
      ...['', '51', '6a', '6a04deadbeef', '51024e73', '4c', '0101', 'ff', '50', `4dff01${'00'.repeat(511)}`],
      ...[`21${key}ac`, `41${uncompressed}ac`, `41${hybrid}ac`, `5121${key}51ae`, `5141${uncompressed}51ae`],
      ...[`5120${key.slice(2)}`, `5120${'ff'.repeat(32)}`, `0014${'ee'.repeat(20)}`, `76a914${'ee'.repeat(20)}88ac`],
      ...[`5221${key}21${key}21${key}53ae`, `a914${'00'.repeat(20)}87`, `0020${'00'.repeat(32)}`],
    ]) {
      scripts.add(script);
    }
    for (const script of scripts) await same('decodescript', script);
  });

  it('validates the same addresses, and finds the same faults in others', async () => {
    const addresses = await Promise.all(
      (['legacy', 'p2sh-segwit', 'bech32', 'bech32m'] as const).map((type) => wallet.newAddress(type)),
    );
    const [base58] = addresses as [string];
    const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l1bioAQ';
    const choice = new Choice(new SeededRandom(3));
    const mutate = (text: string) => {
      const at = choice.int(text.length);
      return `${text.slice(0, at)}${choice.pick([...alphabet])}${text.slice(at + 1)}`;
    };
    const others = [
      ...['', 'abc', 'a b', '1', `${base58}\0`, 'bcrt', 'bcrt1', 'bcrt1q', 'bcrt1qqqqqq', 'bcrt1qqqqqqq', 'bcrtq', 'é'],
      ...[
        ` ${base58}\n`,
        ` ${addresses[2]}`,
        `${base58}x`,
        base58.slice(0, -1),
        'BCRT1QQQQQQQQq',
        'bcrt1é',
        'bcrt11qqqqqqq',
      ],
      ...[100, 101].map((length) => '1'.repeat(length)),
      ...[136, 137, 138, 200].map((length) => 'z'.repeat(length)),
      ...[84, 85, 90].map((length) => `bcrt1${'q'.repeat(length)}`),
      ...[
        'BCRT1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQDKU202',
        'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqDKU202',
        'bcrt1pfeesnyr2tx',
      ],
      ...[
        '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2',
        '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy',
        'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
      ],
      // Base58Check of 5 and of 20 bytes with the version of P2PKH, and of 21 with an unknown one.
      ...[
        [111, 4],
        [111, 19],
        [7, 20],
      ].map(([version, size]) => base58check.encode(Uint8Array.of(version!, ...new Uint8Array(size!).fill(1)))),
      ...[bech32, bech32m].flatMap((codec) => [
        codec.encode('bcrt', []),
        codec.encode('bcrtx', [0, ...new Array<number>(32).fill(1)]),
        ...[0, 1, 16, 17, 31].flatMap((version) =>
          [0, 2, 3, 32, 33, 52, 66].map((size) => codec.encode('bcrt', [version, ...new Array<number>(size).fill(16)])),
        ),
      ]),
      ...addresses.flatMap((address) => Array.from({ length: 20 }, () => mutate(address))),
      ...addresses.flatMap((address) => Array.from({ length: 20 }, () => mutate(mutate(address)))),
      ...addresses.flatMap((address) => Array.from({ length: 10 }, () => mutate(mutate(mutate(address))))),
      ...addresses.flatMap((address) => [10, 30].map((at) => `${address.slice(0, at)}${address.slice(at + 1)}`)),
    ];
    const both = [...addresses, ...others].map((address) => ['validateaddress', address] as const);
    const ignored = new Set(['error_index']);
    const expected = (await theirs.batch(both)) as Tree[];
    for (const [i, [method, address]] of both.entries()) {
      const actual = await ours.call<Tree>(method, address);
      expect(JSON.stringify(actual), address).toBe(JSON.stringify(comparable(expected[i]!, ignored)));
    }
  });

  it('creates the same raw transactions', async () => {
    const txid = txids[0];
    const address = await wallet.newAddress();
    await same('createrawtransaction', [{ txid, vout: 0 }], { [address]: 1.23456789, data: '00ff' });
    await same('createrawtransaction', [{ txid, vout: 1, sequence: 7 }], [{ [address]: '0.1' }, { data: '50' }], 500);
    await same('createrawtransaction', [{ txid, vout: 1 }], [], 500, false);
    await same('createrawtransaction', [], [{ [address]: 1 }]);
    await same('decoderawtransaction', await theirs.rpc('createrawtransaction', [], [{ [address]: 1 }]));
  });

  it('returns the same mempool entries for a chain of transactions', async () => {
    const parent = await wallet.rpc<string>('sendtoaddress', await wallet.newAddress(), 2);
    const vout = await outputOf(parent, 2);
    const raw = await theirs.rpc(
      'createrawtransaction',
      [{ txid: parent, vout }],
      [{ [await wallet.newAddress()]: 1.9999 }],
    );
    const { hex } = await wallet.rpc<{ hex: string }>('signrawtransactionwithwallet', raw);
    const test = async () => {
      const [expected, actual] = await both('testmempoolaccept', [hex]);
      expect(comparable(actual)).toEqual(comparable(expected));
    };

    expect(await ours.call('testmempoolaccept', [hex])).toMatchObject([
      { allowed: false, 'reject-reason': 'missing-inputs' },
    ]);
    await expect(ours.call('sendrawtransaction', hex)).rejects.toMatchObject({
      rpcCode: -25,
      message: 'bad-txns-inputs-missingorspent',
    });
    const parentHex = await theirs.rpc<string>('getrawtransaction', parent);
    // A maximum of 0.000001 BTC/kvB, which is less than it pays.
    const tooMuch = { message: 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)' };
    await expect(ours.call('sendrawtransaction', parentHex, 0.000001)).rejects.toMatchObject(tooMuch);
    expect(await ours.call('testmempoolaccept', [parentHex], 0.000001)).toMatchObject([
      { allowed: false, 'reject-reason': 'max-fee-exceeded' },
    ]);
    expect(await ours.call('sendrawtransaction', parentHex)).toBe(parent);
    expect(await ours.call('sendrawtransaction', parentHex)).toBe(parent);
    await test();
    const child = await theirs.rpc<string>('sendrawtransaction', hex);
    expect(await ours.call('sendrawtransaction', hex)).toBe(child);
    await test();

    // The entry times differ, and for bitcoind, which has no peer, the transactions are unbroadcast.
    const own = new Set([...knotsOnly, 'time', 'unbroadcast', 'hash', 'usage', 'unbroadcastcount', 'minrelaytxfee']);
    for (const [method, ...params] of [
      ['getmempoolentry', parent],
      ['getmempoolentry', child],
      ['getmempoolancestors', child],
      ['getmempoolancestors', child, true],
      ['getmempooldescendants', parent],
      ['getrawmempool', true],
      ['getmempoolinfo'],
    ] as [string, ...unknown[]][]) {
      const [expected, actual] = await both(method, ...params);
      if (method === 'getmempoolinfo')
        expect(comparable(actual, own)).toMatchObject(comparable(expected, own) as object);
      else expect(comparable(actual, own), method).toEqual(comparable(expected, own));
    }
    for (const txid of [parent, child]) {
      await same('getrawtransaction', txid);
      await same('getrawtransaction', txid, 1);
      for (let n = 0; n < 2; n++) {
        await same('gettxout', txid, n);
        await same('gettxout', txid, n, false);
      }
    }
    await wallet.mine(1);
    await copyChain();
    await same('getrawmempool');
  });

  it('returns the same error codes and messages', async () => {
    const hash = '00'.repeat(32);
    const mistakes: [string, ...unknown[]][] = [
      ['getblockhash', -1],
      ['getblockhash', 1e6],
      ['getblockhash', 'a'],
      ['getblockhash', 1.5],
      ['getblockhash', null],
      ['getblock', 'zz'],
      ['getblock', 'z'.repeat(64)],
      ['getblock', hash],
      ['getblock', hash, 'a'],
      ['getblockheader', hash],
      ['getblockstats', 1e6],
      ['getblockstats', -1],
      ['getblockstats', 1, ['nonsense']],
      ['getnetworkhashps', 0],
      ['getnetworkhashps', 10, 1e6],
      ['getrawtransaction', hash],
      ['getrawtransaction', hash, 0, spendBlock],
      ['getrawtransaction', hash, 0, hash],
      ['getrawtransaction', '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b'],
      ['getmempoolentry', hash],
      ['gettxoutsetinfo', 'nonsense'],
      ['gettxoutsetinfo', 'muhash', 1],
      ['gettxoutproof', []],
      ['gettxoutproof', [hash]],
      ['gettxoutproof', [txids[0]]],
      ['gettxoutproof', [hash, hash]],
      ['gettxoutproof', ['zz']],
      ['gettxoutproof', [5]],
      ['gettxoutproof', hash],
      ['gettxoutproof', [txids[4]], hash],
      ['gettxoutproof', [txids[4]], 'zz'],
      ['gettxoutproof', [txids[4], hash]],
      ['gettxoutproof', [txids[0]], spendBlock],
      ['gettxoutproof', ['4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b']],
      ['verifytxoutproof', ''],
      ['verifytxoutproof', 'zz'],
      ['verifytxoutproof', '00'],
      ['verifytxoutproof', 5],
      ['verifytxoutproof', `${'00'.repeat(84)}fd0100`],
      ['verifytxoutproof', `${'00'.repeat(84)}ffffffffffffffffff`],
      ['verifytxoutproof', `${'00'.repeat(84)}0100`],
      ['verifytxoutproof', '00'.repeat(86)],
      ['verifytxoutproof', UNKNOWN_BLOCK],
      ['gettxout', hash, -1],
      ['gettxout', hash, 0],
      ['decodescript', 'zz'],
      ['decoderawtransaction', 'zz'],
      ['decoderawtransaction', '00'],
      ['sendrawtransaction', 'zz'],
      ['testmempoolaccept', []],
      ['submitblock', '00'],
      ['submitheader', '00'],
      ['submitheader', `${'01'.repeat(80)}`],
      ['createrawtransaction', [{ txid: hash, vout: -1 }], []],
      ['createrawtransaction', [], { data: 'zz' }],
      ['createrawtransaction', [], {}, -1],
      ['createrawtransaction', [], { bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202: -1 }],
      ['createrawtransaction', [], { bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202: 1e-9 }],
      ['createrawtransaction', [], { bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202: true }],
      ['createrawtransaction', [{ txid: 'a', vout: 0 }], []],
      ['invalidateblock', hash],
      ['waitfornewblock', -1],
      ['estimatesmartfee', 0],
      ['generatetoaddress', 'a', 5],
      ['setmocktime', -1],
      ['setmocktime', 9_223_372_037],
      ['setmocktime', 1.5],
      ['setmocktime', 1e19],
      ['getblockfilter', '00'.repeat(32)],
      ['getblockfilter', '00'],
      ['getblockfilter', '00'.repeat(32), 'extended'],
      ['getindexinfo', 1],
      ['scanblocks', 'begin'],
      ['scanblocks', 'start'],
      ['scanblocks', 'start', ['raw(51)'], 0, 10, 'basic', { filter_false_positives: 1 }],
      ['scanblocks', 'start', ['raw(51)'], 1_000],
      ['scanblocks', 'start', ['raw(51)'], 10, 9],
      ['scanblocks', 'start', ['raw(51)'], 0, 1_000],
      ['scanblocks', 'start', ['raw(51)'], 0, 10, 'extended'],
      ['setmocktime', '1'],
      ['nosuchmethod'],
    ];
    for (const [method, ...params] of mistakes) await sameAnswer(theirs, ours, method, ...params);
  });

  it('returns the same verdicts on submitted blocks', async () => {
    const tip = await theirs.rpc<string>('getbestblockhash');
    const hex = await theirs.rpc<string>('getblock', tip, 0);
    await same('submitblock', hex);
    // A wrong merkle root; then a header with an unknown parent that misses its target.
    const swapped = `${hex.slice(0, -2)}${hex.slice(-2) === '00' ? '01' : '00'}`;
    await same('submitblock', swapped);
    await same('submitblock', `${hex.slice(0, 8)}${'11'.repeat(32)}${hex.slice(72)}`);
  });

  it('makes the same reorganisations by invalidateblock and reconsiderblock', async () => {
    const height = await theirs.rpc<number>('getblockcount');
    const hash = await theirs.rpc<string>('getblockhash', height - 2);
    for (const method of ['invalidateblock', 'reconsiderblock']) {
      await same(method, hash);
      await same('getbestblockhash');
      await same('getchaintips');
      await same('getblockheader', hash);
    }
  });

  it('generates blocks to the same descriptors, and rejects the same blocks', async () => {
    const key = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
    const uncompressed = `04${key.slice(2)}483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8`;
    const address = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
    const payee = (block: Tree) =>
      toHex(Block.decode(fromHex((block as { hex: string }).hex)).transactions[0]!.outputs[0]!.scriptPubKey);
    for (const output of [
      ...[address, `addr(${address})`, 'raw(51)', 'raw(51)#8lvh9jxk', `pk(${key})`, `pkh(${key})`, `wpkh(${key})`],
      ...[`sh(wpkh(${key}))`, `combo(${key})`, `combo(${uncompressed})`, `pk(${uncompressed})`],
    ]) {
      const [expected, actual] = await both('generateblock', output, [], false);
      expect(payee(actual), output).toBe(payee(expected));
    }
    const orphan = `0200000001${'11'.repeat(32)}0000000000ffffffff01e80300000000000001510000000000`.slice(0, -2);
    const mistakes = [
      ...['', 'x', 'raw(51)#aaaaaaaa', 'raw(51', 'raw(5)', 'addr(x)', `wpkh(${uncompressed})`, ' raw(51)'].map(
        (output) => [output, []],
      ),
      ...[['zz'], ['00'], ['11'.repeat(32)], [''], [orphan], [1], 5].map((transactions) => [address, transactions]),
    ];
    for (const mistake of mistakes) await sameAnswer(theirs, ours, 'generateblock', ...mistake);
    // Before Core 30, the text began with the name of a function.
    await same('setmocktime', 1_300_000_000);
    for (const call of [
      ['generateblock', address, [], false],
      ['generatetoaddress', 1, address],
    ] as const) {
      const [method, ...params] = call;
      const expected = await theirs.rpc(method, ...params).catch((error: BitcoindRpcError) => error);
      const { code, message } = expected as BitcoindRpcError;
      await expect(ours.call(method, ...params)).rejects.toMatchObject({
        rpcCode: code,
        message: message.replace(/^CreateNewBlock: /, ''),
      });
    }
    await same('setmocktime', 0);
  });

  it('follows setmocktime', async () => {
    const address = await wallet.newAddress();
    const { mediantime } = await theirs.rpc<{ mediantime: number }>('getblockchaininfo');
    const now = mediantime + 40_000;
    const blockAt = async (time: number) => {
      await same('setmocktime', time);
      const blocks = await both('generateblock', address, [], false);
      return blocks.map((block) => (block as { hex: string }).hex);
    };
    // Seconds since the Unix epoch, from bytes 68 to 71 of a header.
    const timeOf = (block: string | undefined) => Buffer.from(block ?? '', 'hex').readUInt32LE(68);
    // A block's time is above the median time past.
    for (const [time, expected] of [
      [now, now],
      [mediantime - 5, mediantime + 1],
    ] as const) {
      expect((await blockAt(time)).map(timeOf)).toEqual([expected, expected]);
    }
    // A block may be two hours ahead (MAX_FUTURE_BLOCK_TIME), and not a second more.
    const [tooNew] = await blockAt(now + 7201);
    const [atLimit] = await blockAt(now + 7200);
    await same('setmocktime', now);
    expect(await both('submitblock', tooNew)).toEqual(['time-too-new', 'time-too-new']);
    expect(await both('submitblock', atLimit)).toEqual([null, null]);
    for (const uptime of await both('uptime')) expect(uptime).toBeLessThan(10_000);
    await same('setmocktime', 0);
    const { time } = await ours.call<{ time: number }>(
      'getblockheader',
      (await ours.call<string[]>('generatetoaddress', 1, address))[0],
    );
    expect(time).toBeLessThan(now);
    await ours.call('invalidateblock', await ours.call('getbestblockhash'));
  });

  it("decodes the scripts of Core's test vectors", async () => {
    const cases = vectorJson<[string, Tree][]>('core/rpc_decodescript.json');
    expect(cases).toHaveLength(10);
    for (const [script, expected] of cases) expect(await ours.call('decodescript', script)).toEqual(expected);
  });
});
