import { regtest } from '../../../src/consensus/params.ts';
import { checkProofOfWork } from '../../../src/consensus/pow.ts';
import { BlockHeader } from '../../../src/primitives/header.ts';

/** The fields of a parent that its child's header depends on. */
export interface HeaderParent {
  readonly hash: Uint8Array;
  readonly time: number;
  readonly bits: number;
}

/**
 * Returns `count` consecutive headers on `parent`, a second apart. With `mined` they have regtest's proof of work;
 * `tag` makes the chain unique.
 */
export function headerChain(
  parent: HeaderParent,
  count: number,
  options: { tag?: number; mined?: boolean } = {},
): BlockHeader[] {
  const { tag = 0, mined = false } = options;
  const merkleRoot = new Uint8Array(32).fill(tag);
  const headers: BlockHeader[] = [];
  let { hash: prevHash, time } = parent;
  for (let i = 0; i < count; i++) {
    time++;
    const fields = { version: 0x2000_0000, prevHash, merkleRoot, time, bits: parent.bits };
    let header = new BlockHeader({ ...fields, nonce: 0 });
    for (let nonce = 1; mined && !checkProofOfWork(header.hash, header.bits, regtest); nonce++) {
      header = new BlockHeader({ ...fields, nonce });
    }
    headers.push(header);
    prevHash = header.hash;
  }
  return headers;
}
