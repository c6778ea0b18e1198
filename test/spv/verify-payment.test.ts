import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { toReversedHex } from '../../src/bytes/hex.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { paymentReport } from '../../src/spv/verify/payment-report.ts';
import type { ProofChainOptions } from '../../src/spv/verify/proof-chain.ts';
import {
  proofFromJson,
  proofToJson,
  type SelfContainedProof,
  verifySelfContained,
} from '../../src/spv/verify/proof-file.ts';
import type { PaymentVerdict } from '../../src/spv/verify/verify-payment.ts';
import { coinbase as makeCoinbase, sealBlock } from '../chain/support/builder.ts';
import { FIRST_BLOCKS, firstBlocks, hasBzip2 } from '../support/real-blocks.ts';
import { describeVectors } from '../support/vectors.ts';
import { blocksOf, payment, proofIn } from './support/proved-payment.ts';

const nowSeconds = 1_770_000_000;
const blocks = blocksOf([0, 0, 5, 0, 0, 2]);
const honest = proofIn(blocks, 3, 4);

type Options = Partial<ProofChainOptions> & { txid?: Uint8Array };

function verify(proof: SelfContainedProof, options: Options = {}, params = regtest): PaymentVerdict {
  return verifySelfContained(params, proof, { nowSeconds, ...options });
}

function flawOf(proof: SelfContainedProof, options: Options = {}, params = regtest): string | undefined {
  const verdict = verify(proof, options, params);
  if (!verdict.verified) expect(verdict.reason.length).toBeGreaterThan(20);
  return verdict.verified ? undefined : verdict.flaw;
}

/** Returns the proof with some fields of its claim replaced. */
function claiming(claim: Partial<SelfContainedProof['claim']>, base = honest): SelfContainedProof {
  return { ...base, claim: { ...base.claim, ...claim } };
}

/** Returns the proof with these headers. */
function under(headers: readonly BlockHeader[], from = 0, base = honest): SelfContainedProof {
  return { ...base, headers: { from, bytes: concatBytes(...headers.map((header) => header.encode())) } };
}

const headers = blocks.map(({ header }) => header);

describe('a valid payment proof', () => {
  it('gives the path to the merkle root, the work on top, and what is not proved', () => {
    const report = paymentReport(verify(honest, { txid: honest.claim.transaction.txid }));
    if (!report.verified) throw new Error(report.reason);
    expect(report).toMatchObject({ height: 3, position: 4, confirmations: 4, txid: honest.claim.transaction.txidHex });
    // A regtest block takes two expected hashes.
    expect([report.workontop, report.tip.work, report.tip.height]).toEqual(['6', '14', 6]);
    expect(report.path.map(({ side }) => side)).toEqual(['right', 'right', 'left']);
    expect(report.path.at(-1)!.parent).toBe(toReversedHex(blocks[3]!.header.merkleRoot));
    expect(report.blockhash).toBe(blocks[3]!.hashHex);
    expect(report.proved.map(({ code }) => code)).toEqual(['transaction-in-block', 'proof-of-work', 'tree-depth']);
    expect(report.notproved.map(({ code }) => code)).toEqual(['validity', 'best-chain', 'unspent', 'witness']);
  });

  it('without a coinbase does not prove the depth of the tree', () => {
    const { coinbase: _, ...claim } = honest.claim;
    const verdict = verify({ ...honest, claim });
    if (!verdict.verified) throw new Error(verdict.reason);
    expect(verdict.proved).toEqual(['transaction-in-block', 'proof-of-work']);
    expect(verdict.notProved).toContain('tree-depth');
  });

  it('is read from JSON, also from the output of `pier verify --json`', () => {
    const json = proofToJson(honest);
    for (const text of [JSON.stringify(json), JSON.stringify({ verified: true, proof: json })]) {
      expect(paymentReport(verify(proofFromJson(text)))).toEqual(paymentReport(verify(honest)));
    }
  });

  it('may start at a difficulty period if a checkpoint is given', () => {
    const params = { ...regtest, powTargetTimespan: 3 * regtest.powTargetSpacing };
    const cut = under(headers.slice(3), 3);
    const checkpoint = { height: 5, hash: blocks[5]!.hash };
    const verdict = verify(cut, { checkpoint }, params);
    if (!verdict.verified) throw new Error(verdict.reason);
    expect(verdict.notProved).toContain('chain-start');
    expect([verdict.confirmations, verdict.workOnTop]).toEqual([4, 6n]);
    expect(flawOf(cut, {}, params)).toBe('unknown-start');
    expect(flawOf(cut, { checkpoint: { height: 5, hash: blocks[4]!.hash } }, params)).toBe('other-chain');
    expect(flawOf(cut, { checkpoint: { height: 2, hash: blocks[2]!.hash } }, params)).toBe('other-chain');
    expect(flawOf(under(headers.slice(2), 2), { checkpoint }, params)).toBe('unknown-start');
  });
});

describe('a payment proof is rejected', () => {
  it('with a wrong branch, position, transaction or block', () => {
    const { proof } = honest.claim;
    const forged = proof.branch.map((hash) => Uint8Array.from(hash));
    forged[1]![7]! ^= 1;
    expect(flawOf(claiming({ proof: { ...proof, branch: forged } }))).toBe('wrong-root');
    expect(flawOf(claiming({ proof: { ...proof, position: 5 } }))).toBe('wrong-root');
    expect(flawOf(claiming({ proof: { ...proof, position: 9 } }))).toBe('wrong-position');
    expect(flawOf(claiming({ transaction: payment(77) }))).toBe('wrong-root');
    expect(flawOf(claiming({ height: 4 }))).toBe('wrong-root');
    expect(flawOf(claiming({ height: 7 }))).toBe('no-such-block');
    expect(flawOf(honest, { txid: payment(77).txid })).toBe('other-transaction');
  });

  it('with a wrong coinbase, or a coinbase at another depth (CVE-2017-12842)', () => {
    const other = { transaction: makeCoinbase(9), proof: honest.claim.coinbase!.proof };
    expect(flawOf(claiming({ coinbase: other }))).toBe('wrong-root');
    const notFirst = { transaction: blocks[3]!.transactions[1]!, proof: honest.claim.coinbase!.proof };
    expect(flawOf(claiming({ coinbase: notFirst }))).toBe('wrong-coinbase');

    // A transaction of 64 bytes whose last 32 bytes are the txid of an unmined one; see transaction-proof.test.ts.
    const unmined = new Transaction({
      version: 2,
      inputs: [
        {
          prevout: { txid: new Uint8Array(32).fill(7), vout: 0 },
          scriptSig: new Uint8Array(0),
          sequence: 0xffff_ffff,
          witness: [],
        },
      ],
      outputs: [{ value: 2_100_000_000_000_000n, scriptPubKey: Uint8Array.of(0x51) }],
      lockTime: 870_458,
    });
    const left = concatBytes(Uint8Array.of(1, 0, 0, 0, 1), new Uint8Array(27).fill(5));
    const bait = Transaction.decode(concatBytes(left, unmined.txid));
    const { hash: prevHash, header } = blocks[6]!;
    const transactions = [makeCoinbase(7), payment(1), bait, payment(2)];
    const block = sealBlock(transactions, { prevHash, time: header.time + 1, bits: header.bits, version: 0x2000_0000 });
    const base = proofIn([...blocks, block], 7, 2);
    expect(flawOf(base)).toBe('size-of-inner-node');
    const { proof, coinbase } = base.claim;
    const lengthened = { position: 2 * proof.position + 1, branch: [left, ...proof.branch] };
    const forgery = claiming({ transaction: unmined, proof: lengthened }, base);
    expect(flawOf(forgery)).toBe('wrong-depth');
    const { coinbase: _, ...claim } = forgery.claim;
    // Without the coinbase the forgery is accepted, but the tree depth is listed as not proved.
    const verdict = verify({ ...forgery, claim });
    expect(verdict.verified && verdict.notProved.includes('tree-depth')).toBe(true);
    expect(coinbase).toBeDefined();
  });

  it('with wrong headers', () => {
    const changed = (at: number, fields: Partial<BlockHeader>) => {
      const { version, prevHash, merkleRoot, time, bits, nonce } = headers[at]!;
      return new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce, ...fields });
    };
    const replaced = (at: number, header: BlockHeader) => under([...headers.slice(0, at), header]);
    // A nonce without proof of work: half of all hashes are above regtest's target.
    let nonce = 0;
    while ((changed(6, { nonce }).hash.at(-1)! & 0x80) === 0) nonce++;
    expect(verify(replaced(6, changed(6, { nonce })))).toMatchObject({
      flaw: 'invalid-header',
      reason: expect.stringMatching(/header 6 .*high-hash/),
    });
    const mined = (fields: Partial<BlockHeader>) => {
      for (let at = 0; ; at++) {
        const header = changed(6, { ...fields, nonce: at });
        if (header.hash.at(-1)! < 0x7f) return header;
      }
    };
    const tooEasy = under([...headers.slice(0, 6), mined({ bits: 0x2100ffff })]);
    expect(verify(tooEasy)).toMatchObject({ flaw: 'invalid-header', reason: expect.stringContaining('high-hash') });
    // The proof of work meets the header's target, but the target is not the required one.
    const easy = { ...regtest, powLimit: 2n ** 256n - 1n };
    expect(verify(tooEasy, {}, easy)).toMatchObject({
      flaw: 'invalid-header',
      reason: expect.stringContaining('bad-diffbits'),
    });
    for (const [time, reason] of [
      [headers[3]!.time, 'time-too-old'],
      [nowSeconds + 7_201, 'time-too-new'],
    ] as const) {
      expect(verify(under([...headers.slice(0, 6), mined({ time })]))).toMatchObject({
        flaw: 'invalid-header',
        reason: expect.stringContaining(reason),
      });
    }
    expect(flawOf(under(headers.toSpliced(4, 1)))).toBe('not-linked');
    expect(flawOf(under(headers.slice(1)))).toBe('wrong-genesis');
    expect(flawOf(under([]))).toBe('no-headers');
    expect(flawOf({ ...honest, headers: { from: 0, bytes: honest.headers.bytes.subarray(1) } })).toBe('no-headers');
  });

  it('with less than the minimum chain work, or without the checkpoint', () => {
    expect(flawOf(honest, { minimumWork: 14n })).toBeUndefined();
    expect(flawOf(honest, { minimumWork: 15n })).toBe('too-little-work');
    expect(flawOf(honest, {}, { ...regtest, minimumChainWork: 15n })).toBe('too-little-work');
    const other = blocksOf([0, 0, 4]);
    expect(flawOf(honest, { checkpoint: { height: 3, hash: other[3]!.hash } })).toBe('other-chain');
    expect(flawOf(honest, { checkpoint: { height: 3, hash: blocks[3]!.hash } })).toBeUndefined();
  });

  it('for another network', () => {
    expect(flawOf(honest, {}, chainParams('main'))).toBe('other-network');
    expect(flawOf({ ...honest, network: 'main' }, {}, chainParams('main'))).toBe('other-network');
    expect(flawOf({ ...honest, network: 'main', genesis: chainParams('main').genesis.hash })).toBe('other-network');
    const claimsMain = { ...honest, network: 'main', genesis: chainParams('main').genesis.hash };
    expect(flawOf(claimsMain, {}, chainParams('main'))).toBe('wrong-genesis');
  });

  it('in invalid JSON', () => {
    const json = JSON.parse(JSON.stringify(proofToJson(honest))) as Record<string, unknown>;
    const broken: [Record<string, unknown> | string, RegExp][] = [
      ['', /JSON/],
      ['[]', /not an object/],
      ['{}', /format/],
      [{ ...json, version: 2 }, /version 1/],
      [{ ...json, genesis: '00' }, /genesis is not a hash of 32 bytes/],
      [{ ...json, height: -1 }, /height/],
      [{ ...json, height: 2 ** 40 }, /height/],
      [{ ...json, position: '1' }, /position/],
      [{ ...json, branch: new Array(99).fill(json.genesis) }, /branch is not an array of at most/],
      [{ ...json, branch: ['zz'] }, /branch\[0\]/],
      [{ ...json, transaction: '00' }, /transaction: /],
      [{ ...json, coinbase: 5 }, /coinbase is not an object/],
      [{ ...json, headers: { from: 0, hex: 'abc' } }, /headers.hex/],
    ];
    for (const [text, message] of broken) {
      const parse = () => proofFromJson(typeof text === 'string' ? text : JSON.stringify(text));
      expect(parse).toThrow(expect.objectContaining({ code: 'bad-proof', message: expect.stringMatching(message) }));
    }
  });
});

describeVectors('the first payment on mainnet', FIRST_BLOCKS, () => {
  it.skipIf(!hasBzip2())('is proved by the first headers of mainnet, except for the minimum chain work', () => {
    const main = chainParams('main');
    const proof = proofIn([main.genesis, ...firstBlocks()], 170, 1, main);
    expect(proof.claim.transaction.txidHex).toBe('f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16');
    expect(flawOf(proof, {}, main)).toBe('too-little-work');
    const report = paymentReport(verify(proof, { minimumWork: 0n }, main));
    expect(report).toMatchObject({
      ...{ verified: true, height: 170, position: 1, confirmations: 86, time: 1231731025 },
      blockhash: '00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee',
      merkleroot: '7dac2c5666815c17a3b36427de37bb9d2e2c5ccec3f8633eb91a4205cb4c10ff',
      // 2^32 + 2^16 + 1 expected hashes per block, at difficulty 1.
      workontop: String(85n * 0x1_0001_0001n),
    });
  });
});
