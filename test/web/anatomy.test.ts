import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/compare.ts';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { merkleLevels } from '../../src/proofs/merkle-tree.ts';
import { PartialMerkleTree } from '../../src/proofs/partial-merkle-tree.ts';
import { layOutFlow, MAX_PARTS } from '../../src/web/model/anatomy/flow.ts';
import { proofOfWork, readHeader } from '../../src/web/model/anatomy/header-fields.ts';
import {
  layOutProof,
  MAX_WHOLE,
  merkleSteps,
  readMerkleBlock,
  readPaymentProof,
  rootOf,
  spoilProof,
} from '../../src/web/model/anatomy/merkle-path.ts';
import { loadTransaction, type TransactionNodes } from '../../src/web/model/anatomy/transaction.ts';

/** The proof of a transaction in a block of `count`, as `gettxoutproof` gives it. */
function proofIn(count: number, position: number) {
  const txids = Array.from({ length: count }, (_, i) => sha256d(Uint8Array.of(i & 255, i >> 8)));
  const [root] = merkleLevels(txids).at(-1)!;
  const header = new BlockHeader({ ...regtest.genesis.header, merkleRoot: root! });
  const tree = PartialMerkleTree.of(
    txids,
    txids.map((_, i) => i === position),
  );
  const hex = toHex(new MerkleBlock(header, tree).encode());
  return { txids, hex, txid: toReversedHex(txids[position]!), root: root!, header };
}

describe('a merkle proof', () => {
  it.each([
    [1, 0],
    [2, 1],
    [3, 2],
    [7, 0],
    [7, 6],
    [12, 9],
    [13, 12],
    [500, 257],
  ])('of %i transactions for the one at %i leads to the root, hash by hash', (count, position) => {
    const { hex, txid, root, txids, header } = proofIn(count, position);
    const proof = readMerkleBlock(hex, txid);
    expect([proof.position, proof.count, toHex(proof.txid)]).toEqual([position, count, toHex(txids[position]!)]);
    const steps = merkleSteps(proof);
    expect(steps).toHaveLength(Math.ceil(Math.log2(count)));
    let node = proof.txid;
    for (const { left, right, parent, own, isAlone } of steps) {
      expect(equalBytes(own === 'left' ? left : right, node)).toBe(true);
      expect(toHex(parent)).toBe(toHex(sha256d(Uint8Array.from([...left, ...right]))));
      expect(isAlone).toBe(equalBytes(left, right));
      node = parent;
    }
    expect(toHex(rootOf(proof))).toBe(toHex(root));
    expect(toHex(rootOf(spoilProof(proof)))).not.toBe(toHex(root));
    // The same from a light node, which says no count.
    const light = readPaymentProof({ txid, position, branch: proof.branch.map(toReversedHex) }, toHex(header.encode()));
    expect(light).toMatchObject({ position, count: undefined });
    expect([toHex(rootOf(light)), light.header.hashHex]).toEqual([toHex(root), header.hashHex]);
    expect(() => readMerkleBlock(hex, 'ab'.repeat(32))).toThrow('ab');
  });

  it('that stands alone is hashed with itself', () => {
    const { hex, txid } = proofIn(3, 2);
    expect(merkleSteps(readMerkleBlock(hex, txid)).map(({ isAlone, own }) => [isAlone, own])).toEqual([
      [true, 'left'],
      [false, 'right'],
    ]);
  });

  it.each([1, 2, 3, 5, 7, 11, MAX_WHOLE])('is drawn in the whole tree of %i transactions', (count) => {
    for (const position of [0, count - 1]) {
      const { hex, txid } = proofIn(count, position);
      const { isWhole, nodes, edges, depth } = layOutProof(readMerkleBlock(hex, txid));
      expect(isWhole).toBe(true);
      expect(nodes.filter(({ height }) => height === 0)).toHaveLength(count);
      expect(nodes.filter(({ kind }) => kind === 'path')).toHaveLength(depth + 1);
      expect(edges).toHaveLength(nodes.length - 1);
      expect(edges.filter(({ isLit }) => isLit)).toHaveLength(depth);
      for (let height = 0; height <= depth; height++) {
        const xs = nodes.filter((node) => node.height === height).map(({ x }) => x);
        expect(xs).toEqual([...new Set(xs)].sort((a, b) => a - b));
        expect(xs.every((x) => x > 0 && x < 1)).toBe(true);
      }
      // What the proof does not have is drawn without a hash.
      expect(nodes.every(({ kind, hash }) => (hash === undefined) === (kind === 'other'))).toBe(true);
    }
  });

  it.each([MAX_WHOLE + 1, 300, 4_000])('is drawn as a path with siblings of %i transactions', (count) => {
    const { hex, txid } = proofIn(count, count - 1);
    const { isWhole, nodes, depth } = layOutProof(readMerkleBlock(hex, txid));
    expect(isWhole).toBe(false);
    expect(nodes.filter(({ kind }) => kind === 'path').map(({ x }) => x)).toEqual(Array(depth + 1).fill(0.5));
    const alone = merkleSteps(readMerkleBlock(hex, txid)).filter(({ isAlone }) => isAlone).length;
    expect(nodes).toHaveLength(2 * depth + 1 - alone);
    for (const { height, position, kind, x } of nodes) {
      if (kind === 'sibling') expect([height, x < 0.5]).toEqual([height, position % 2 === 0]);
    }
  });
});

describe('a header', () => {
  it('is 80 bytes in six fields, with a hash beside its target', () => {
    const { header } = regtest.genesis;
    const { fields, work } = readHeader(toHex(header.encode()));
    expect(fields.map(({ name, at, bytes }) => [name, at, bytes.length / 2])).toEqual([
      ['version', 0, 4],
      ['previous', 4, 32],
      ['merkleRoot', 36, 32],
      ['time', 68, 4],
      ['bits', 72, 4],
      ['nonce', 76, 4],
    ]);
    expect(fields.map(({ bytes }) => bytes).join('')).toBe(toHex(header.encode()));
    expect(fields.map(({ value }) => value)).toEqual([
      ...['0x00000001', '00'.repeat(32), toReversedHex(header.merkleRoot)],
      ...['1296688602 = 2011-02-02T23:16:42Z', '0x207fffff', '2'],
    ]);
    expect(work).toMatchObject({
      ...{ hash: header.hashHex, target: `7fffff${'0'.repeat(58)}`, isMet: true, expected: 2n },
    });
    expect(work.share).toBeCloseTo(0x0f9188f1 / 0x7fffff00, 5);
    expect(proofOfWork(new BlockHeader({ ...header, bits: 0x1d00ffff }))).toMatchObject({ isMet: false });
    for (const bits of [0, 0x01800001, 0x23000001]) {
      expect(proofOfWork(new BlockHeader({ ...header, bits }))).toMatchObject({ isMet: false, expected: 0n });
    }
    expect(() => readHeader('00')).toThrow();
  });
});

describe('a flow', () => {
  const ends = (parts: ReturnType<typeof layOutFlow>['inputs']) =>
    parts.map(({ what, value }) => [what, Number(value)]);

  it('has inputs, outputs and the fee by their amounts, one below the other', () => {
    const { inputs, outputs } = layOutFlow([60n, 40n], [75n, 20n]);
    expect([ends(inputs), ends(outputs)]).toEqual([
      [
        [0, 60],
        [1, 40],
      ],
      [
        [0, 75],
        [1, 20],
        ['fee', 5],
      ],
    ]);
    expect(outputs[0]!.thickness / outputs[1]!.thickness).toBeCloseTo(75 / 20);
    for (const side of [inputs, outputs]) {
      for (const [i, part] of side.entries()) {
        const next = side[i + 1];
        if (next) expect(next.middle).toBeCloseTo(part.middle + part.thickness);
        expect(part.top + part.thickness).toBeLessThanOrEqual(next?.top ?? 1);
        expect(part.label).toBeCloseTo(part.top + part.thickness / 2);
        // However little flows, the label has its room.
        if (next) expect(next.label - part.label).toBeGreaterThan(0.6 / side.length - 1e-9);
      }
      expect(side.at(-1)!.middle + side.at(-1)!.thickness).toBeCloseTo(side[0]!.middle + 0.4);
    }
  });

  it('sums up what is too much to draw, and stands without amounts', () => {
    const { inputs, outputs } = layOutFlow(Array(50).fill(2n), Array(MAX_PARTS).fill(10n));
    expect(inputs).toHaveLength(MAX_PARTS);
    expect(ends(inputs).at(-1)).toEqual(['rest', 2 * (50 - MAX_PARTS + 1)]);
    expect(outputs).toHaveLength(MAX_PARTS);
    expect(layOutFlow([0n], [0n]).outputs[0]!.thickness).toBeCloseTo(0.4);
  });
});

describe('a transaction', () => {
  const decoded = () => ({
    ...{ txid: 'tt', size: 9, vsize: 8, weight: 32, hex: '00' },
    vin: [{ txid: 'pp', vout: 1 }],
    vout: [{ n: 0, value: 0.75, scriptPubKey: { asm: '1', address: 'a', type: 'pubkey' } }],
  });
  const parent = {
    ...decoded(),
    vin: [],
    vout: [decoded().vout[0], { n: 1, value: 1, scriptPubKey: { asm: '2', address: 'b' } }],
  };

  function nodes(wallet: object | undefined, raw: object | undefined, header = { confirmations: 3 }): TransactionNodes {
    const callAny = async (method: string, params: readonly unknown[]) => {
      if (method === 'gettxout') return null;
      if (method === 'getblockheader') return header;
      if (method !== 'getrawtransaction' || !raw) throw new Error(`no ${method}`);
      return params[0] === 'tt' ? raw : parent;
    };
    return {
      timeline: { nodes: new Map([['shop', { name: 'shop', role: 'full', moments: [{ status: 'running' }] }]]) },
      call: async (_: string, method: string, params: readonly unknown[]) => {
        if (method === 'listwallets') return ['w'];
        if (!wallet || params[0] !== 'tt') throw new Error('not of this wallet');
        return wallet;
      },
      callAny,
      findTransaction: async (txid: string) => {
        if (txid === 'pp') return parent;
        if (!raw) throw new Error('not found');
        return raw;
      },
    } as never;
  }
  const row = {
    confirmations: 0,
    hex: '01',
    details: [{ category: 'send' }],
    mempoolconflicts: ['cc'],
    walletconflicts: ['cc', 'dd'],
  };

  it('has its inputs with their values, its fee, and what became of it', async () => {
    expect(await loadTransaction(nodes(undefined, decoded()), 'tt')).toMatchObject({
      ...{ fee: 25_000_000n, state: 'unconfirmed', confirmations: 0, conflicts: [], payer: undefined },
      inputs: [{ txid: 'pp', vout: 1, value: 100_000_000n, address: 'b' }],
      outputs: [{ value: 75_000_000n, address: 'a' }],
    });
    const confirmed = { ...decoded(), blockhash: 'hh' };
    expect(await loadTransaction(nodes({ ...row, confirmations: 9 }, confirmed), 'tt')).toMatchObject({
      ...{ state: 'confirmed', confirmations: 3, blockhash: 'hh', payer: { node: 'shop', wallet: 'w' } },
    });
  });

  it('is shown by its wallet if it was replaced, or conflicts with a block', async () => {
    const replaced = await loadTransaction(nodes({ ...row, decoded: decoded() }, undefined), 'tt');
    expect(replaced).toMatchObject({ state: 'replaced', hex: '01', conflicts: ['cc', 'dd'] });
    const conflicted = { ...row, mempoolconflicts: [], confirmations: -2, decoded: decoded() };
    expect(await loadTransaction(nodes(conflicted, undefined), 'tt')).toMatchObject({
      ...{ state: 'conflicted', confirmations: -2 },
    });
    const abandoned = {
      ...row,
      mempoolconflicts: [],
      details: [{ category: 'send', abandoned: true }],
      decoded: decoded(),
    };
    expect(await loadTransaction(nodes(abandoned, undefined), 'tt')).toMatchObject({ state: 'abandoned' });
    // A mempool has it after all.
    expect(await loadTransaction(nodes({ ...row, decoded: decoded() }, decoded()), 'tt')).toMatchObject({
      state: 'unconfirmed',
    });
    await expect(loadTransaction(nodes(undefined, undefined), 'tt')).rejects.toThrow();
  });
});
