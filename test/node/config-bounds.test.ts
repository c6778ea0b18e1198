import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDataDir, type NodeConfigInput, nodeConfig, nodePaths, UsageError } from '../../src/node/config.ts';
import { tempDir } from '../support/temp-dir.ts';

const config = (input: NodeConfigInput, env: NodeJS.ProcessEnv = {}) => nodeConfig({ nodeId: 4000, ...input }, env);

describe('nodeConfig', () => {
  it('passes on each option', () => {
    const p2p = {
      v2Transport: false,
      blocksOnly: true,
      trickle: true,
      bloomFilters: true,
      publicAddresses: true,
      maxOutbound: 3,
      maxConnections: '20',
    };
    expect(config({ p2p }).p2p).toMatchObject({ ...p2p, maxConnections: 20 });
    expect(config({ p2p: { maxOutbound: 0 } }).p2p.maxOutbound).toBe(0);
    expect(config({ light: { bloom: true } }).light).toEqual({ bloom: true });
    expect(config({ mining: { address: 'a', mineAtTxs: '7', threads: '3' } }).mining).toEqual({
      address: 'a',
      mineAtTxs: 7,
      threads: 3,
    });
    expect(config({ rpc: { host: '::1', port: 0 } }).rpc).toEqual({ host: '::1', port: 0 });
    expect(config({ chain: { blockFilterIndex: false } }).chain).toEqual({ blockFilterIndex: false });
  });

  it('leaves out options that are undefined, so that they have their defaults', () => {
    const { mempool, chain, mining, p2p } = config({
      mempool: { minRelayFeeRate: undefined } as never,
      chain: { blockFilterIndex: undefined },
    });
    expect([mempool, chain]).toEqual([{}, { blockFilterIndex: true }]);
    expect('minRelayFeeRate' in mempool).toBe(false);
    expect([mining.threads, p2p.maxConnections, p2p.maxOutbound]).toEqual([undefined, undefined, undefined]);
  });

  it('announces at random times, and connects to public addresses, on public networks', () => {
    for (const [network, isPublic] of [
      ['regtest', false],
      ['classroom', false],
      ['main', true],
      ['test', true],
      ['testnet4', true],
      ['signet', true],
    ] as const) {
      expect([network, config({ network }).p2p]).toMatchObject([
        network,
        { trickle: isPublic, publicAddresses: isPublic },
      ]);
    }
    expect(config({ network: 'main', p2p: { trickle: false, publicAddresses: false } }).p2p).toMatchObject({
      trickle: false,
      publicAddresses: false,
    });
  });

  it('connects to every seed but itself: an address differs in host or port', () => {
    const seeds = (...texts: string[]) =>
      config({ p2p: { seeds: texts } }).p2p.seeds.map(({ host, port }) => `${host}:${port}`);
    expect(seeds('127.0.0.1:4000', '127.0.0.2:4000', '4001')).toEqual(['127.0.0.2:4000', '127.0.0.1:4001']);
    expect(config({ p2p: { host: '10.0.0.1', seeds: ['10.0.0.1:4000', '4000'] } }).p2p.seeds).toEqual([
      { host: '127.0.0.1', port: 4000 },
    ]);
    expect(seeds()).toEqual([]);
  });

  it('reads the data directory of the environment, which may be empty, and makes it absolute', () => {
    const dir = (dataDir: string | undefined, env = {}) => config({ dataDir }, env).dataDir;
    const usual = join(homedir(), '.pier', 'regtest');
    expect([dir(undefined), dir(''), dir(undefined, { PIER_DATADIR: '' })]).toEqual([usual, usual, usual]);
    expect([dir('here'), dir(undefined, { PIER_DATADIR: 'there' })]).toEqual([resolve('here'), resolve('there')]);
    expect(nodePaths({ dataDir: '/d', nodeId: 5 })).toEqual({
      chain: '/d/blockchain_5.db',
      wallet: '/d/wallet_5.db',
      mempool: '/d/mempool_5.dat',
      cookie: '/d/.cookie_5',
    });
  });

  const counts = (input: (text: string) => NodeConfigInput, good: string[], bad: string[]) => {
    for (const text of good) config(input(text));
    for (const text of bad)
      expect(() => config(input(text)), text).toThrow(expect.objectContaining({ code: 'bad-count' }));
  };
  it('accepts counts of up to six digits, from their least', () => {
    const wrong = ['-1', '1000000', '1.5', '1e3', ' 1', '1 ', '0x1', '', 'x'];
    counts((text) => ({ p2p: { maxConnections: text } }), ['1', '999999'], ['0', ...wrong]);
    counts((text) => ({ mining: { threads: text } }), ['1'], ['0', ...wrong]);
    counts((text) => ({ mining: { mineAtTxs: text }, network: 'classroom' }), ['0', '1'], wrong);
    counts((text) => ({ mining: { mineAtTxs: text } }), ['1'], ['0']);
  });

  it('accepts a chainwork of up to 64 hex digits', () => {
    const work = (minimumChainWork: string) => config({ minimumChainWork }).params.minimumChainWork;
    expect([work('ff'), work('0xFf'), work('f'.repeat(64)), work('0')]).toEqual([255n, 255n, 2n ** 256n - 1n, 0n]);
    for (const text of ['', '0x', 'g', '-1', '1 ', 'x1', 'f'.repeat(65)]) {
      expect(() => work(text), text).toThrow(expect.objectContaining({ code: 'bad-chain-work' }));
    }
    expect(config({}).params.minimumChainWork).toBe(0n);
  });

  it('says what a NODE_ID may be', () => {
    for (const nodeId of ['1', '55535', 55_535]) expect(nodeConfig({ nodeId }, {}).nodeId).toBe(Number(nodeId));
    const failure = (nodeId: string | undefined, env = {}) => {
      try {
        return nodeConfig({ nodeId }, env);
      } catch (error) {
        return error;
      }
    };
    expect(failure(undefined)).toMatchObject({
      code: 'no-node-id',
      hint: expect.stringContaining('NODE_ID=3000 pier startnode'),
    });
    expect(failure('')).toMatchObject({ code: 'no-node-id' });
    expect(failure('55536')).toMatchObject({
      code: 'bad-node-id',
      message: "--node-id '55536' is not a port from 1 to 55535",
    });
    expect(failure('100000')).toBeInstanceOf(UsageError);
  });

  it('names a seed that is none, and how one looks', () => {
    expect(() => config({ p2p: { seeds: ['x'] } })).toThrow(
      expect.objectContaining({ code: 'bad-seed', hint: 'For example: 127.0.0.1:3000' }),
    );
  });
});

it('A data directory that cannot be created is named', () => {
  const dir = tempDir('data-dir');
  makeDataDir(join(dir, 'a', 'b'));
  makeDataDir(join(dir, 'a', 'b'));
  writeFileSync(join(dir, 'file'), '');
  const path = join(dir, 'file', 'below');
  expect(() => makeDataDir(path)).toThrow(
    expect.objectContaining({
      code: 'bad-datadir',
      message: expect.stringContaining(path),
      hint: expect.stringContaining('PIER_DATADIR'),
      cause: expect.any(Error),
    }),
  );
});
