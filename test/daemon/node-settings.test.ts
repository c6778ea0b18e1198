import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/daemon/arguments/read-settings.ts';
import { daemonSettings } from '../../src/daemon/node-settings.ts';
import { checkSupport } from '../../src/daemon/option-support.ts';
import { options } from '../../src/daemon/options/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const dataDir = tempDir('settings');
const read = (...words: string[]) => readSettings(['-regtest', `-datadir=${dataDir}`, ...words], options);
const settingsOf = (...words: string[]) => daemonSettings(read(...words));
const configOf = (...words: string[]) => settingsOf(...words).config;

describe('the settings of pierd', () => {
  it('are by default those of a node of bitcoind', () => {
    const { config, rpc, files, commands, log, mockTime } = settingsOf();
    expect(config.p2p).toMatchObject({
      ...{ listen: [{ host: '127.0.0.1', port: 18444 }], seeds: [], maxConnections: 125, maxOutbound: undefined },
      ...{ v2Transport: true, blocksOnly: false, bloomFilters: false, blockFilters: false, networkActive: true },
    });
    expect(config.rpc).toEqual({ host: '127.0.0.1', port: 18443, password: undefined });
    expect(config.chain).toEqual({ blockFilterIndex: false, coinCacheBytes: 64 << 20 });
    expect(config.store.persistMempool).toBe(true);
    const folder = join(dataDir, 'regtest');
    expect(config.store.paths?.cookie).toBe(join(folder, '.cookie'));
    expect(config.store.paths?.chain).toBe(join(folder, 'blockchain.db'));
    expect(files).toEqual({ pid: join(folder, 'bitcoind.pid'), debugLog: join(folder, 'debug.log') });
    expect([mockTime, [...log.categories]]).toEqual([undefined, []]);
    expect(rpc).toMatchObject({
      host: '127.0.0.1',
      port: 18443,
      moreEndpoints: [],
      hasCookie: true,
      cookieMode: 0o600,
    });
    expect(rpc!.users).toEqual({ users: [], allowed: new Map(), allowsListedOnly: false });
    expect(commands).toEqual({ startup: [], shutdown: [], block: [] });
  });

  it.each([
    ['-signet', 38333, 38332],
    ['-testnet', 18333, 18332],
    ['-testnet4', 48333, 48332],
    ['-chain=main', 8333, 8332],
  ])('with %s have the ports of the network', (word, port, rpcPort) => {
    const { config } = daemonSettings(readSettings([`-datadir=${dataDir}`, word], options));
    expect([config.p2p.listen, config.rpc.port]).toEqual([[{ host: '127.0.0.1', port }], rpcPort]);
  });

  it('are those of the command line', () => {
    const config = configOf(
      ...['-port=1', '-rpcport=2', '-rpccookiefile=/c', '-pid=p', '-maxconnections=7', '-v2transport=0', '-blocksonly'],
      ...['-peerbloomfilters', '-blockfilterindex', '-peerblockfilters', '-networkactive=0', '-dbcache=5', '-par=3'],
      ...['-persistmempool=0', '-minimumchainwork=ff', '-addnode=10.0.0.1', '-addnode=[::1]:5', '-bind=127.0.0.2'],
    );
    expect(config.p2p).toMatchObject({
      ...{ listen: [{ host: '127.0.0.2', port: 1 }], maxConnections: 7, v2Transport: false, blocksOnly: true },
      ...{ bloomFilters: true, blockFilters: true, networkActive: false },
      seeds: [
        { host: '10.0.0.1', port: 18444 },
        { host: '::1', port: 5 },
      ],
    });
    expect(configOf('-uacomment=a', '-uacomment=b c').p2p.userAgent).toBe('/Satoshi:30.0.0(Pier:0.1.0; a; b c)/');
    expect(config.rpc.port).toBe(2);
    expect(config.store.paths?.cookie).toBe('/c');
    expect(config.store.persistMempool).toBe(false);
    expect(config.params.minimumChainWork).toBe(255n);
    expect(config.chain).toEqual({ blockFilterIndex: true, coinCacheBytes: 5 << 20, scriptThreads: 2 });
  });

  it('have the policy that is asked for', () => {
    const { mempool } = configOf(
      ...['-minrelaytxfee=0.00002', '-incrementalrelayfee=.000003', '-dustrelayfee=1', '-maxmempool=6'],
      ...['-mempoolexpiry=2', '-limitancestorcount=3', '-limitancestorsize=4', '-limitdescendantcount=5'],
      ...['-limitdescendantsize=6', '-datacarriersize=7', '-permitbaremultisig=0', '-acceptnonstdtxn'],
    );
    expect(mempool).toEqual({
      ...{ minRelayFeeRate: 2_000n, incrementalRelayFeeRate: 300n, dustRelayFeeRate: 100_000_000n },
      ...{ maxBytes: 6_000_000, expirySeconds: 7_200, maxDataCarrierBytes: 7 },
      limits: { ancestorCount: 3, ancestorSize: 4_000, descendantCount: 5, descendantSize: 6_000 },
      ...{ permitBareMultisig: false, requireStandard: false },
    });
    expect(configOf('-datacarrier=0').mempool.maxDataCarrierBytes).toBe(0);
    const rates = ['1.', ' .5 ', '0'].map((text) => configOf(`-minrelaytxfee=${text}`).mempool.minRelayFeeRate);
    expect(rates).toEqual([100_000_000n, 50_000_000n, 0n]);
    // A replacement pays at least what a transaction pays.
    expect(configOf('-incrementalrelayfee=0.00005').mempool.minRelayFeeRate).toBe(5_000n);
  });

  it('connect to named nodes only, or to none', () => {
    const p2p = (...words: string[]) => configOf(...words).p2p;
    expect(p2p('-connect=127.0.0.1:9')).toMatchObject({
      ...{ maxOutbound: 0, listen: [], seeds: [{ host: '127.0.0.1', port: 9 }] },
    });
    expect(p2p('-connect=0')).toMatchObject({ maxOutbound: 0, listen: [], seeds: [] });
    expect(p2p('-noconnect')).toMatchObject({ maxOutbound: 0, seeds: [] });
    expect(p2p('-connect=0', '-listen=1').listen).toHaveLength(1);
    expect(p2p('-connect=0', '-addnode=127.0.0.1:9').seeds).toHaveLength(1);
    expect(p2p('-listen=0').listen).toEqual([]);
    expect(p2p('-maxconnections=0').listen).toEqual([]);
  });

  it('use threads as -par says', () => {
    const threads = (par: string) => configOf(`-par=${par}`).chain.scriptThreads;
    expect([threads('1'), threads('2'), threads('100'), threads('-100')]).toEqual([0, 1, 15, 0]);
    expect(threads('0')).toBeUndefined();
  });

  it('run commands, and write the log as asked for', () => {
    const { commands, log, files, rpc, mockTime } = settingsOf(
      ...['-startupnotify=a', '-startupnotify=b', '-shutdownnotify=c', '-blocknotify=d', '-blocknotify=e', '-server=0'],
      ...['-debug=net', '-debug=rpc', '-debugexclude=rpc', '-logtimemicros', '-logtimestamps=0', '-nodebuglogfile'],
      ...['-mocktime=5'],
    );
    expect(commands).toEqual({ startup: ['a', 'b'], shutdown: ['c'], block: ['e'] });
    expect([log.micros, log.timestamps, [...log.categories]]).toEqual([true, false, ['net']]);
    expect([files.debugLog, rpc, mockTime]).toEqual([undefined, undefined, 5]);
    expect(settingsOf('-debug').log.categories.has('mempool')).toBe(true);
    expect([...settingsOf('-debug=net', '-debug=none').log.categories]).toEqual([]);
  });

  it.each([
    ['-port=0', "Invalid port specified in -port: '0'"],
    ['-rpcport=65536', "Invalid port specified in -rpcport: '65536'"],
    ['-maxmempool=4', '-maxmempool must be at least 5 MB'],
    ['-minrelaytxfee=x', "Invalid amount for -minrelaytxfee=<amount>: 'x'"],
    ['-minrelaytxfee=-1', "Invalid amount for -minrelaytxfee=<amount>: '-1'"],
    ['-dustrelayfee=', "Invalid amount for -dustrelayfee=<amount>: ''"],
    ['-incrementalrelayfee=1.123456789', "Invalid amount for -incrementalrelayfee=<amount>: '1.123456789'"],
    ['-debug=x', 'Unsupported logging category -debug=x.'],
    ['-peerblockfilters', 'Cannot set -peerblockfilters without -blockfilterindex.'],
    ['-blockfilterindex=x', 'Unknown -blockfilterindex value x.'],
    ['-uacomment=a(b', 'User Agent comment (a(b) contains unsafe characters.'],
    [
      `-uacomment=${'x'.repeat(230)}`,
      'Total length of network version string (260) exceeds maximum length (256). Reduce the number or size of uacomments.',
    ],
    ['-minimumchainwork=x', 'Invalid minimum work specified (x), must be up to 64 hex digits'],
  ])('are refused in the words of bitcoind: %s', (word, message) => {
    expect(() => settingsOf(word)).toThrow(message);
  });

  it('are refused if listening contradicts them', () => {
    const message = 'Cannot set -bind or -whitebind together with -listen=0';
    expect(() => settingsOf('-listen=0', '-bind=127.0.0.1')).toThrow(message);
  });

  it('take what a section of the configuration file says', () => {
    mkdirSync(join(dataDir, 'conf'), { recursive: true });
    writeFileSync(join(dataDir, 'bitcoin.conf'), 'maxmempool=9\n[regtest]\nport=3\n[test]\nport=4\n');
    try {
      const config = configOf();
      expect([config.p2p.listen?.[0]?.port, config.mempool.maxBytes]).toEqual([3, 9_000_000]);
    } finally {
      writeFileSync(join(dataDir, 'bitcoin.conf'), '');
    }
  });
});

describe('calls', () => {
  const rpc = (...words: string[]) => settingsOf(...words).rpc!;

  it('are accepted on the addresses of -rpcbind only with -rpcallowip, and from this machine always', () => {
    expect(rpc('-rpcbind=0.0.0.0')).toMatchObject({ host: '127.0.0.1', moreEndpoints: [] });
    const { host, port, moreEndpoints, allows } = rpc(
      ...['-rpcbind=127.0.0.2', '-rpcbind=[::1]:5', '-rpcallowip=10.0.0.0/8', '-rpcallowip=192.168.1.7'],
    );
    expect([host, port, moreEndpoints]).toEqual(['127.0.0.2', 18443, [{ host: '::1', port: 5 }]]);
    expect(['127.3.2.1', '::1', '::ffff:127.0.0.1', '10.9.8.7', '::ffff:10.9.8.7', '192.168.1.7'].map(allows)).toEqual(
      Array(6).fill(true),
    );
    expect(['11.0.0.1', '192.168.1.8', '::2', ''].map(allows)).toEqual(Array(4).fill(false));
  });

  it('have the users of -rpcauth, that of -rpcpassword instead of the cookie, and their methods', () => {
    const { users, hasCookie } = rpc(
      '-rpcuser=a',
      '-rpcpassword=b',
      '-rpcauth=c:salt$hash',
      '-rpcwhitelist=a:stop,help',
    );
    expect(users.users!.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(users.users![1]).toEqual({ name: 'c', salt: 'salt', hash: 'hash' });
    expect(hasCookie).toBe(false);
    expect(users.allowed).toEqual(new Map([['a', new Set(['stop', 'help'])]]));
    expect(users.allowsListedOnly).toBe(true);
    const both = rpc(
      '-rpcwhitelist=a:x,y z',
      '-rpcwhitelist=a:y,z,w',
      '-rpcwhitelist=b',
      '-rpcwhitelistdefault=0',
    ).users;
    expect(both.allowed).toEqual(
      new Map([
        ['a', new Set(['y', 'z'])],
        ['b', new Set()],
      ]),
    );
    expect(both.allowsListedOnly).toBe(false);
    expect(rpc('-rpcuser=a').users.users).toEqual([]);
    expect(rpc('-norpccookiefile').hasCookie).toBe(false);
    expect(rpc('-rpccookieperms=group').cookieMode).toBe(0o640);
  });

  it.each([
    ['-rpcauth=foo', 'Invalid -rpcauth argument.'],
    ['-rpcallowip=foo', 'Invalid -rpcallowip subnet specification: foo.'],
    ['-rpccookieperms=x', "Invalid -rpccookieperms=x; must be one of 'owner', 'group', or 'all'."],
  ])('are not accepted with %s', (word, message) => {
    expect(() => rpc(word)).toThrow(message);
  });
});

describe('options without an effect', () => {
  const check = (...words: string[]) => checkSupport(read(...words).settings, options);

  it('are ignored with a warning if a client sees nothing of them', () => {
    expect(check('-rpcthreads=4', '-dnsseed')).toEqual([
      'Option -dnsseed is ignored: the node asks no DNS seeds.',
      'Option -rpcthreads is ignored: calls share the main thread in slices.',
    ]);
    expect(check('-dnsseed=0', '-nonatpmp')).toEqual([]);
  });

  it('are refused unless they ask for what the node does anyway', () => {
    expect(() => check('-txindex')).toThrow('Option -txindex is not supported: there is no index of transactions.');
    expect(() => check('-walletrbf=0')).toThrow('-walletrbf');
    expect(check('-walletrbf')).toEqual([]);
    expect(check('-txindex=0', '-notxindex', '-prune=0', '-walletrbf', '-walletrbf=1')).toEqual([]);
  });
});
