import { beforeEach, describe, expect, it } from 'vitest';
import { integerArgument } from '../../src/api/arguments/arguments.ts';
import { RpcError } from '../../src/api/json/rpc-error.ts';
import { type Method, method } from '../../src/api/method/method.ts';
import { transactionRejected } from '../../src/api/method/reject.ts';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import { selectWallet } from '../../src/api/method/select-wallet.ts';
import { toRpcError } from '../../src/api/method/to-rpc-error.ts';
import { callMethod, Dispatcher } from '../../src/api/methods/dispatch.ts';
import { rpcMethods } from '../../src/api/methods/index.ts';
import { CallQueue } from '../../src/api/work/call.ts';
import { DecodeError } from '../../src/bytes/errors.ts';
import type { Reject, TxRejectKind } from '../../src/consensus/reject.ts';
import { MiningError } from '../../src/mining/miner.ts';
import { PierError } from '../../src/platform/errors.ts';
import { AddressError } from '../../src/script/address.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { WalletError, type WalletErrorCode } from '../../src/wallet/errors.ts';
import type { WalletFile } from '../../src/wallet/wallet-file.ts';
import { CapturedLogger } from '../support/captured-logger.ts';

let clock: VirtualClock;
let logger: CapturedLogger;
let thrown: unknown;
let seen: { method: string; startedAt: number }[];
let dispatcher: Dispatcher<RpcNode>;

const fails = method({
  name: 'fails',
  category: 'Control',
  description: 'Throws.',
  arguments: [integerArgument('n', 'A number.')],
  result: 'nothing',
  handler: ({ activeCommands, walletName }) => {
    seen = [...activeCommands];
    if (thrown !== undefined) throw thrown;
    return walletName ?? null;
  },
}) as Method;

beforeEach(() => {
  clock = new VirtualClock(5_000);
  logger = new CapturedLogger();
  thrown = undefined;
  dispatcher = new Dispatcher({ clock, logger } as unknown as RpcNode, new Map([['fails', fails]]));
});

function call(name: string, params: readonly unknown[] = [1], wallet?: string, signal = new AbortController().signal) {
  return new CallQueue(clock).run({ client: '', signal }, (each) => dispatcher.call(name, params, wallet, each));
}

describe('A call', () => {
  it('is listed with its start while it runs, and not after it, whatever comes of it', async () => {
    for (const error of [undefined, new Error('unexpected')]) {
      thrown = error;
      await call('fails').catch(() => {});
      await call('fails').catch(() => {});
      expect(seen).toEqual([{ method: 'fails', startedAt: 5_000 }]);
    }
    await expect(call('fails', ['x'])).rejects.toMatchObject({ rpcCode: -3 });
    await call('fails').catch(() => {});
    expect(seen).toHaveLength(1);
  });

  it('is refused when its caller is gone (Core: RPC_CLIENT_NOT_CONNECTED)', async () => {
    await expect(call('fails', [1], undefined, AbortSignal.abort())).rejects.toMatchObject({
      rpcCode: -9,
      message: 'Shutting down',
    });
  });

  it('of a method that a light node does not have says so', async () => {
    await expect(call('nope')).rejects.toMatchObject({ rpcCode: -32601, message: 'Method not found' });
    expect(rpcMethods.has('getblock')).toBe(true);
    await expect(call('getblock')).rejects.toMatchObject({
      rpcCode: -32601,
      message: 'Method not found: not available on a light node, which has no blocks',
    });
  });

  it('passes the wallet of its path', async () => {
    expect(await call('fails', [1], 'w')).toBe('w');
    const node = { clock, logger } as unknown as RpcNode;
    expect(await callMethod(node, new Map([['fails', fails]]), 'fails', { n: 1 }, 'w')).toBe('w');
  });

  it('logs an unexpected error with its method, and no other', async () => {
    thrown = new RpcError(-5, 'expected');
    await expect(call('fails')).rejects.toBe(thrown);
    expect(logger.lines).toEqual([]);
    for (const [error, message, hint] of [
      [new TypeError('unexpected'), 'unexpected', undefined],
      [new PierError('some-code', 'known', { hint: 'Do that.' }), 'known', 'Do that.'],
      ['text', 'text', undefined],
    ] as const) {
      thrown = error;
      logger.lines.length = 0;
      await expect(call('fails')).rejects.toMatchObject({ rpcCode: -1, message, hint, cause: error });
      expect(logger.lines).toMatchObject([{ level: 'error', err: error, method: 'fails' }]);
    }
  });
});

it('Errors of the lower layers have codes of Core, and their hint in the message', () => {
  const wallet: [WalletErrorCode, number][] = [
    ['insufficient-funds', -6],
    ['immature-coins', -6],
    ['max-fee', -6],
    ['too-many-inputs', -6],
    ['too-long-chain', -6],
    ['dust', -6],
    ['bad-amount', -6],
    ['bad-fee-rate', -8],
    ['bad-mnemonic', -8],
    ['bad-wallet-name', -8],
    ['wallet-exists', -4],
  ];
  const errors: [Error, number][] = wallet.map(([code, rpcCode]) => [new WalletError(code, 'm'), rpcCode]);
  errors.push(
    [new MiningError('no-block-found', 'm'), -25],
    [new DecodeError('invalid', 0, 'm'), -22],
    [new AddressError('invalid', 'm'), -5],
  );
  for (const [error, rpcCode] of errors) {
    const found = toRpcError(error)!;
    expect([error.name, (error as PierError).code, found.rpcCode]).toEqual([
      error.name,
      (error as PierError).code,
      rpcCode,
    ]);
    expect(found.cause).toBe(error);
  }
  const hinted = toRpcError(new WalletError('bad-amount', 'what happened', { hint: 'Do that.' }))!;
  expect(hinted.message).toBe('what happened. Do that.');
  expect(toRpcError(new WalletError('bad-amount', 'what happened'))!.message).toBe('what happened');
  const own = new RpcError(-1, 'x');
  expect(toRpcError(own)).toBe(own);
  for (const other of [new Error('x'), 'x', undefined]) expect(toRpcError(other)).toBeUndefined();
});

it('A rejected transaction has the code of JSONRPCTransactionError', () => {
  const rejected = (kind: string, reason: string, debug?: string) => {
    const { rpcCode, message } = transactionRejected({ kind, reason, debug } as Reject<TxRejectKind>);
    return [rpcCode, message];
  };
  expect(rejected('consensus', 'txn-already-known')).toEqual([-27, 'Transaction outputs already in utxo set']);
  expect(rejected('policy', 'max-fee-exceeded')).toEqual([
    -25,
    'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)',
  ]);
  expect(rejected('missing-inputs', 'bad-txns-inputs-missingorspent')).toEqual([-25, 'bad-txns-inputs-missingorspent']);
  expect(rejected('policy', 'dust', 'tx with dust')).toEqual([-26, 'dust, tx with dust']);
});

it('The wallet of a request is that of its path, or the only one', () => {
  const file = (...names: string[]) =>
    ({
      wallets: () => names,
      get: (name: string) => (names.includes(name) ? name : undefined),
    }) as unknown as WalletFile;
  const code = (...args: Parameters<typeof selectWallet>) => {
    try {
      return selectWallet(...args);
    } catch (error) {
      return (error as RpcError).rpcCode;
    }
  };
  expect(code(undefined, undefined)).toBe(-32601);
  expect(code(file(), undefined)).toBe(-18);
  expect(code(file('a'), undefined)).toBe('a');
  expect(code(file('a', 'b'), undefined)).toBe(-19);
  expect(code(file('a', 'b'), 'b')).toBe('b');
  expect(code(file('a'), 'c')).toBe(-18);
});
