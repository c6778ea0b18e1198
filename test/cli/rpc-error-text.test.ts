import { expect, it } from 'vitest';
import { RpcError } from '../../src/api/json/rpc-error.ts';
import { coreOptions, withOptionHint } from '../../src/cli/core-options.ts';
import { nearestWords } from '../../src/cli/nearest-words.ts';
import { explainRpcError } from '../../src/cli/rpc-error-text.ts';

const lists = "'pier rpc help' lists the methods of the node.";

it.each([
  ['getblokcount', 'Method not found', "Method not found: 'getblokcount'", `Did you mean getblockcount? ${lists}`],
  ['echo', 'Method not found', "Method not found: 'echo'", lists],
  [
    'getblock',
    'Method not found: not available on a light node',
    "Method not found: 'getblock' is not available on a light node",
    lists,
  ],
])('names the method %s, and similar ones', (method, answer, message, hint) => {
  expect(explainRpcError(new RpcError(-32601, answer), method)).toMatchObject({ rpcCode: -32601, message, hint });
});

it('leaves other errors as they are', () => {
  for (const error of [new RpcError(-8, 'Method not found'), new Error('x')]) {
    expect(explainRpcError(error, 'x')).toBe(error);
    expect(withOptionHint(error)).toBe(error);
  }
  const hinted = new RpcError(-8, 'Use -txindex', { hint: 'Do this.' });
  expect(withOptionHint(hinted)).toBe(hinted);
});

it('explains options of bitcoind', () => {
  expect(withOptionHint(new RpcError(-5, 'Use -txindex or so'))).toMatchObject({
    code: 'rpc-error',
    message: 'Use -txindex or so',
    hint: coreOptions['-txindex'],
  });
});

it('finds the nearest words, at most three', () => {
  const words = ['send', 'sendall', 'sendmany', 'bend', 'lend', 'mend'];
  expect(nearestWords('sende', words)).toEqual(['send']);
  expect(nearestWords('SEND', words)[0]).toBe('send');
  expect(nearestWords('fend', words)).toEqual(['send', 'bend', 'lend']);
  expect(nearestWords('zzzz', words)).toEqual([]);
});
