import type { BlockIndex } from '../../../src/chain/tree/block-index.ts';

/** Returns a chain of blocks on `parent`, each with a work of 1. Hash and header hold the name and the height. */
export function fakeBlocks(name: number, count: number, parent?: BlockIndex): BlockIndex[] {
  const made: BlockIndex[] = [];
  for (let i = 0; i < count; i++) {
    const prev = made.at(-1) ?? parent;
    const height = prev ? prev.height + 1 : 0;
    const index = {
      ...{ height, prev, chainwork: BigInt(height), hash: Uint8Array.of(name, height), header: [name, height] },
      ancestor(at: number): BlockIndex | undefined {
        return at > height ? undefined : at === height ? (index as unknown as BlockIndex) : prev?.ancestor(at);
      },
    };
    made.push(index as unknown as BlockIndex);
  }
  return made;
}
