import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rpcMethods } from '../../src/api/methods/index.ts';
import { RpcServer } from '../../src/api/rpc/rpc-server.ts';
import { readSettings } from '../../src/daemon/arguments/read-settings.ts';
import { options } from '../../src/daemon/options/index.ts';
import { rpcSettings } from '../../src/daemon/rpc-settings.ts';
import { TestNode } from '../api/test-node.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { tempDir } from '../support/temp-dir.ts';

const hash = createHmac('sha256', 'salt').update('secret').digest('hex');

describeBitcoind('the users of the RPC server, and their methods', () => {
  const words = [
    ...[`-rpcauth=named:salt$${hash}`, `-rpcauth=hashed:salt$${hash}`, '-rpcauth=other:x$y'],
    ...['-rpcwhitelist=hashed:getblockcount,getbestblockhash', '-rpcwhitelist=hashed:getblockcount, help'],
    ...['-rpcwhitelistdefault=0', `-rpcauth=none:salt$${hash}`, '-rpcwhitelist=none'],
  ];
  let theirs: Bitcoind;
  let node: TestNode;
  let ours: RpcServer;

  beforeAll(async () => {
    [theirs, node] = await Promise.all([startBitcoind({ args: words }), TestNode.start()]);
    const folder = tempDir('users');
    const { settings } = readSettings(['-regtest', `-datadir=${folder}`, ...words], options);
    const rpc = rpcSettings(settings, 18443);
    ours = await RpcServer.start({ ...rpc, port: 0, cookieFile: `${folder}/.cookie` }, node.node, rpcMethods);
  }, 60_000);
  afterAll(async () => {
    await ours?.close();
    await node?.stop();
    await theirs?.stop();
  });

  const post = async (port: number, credentials: string, body: unknown) => {
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    const reply = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify(body),
    });
    return [reply.status, await reply.text()];
  };

  const call = (method: unknown) => ({ id: 1, method });
  it.each([
    ['named:secret', call('getblockcount')],
    ['named:Secret', call('getblockcount')],
    ['named:', call('getblockcount')],
    ['__cookie__:', call('getblockcount')],
    ['hashed:secret', call('getblockcount')],
    ['hashed:secret', call('getbestblockhash')],
    ['hashed:secret', call('nonsense')],
    ['hashed:secret', call(5)],
    ['hashed:secret', { id: 1 }],
    ['hashed:secret', [call('getblockcount'), call('getblockcount')]],
    ['hashed:secret', [call('getblockcount'), call('getbestblockhash')]],
    ['hashed:secret', []],
    ['none:secret', call('getblockcount')],
    ['none:secret', [call('getblockcount')]],
    ['other:y', call('getblockcount')],
    ['secret', call('getblockcount')],
  ])('%s with %j', async (credentials, body) => {
    expect(await post(ours.port, credentials, body)).toEqual(await post(theirs.rpcPort, credentials, body));
  });
});
