import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RpcCode, RpcError } from '../../src/api/json/rpc-error.ts';
import { methods } from '../../src/control/protocol/methods.ts';
import { forClients, isForLibrary } from '../../src/control/server/client-errors.ts';
import { PierError } from '../../src/platform/errors.ts';

// Errors as clients get them: test/control/commands.test.ts has those that commands can cause.

/** Words that only programs with the library understand. */
const WORDS = /network\.[a-z]|account\.[a-z]|node\(|createNetwork\(|The call is|\boption nodes\b|[a-z]\(\)/;

const names = Object.keys(methods) as (keyof typeof methods)[];
const root = 'src/devnet';
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(root, path), 'utf8').replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, ''));
/** The texts of the library's errors. */
const texts = sources.flatMap((source) =>
  [...source.matchAll(/'((?:[^'\\\n]|\\.)*)'|`([^`]*)`|"([^"\n]*)"/g)]
    .map(([, a, b, c]) => (a ?? b ?? c)!)
    .filter((text) => WORDS.test(text) && /[.:]$/.test(text)),
);
const codes = [
  ...new Set(sources.flatMap((source) => [...source.matchAll(/PierError\(\s*'([a-z-]+)'/g)].map(([, code]) => code!))),
];

it('the texts and codes of the library are found', () => {
  expect(texts).toContain('Create another one with createNetwork().');
  expect(texts.length).toBeGreaterThan(10);
  expect(codes).toEqual(expect.arrayContaining(['node-stopped', 'no-miner', 'network-closed', 'unknown-node']));
});

it.each(texts)('a client does not get %j as its next step', (hint) => {
  expect(isForLibrary(hint)).toBe(true);
  for (const code of codes) {
    for (const method of names) {
      const { hint: next = '' } = forClients(
        new PierError(code, 'node1 is stopped: it', { hint }),
        method,
      ) as PierError;
      expect(next).not.toMatch(WORDS);
    }
  }
});

it.each([
  ["account.pay: to: 'x' is wrong", "to: 'x' is wrong"],
  ['mine: options.by: light is a light node', 'by: light is a light node'],
  ['time.increase: seconds: 5 is wrong', 'seconds: 5 is wrong'],
  ['traffic: the network has no accounts', 'the network has no accounts'],
  ['mine: options.time: a\nmine: options.by: b', 'time: a\nby: b'],
  ['node1 is stopped: it cannot mine', 'node1 is stopped: it cannot mine'],
  ['bitcoind a: mine: x', 'bitcoind a: mine: x'],
])('the argument %j is %j', (message, expected) => {
  expect(forClients(new PierError('bad-argument', message), 'mine')).toMatchObject({ message: expected });
});

it('keeps what is no deliberate error, codes, and next steps that fit', () => {
  const bug = new TypeError('x');
  expect(forClients(bug, 'mine')).toBe(bug);
  const error = new PierError('disk-full', 'no space', { hint: 'Check the free space (of the folder).' });
  expect(forClients(error, 'mine')).toMatchObject({ code: 'disk-full', message: 'no space', hint: error.hint });
});

it.each([
  [-6, 'Insufficient funds', 'pay', "'pier faucet ACCOUNT AMOUNT' gives it more"],
  [-6, 'Insufficient funds', 'faucet', "'pier mine 101' gives the faucet more"],
  [-6, 'Unconfirmed UTXOs are available, but …', 'pay', "'pier mine' confirms them."],
  [-6, '5 BTC plus the fee exceeds …: 50 BTC of block rewards are immature', 'faucet', "'pier mine 100'"],
  [-6, '0.00000001 BTC is dust', 'pay', undefined],
  [RpcCode.METHOD_NOT_FOUND, 'Method not found', 'call', "'help'"],
  [RpcCode.WALLET_NOT_FOUND, 'Requested wallet …', 'call', "'listwallets'"],
  [-25, 'the chain rejected the block: time-too-new, …', 'mine', "'pier time --set SECONDS'"],
  [-25, 'the chain rejected the block: time-too-new, …', 'fees', "'pier time' shows"],
  [-25, 'the chain rejected the block: time-too-old, …', 'reorg', "'pier time --set SECONDS'"],
  [-25, 'the chain rejected the block: time-too-new, …', 'call', undefined],
] as const)('after what a node answers: %i %s to %s', (code, message, method, hint) => {
  const error = forClients(new RpcError(code, message, { hint: 'network.mine() …' }), method) as PierError;
  expect([error.code, error.message]).toEqual(['rpc-error', message]);
  if (hint === undefined) expect(error.hint).toBe(undefined);
  else expect(error.hint).toContain(hint);
});

it('a next step that fits is kept, whatever the answer', () => {
  const hint = 'Wait for an hour.';
  for (const error of [new RpcError(-25, 'time-too-new', { hint }), new PierError('node-stopped', 'x', { hint })]) {
    expect(forClients(error, 'mine')).toMatchObject({ hint });
  }
});

it('the command of a method is the next step after a wrong argument', () => {
  const hintOf = (method: keyof typeof methods) =>
    (forClients(new PierError('bad-argument', 'x'), method) as PierError).hint;
  expect(['pay', 'links', 'snapshot.save', 'call'].map((method) => hintOf(method as never))).toEqual([
    "'pier help pay' lists its arguments and options.",
    "'pier help link' lists its arguments and options.",
    "'pier help snapshot' lists its arguments and options.",
    undefined,
  ]);
});
