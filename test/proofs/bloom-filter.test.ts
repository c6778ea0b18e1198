import { createECDH } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex, fromReversedHex, toHex } from '../../src/bytes/hex.ts';
import { ByteReader } from '../../src/bytes/reader.ts';
import { chainParams } from '../../src/consensus/params.ts';
import { hash160 } from '../../src/crypto/hash.ts';
import { murmur3 } from '../../src/crypto/murmur3.ts';
import { Block } from '../../src/primitives/block.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { BloomFilter, BloomUpdate } from '../../src/proofs/bloom-filter.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { decodeWif } from '../../src/script/wif.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { countFlips, countTruncations } from '../support/hostile.ts';
import * as core from './support/core-bloom.ts';

const { ALL, NONE, P2PUBKEY_ONLY } = BloomUpdate;

function decode(bytes: Uint8Array): BloomFilter {
  const reader = new ByteReader(bytes);
  const filter = BloomFilter.read(reader);
  reader.end();
  return filter;
}

describe('murmur3', () => {
  it("has the values of Core's hash_tests", () => {
    for (const [expected, seed, data] of [
      [0x00000000, 0x00000000, ''],
      [0x6a396f08, 0xfba4c795, ''],
      [0x81f16f39, 0xffffffff, ''],
      [0x514e28b7, 0x00000000, '00'],
      [0xea3f0b17, 0xfba4c795, '00'],
      [0xfd6cf10d, 0x00000000, 'ff'],
      [0x16c6b7ab, 0x00000000, '0011'],
      [0x8eb51c3d, 0x00000000, '001122'],
      [0xb4471bf8, 0x00000000, '00112233'],
      [0xe2301fa8, 0x00000000, '0011223344'],
      [0xfc2e4a15, 0x00000000, '001122334455'],
      [0xb074502c, 0x00000000, '00112233445566'],
      [0x8034d2a0, 0x00000000, '0011223344556677'],
      [0xb4698def, 0x00000000, '001122334455667788'],
    ] as const) {
      expect(murmur3(seed, fromHex(data)), data).toBe(expected);
    }
  });
});

it('a filter with updates follows all matching outputs of a transaction, not only the first', () => {
  const scripts = [1, 2, 3].map((fill) => compileScript(Op.OP_0, new Uint8Array(20).fill(fill)));
  const outputs = scripts.map((scriptPubKey) => ({ value: 1n, scriptPubKey }));
  const prevout = { txid: new Uint8Array(32).fill(9), vout: 0 };
  const inputs = [{ prevout, scriptSig: new Uint8Array(0), sequence: 0, witness: [] }];
  const tx = new Transaction({ version: 2, inputs, outputs, lockTime: 0 });
  const filter = BloomFilter.forElements(10, 0.000001, 0, ALL);
  for (const fill of [1, 3]) filter.insert(new Uint8Array(20).fill(fill));
  expect(filter.isRelevantAndUpdate(tx)).toBe(true);
  expect([0, 1, 2].map((vout) => filter.containsOutPoint({ txid: tx.txid, vout }))).toEqual([true, false, true]);
});

// From Core's bloom_tests.cpp.
describe('A Bloom filter', () => {
  const elements = [
    '99108ad8ed9bb6274d3980bab5a85c048f0950c8',
    'b5a2c786d9ef4658287ced5914b37a1b4aa32eee',
    'b9300670b4c5366e95b2699e8b18bc75e5f729c5',
  ].map(fromHex);

  it.each([
    [0, '03614e9b050000000000000001'],
    [2_147_483_649, '03ce4299050000000100008001'],
  ])('with tweak %i matches its elements and has the expected encoding', (tweak, bytes) => {
    const filter = BloomFilter.forElements(3, 0.01, tweak, ALL);
    for (const element of elements) {
      expect(filter.contains(element)).toBe(false);
      filter.insert(element);
      expect(filter.contains(element)).toBe(true);
    }
    expect(filter.contains(fromHex('19108ad8ed9bb6274d3980bab5a85c048f0950c8'))).toBe(false);
    expect(toHex(filter.encode())).toBe(bytes);
    expect(toHex(decode(fromHex(bytes)).encode())).toBe(bytes);
  });

  it('of a public key and its hash has the expected encoding', () => {
    const { secretKey } = decodeWif('5Kg1gnAjaLfKiwhhPpGS3QfRg2m6awQvaj98JCZBZQ5SuS2F15C', chainParams('main').address);
    const ecdh = createECDH('secp256k1');
    ecdh.setPrivateKey(secretKey);
    const key = Uint8Array.from(ecdh.getPublicKey());
    const filter = BloomFilter.forElements(2, 0.001, 0, ALL);
    filter.insert(key);
    filter.insert(hash160(key));
    expect(toHex(filter.encode())).toBe('038fc16b080000000000000001');
  });

  it('stays within the size limits of the protocol for any number of elements', () => {
    for (const [count, rate] of [
      [1, 0.5],
      [20_000, 0.001],
      [1_000_000, 0.000001],
      [1, 1e-300],
    ] as const) {
      const filter = BloomFilter.forElements(count, rate, 0, NONE);
      expect(filter.isWithinSizeConstraints).toBe(true);
    }
    // 20,000 elements at a false positive rate of 0.1% take 287,551 bits: the maximum that BIP37 mentions.
    expect(BloomFilter.forElements(20_000, 0.001, 0, NONE).data.length).toBe(35_943);
    expect(BloomFilter.forElements(1_000_000, 0.001, 0, NONE).data.length).toBe(36_000);
    expect(BloomFilter.forElements(1, 1e-300, 0, NONE).hashFuncs).toBe(50);
    const fields = { tweak: 0, flags: 0 };
    const of = (size: number, hashFuncs: number) =>
      new BloomFilter({ data: new Uint8Array(size), hashFuncs, ...fields }).isWithinSizeConstraints;
    expect([of(36_000, 50), of(36_001, 50), of(36_000, 51)]).toEqual([true, false, false]);
  });

  it('has about the requested false positive rate', () => {
    const random = new SeededRandom(1);
    const filter = BloomFilter.forElements(500, 0.01, 99, NONE);
    for (let i = 0; i < 500; i++) filter.insert(random.bytes(20));
    let hits = 0;
    for (let i = 0; i < 20_000; i++) hits += Number(filter.contains(random.bytes(20)));
    expect(hits / 20_000).toBeGreaterThan(0.005);
    expect(hits / 20_000).toBeLessThan(0.02);
  });

  it('without bits matches everything and does not divide by zero (CVE-2013-5700)', () => {
    const filter = decode(fromHex('00 05000000 00000000 01'.replaceAll(' ', '')));
    filter.insert(elements[0]!);
    expect(filter.contains(elements[1]!)).toBe(true);
    expect(filter.isRelevantAndUpdate(Transaction.decode(fromHex(core.PAYMENT)))).toBe(true);
    expect(toHex(filter.encode())).toBe('00050000000000000001');
  });

  it('without hash functions matches everything', () => {
    const filter = decode(fromHex('0100 00000000 00000000 01'.replaceAll(' ', '')));
    expect(filter.contains(elements[1]!)).toBe(true);
  });

  it('copies its bits from the message', () => {
    const bytes = fromHex('03614e9b050000000000000001');
    const filter = BloomFilter.read(new ByteReader(bytes));
    filter.insert(fromHex('00'));
    expect(toHex(bytes)).toBe('03614e9b050000000000000001');
  });

  it('has a codec that handles truncated and flipped bytes', () => {
    const codec = { decode, encode: (filter: BloomFilter) => filter.encode() };
    const bytes = BloomFilter.forElements(10, 0.01, 5, ALL).encode();
    expect(countTruncations(codec, bytes)).toBe(0);
    countFlips(codec, bytes);
  });
});

describe('A transaction is relevant', () => {
  const payment = Transaction.decode(fromHex(core.PAYMENT));
  const spender = Transaction.decode(fromHex(core.ITS_SPENDER));
  const filterOf = (...elements: readonly Uint8Array[]) => {
    const filter = BloomFilter.forElements(10, 0.000001, 0, ALL);
    for (const element of elements) filter.insert(element);
    return filter;
  };
  const matches = (element: string) => filterOf(fromHex(element)).isRelevantAndUpdate(payment);

  it('by its txid', () => {
    expect(matches('6bff7fcd4f8565ef406dd5d63d4ff94f318fe82027fd4dc451b04474019f74b4')).toBe(true);
    expect(matches('3604112b83ff15b943736458a67be0985bf4d4639784ef622ff384e709000000')).toBe(false);
  });

  it('by a signature or a public key in a scriptSig', () => {
    expect(
      matches(
        '30450220070aca44506c5cef3a16ed519d7c3c39f8aab192c4e1c90d065f37b8a4af6141022100a8e160b856c2d43d27d8fba71e5aef6405b8643ac4cb7cb3c462aced7f14711a01',
      ),
    ).toBe(true);
    expect(
      matches(
        '046d11fee51b0e60666d5049a9101a72741df480b96ee26488a4d3466b95c9a40ac5eeef87e10a5cd336c19a84565f80fa6c547957b7700ff4dfbdefe76036c339',
      ),
    ).toBe(true);
  });

  it('by a push in an output, and so is its spender', () => {
    const filter = filterOf(fromHex('04943fdd508053c75000106d3bc6e2754dbcff19'));
    expect(filter.isRelevantAndUpdate(spender)).toBe(false);
    expect(filter.isRelevantAndUpdate(payment)).toBe(true);
    expect(filter.isRelevantAndUpdate(spender)).toBe(true);
    expect(matches('a266436d2965547608b9e15d9032a7b9d64fa431')).toBe(true);
    expect(matches('0000006d2965547608b9e15d9032a7b9d64fa431')).toBe(false);
  });

  it('by a spent outpoint', () => {
    const spending = (txid: string, vout: number) => {
      const filter = BloomFilter.forElements(10, 0.000001, 0, ALL);
      filter.insertOutPoint({ txid: fromReversedHex(txid), vout });
      return filter.isRelevantAndUpdate(payment);
    };
    expect(spending('90c122d70786e899529d71dbeba91ba216982fb6ba58f3bdaab65e73b7e9260b', 0)).toBe(true);
    expect(spending('90c122d70786e899529d71dbeba91ba216982fb6ba58f3bdaab65e73b7e9260b', 1)).toBe(false);
    expect(spending('000000d70786e899529d71dbeba91ba216982fb6ba58f3bdaab65e73b7e9260b', 0)).toBe(false);
    expect(matches('0b26e9b7735eb6aabdf358bab62f9816a21ba9ebdb719d5299e88607d722c19000000000')).toBe(true);
  });

  it('by a push before a broken one, but not after it, and not by an empty push', () => {
    const [seen, unseen] = [fromHex('aa'.repeat(20)), fromHex('bb'.repeat(20))];
    const broken = concatBytes(compileScript(seen), Uint8Array.of(Op.OP_PUSHDATA1, 200), compileScript(unseen));
    const tx = new Transaction({ ...spender, outputs: [{ value: 0n, scriptPubKey: broken }] });
    expect(filterOf(seen).isRelevantAndUpdate(tx)).toBe(true);
    expect(filterOf(unseen).isRelevantAndUpdate(tx)).toBe(false);
    const empty = new Transaction({ ...spender, outputs: [{ value: 0n, scriptPubKey: Uint8Array.of(Op.OP_0) }] });
    expect(filterOf(new Uint8Array(0)).isRelevantAndUpdate(empty)).toBe(false);
  });

  it('and its outpoint is added according to the flags', () => {
    const coinbase = Transaction.decode(fromHex(core.COINBASE_TO_KEY));
    expect(coinbase.txidHex).toBe('147caa76786596590baa4e98f5d9f48b86c7765e489f7a6ff3360fe5c674360b');
    const key =
      '04eaafc2314def4ca98ac970241bcab022b9c1e1f4ea423a20f134c876f2c01ec0f0dd5b2e86e7168cefe0d81113c3807420ce13ad1357231a2252247d97a46a91';
    const multisig = compileScript(Op.OP_1, fromHex(key), Op.OP_1, Op.OP_CHECKMULTISIG);
    const toMultisig = new Transaction({ ...coinbase, outputs: [{ value: 0n, scriptPubKey: multisig }] });
    const kept = (flags: number) => {
      const filter = BloomFilter.forElements(10, 0.000001, 0, flags);
      filter.insert(fromHex(key));
      filter.insert(fromHex('04943fdd508053c75000106d3bc6e2754dbcff19'));
      return [coinbase, toMultisig, payment].map((tx) => {
        expect(filter.isRelevantAndUpdate(tx)).toBe(true);
        return filter.containsOutPoint({ txid: tx.txid, vout: 0 });
      });
    };
    expect(kept(NONE)).toEqual([false, false, false]);
    expect(kept(ALL)).toEqual([true, true, true]);
    expect(kept(P2PUBKEY_ONLY)).toEqual([true, true, false]);
    // Only the lowest two bits of the flags count; 3 is undefined.
    expect(kept(0xfc | ALL)).toEqual([true, true, true]);
    expect(kept(3)).toEqual([false, false, false]);
  });
});

describe('A filtered block', () => {
  const filteredBy = (block: Block, filter: BloomFilter) =>
    MerkleBlock.of(
      block,
      block.transactions.map((tx) => filter.isRelevantAndUpdate(tx)),
    );
  const four = Block.decode(fromHex(core.BLOCK_OF_FOUR));
  const firstTxid = fromReversedHex('e980fe9f792d014e73b95203dc1335c5f9ce19ac537a419e6df5b47aecb93b70');
  const keyOfTheSecond = fromHex(
    '044a656f065871a353f216ca26cef8dde2f03e8c16202d2e8ad769f02032cb86a5eb5e56842e92e19141d60a01928f8dd2c875a390f67c1f6c94cfc617c0ea45af',
  );
  const filtered = (block: Block, filter: BloomFilter) => {
    return MerkleBlock.decode(filteredBy(block, filter).encode())
      .extract()
      .matches.map(({ position }) => position);
  };

  it.each([
    // The third transaction spends the output of the second to the key; the fourth pays to the key again.
    ['ALL', ALL, [0, 1, 2, 3]],
    ['NONE', NONE, [0, 1, 3]],
    ['P2PUBKEY_ONLY', P2PUBKEY_ONLY, [0, 1, 2, 3]],
  ])('contains matches, and with update flag %s their spenders', (_, flags, expected) => {
    expect(four.hashHex).toBe('000000005a4ded781e667e06ceefafb71410b511fe0d5adc3e5a27ecbec34ae6');
    const filter = BloomFilter.forElements(10, 0.000001, 0, flags);
    filter.insert(firstTxid);
    expect(filtered(four, filter)).toEqual([0]);
    filter.insert(keyOfTheSecond);
    expect(filtered(four, filter)).toEqual(expected);
  });

  it('of one transaction has the expected encoding', () => {
    const block = Block.decode(fromHex(core.BLOCK_OF_ONE));
    expect(block.hashHex).toBe('000000000000dab0130bbcc991d3d7ae6b81aa6f50a798888dfe62337458dc45');
    const filter = BloomFilter.forElements(10, 0.000001, 0, ALL);
    filter.insert(fromReversedHex('63194f18be0af63f2c6bc9dc0f777cbefed3d9415c4af83f3ee3a3d669c00cb5'));
    expect(toHex(filteredBy(block, filter).encode())).toBe(core.MERKLE_BLOCK_OF_ONE);
  });
});
