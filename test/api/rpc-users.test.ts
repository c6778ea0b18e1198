import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RpcServer } from '../../src/api/rpc/rpc-server.ts';
import { parseRpcAuth, RpcUsers, rpcUser } from '../../src/api/rpc/rpc-users.ts';
import { tempDir } from '../support/temp-dir.ts';
import { TestNode } from './test-node.ts';

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

// test/interop/daemon-users.test.ts compares the replies to users with a bitcoind's.

describe('a user of the RPC server', () => {
  it('is known by name and password, and by nothing else', () => {
    const users = new RpcUsers(undefined, { users: [rpcUser('a', 'x:y', 'salt'), rpcUser('b', '', 'salt')] });
    expect(users.authenticate(basic('a:x:y'))).toBe('a');
    expect(users.authenticate(basic('b:'))).toBe('b');
    for (const text of ['b:x:y', 'a:x', 'a:', 'a', '', 'c:x:y'])
      expect(users.authenticate(basic(text))).toBeUndefined();
    expect(users.authenticate(undefined)).toBeUndefined();
    expect(parseRpcAuth('a:s$h')).toEqual({ name: 'a', salt: 's', hash: 'h' });
    for (const text of ['a', 'a:s', 'a$h', 'a:s$h$i', 'a:s:t$h']) expect(parseRpcAuth(text)).toBeUndefined();
  });

  it('without a list of methods may call all, or none', () => {
    const allowed = new Map([['a', new Set(['help'])]]);
    const of = (allowsListedOnly: boolean) => new RpcUsers(undefined, { allowed, allowsListedOnly });
    expect(of(false).methodsOf('b')).toBeUndefined();
    expect(of(true).methodsOf('b')).toEqual(new Set());
    expect(of(true).methodsOf('a')).toEqual(new Set(['help']));
  });
});

it('a client whose address is not allowed is refused, whatever its credentials', async () => {
  const node = await TestNode.start();
  const cookieFile = join(tempDir('users'), '.cookie');
  const server = await RpcServer.start(
    { host: '127.0.0.1', port: 0, cookieFile, password: 'secret', allows: (address) => address !== '127.0.0.1' },
    node.node,
    new Map(),
  );
  try {
    const headers = { authorization: basic('__cookie__:secret') };
    const { status } = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: '{}', headers });
    expect(status).toBe(403);
  } finally {
    await server.close();
    await node.stop();
  }
});
