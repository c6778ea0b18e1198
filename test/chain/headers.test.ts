import { describe, expect, it } from 'vitest';
import { regtest } from '../../src/consensus/params.ts';
import { checkProofOfWork } from '../../src/consensus/pow.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { mineBlock } from './support/builder.ts';
import { accept, extend, openChain } from './support/chain.ts';

/** Returns headers of successive blocks. */
function headersOn(prev: Parameters<typeof mineBlock>[0], count: number): BlockHeader[] {
  const headers: BlockHeader[] = [];
  let at = prev;
  for (let i = 0; i < count; i++) {
    const { header, hash } = mineBlock(at);
    headers.push(header);
    at = { hash, height: at.height + 1, time: header.time, bits: header.bits };
  }
  return headers;
}

describe('headers', () => {
  it('need proof of work', async () => {
    const chain = await openChain();
    const [good] = headersOn(chain.tip, 1);
    let nonce = 0;
    let bad = good!;
    while (checkProofOfWork(bad.hash, bad.bits, regtest)) bad = new BlockHeader({ ...good!, nonce: nonce++ });
    const reject = { kind: 'invalid-header', reason: 'high-hash', debug: 'proof of work failed' };
    expect(chain.acceptHeaders([bad])).toEqual({ added: 0, reject });
    expect(chain.getIndex(bad.hash)).toBeUndefined();
  });

  it('are added up to the first one that is rejected; known ones do not count', async () => {
    const chain = await openChain();
    const [first, second, third] = headersOn(chain.tip, 3) as [BlockHeader, BlockHeader, BlockHeader];
    const orphan = mineBlock({ ...first, hash: new Uint8Array(32).fill(1), height: 9 }).header;
    const missing = { kind: 'missing-prev', reason: 'prev-blk-not-found' };
    expect(chain.acceptHeaders([first, second, orphan, third])).toEqual({
      added: 2,
      last: chain.getIndex(second.hash),
      reject: missing,
    });
    expect(chain.getIndex(third.hash)).toBeUndefined();
    expect(chain.acceptHeaders([second, third])).toEqual({ added: 1, last: chain.getIndex(third.hash) });
    expect(chain.acceptHeaders([second])).toEqual({ added: 0, last: chain.getIndex(second.hash) });
    expect(chain.acceptHeaders([orphan])).toEqual({ added: 0, reject: missing });
    expect(chain.acceptHeaders([])).toEqual({ added: 0 });
  });
});

describe('the result of a block', () => {
  it('has its place in the tree if its header is known, also if it is rejected', async () => {
    const chain = await openChain();
    await extend(chain, 1);
    const invalid = mineBlock(chain.tip, { fees: 1n });
    const index = () => chain.getIndex(invalid.hash)!;
    const first = await chain.acceptBlock(invalid);
    expect(first).toEqual({
      index: index(),
      isNew: true,
      reject: expect.objectContaining({ reason: 'bad-cb-amount' }),
    });
    expect(await chain.acceptBlock(invalid)).toEqual({
      index: index(),
      isNew: false,
      reject: {
        kind: 'cached-invalid',
        reason: 'duplicate-invalid',
        debug: `block ${invalid.hashHex} was previously marked invalid`,
      },
    });
    const orphan = mineBlock({ ...invalid.header, hash: new Uint8Array(32).fill(1), height: 9 });
    expect(await chain.acceptBlock(orphan)).toStrictEqual({
      isNew: false,
      reject: { kind: 'missing-prev', reason: 'prev-blk-not-found' },
    });
  });
});

describe('a block that is invalid in its context', () => {
  it('is marked invalid, so that its header is refused from then on', async () => {
    const chain = await openChain();
    await extend(chain, 1);
    const { header, hash } = chain.atHeight(1)!;
    const wrong = mineBlock({ ...header, hash, height: 5 });
    expect((await chain.acceptBlock(wrong)).reject?.reason).toBe('bad-cb-height');
    expect(chain.getIndex(wrong.hash)?.failed).toBe(true);
    expect(chain.acceptHeaders([wrong.header]).reject).toMatchObject({ reason: 'duplicate-invalid' });
    await accept(chain, mineBlock(chain.tip));
  });
});
