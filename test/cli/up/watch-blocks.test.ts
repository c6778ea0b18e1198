import { afterEach, expect, it, vi } from 'vitest';
import type { RpcClient } from '../../../src/api/client/rpc-client.ts';
import { watchBlocks } from '../../../src/cli/up/watch-blocks.ts';

interface Header {
  readonly height: number;
  readonly hash: string;
  readonly time: number;
  readonly difficulty: number;
  readonly nTx: number;
}

afterEach(() => vi.restoreAllMocks());

/** Returns the blocks of a branch from `height` on, ten seconds apart. */
function branch(name: string, height: number, count: number, fields: Partial<Header> = {}): Header[] {
  return Array.from({ length: count }, (_, i) => {
    const at = height + i;
    return { height: at, hash: `${name}${at}`, time: 10 * at, difficulty: 1, nTx: 1, ...fields };
  });
}

/** Watches a node whose active chain becomes each of `chains` in turn, and which then stops; returns the lines. */
async function watch(...chains: readonly (readonly Header[])[]): Promise<string[]> {
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  let now = 0;
  const call = async (method: string, [first, second]: readonly unknown[] = []): Promise<unknown> => {
    const chain = chains[now]!;
    const tip = chain.at(-1)!;
    if (method === 'getbestblockhash') return tip.hash;
    if (method === 'getblockhash') return chain.find(({ height }) => height === first)!.hash;
    if (method === 'getblockheader') return chain.find(({ hash }) => hash === first)!;
    expect([method, first, second]).toEqual(['waitfornewblock', 0, tip.hash]);
    if (++now === chains.length) throw new Error('the node has stopped');
    return { height: chains[now]!.at(-1)!.height };
  };
  await watchBlocks({ call } as unknown as RpcClient);
  return lines.map((line) => line.trimEnd());
}

const hashes = (lines: readonly string[]) => lines.map((line) => line.split('  ')[1]);

it('prints each new block once, also if several arrive together', async () => {
  const chain = branch('a', 0, 6);
  const lines = await watch(chain.slice(0, 2), chain.slice(0, 3), chain);
  expect(hashes(lines)).toEqual(['a2', 'a3', 'a4', 'a5']);
  expect(lines[0]).toBe('block 2  a2  after 10 s, difficulty 1.00');
});

it('prints the new tip after a reorganisation to the same height or below', async () => {
  const chain = branch('a', 0, 4);
  const same = [...chain.slice(0, 3), ...branch('b', 3, 1)];
  const below = [...chain.slice(0, 2), ...branch('c', 2, 1)];
  expect(hashes(await watch(chain, same, below))).toEqual(['b3', 'c2']);
});

it('says how many payments a block has, and how the difficulty changes', async () => {
  const [genesis] = branch('a', 0, 1, { difficulty: 4 }) as [Header];
  const [one] = branch('a', 1, 1, { difficulty: 4, nTx: 2 }) as [Header];
  const [harder] = branch('a', 2, 1, { difficulty: 6, nTx: 3 }) as [Header];
  const [easier] = branch('a', 3, 1, { difficulty: 1.5 }) as [Header];
  expect(await watch([genesis], [genesis, one, harder, easier])).toEqual([
    'block 1  a1  after 10 s, 1 payment, difficulty 4.00',
    'block 2  a2  after 10 s, 2 payments, difficulty 6.00 (1.50 times harder than before)',
    'block 3  a3  after 10 s, difficulty 1.50 (4.00 times easier than before)',
  ]);
});
