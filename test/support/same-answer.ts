import { expect } from 'vitest';
import type { TestNode } from '../api/test-node.ts';
import type { Bitcoind } from './bitcoind.ts';

/** Calls a method on both nodes and expects equal responses. Returns the result, or `[code, message]` of the error. */
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
