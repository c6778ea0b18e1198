import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { chainParams } from '../../src/consensus/params.ts';
import { nodeConfig, nodePaths, UsageError } from '../../src/node/config.ts';

describe('nodeConfig', () => {
  it('reads the node id from NODE_ID and has the documented defaults', () => {
    const config = nodeConfig({}, { NODE_ID: '3001' });
    expect(config).toMatchObject({
      nodeId: 3001,
      params: chainParams('regtest'),
      chain: { blockFilterIndex: true },
      mempool: {},
      mining: { address: undefined, mineAtTxs: 2 },
      p2p: {
        host: '127.0.0.1',
        seeds: [{ host: '127.0.0.1', port: 3000 }],
        v2Transport: true,
        blocksOnly: false,
        trickle: false,
        bloomFilters: false,
      },
      light: { bloom: false },
      rpc: { host: '127.0.0.1', port: 13001 },
      dataDir: `${homedir()}/.pier/regtest`,
    });
    expect(nodePaths(config)).toMatchObject({
      chain: `${homedir()}/.pier/regtest/blockchain_3001.db`,
      wallet: `${homedir()}/.pier/regtest/wallet_3001.db`,
    });
  });

  it('has no default seed for the central node, and never the node itself as seed', () => {
    expect(nodeConfig({ nodeId: 3000 }, {}).p2p.seeds).toEqual([]);
    expect(
      nodeConfig({ nodeId: 4000, p2p: { seeds: ['127.0.0.1:4000', '4001', '[::1]:4002'] } }, {}).p2p.seeds,
    ).toEqual([
      { host: '127.0.0.1', port: 4001 },
      { host: '::1', port: 4002 },
    ]);
  });

  it('prefers options over the environment', () => {
    const env = { NODE_ID: '3001', PIER_NETWORK: 'signet', PIER_DATADIR: '/tmp/elsewhere' };
    expect(nodeConfig({}, env)).toMatchObject({ params: chainParams('signet'), dataDir: '/tmp/elsewhere' });
    expect(nodeConfig({ nodeId: '4000', network: 'regtest', dataDir: '/tmp/here' }, env)).toMatchObject({
      nodeId: 4000,
      params: chainParams('regtest'),
      dataDir: '/tmp/here',
    });
  });

  it('allows continuous mining only on networks with retargeting', () => {
    const always = { nodeId: 4000, mining: { mineAtTxs: '0', threads: '1' } };
    expect(nodeConfig({ ...always, network: 'classroom' }, {}).mining).toMatchObject({ mineAtTxs: 0, threads: 1 });
    expect(() => nodeConfig(always, {})).toThrow('--mine-at-txs 0 would mine thousands of blocks a second on regtest');
    expect(() => nodeConfig({ nodeId: 4000, network: 'classroom', mining: { threads: '0' } }, {})).toThrow(UsageError);
    expect(() => nodeConfig({ nodeId: 4000, network: 'classrom' }, {})).toThrow("unknown network 'classrom'");
  });

  it.each(['', 'x', '0', '55536', '65536', '-3000', '3000.5', ' 3000', '0x10'])('rejects %j as NODE_ID', (id) => {
    expect(() => nodeConfig({}, { NODE_ID: id })).toThrow(UsageError);
  });

  it.each(['x', '127.0.0.1:0', '127.0.0.1:65536', 'a:b:1', ':1', ''])('rejects %j as seed', (seed) => {
    expect(() => nodeConfig({ nodeId: 1, p2p: { seeds: [seed] } }, {})).toThrow(UsageError);
  });
});
