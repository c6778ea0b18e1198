import { describe, expect, it } from 'vitest';
import { type CastNetwork, chooseCast, type PartKind, withNames } from '../../src/web/model/lesson/casting.ts';

/** A network of nodes as `name:role:status`, links as `a-b`, and the nodes of its accounts. */
function network(nodes: string, links = '', accounts: readonly string[] = []): CastNetwork {
  return {
    nodes: nodes.split(' ').map((node) => {
      const [name, role = 'full', status = 'running'] = node.split(':') as [string, string?, string?];
      return { name, role, status };
    }),
    links: links
      .split(' ')
      .filter(Boolean)
      .map((link) => {
        const [from, to] = link.split('-') as [string, string];
        return { from, to };
      }),
    accounts: accounts.map((node) => ({ node })),
  };
}

const all = { central: 'central', wallet: 'wallet', miner: 'miner', light: 'light' } as const;
const castOf = (parts: Readonly<Record<string, PartKind>>, on: CastNetwork) => {
  const casting = chooseCast(parts, on);
  return 'cast' in casting ? Object.fromEntries(casting.cast) : casting.missing;
};

describe('chooseCast', () => {
  it('prefers the role of the name, wherever the accounts and links are', () => {
    const roles = network('other w:wallet m:miner l:light c:central', 'other-w other-m other-l other-c w-c', [
      'other',
      'other',
    ]);
    expect(castOf(all, roles)).toEqual({ central: 'c', wallet: 'w', miner: 'm', light: 'l' });
  });

  it('takes any full node: one with an account as the wallet, and the one with most links as the central node', () => {
    const star = network('a b c d l:light', 'a-c b-c d-c l-c', ['b', 'b']);
    expect(castOf(all, star)).toEqual({ central: 'c', wallet: 'b', miner: 'a', light: 'l' });
    // The miner stands beside the central node.
    expect(castOf({ central: 'central', miner: 'miner' }, network('x a b c', 'a-b b-c'))).toEqual({
      ...{ central: 'b', miner: 'a' },
    });
    // A node with another role only if there is no other.
    expect(castOf({ wallet: 'wallet' }, network('c:central a', '', ['c']))).toEqual({ wallet: 'a' });
    expect(castOf({ wallet: 'wallet', miner: 'miner' }, network('m:miner c:central'))).toEqual({
      ...{ wallet: 'c', miner: 'm' },
    });
    expect(castOf({ one: 'miner', two: 'miner' }, network('m:miner n:miner'))).toEqual({ one: 'm', two: 'n' });
  });

  it('never takes a light node for a full one, nor the other way round', () => {
    expect(castOf({ miner: 'miner' }, network('l:light'))).toHaveLength(1);
    expect(castOf({ light: 'light' }, network('a b'))).toHaveLength(1);
  });

  it('takes as payer only a node with an account, in a network with another one', () => {
    expect(castOf({ payer: 'payer' }, network('w:wallet a b', '', ['b', 'a']))).toEqual({ payer: 'a' });
    for (const accounts of [[], ['a']]) {
      expect(castOf({ payer: 'payer' }, network('a b', '', accounts))).toEqual([
        {
          says: expect.objectContaining({ en: expect.stringContaining('two accounts') }),
          command: 'pier up --accounts 2',
        },
      ]);
    }
  });

  it('says which node could be started, or be added under a name that is free', () => {
    expect(castOf(all, network('a b'))).toEqual([
      {
        says: {
          en: 'It needs a light node, and no other node can be one.',
          zh: '本课需要轻节点，没有其他节点可以担任。',
        },
        command: 'pier add light --role light',
        help: { method: 'node.add', role: 'light', name: 'light' },
      },
      expect.objectContaining({
        command: 'pier add miner --role miner',
        help: { method: 'node.add', role: 'miner', name: 'miner' },
      }),
    ]);
    expect(castOf({ light: 'light' }, network('light'))).toMatchObject([
      { command: 'pier add --role light', help: { method: 'node.add', role: 'light' } },
    ]);
    expect(castOf({ one: 'miner', two: 'miner' }, network('l:light'))).toMatchObject([
      { command: 'pier add miner --role miner' },
      { command: 'pier add --role miner' },
    ]);
    expect(castOf({ central: 'central' }, network('l:light'))).toMatchObject([{ command: 'pier add full' }]);
    const asleep = network('a b:full:stopped c:full:paused l:light:stopped');
    expect(castOf({ wallet: 'wallet', central: 'central', miner: 'miner', light: 'light' }, asleep)).toMatchObject([
      { command: 'pier start l', help: { method: 'start', node: 'l' } },
      { command: 'pier start b', help: { method: 'start', node: 'b' } },
      { command: 'pier resume c', says: { en: 'It needs a miner, and c is paused.' } },
    ]);
  });
});

describe('withNames', () => {
  const text = { en: 'The miner {miner} and {other} mine.', zh: '矿工节点{miner}挖矿。' };

  it('says which node has the part, unless the name says no more', () => {
    expect(withNames(text, new Map([['miner', 'node2']]))).toEqual({
      en: 'The miner (node2) and mine.',
      zh: '矿工节点（node2）挖矿。',
    });
    expect(withNames(text, new Map([['miner', 'miner']]))).toEqual({
      en: 'The miner and mine.',
      zh: '矿工节点（miner）挖矿。',
    });
    expect(withNames(text, undefined)).toEqual({ en: 'The miner and mine.', zh: '矿工节点挖矿。' });
  });
});
