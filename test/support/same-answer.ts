import { expect } from 'vitest';
import type { TestNode } from '../api/test-node.ts';
import type { Bitcoind } from './bitcoind.ts';

/** Calls a method of both, expects the same of both, and returns it: a result, or an error's code and message. */
export async function sameAnswer(
  theirs: Bitcoind,
  ours: TestNode,
  method: string,
  ...params: readonly unknown[]
): Promise<unknown> {
  const [expected, actual] = await Promise.all([
    theirs.rpc(method, ...params).catch((error: { code: number; message: string }) => [error.code, error.message]),
    ours.call(method, ...params).catch((error: { rpcCode: number; message: string }) => [error.rpcCode, error.message]),
  ]);
  expect(actual, `${method} ${JSON.stringify(params)}`).toEqual(expected);
  return actual;
}
