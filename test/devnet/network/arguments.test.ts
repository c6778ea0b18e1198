import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account, type DoubleSpendOptions, type PayOptions } from '../../../src/devnet/network/account.ts';
import { check } from '../../../src/devnet/network/arguments/method-arguments.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { WaitOptions } from '../../../src/devnet/network/deadline.ts';
import type { EventOptions } from '../../../src/devnet/network/events/network-events.ts';
import type { AddNodeOptions } from '../../../src/devnet/network/members/plan-added-node.ts';
import { type FeeOptions, NetworkFees } from '../../../src/devnet/network/network-fees.ts';
import { NetworkLink } from '../../../src/devnet/network/network-link.ts';
import { NetworkNode } from '../../../src/devnet/network/network-node.ts';
import { NetworkTime } from '../../../src/devnet/network/network-time.ts';
import { type MineOptions, NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { Payment } from '../../../src/devnet/network/payment.ts';
import type { ReorgOptions } from '../../../src/devnet/network/reorg.ts';
import type { ReplaceOptions } from '../../../src/devnet/network/replacement.ts';
import type { TrafficOptions } from '../../../src/devnet/network/traffic.ts';
import type { ConditionsOptions } from '../../../src/devnet/topology/network-options.ts';
import { PierError } from '../../../src/platform/errors.ts';

// Bad arguments of every public method of a network: each is refused with the path of the argument, and changes nothing.

let network: NodeNetwork;
let other: NodeNetwork;
let pending: Payment;
let confirmed: Payment;
let off: NetworkNode;
beforeAll(async () => {
  const nodes = [{ name: 'shop' }, { name: 'pool', role: 'miner' }, { name: 'phone', role: 'light' }] as const;
  const links = ['shop', 'phone', 'off'].map((name) => ({ between: [name, 'pool'] as const }));
  network = await createNetwork({ nodes: [...nodes, { name: 'off' }], links, accounts: 2 });
  other = await createNetwork({ nodes: [{ name: 'far' }], accounts: 1 });
  const [alice, bob] = network.accounts;
  confirmed = await alice!.pay(bob!, '1');
  await confirmed.seenBy('all');
  await network.mine();
  pending = await alice!.pay(bob!, '1', { feeRate: 5 });
  await pending.seenBy('all');
  off = network.node('off');
  await off.stop();
  network.time.freeze();
});
afterAll(async () => {
  await network?.close();
  await other?.close();
});

/** Everything that a call could change. */
async function state() {
  const views = await Promise.all(network.nodes.map(async (node) => [node.name, node.status, await node.view()]));
  const links = network.links.map(({ from, to, isCut, conditions }) => ({ from, to, isCut, conditions }));
  const balances = await Promise.all(network.accounts.map((account) => account.balance()));
  return { views, links, balances, time: network.time.now(), mining: network.mining, rate: network.fees.rate };
}

/** Bad values of each member: a member without any does not compile. */
type Bad<T> = { readonly [K in keyof T]-?: readonly unknown[] };

const NAN = Number.NaN;
const notWhole = [-1, 1.5, NAN, Number.POSITIVE_INFINITY, '1', null, 1n, {}];
const notText = [undefined, null, 1, {}, ''];
const notNode = [undefined, null, 1, {}, 'nowhere', '', () => other.nodes[0]];
const notAddress = [undefined, null, 1, {}, '', 'bcrt1nothing', '1BoatSLRHtKNngkdXEeobR76b53LETtpyT'];
const notAmount = [undefined, null, 1.5, 0.1, 1, NAN, '1,5', '-1', '1e3', '', 'x', '0', '0.0', 0n, -1n, '21000001'];
const notType = ['bech33', '', null, 1, 'toString'];
const notPayment = [undefined, null, 'ab'.repeat(32), {}, { txid: 'x' }];
const notFeeRate = [0, -1, NAN, 100_001, '5', null, 5n];
const notTime = [-1, NAN, 2 ** 32, '2030', null, 1n, new Date(NAN), new Date(-1), new Date(2 ** 32 * 1000)];
const notSignal = ['now', null, {}];

const timeout = [-1, NAN, '5', null, Number.POSITIVE_INFINITY, 2 ** 31];
const wait: Bad<WaitOptions> = { timeout };
const mine: Bad<MineOptions> = {
  by: [null, 1, {}, 'nowhere', 'phone', () => other.nodes[0]],
  to: notAddress.slice(1),
  transactions: ['x', {}, [1], ['zz'], [null], [{}], [undefined]],
  time: notTime,
  timeout,
};
const reorg: Bad<ReorgOptions & WaitOptions> = {
  depth: [...notWhole, 0, 10_001],
  blocks: [...notWhole, 0, 1e9],
  by: [null, 1, {}, 'nowhere', 'phone', () => other.nodes[0]],
  drop: ['ab'.repeat(32), [1], [{}], ['zz'], ['AB'.repeat(32)], null],
  replace: ['00', [1], [{}], ['zz'], null],
  timeout,
};
const traffic: Bad<TrafficOptions> = {
  count: [...notWhole, 1_000_001],
  seconds: [0, -1, NAN, '1', 86_401],
  rate: [0, -1, NAN, '1', 10_001],
  feeRates: [5, [5], [5, 2], [0, 2], [1, 1001], [NAN, 2], [1, 2, 3], null],
  types: [[], 'bech32', ['bech32', 'p2pk'], null],
  conflicts: [-0.1, 1.1, NAN, '1'],
  chains: [-0.1, 1.1, NAN, '1'],
  seed: [...notWhole, 2 ** 32],
  signal: notSignal,
};
const addNode: Bad<AddNodeOptions> = {
  role: ['boss', '', null, 1],
  name: [...notText.slice(1), 'a b', '../x', '1a', 'a'.repeat(33)],
  links: [
    ...[[], 'shop', null, [1], [null], [{}], ['nowhere'], ['phone'], ['shop', 'shop'], ['shop', { to: 'shop' }]],
    ...[[{ to: 'nowhere' }], [{ to: 1 }], [{ to: 'shop', latency: -1 }], [{ to: 'shop', speed: 1 }]],
    () => [other.nodes[0]],
  ],
  timeout,
};
const events: Bad<EventOptions> = { signal: notSignal, limit: [...notWhole, 0, 1_000_001] };
const pay: Bad<PayOptions> = { feeRate: notFeeRate, subtractFee: [0, 'true', null] };
const replace: Bad<ReplaceOptions> = { feeRate: notFeeRate, submit: [0, 'false', null] };
const doubleSpend: Bad<DoubleSpendOptions> = { ...replace, to: notAddress.slice(1) };
const fees: Bad<FeeOptions> = { blocks: [...notWhole, 0, 11], timeout };
const conditions: Bad<ConditionsOptions> = {
  latency: [-1, NAN, '5', null, 3_600_001],
  jitter: [-1, NAN, '5', null, 3_600_001],
  loss: [-0.1, 1, NAN, '0.5', null],
  bandwidth: [-1, NAN, '5', null, Number.POSITIVE_INFINITY],
};

/** Options by the bad values of each. */
class Options {
  readonly bad: Readonly<Record<string, readonly unknown[]>>;
  constructor(bad: Readonly<Record<string, readonly unknown[]>>) {
    this.bad = bad;
  }
}

/** A call with good arguments, and for each argument its name and bad values, or bad options. */
interface Row {
  call(...values: never[]): unknown;
  readonly good: () => readonly unknown[];
  readonly bad: Readonly<Record<string, readonly unknown[] | Options>>;
}

const alice = () => network.accounts[0]!;
const bob = () => network.accounts[1]!;

const rows: Readonly<Record<keyof typeof check, Row>> = {
  node: { call: (name: string) => network.node(name), good: () => ['shop'], bad: { name: [...notText, 'nowhere'] } },
  link: {
    call: (a: string, b: string) => network.link(a, b),
    good: () => ['shop', 'pool'],
    bad: { a: notNode, b: notNode },
  },
  mining: {
    call: (mode: NodeNetwork['mining']) => {
      network.mining = mode;
    },
    good: () => ['manual'],
    bad: {
      mode: [
        ...['auto', null, undefined, 1, {}, [], { transactions: 0 }, { transactions: 1.5 }, { transactions: '1' }],
        ...[{ interval: 0 }, { interval: NAN }, { interval: -1 }, { interval: 86_401 }, { interval: 1, poisson: 1 }],
        ...[{ transactions: 1, interval: 1 }, { transactions: 1, poisson: true }, { poisson: true }, { seconds: 1 }],
      ],
    },
  },
  mine: {
    call: (count: number, options: MineOptions) => network.mine(count, options),
    good: () => [0, {}],
    bad: { count: [...notWhole, 10_001, 1e9], options: new Options(mine) },
  },
  addNode: {
    call: (options: AddNodeOptions) => network.addNode(options),
    good: () => [{ name: 'added' }],
    bad: { options: new Options(addNode) },
  },
  faucet: {
    call: (to: string, amount: string) => network.faucet(to, amount),
    good: () => [alice(), '1'],
    bad: { to: notAddress, amount: notAmount },
  },
  reorg: {
    call: (options: ReorgOptions) => network.reorg(options),
    good: () => [{}],
    bad: { options: new Options(reorg) },
  },
  partition: {
    call: (groups: string[][]) => network.partition(groups),
    good: () => [[]],
    bad: { groups: [undefined, null, 'shop', ['shop', 'pool'], [['shop'], ['shop']], [['nowhere']], [[1]]] },
  },
  heal: {
    call: (options: WaitOptions) => network.heal(options),
    good: () => [{}],
    bad: { options: new Options(wait) },
  },
  synced: {
    call: (options: WaitOptions) => network.synced(options),
    good: () => [{}],
    bad: { options: new Options(wait) },
  },
  traffic: {
    call: (options: TrafficOptions) => network.traffic(options),
    good: () => [{ count: 0 }],
    bad: { options: new Options(traffic) },
  },
  events: {
    call: (options: EventOptions) => network.events(options),
    good: () => [{}],
    bad: { options: new Options(events) },
  },
  follow: {
    call: (types: 'block'[], listener: () => void) => network.follow(types, listener),
    good: () => [['block'], () => {}],
    bad: { types: [undefined, null, 'block', ['blocks'], [1]], listener: [undefined, null, 'x', {}] },
  },
  save: { call: (path: string) => network.save(path), good: () => ['/tmp'], bad: { path: notText } },
  load: { call: (path: string) => network.load(path), good: () => ['/tmp'], bad: { path: notText } },
  revert: { call: (id: string) => network.revert(id), good: () => ['1'], bad: { id: [...notText, '99'] } },
  deleteSnapshot: {
    call: (id: string) => network.deleteSnapshot(id),
    good: () => ['1'],
    bad: { id: [...notText, '99'] },
  },
  call: {
    call: (method: string, params: unknown[], wallet: string) => network.node('shop').call(method, params, wallet),
    good: () => ['getblockcount', []],
    bad: { method: notText, params: ['x', 1, null], wallet: [null, 1, {}, ''] },
  },
  logs: {
    call: (count: number) => network.node('shop').logs(count),
    good: () => [1_000],
    bad: { count: [0, ...notWhole, 1_001] },
  },
  reached: {
    call: (height: number, options: WaitOptions) => network.node('shop').reached(height, options),
    good: () => [0, {}],
    bad: { height: [undefined, ...notWhole, 2 ** 31], options: new Options(wait) },
  },
  wif: { call: (type: 'bech32') => alice().wif(type), good: () => ['bech32'], bad: { type: notType } },
  extendedKeys: {
    call: (type: 'bech32') => alice().extendedKeys(type),
    good: () => ['bech32'],
    bad: { type: notType },
  },
  descriptors: { call: (type: 'bech32') => alice().descriptors(type), good: () => ['bech32'], bad: { type: notType } },
  newAddress: { call: (type: 'bech32') => alice().newAddress(type), good: () => ['bech32'], bad: { type: notType } },
  pay: {
    call: (to: string, amount: string, options: PayOptions) => alice().pay(to, amount, options),
    good: () => [bob(), '1', {}],
    bad: { to: notAddress, amount: notAmount, options: new Options(pay) },
  },
  payment: {
    call: (txid: string) => alice().payment(txid),
    good: () => [pending.txid],
    bad: { txid: [undefined, null, 1, '', 'zz', 'AB'.repeat(32), 'ab'.repeat(31)] },
  },
  doubleSpend: {
    call: (payment: Payment, options: DoubleSpendOptions) => alice().doubleSpend(payment, options),
    good: () => [pending, {}],
    bad: { payment: notPayment, options: new Options(doubleSpend) },
  },
  bumpFee: {
    call: (payment: Payment, options: ReplaceOptions) => alice().bumpFee(payment, options),
    good: () => [pending, {}],
    bad: { payment: notPayment, options: new Options(replace) },
  },
  seenBy: {
    call: (nodes: string, options: WaitOptions) => pending.seenBy(nodes, options),
    good: () => ['all', {}],
    bad: { nodes: notNode, options: new Options(wait) },
  },
  confirmed: {
    call: (depth: number, options: WaitOptions) => confirmed.confirmed(depth, options),
    good: () => [1, {}],
    bad: { depth: [...notWhole, 2 ** 31], options: new Options(wait) },
  },
  joins: {
    call: (a: string, b: string) => network.links[0]!.joins(a, b),
    good: () => ['shop', 'pool'],
    bad: { a: [undefined, null, 1, {}], b: [undefined, null, 1, {}] },
  },
  setLink: {
    call: (given: ConditionsOptions) => network.links[0]!.set(given),
    good: () => [{}],
    bad: { conditions: new Options(conditions) },
  },
  setTime: { call: (time: number) => network.time.set(time), good: () => [], bad: { time: [undefined, ...notTime] } },
  increase: {
    call: (seconds: number) => network.time.increase(seconds),
    good: () => [0],
    bad: { seconds: [undefined, null, '1h', NAN, Number.POSITIVE_INFINITY, 1n, 2 ** 32, -(2 ** 32)] },
  },
  setFees: {
    call: (rate: number, options: FeeOptions) => network.fees.set(rate, options),
    good: () => [5, {}],
    bad: { rate: [undefined, null, 0, 0.9, -1, 1001, NAN, '5'], options: new Options(fees) },
  },
};

/** Returns the bad lists of arguments of a row, each with the path of its fault. */
function* badCalls({ good, bad }: Row): Generator<[path: string, values: unknown[]]> {
  for (const [i, [name, values]] of Object.entries(bad).entries()) {
    const given = (value: unknown) => good().with(i, typeof value === 'function' ? value() : value);
    if (!(values instanceof Options)) {
      // Left out, an argument has its default.
      for (const value of values) yield [name, i < good().length ? given(value) : [...good(), value]];
      continue;
    }
    for (const value of [null, 5, 'x', [], true]) yield [name, given(value)];
    yield [`${name}.tiemout: there is no such option`, given({ tiemout: 1 })];
    for (const [key, members] of Object.entries(values.bad)) {
      for (const member of members) {
        yield [`${name}.${key}`, given({ [key]: typeof member === 'function' ? member() : member })];
      }
    }
  }
}

const [methods] = [Object.keys(rows) as (keyof typeof check)[]];

describe('bad arguments', () => {
  it.each(methods)('%s refuses them with their path, and changes nothing', async (method) => {
    const row = rows[method];
    const before = await state();
    const call = check[method].usage.replace(/\(.*/s, '');
    for (const [path, values] of badCalls(row)) {
      const shown = `${call}: ${path} of ${values.map((value) => String(value)).join()}`;
      const error = await Promise.resolve()
        .then(() => row.call(...(values as never[])))
        .then(
          (result) => result,
          (thrown: unknown) => thrown,
        );
      expect(error, shown).toBeInstanceOf(PierError);
      const { code, message, hint } = error as PierError;
      expect(['bad-argument', 'unknown-node', 'unknown-snapshot'], `${shown}: ${message}`).toContain(code);
      expect(message, shown).toMatch(new RegExp(`^${call}: ${path.replaceAll('.', '\\.')}`));
      if (code === 'bad-argument' && /is not|no such option/.test(message)) expect(hint, shown).toBeTruthy();
      // No text of the library that checks.
      expect(message).not.toMatch(/expected|Invalid|Unrecognized|Too (small|big)/);
    }
    expect(await state()).toEqual(before);
  });

  it('names what is wrong and what there is', async () => {
    await expect(network.mine(1, { by: 'x' })).rejects.toMatchObject({
      code: 'unknown-node',
      message: "mine: options.by: no node is called 'x'; there are shop, pool, phone, off",
    });
    await expect(pending.seenBy(other.nodes[0]!)).rejects.toMatchObject({
      message: 'payment.seenBy: nodes: the node far is of another network; there are shop, pool, phone, off',
    });
    await expect(pending.confirmed({ depth: 2 } as never)).rejects.toMatchObject({
      message: 'payment.confirmed: depth: an object is not a whole number from 0 to 2147483647',
      hint: 'The call is payment.confirmed(depth, { timeout }).',
    });
    expect(() => network.time.increase('1h' as never)).toThrow(
      "time.increase: seconds: '1h' is not a number of seconds",
    );
    expect(() => network.link('shop', 'phone')).toThrow(
      expect.objectContaining({ code: 'unknown-link', hint: 'shop is linked to pool.' }),
    );
  });

  it('are looked for in every method', () => {
    // Without arguments, or with arguments that are handed on to a class of the table.
    const without = {
      NodeNetwork: [
        'close',
        'snapshot',
        'reset',
        'saveState',
        'connected',
        'keep',
        'closeOn',
        'linkMended',
        'peerOf',
        'beginHere',
        'peerOf',
        'beginHere',
        'checkOpen',
      ],
      NetworkNode: ['view', 'start', 'stop', 'kill', 'pause', 'resume', 'onChange', 'checkRunning'],
      Account: ['balance', 'payFromChange'],
      Payment: ['confirmations'],
      NetworkLink: ['cut', 'mend', 'restore', 'onChange', 'isBetween'],
      NetworkTime: ['now', 'freeze', 'resume'],
      NetworkFees: ['clear', 'refill', 'restore', 'countOthers'],
    };
    const checked = new Set(Object.values(check).map(({ usage }) => usage.replace(/\(.*/s, '').split('.').at(-1)!));
    for (const type of [NodeNetwork, NetworkNode, Account, Payment, NetworkLink, NetworkTime, NetworkFees]) {
      const own = Object.entries(Object.getOwnPropertyDescriptors(type.prototype));
      for (const [name, { value, set }] of own) {
        if (name === 'constructor' || (typeof value !== 'function' && !set)) continue;
        const known = checked.has(name) || without[type.name as keyof typeof without].includes(name);
        expect(known, `${type.name}.${name} is in no table`).toBe(true);
      }
    }
  });
});

describe('calls that the network cannot serve', () => {
  it('are refused with the node and the next step, and change nothing', async () => {
    const before = await state();
    const later = network.time.now() + 10_000;
    const hint = expect.stringContaining("node('off').start()");
    expect(await confirmed.confirmations()).toBe(1);
    const cases: [() => unknown, object][] = [
      [() => network.mine(1, { by: 'off', time: later }), { code: 'node-stopped', hint }],
      [() => network.reorg({ by: 'off' }), { code: 'node-stopped', hint }],
      [() => off.call('getblockcount'), { code: 'node-stopped', hint }],
      [() => off.pause(), { code: 'node-stopped', hint }],
      [() => off.resume(), { code: 'node-stopped', hint }],
      [() => network.mine(1, { to: 'nowhere', time: later }), { code: 'bad-argument' }],
      [() => network.mine(1, { transactions: ['00'], time: later }), { code: 'rpc-error' }],
      [() => network.mine(2, { transactions: [pending], time: later }), { code: 'bad-argument' }],
      [() => network.mine(10_001, { time: later }), { code: 'bad-argument' }],
      [
        () => alice().bumpFee(confirmed),
        { code: 'bad-replacement', message: expect.stringContaining('confirmations') },
      ],
      [() => alice().doubleSpend(confirmed), { code: 'bad-replacement' }],
      [() => bob().bumpFee(pending), { code: 'bad-replacement', message: expect.stringContaining('of account0') }],
      [() => alice().pay(bob(), '1000'), { code: 'rpc-error' }],
      [() => network.reorg({ drop: [pending] }), { code: 'bad-reorg', message: expect.stringContaining(pending.txid) }],
    ];
    for (const [call, error] of cases) {
      await expect(Promise.resolve().then(call)).rejects.toMatchObject(error);
      expect(await state()).toEqual(before);
    }
  });

  it('are refused by a node that is paused', async () => {
    await network.node('shop').pause();
    const views = await Promise.all(network.nodes.map((node) => node.view()));
    const error = { code: 'node-paused', hint: expect.stringContaining("node('shop').resume()") };
    await expect(network.mine(1, { by: 'shop' })).rejects.toMatchObject(error);
    await expect(network.reorg({ by: 'shop' })).rejects.toMatchObject(error);
    await expect(network.faucet(alice(), '1')).rejects.toMatchObject(error);
    await expect(network.fees.set(5)).rejects.toMatchObject(error);
    expect(await Promise.all(network.nodes.map((node) => node.view()))).toEqual(views);
    await network.node('shop').resume();
  });

  it('are refused once the network is closed', async () => {
    const closed = await createNetwork({ nodes: 2, accounts: 2 });
    const [one, two] = closed.accounts;
    const payment = await one!.pay(two!, '1');
    const id = await closed.snapshot();
    const [node] = closed.nodes;
    const [link] = closed.links;
    const time = closed.time.now();
    await closed.close();
    const calls: readonly (() => unknown)[] = [
      () => closed.mine(),
      () => closed.mine(0),
      () => closed.faucet(one!, '1'),
      () => closed.reorg(),
      () => closed.partition([]),
      () => closed.heal(),
      () => closed.synced(),
      () => closed.traffic({ count: 0 }),
      () => closed.snapshot(),
      () => closed.save('/tmp/none'),
      () => closed.saveState(),
      () => closed.load('/tmp/none'),
      () => closed.revert(id),
      () => closed.reset(),
      () => closed.deleteSnapshot(id),
      () => {
        closed.mining = { transactions: 1 };
      },
      () => node!.call('getblockcount'),
      () => node!.start(),
      () => node!.pause(),
      () => node!.resume(),
      () => node!.reached(1),
      () => one!.balance(),
      () => one!.newAddress(),
      () => one!.pay(two!, '1'),
      () => one!.doubleSpend(payment),
      () => one!.bumpFee(payment),
      () => payment.confirmations(),
      () => payment.confirmed(),
      () => payment.seenBy('all'),
      () => link!.set({ latency: 1 }),
      () => link!.cut(),
      () => link!.mend(),
      () => closed.time.set(time + 1_000),
      () => closed.time.increase(1_000),
      () => closed.time.freeze(),
      () => closed.time.resume(),
      () => closed.fees.set(5),
      () => closed.fees.clear(),
    ];
    for (const call of calls) {
      await expect(Promise.resolve().then(call), String(call)).rejects.toMatchObject({ code: 'network-closed' });
    }
    // What is as it should be already is no error: hooks of tests stop and close more than once.
    await node!.stop();
    await node!.kill();
    await closed.close();
    expect([link!.isCut, link!.conditions.latency, node!.status]).toEqual([false, 0, 'stopped']);
  });
});
