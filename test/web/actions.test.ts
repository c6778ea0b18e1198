import { describe, expect, it } from 'vitest';
import type { ControlClient } from '../../src/control/client/control-client.ts';
import { findProblem, problemText } from '../../src/web/model/action-checks.ts';
import { type Action, actionGroups, linkActions, networkActions, nodeActions } from '../../src/web/model/actions.ts';
import { whyNot } from '../../src/web/model/availability.ts';
import { messageOf } from '../../src/web/model/failure.ts';
import { fillParts, linkLink, transactionLink } from '../../src/web/model/outcome.ts';
import type { Timeline } from '../../src/web/model/timeline.ts';
import { en } from '../../src/web/text/en.ts';
import { zh } from '../../src/web/text/zh.ts';

type Known = Pick<Timeline, 'nodes' | 'links'>;

/** A network of nodes in these states, and of links that are cut or not. */
function network(states: Record<string, string>, cuts: Record<string, boolean> = {}): Known {
  const nodes = Object.entries(states).map(([name, state]) => {
    const [status, role = 'full'] = state.split(' ');
    return [name, { name, role, moments: [{ status }] }] as const;
  });
  const links = Object.entries(cuts).map(([key, isCut]) => [key, { moments: [{ isCut }] }] as const);
  return { nodes: new Map(nodes), links: new Map(links) } as unknown as Known;
}

const known = network({ shop: 'running', pool: 'stopped', phone: 'running light' }, { 'pool shop': false });
const find = (name: string) => networkActions.find((action) => action.name === name)!;
const say = (action: Action, change: Record<string, string> = {}, texts = en) => {
  const initial = Object.fromEntries(action.fields.map(({ name, initial: value }) => [name, value]));
  const problem = findProblem(action, { ...initial, ...change }, known);
  return problem && problemText(problem, texts);
};

describe('the values of an action', () => {
  it('are complete from the start, but for groups of nodes', () => {
    for (const action of [...networkActions, ...nodeActions('shop'), ...linkActions('pool', 'shop')]) {
      expect(say(action)).toBe(action.name === 'partition' ? 'A value is missing: groups of nodes.' : undefined);
    }
    expect(new Set(actionGroups.flatMap(({ actions }) => actions))).toEqual(new Set(networkActions));
  });

  it('are refused with what is wanted, in both languages', () => {
    const number = 'blocks: “abc” is not a whole number from 1 to 10000.';
    expect(say(find('mine'), { blocks: 'abc' })).toBe(number);
    expect(say(find('mine'), { blocks: 'abc' }, zh)).toBe('区块数：“abc”不是 1 到 10000 之间的整数。');
    for (const blocks of ['0', '10001', '1.5', '1e3', '0x10']) expect(say(find('mine'), { blocks })).toContain(blocks);
    expect(say(find('mine'), { blocks: ' 10000 ' })).toBeUndefined();
    expect(say(find('mine'), { blocks: ' ' })).toBe('A value is missing: blocks.');
    expect(say(find('mine'), { by: 'phone' })).toContain('phone is a light node');
    expect(say(find('reorg'), { by: 'pool' })).toContain('pool does not run');
    expect(say(find('mine'), { by: 'nosuch' })).toContain('The nodes are: shop, pool, phone.');
    expect(say(find('mine'), { by: 'shop' })).toBeUndefined();
    expect(say(find('pay'), { from: 'x' })).toContain('is not the number of an account');
    for (const amount of ['0', '-1', '1.123456789', 'x']) expect(say(find('pay'), { amount })).toContain(`“${amount}”`);
    expect(say(find('faucet'), { to: '' })).toBe('A value is missing: to account or address.');
    expect(say(find('add'), { role: 'boss' })).toContain('The roles are: ');
    expect(say(find('add'), { link: 'nosuch' })).toContain('there is no node “nosuch”');
    expect(say(find('partition'), { groups: 'shop,nosuch pool' })).toContain('“nosuch”');
    expect(say(find('partition'), { groups: 'shop,phone pool' })).toBeUndefined();
    expect(say(find('time'), { seconds: '-60' })).toBeUndefined();
    expect(say(linkActions('pool', 'shop')[2]!, { latency: '-1' })).toContain('from 0 to');
  });
});

describe('whyNot', () => {
  const states = network({ a: 'running', b: 'paused', c: 'stopped' }, { 'a b': true, 'a c': false });
  const why = (name: Action['name'], ...on: string[]) => whyNot({ name }, on, states)?.text;

  it('says why a node cannot do what is asked', () => {
    expect(['a', 'b', 'c'].map((node) => why('start', node))).toEqual(['runs', 'paused', undefined]);
    expect(['a', 'b', 'c'].map((node) => why('stop', node))).toEqual([undefined, undefined, 'stopped']);
    expect(['a', 'b', 'c'].map((node) => why('kill', node))).toEqual([undefined, undefined, 'stopped']);
    expect(['a', 'b', 'c'].map((node) => why('pause', node))).toEqual([undefined, 'paused', 'stopped']);
    expect(['a', 'b', 'c'].map((node) => why('resume', node))).toEqual(['notPaused', undefined, 'stopped']);
  });

  it('says why a link or the network cannot', () => {
    expect([why('cut', 'a', 'b'), why('cut', 'a', 'c')]).toEqual(['cut', undefined]);
    expect([why('mend', 'a', 'b'), why('mend', 'a', 'c')]).toEqual([undefined, 'notCut']);
    expect([why('heal'), why('mine'), why('reorg'), why('pay')]).toEqual([undefined, undefined, undefined, undefined]);
    const idle = network({ phone: 'running light', pool: 'stopped' }, { 'phone pool': false });
    expect(['heal', 'mine', 'reorg'].map((name) => whyNot({ name } as Action, [], idle)?.text)).toEqual([
      ...['nothingCut', 'noMiner', 'noMiner'],
    ]);
  });
});

describe('what came of an action', () => {
  it('is data that leads to views', async () => {
    const answers: Record<string, unknown> = {
      mine: { hashes: ['aa', 'bb'] },
      pay: { txid: 'cc' },
      partition: { cut: [{ from: 'pool', to: 'shop' }] },
      load: { sent: 3, refusals: [{ reason: 'x', count: 2 }] },
      time: { time: 60 },
      mining: { mode: 'manual' },
    };
    const client = { call: async (method: string) => answers[method] } as unknown as ControlClient;
    const run = (name: string, values: Record<string, string>) => find(name).run(client, values);
    expect(await run('mine', { blocks: '2' })).toEqual({
      ...{ text: 'mined', parts: [2, [{ route: { view: 'block', id: 'bb' }, label: 'bb' }]] },
    });
    expect(await run('pay', { from: '0', to: '1', amount: '1' })).toEqual({
      ...{ text: 'paid', parts: [transactionLink('cc')] },
    });
    expect(await run('partition', { groups: 'shop pool' })).toEqual({
      ...{ text: 'divided', parts: [[linkLink('pool', 'shop', '✕')]] },
    });
    answers.partition = { cut: [] };
    expect(await run('partition', { groups: 'shop pool' })).toEqual({ text: 'undivided', parts: [] });
    expect(await run('load', { count: '5' })).toEqual({ text: 'sent', parts: [3, 2] });
    expect(await run('time', { seconds: '1' })).toEqual({ text: 'time', parts: ['1970-01-01T00:01:00.000Z'] });
    expect(await run('mining', { mode: '0' })).toEqual({ text: 'byHand', parts: [] });
    expect(await run('mining', { mode: '4' })).toEqual({ text: 'atCount', parts: [4] });
  });

  it('stands in the gaps of a text', () => {
    const link = transactionLink('cc');
    expect(fillParts('a {1}, {0}', [link, 2])).toEqual(['a ', 2, ', ', link]);
  });

  it('is one sentence after the other where it failed', () => {
    expect(messageOf({ message: 'no node', hint: 'Start one.' })).toBe('no node. Start one.');
    expect(messageOf({ message: 'No node!', hint: 'Start one.' })).toBe('No node! Start one.');
    expect(messageOf({ message: 'no node' })).toBe('no node');
    expect(messageOf('odd')).toBe('odd');
  });
});
