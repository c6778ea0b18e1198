import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { isActiveAfter } from '../../src/consensus/deployments.ts';
import { chainParams, deploymentNames, difficultyInterval, regtest } from '../../src/consensus/params.ts';
import { blockWork } from '../../src/consensus/pow.ts';
import { ALWAYS_ACTIVE, NEVER_ACTIVE, NO_TIMEOUT } from '../../src/consensus/versionbits.ts';
import { nodeConfig, UsageError } from '../../src/node/config.ts';
import { findNetwork, isPublicNetwork, knownNetworks } from '../../src/node/networks.ts';
import { decodeAddress, encodeAddress } from '../../src/script/address.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { TestHeader } from '../consensus/support/headers.ts';
import { quickNetwork, writeNetworkFile } from '../support/network-file.ts';
import { tempDir } from '../support/temp-dir.ts';

const classroomPath = fileURLToPath(new URL('../../networks/classroom.json', import.meta.url));

const BASE = { name: 'mine', extends: 'regtest' };

const load = (content: unknown) => findNetwork(writeNetworkFile(content)).params;

function faultsOf(content: unknown): string {
  try {
    load(content);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'bad-network-file', hint: expect.stringContaining('docs/networks.md') });
    return (error as Error).message.replace(/^cannot use network file \S+:\s*/, '');
  }
  return 'none';
}

describe('classroom', () => {
  const { params, argument } = findNetwork('classroom');

  it("has Bitcoin's rules with its own proof-of-work parameters", () => {
    expect(argument).toBe('classroom');
    expect(knownNetworks()).toEqual(['main', 'test', 'testnet4', 'signet', 'regtest', 'classroom']);
    expect(isPublicNetwork(params)).toBe(false);
    expect(difficultyInterval(params)).toBe(20);
    expect(params).toMatchObject({
      ...{ network: 'classroom', powTargetSpacing: 10, powTargetTimespan: 200, coinbaseMaturity: 10 },
      ...{ powNoRetargeting: false, powAllowMinDifficultyBlocks: false, subsidyHalvingInterval: 210_000 },
    });
    // A machine at a hundredth of the usual speed still mines a block in about twenty seconds.
    expect(Number(blockWork(params.genesis.header.bits))).toBeCloseTo(2 ** 20, -1);
    const genesis = new TestHeader({ height: 0, time: params.genesis.header.time, bits: 0 });
    const active = deploymentNames.filter((name) => isActiveAfter(name, genesis, params));
    expect(active).toEqual(['bip34', 'bip66', 'bip65', 'csv', 'segwit', 'taproot']);
  });

  it('has a genesis block with a valid proof of work, by an independent hash implementation', () => {
    const { header, hash, transactions } = params.genesis;
    const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
    expect(toHex(sha256(sha256(header.encode())))).toBe(toHex(hash));
    expect(toHex(sha256(sha256(transactions[0]!.encode())))).toBe(toHex(header.merkleRoot));
    expect(toReversedHex(hash)).toMatch(/^00000[0-9a-f]/);
    expect(Buffer.from(transactions[0]!.inputs[0]!.scriptSig).toString()).toContain('the difficulty follows the work');
  });

  it('has its own magic and address prefixes', () => {
    for (const name of ['main', 'test', 'testnet4', 'signet', 'regtest'] as const) {
      const other = chainParams(name);
      expect(toHex(other.magic)).not.toBe(toHex(params.magic));
      expect(other.address.bech32Hrp).not.toBe(params.address.bech32Hrp);
      expect([other.address.pubKeyHash, other.address.scriptHash]).not.toContain(params.address.pubKeyHash);
      expect([other.address.pubKeyHash, other.address.scriptHash]).not.toContain(params.address.scriptHash);
    }
    const script = Uint8Array.from([0x00, 0x14, ...new Uint8Array(20)]);
    const address = encodeAddress(script, params.address)!;
    expect(address).toMatch(/^pier1q/);
    expect(toHex(decodeAddress(address, params.address))).toBe(toHex(script));
    expect(() => decodeAddress(address, regtest.address)).toThrow();
    expect(() => decodeAddress(encodeAddress(script, regtest.address)!, params.address)).toThrow('another network');
    expect(
      encodeAddress(Uint8Array.from([0x76, 0xa9, 0x14, ...new Uint8Array(20), 0x88, 0xac]), params.address),
    ).toMatch(/^C/);
  });
});

describe('a network file', () => {
  it('overrides only the members it has', () => {
    expect(load(BASE)).toEqual({ ...regtest, network: 'mine', marker: expect.stringMatching(/^mine#[0-9a-f]{8}$/) });
  });

  it('can set every parameter of a network', async () => {
    const taproot = {
      ...{ bit: 4, startTime: 1_700_000_000, timeout: 1_800_000_000, minActivationHeight: 99 },
      ...{ period: 8, threshold: 8 },
    };
    const path = await quickNetwork({
      ...{ defaultPort: 1234, seeds: ['10.0.0.1:3000', '[::1]:3001'], powAllowMinDifficultyBlocks: true },
      ...{
        enforceBip94: true,
        subsidyHalvingInterval: 7,
        minimumChainWork: `${'00'.repeat(31)}ff`,
        powNoRetargeting: true,
      },
      ...{ bip32: { public: '04b24746', private: '04b2430c' } },
      address: { pubKeyHash: 1, scriptHash: 2, secretKey: 3, bech32Hrp: 'q' },
      deployments: {
        ...{ bip34: 5, csv: 'always', segwit: 'never', testdummy: { bit: 3, startTime: 0, period: 10, threshold: 6 } },
        taproot,
      },
    });
    const { params, argument } = findNetwork(path);
    expect(argument).toBe(path);
    expect(params).toMatchObject({
      ...{ network: 'quick', defaultPort: 1234, powTargetSpacing: 1, powTargetTimespan: 5, coinbaseMaturity: 3 },
      ...{ powAllowMinDifficultyBlocks: true, enforceBip94: true, subsidyHalvingInterval: 7, minimumChainWork: 255n },
      ...{ bip32: { public: 0x04b24746, private: 0x04b2430c }, taprootFromGenesis: false },
      address: { pubKeyHash: 1, scriptHash: 2, secretKey: 3, bech32Hrp: 'q' },
      deployments: {
        ...{
          bip34: { height: 5 },
          bip65: { height: 1 },
          csv: { startTime: ALWAYS_ACTIVE },
          segwit: { startTime: NEVER_ACTIVE },
        },
        testdummy: { bit: 3, startTime: 0, timeout: NO_TIMEOUT, minActivationHeight: 0, period: 10, threshold: 6 },
        taproot,
      },
    });
    expect(nodeConfig({ nodeId: 4000, network: path }, {})).toMatchObject({
      dataDir: expect.stringMatching(/\.pier\/quick$/),
      p2p: {
        seeds: [
          { host: '10.0.0.1', port: 3000 },
          { host: '::1', port: 3001 },
        ],
      },
    });
    expect(nodeConfig({ nodeId: 4000, network: path, p2p: { seeds: [] } }, {}).p2p.seeds).toEqual([]);
    expect(nodeConfig({ nodeId: 4000 }, { PIER_NETWORK: path }).params.network).toBe('quick');
  });

  it('does not inherit parameters of the mainnet chain with its own genesis', async () => {
    const { params } = findNetwork(await quickNetwork({ extends: 'main' }));
    expect(params).toMatchObject({ minimumChainWork: 0n, bip34Hash: undefined });
    expect([params.scriptFlagExceptions.size, params.bip30Exceptions.size]).toEqual([0, 0]);
  });

  it('derives the magic of a signet from its challenge (BIP325)', () => {
    const { signetChallenge, magic } = chainParams('signet');
    const own = load({ ...BASE, signetChallenge: toHex(signetChallenge!) });
    expect([toHex(own.magic), toHex(own.signetChallenge!)]).toEqual([toHex(magic), toHex(signetChallenge!)]);
    expect(toHex(load({ ...BASE, signetChallenge: '51', magic: '01020304' }).magic)).toBe('01020304');
    expect(load({ ...BASE, extends: 'signet', signetChallenge: null }).signetChallenge).toBeUndefined();
  });

  const genesis = JSON.parse(readFileSync(classroomPath, 'utf8')).genesis as Record<string, unknown>;
  const own = { ...BASE, extends: 'classroom' };
  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{"name":', /JSON/],
    ['no object', '[]', /expected object/],
    ['an unknown member', { ...BASE, powLimt: '00' }, /^Unrecognized key: "powLimt"$/],
    ['no base', { name: 'mine' }, /^extends: /],
    ['the name of a public network', { ...BASE, name: 'main' }, /^name: is the name of a public network$/],
    ['a name that is no folder', { ...BASE, name: '../x' }, /^name: must be 1 to 32 lower-case letters/],
    ['a magic too short', { ...BASE, magic: 'fabf' }, /^magic: must be 8 hex digits/],
    ['a limit too short', { ...BASE, powLimit: '7fff' }, /^powLimit: must be 64 hex digits/],
    ['a port too high', { ...BASE, defaultPort: 70_000 }, /^defaultPort: /],
    [
      'a timespan of a fractional number of blocks',
      { ...BASE, powTargetSpacing: 7 },
      /^powTargetTimespan: 86400 s is not a multiple of powTargetSpacing, 7 s, or only one block$/,
    ],
    ['a period of one block', { ...BASE, powTargetSpacing: 10, powTargetTimespan: 10 }, /^powTargetTimespan: /],
    ['no maturity', { ...BASE, coinbaseMaturity: 0 }, /^coinbaseMaturity: /],
    ['an unknown deployment', { ...BASE, deployments: { segwit2x: 1 } }, /^deployments: Unrecognized key: "segwit2x"$/],
    [
      'a deployment of another kind',
      { ...BASE, deployments: { csv: 'soon' } },
      /^deployments\.csv: must be a height, "always"/,
    ],
    [
      'a threshold above the period',
      { ...BASE, deployments: { csv: { bit: 1, startTime: 0, period: 5, threshold: 6 } } },
      /^deployments\.csv: threshold must not exceed period$/,
    ],
    [
      'equal address prefixes',
      { ...BASE, address: { pubKeyHash: 1, scriptHash: 1, secretKey: 2, bech32Hrp: 'q' } },
      /^address: pubKeyHash and scriptHash must differ$/,
    ],
    [
      'an upper-case bech32 prefix',
      { ...BASE, address: { pubKeyHash: 1, scriptHash: 2, secretKey: 2, bech32Hrp: 'Q' } },
      /^address\.bech32Hrp: /,
    ],
    ['a seed without port', { ...BASE, seeds: ['example.org'] }, /^seeds\.0: /],
    [
      'a genesis without proof',
      { ...own, genesis: { ...genesis, nonce: 1, hash: undefined } },
      /genesis\.hash: missing; run 'pier minegenesis FILE'/,
    ],
    [
      'a wrong genesis hash',
      { ...own, genesis: { ...genesis, time: 1 } },
      /^genesis\.hash: the other members yield [0-9a-f]{64}, not 00000b8ea067/,
    ],
    [
      'a wrong merkle root',
      { ...own, genesis: { ...genesis, message: 'x' } },
      /genesis\.merkleRoot: message and publicKey yield [0-9a-f]{64}, not f39bb3fa/,
    ],
    [
      'a message too long',
      { ...own, genesis: { ...genesis, message: 'é'.repeat(46) } },
      /^genesis\.message: must be at most 91 bytes/,
    ],
    [
      'bits easier than the limit',
      { ...own, genesis: { ...genesis, bits: '1f0fffff' } },
      /genesis\.bits: 1f0fffff is not a valid target, or is easier than powLimit, 00000fff/,
    ],
    [
      'bits without a target',
      { ...own, genesis: { ...genesis, bits: '00000000' } },
      /genesis\.bits: 00000000 is not a valid target/,
    ],
    [
      'a limit below the target of the inherited genesis',
      { ...own, powLimit: `00000000${'ff'.repeat(28)}` },
      /^genesis\.bits: 1e0fffff is not a valid target, or is easier/,
    ],
  ])('is rejected with %s', (_name, content, message) => {
    expect(faultsOf(content)).toMatch(message);
  });

  it('is rejected if its genesis block has no valid proof of work', () => {
    const faults = faultsOf({ ...own, genesis: { ...genesis, nonce: 0 } });
    const [, made] = /the other members yield ([0-9a-f]{64})/.exec(faults)!;
    const message = faultsOf({ ...own, genesis: { ...genesis, nonce: 0, hash: made } });
    expect(message).toBe(
      `genesis.nonce: hash ${made} is above target 00000fffff${'0'.repeat(54)} of bits 1e0fffff; run 'pier minegenesis FILE'`,
    );
  });

  it('is rejected with all faults at once', () => {
    const faults = faultsOf({ ...BASE, magic: 'x', coinbaseMaturity: -1 }).split('\n');
    expect(faults.map((line) => line.trim().split(':')[0])).toEqual(['magic', 'coinbaseMaturity']);
  });

  it('is found by path, and extends named networks only', () => {
    expect(() => findNetwork('./nowhere.json')).toThrow(
      /cannot use network file \S+nowhere\.json: the file does not exist/,
    );
    expect(() => findNetwork('nowhere')).toThrow("unknown network 'nowhere'");
    expect(() => load({ ...BASE, extends: '../networks/classroom.json' })).toThrow('unknown network');
  });
});

describe('the network marker of data files', () => {
  const regtestRules = { powTargetSpacing: 600, powTargetTimespan: 86_400, coinbaseMaturity: 100, magic: 'fabfb5da' };

  it('is equal for equal rules, regardless of notation, description, seeds and port', () => {
    const plain = load(BASE).marker;
    expect(
      load({ ...BASE, coinbaseMaturity: 100, description: 'regtest', seeds: ['1.2.3.4:5'], defaultPort: 9 }).marker,
    ).toBe(plain);
  });

  it('differs for any different rule', async () => {
    const changes = [
      ...[{}, { magic: '00000001' }, { powTargetSpacing: 60 }, { powTargetTimespan: 1200 }, { enforceBip94: true }],
      ...[{ powNoRetargeting: false }, { powAllowMinDifficultyBlocks: false }, { subsidyHalvingInterval: 151 }],
      ...[
        { coinbaseMaturity: 101 },
        { signetChallenge: '51' },
        { deployments: { csv: 2 } },
        { deployments: { csv: 'always' } },
      ],
      ...[{ deployments: { taproot: 0 } }, { powLimit: `7fffff${'ff'.repeat(28)}fe` }, { name: 'other' }],
      { address: { ...regtest.address, bech32Hrp: 'other' } },
      { bip32: { public: '00000001', private: '00000002' } },
    ];
    const markers = changes.map((change) => load({ ...BASE, ...change }).marker);
    markers.push(findNetwork(await quickNetwork({ ...BASE, ...regtestRules })).params.marker);
    expect(new Set(markers).size).toBe(markers.length);
  });

  it('prevents two networks with one name from using the same files', async () => {
    const path = join(tempDir('marker'), 'chain.db');
    const open = (content: object) => LmdbStore.open({ path, network: load(content).marker, kind: 'blockchain' });
    await (await open(BASE)).close();
    await (await open(BASE)).close();
    await expect(open({ ...BASE, coinbaseMaturity: 5 })).rejects.toMatchObject({
      code: 'other-network',
      message: expect.stringMatching(/belongs to network mine#[0-9a-f]{8}, not to mine#[0-9a-f]{8}$/),
      hint: expect.stringContaining('The file that defines network mine has changed'),
    });
    await expect(open({ ...BASE, name: 'yours' })).rejects.toMatchObject({
      hint: 'Use --network mine, or another data directory.',
    });
  });
});
