import { expect, it } from 'vitest';
import { Confirmations } from '../../src/web/model/mempool/confirmations.ts';
import { pageTitle } from '../../src/web/model/page-title.ts';
import type { Route } from '../../src/web/model/route.ts';
import { en } from '../../src/web/text/en.ts';
import { zh } from '../../src/web/text/zh.ts';

const hash = `${'0'.repeat(60)}12ab`;
const facts = {
  network: 'class',
  heightOf: (id: string) => (id === hash ? 7 : undefined),
  lessonTitle: (id: string) => (id === 'fork' ? 'A fork' : undefined),
};

it.each<[Route, string, string]>([
  [{ view: 'none' }, 'class', 'class'],
  [{ view: 'unknown', address: 'x' }, 'class · Nothing at this address', 'class · 此地址没有内容'],
  [{ view: 'block', id: hash }, 'class · Block 7', 'class · 区块 7'],
  [{ view: 'block', id: 'ab'.repeat(32) }, 'class · Block abababab…abab', 'class · 区块 abababab…abab'],
  [{ view: 'transaction', id: hash }, 'class · Transaction 00000000…12ab', 'class · 交易 00000000…12ab'],
  [{ view: 'node', id: 'shop' }, 'class · shop', 'class · shop'],
  [{ view: 'link', id: 'a', to: 'b' }, 'class · a → b', 'class · a → b'],
  [{ view: 'mining' }, 'class · Mining', 'class · 挖矿'],
  [{ view: 'message', node: 'a', id: 3 }, 'class · Message 3 · a', 'class · 消息 3 · a'],
  [{ view: 'wallet', id: 'a', name: 'w', part: 'send' }, 'class · Wallet w · Send', 'class · 钱包 w · 付款'],
  [{ view: 'lesson', id: 'fork', step: 2 }, 'class · A fork', 'class · A fork'],
  [{ view: 'lesson', id: 'nosuch' }, 'class · Lessons', 'class · 课程'],
  [{ view: 'script', input: 0 }, 'class · Scripts of an input', `class · ${zh.script.title}`],
])('the title of %j names the network and the view', (route, english, chinese) => {
  expect([pageTitle(route, en, facts), pageTitle(route, zh, facts)]).toEqual([english, chinese]);
});

it('the title is that of the page while the network has no name', () => {
  expect(pageTitle({ view: 'mining' }, en, { ...facts, network: undefined })).toBe('Pier · Mining');
});

it('confirmed transactions are found in the last blocks, each loaded once', async () => {
  const blocks: Record<string, unknown> = {
    c: { height: 3, previousblockhash: 'b', tx: ['t3'] },
    b: { height: 2, previousblockhash: 'a', tx: ['t2'] },
    a: { height: 1, tx: ['t1'] },
    x: { height: 3, previousblockhash: 'b', tx: ['t4'] },
  };
  let tip = 'c';
  const asked: unknown[] = [];
  const confirmations = new Confirmations({
    callAny: async <T>(method: string, [id]: readonly unknown[]) => {
      if (method === 'getbestblockhash') return tip as T;
      asked.push(id);
      return blocks[id as string] as T;
    },
  });
  expect(await confirmations.heightsOf(['t3', 't2'])).toEqual(
    new Map([
      ['t3', 3],
      ['t2', 2],
    ]),
  );
  expect([asked, confirmations.hashAt(3), confirmations.hashAt(1)]).toEqual([['c', 'b'], 'c', '']);
  // A reorganisation: what the lost block held is not confirmed any more.
  tip = 'x';
  expect(await confirmations.heightsOf(['t3', 't4', 'nosuch'])).toEqual(new Map([['t4', 3]]));
  expect([asked.slice(2), confirmations.hashAt(3)]).toEqual([['x', 'a'], 'x']);
});
