import { fromHex, fromReversedHex } from '../bytes/hex.ts';
import type { Block } from '../primitives/block.ts';
import type { AddressPrefixes } from '../script/address.ts';
import { ScriptFlag } from '../script/flags.ts';
import { genesisBlock } from './genesis.ts';
import { COINBASE_MATURITY } from './limits.ts';
import { ALWAYS_ACTIVE, type Bip9Deployment, NEVER_ACTIVE, NO_TIMEOUT } from './versionbits.ts';

/** Core's networks, by their names in `getblockchaininfo`; `test` is testnet3. */
export const networkNames = ['main', 'test', 'testnet4', 'signet', 'regtest'] as const;
/** The name of a network of Core's. */
export type NetworkName = (typeof networkNames)[number];

/** The soft forks, in the order of Core's RPC. `testdummy` has no rules; it exists for tests. */
export const deploymentNames = ['bip34', 'bip66', 'bip65', 'csv', 'segwit', 'testdummy', 'taproot'] as const;
/** The name of a soft fork. */
export type DeploymentName = (typeof deploymentNames)[number];

/** A soft fork with a hard-coded activation height (BIP90). */
export interface BuriedDeployment {
  /** The height of the first block under the rules. */
  readonly height: number;
}

/** A soft fork. */
export type Deployment = BuriedDeployment | Bip9Deployment;

/** Statistics of a network's chain, from which the number of transactions today is estimated (Core: ChainTxData). */
export interface ChainTxData {
  /** The time up to which `txCount` counts, Unix seconds. */
  readonly time: number;
  readonly txCount: number;
  /** Estimated transactions per second since `time`. */
  readonly txRate: number;
}

/** The parameters of a network, by Core's values for Core's networks (Core: CChainParams, Consensus::Params). */
export interface ChainParams {
  readonly network: string;
  /** The network's identifier in database files; differs between networks with different rules. */
  readonly marker: string;
  /** The four bytes at the start of every P2P message (Core: pchMessageStart). */
  readonly magic: Uint8Array;
  /** The P2P port of addresses without a port. */
  readonly defaultPort: number;
  readonly genesis: Block;
  /** The highest target (lowest difficulty) of a block. */
  readonly powLimit: bigint;
  /** Target seconds between blocks. */
  readonly powTargetSpacing: number;
  /** Target seconds of a difficulty period. */
  readonly powTargetTimespan: number;
  /** Whether a block more than two spacings after its parent may have the highest target. */
  readonly powAllowMinDifficultyBlocks: boolean;
  /** Whether the difficulty never changes. */
  readonly powNoRetargeting: boolean;
  /** Whether the node's time may be mocked (Core: IsMockableChain). */
  readonly isMockableChain: boolean;
  /** Whether testnet4's rules against time warps and block storms apply (BIP94). */
  readonly enforceBip94: boolean;
  /** Blocks between halvings of the subsidy. */
  readonly subsidyHalvingInterval: number;
  /** Confirmations that a coinbase output needs before it can be spent. */
  readonly coinbaseMaturity: number;
  readonly chainTxData: ChainTxData;
  /** The least chainwork of the network's best chain (Core: nMinimumChainWork). */
  readonly minimumChainWork: bigint;
  readonly deployments: Readonly<Record<DeploymentName, Deployment>>;
  /** The block that activated BIP34 (internal order). On a chain with it, BIP30 needs no lookups (Core: BIP34Hash). */
  readonly bip34Hash: Uint8Array | undefined;
  /** Whether Taproot applies to all blocks except `scriptFlagExceptions`, and not only from its activation on. */
  readonly taprootFromGenesis: boolean;
  /** Blocks (hex, display order) older than a rule that they break, with their flags (Core: script_flag_exceptions). */
  readonly scriptFlagExceptions: ReadonlyMap<string, number>;
  /** Blocks (hex, display order) that may overwrite unspent outputs by a duplicate transaction (BIP30). */
  readonly bip30Exceptions: ReadonlySet<string>;
  /** The script that a block's signature must satisfy (BIP325); undefined if the network is not a signet. */
  readonly signetChallenge: Uint8Array | undefined;
  readonly address: AddressPrefixes;
  /** The version bytes of extended keys, as uint32 (BIP32). */
  readonly bip32: { readonly public: number; readonly private: number };
  /** Nodes to connect to, as `host:port`. */
  readonly seeds: readonly string[];
}

/** Returns the number of blocks in a difficulty period (Core: DifficultyAdjustmentInterval). */
export function difficultyInterval(params: ChainParams): number {
  return params.powTargetTimespan / params.powTargetSpacing;
}

const TEST_ADDRESS = { pubKeyHash: 111, scriptHash: 196, secretKey: 239 } as const;
const TEST_BIP32 = { public: 0x043587cf, private: 0x04358394 } as const;
const TWO_WEEKS = 14 * 24 * 60 * 60;
const POW_LIMIT = 0x00000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffn;

/** The values that the soft forks of Core's networks share. */
const COMMON = { timeout: NO_TIMEOUT, minActivationHeight: 0, period: 2016 } as const;
const testDummy = (threshold: number): Bip9Deployment => ({ ...COMMON, bit: 28, startTime: NEVER_ACTIVE, threshold });
const taprootAlways: Bip9Deployment = { ...COMMON, bit: 2, startTime: ALWAYS_ACTIVE, threshold: 1815 };
/** Newer networks enforce the older soft forks from block 1 on. */
const BURIED_AT_ONE = {
  bip34: { height: 1 },
  bip66: { height: 1 },
  bip65: { height: 1 },
  csv: { height: 1 },
  segwit: { height: 1 },
} as const;
/** Newer networks have no blocks that are older than a rule that they break. */
const NO_EXCEPTIONS = {
  bip34Hash: undefined,
  taprootFromGenesis: false,
  scriptFlagExceptions: new Map<string, number>(),
  bip30Exceptions: new Set<string>(),
} as const;
/** The Speedy Trial deployment of 2021 (BIP341). */
const taprootVote = { ...COMMON, bit: 2, startTime: 1_619_222_400, timeout: 1_628_640_000 } as const;

type BuildParams = () => ChainParams;

const builders: Readonly<Record<NetworkName, BuildParams>> = {
  main: () => ({
    network: 'main',
    marker: 'main',
    magic: fromHex('f9beb4d9'),
    defaultPort: 8333,
    genesis: genesisBlock({ time: 1231006505, bits: 0x1d00ffff, nonce: 2083236893 }),
    powLimit: POW_LIMIT,
    powTargetSpacing: 600,
    powTargetTimespan: TWO_WEEKS,
    powAllowMinDifficultyBlocks: false,
    powNoRetargeting: false,
    isMockableChain: false,
    enforceBip94: false,
    subsidyHalvingInterval: 210_000,
    coinbaseMaturity: COINBASE_MATURITY,
    chainTxData: { time: 1_772_055_173, txCount: 1_315_805_869, txRate: 5.40111006496122 },
    minimumChainWork: 0x0000000000000000000000000000000000000001128750f82f4c366153a3a030n,
    deployments: {
      bip34: { height: 227_931 },
      bip66: { height: 363_725 },
      bip65: { height: 388_381 },
      csv: { height: 419_328 },
      segwit: { height: 481_824 },
      testdummy: testDummy(1815),
      taproot: { ...taprootVote, threshold: 1815, minActivationHeight: 709_632 },
    },
    bip34Hash: fromReversedHex('000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8'),
    taprootFromGenesis: true,
    scriptFlagExceptions: new Map([
      ['00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22', 0],
      ['0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad', ScriptFlag.P2SH | ScriptFlag.WITNESS],
    ]),
    bip30Exceptions: new Set([
      '00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec', // 91842
      '00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721', // 91880
    ]),
    signetChallenge: undefined,
    address: { pubKeyHash: 0, scriptHash: 5, secretKey: 128, bech32Hrp: 'bc' },
    bip32: { public: 0x0488b21e, private: 0x0488ade4 },
    seeds: [],
  }),

  test: () => ({
    network: 'test',
    marker: 'test',
    magic: fromHex('0b110907'),
    defaultPort: 18333,
    genesis: genesisBlock({ time: 1296688602, bits: 0x1d00ffff, nonce: 414098458 }),
    powLimit: POW_LIMIT,
    powTargetSpacing: 600,
    powTargetTimespan: TWO_WEEKS,
    powAllowMinDifficultyBlocks: true,
    powNoRetargeting: false,
    isMockableChain: false,
    enforceBip94: false,
    subsidyHalvingInterval: 210_000,
    coinbaseMaturity: COINBASE_MATURITY,
    chainTxData: { time: 1_772_051_651, txCount: 536_108_416, txRate: 0.02691479016257117 },
    minimumChainWork: 0x0000000000000000000000000000000000000000000017dde1c649f3708d14b6n,
    deployments: {
      bip34: { height: 21_111 },
      bip66: { height: 330_776 },
      bip65: { height: 581_885 },
      csv: { height: 770_112 },
      segwit: { height: 834_624 },
      testdummy: testDummy(1512),
      taproot: { ...taprootVote, threshold: 1512 },
    },
    bip34Hash: fromReversedHex('0000000023b3a96d3484e5abb3755c413e7d41500f8e2a5c3f0dd01299cd8ef8'),
    taprootFromGenesis: true,
    scriptFlagExceptions: new Map([['00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105', 0]]),
    bip30Exceptions: new Set(),
    signetChallenge: undefined,
    address: { ...TEST_ADDRESS, bech32Hrp: 'tb' },
    bip32: TEST_BIP32,
    seeds: [],
  }),

  testnet4: () => ({
    network: 'testnet4',
    marker: 'testnet4',
    magic: fromHex('1c163f28'),
    defaultPort: 48333,
    genesis: genesisBlock({
      message: '03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e',
      publicKey: '00'.repeat(33),
      time: 1714777860,
      bits: 0x1d00ffff,
      nonce: 393743547,
    }),
    powLimit: POW_LIMIT,
    powTargetSpacing: 600,
    powTargetTimespan: TWO_WEEKS,
    powAllowMinDifficultyBlocks: true,
    powNoRetargeting: false,
    isMockableChain: false,
    enforceBip94: true,
    subsidyHalvingInterval: 210_000,
    coinbaseMaturity: COINBASE_MATURITY,
    chainTxData: { time: 1_772_013_387, txCount: 14_191_421, txRate: 0.01848579579528412 },
    minimumChainWork: 0x0000000000000000000000000000000000000000000009a0fe15d0177d086304n,
    deployments: {
      ...BURIED_AT_ONE,
      testdummy: testDummy(1815),
      taproot: taprootAlways,
    },
    ...NO_EXCEPTIONS,
    signetChallenge: undefined,
    address: { ...TEST_ADDRESS, bech32Hrp: 'tb' },
    bip32: TEST_BIP32,
    seeds: [],
  }),

  signet: () => ({
    network: 'signet',
    marker: 'signet',
    magic: fromHex('0a03cf40'),
    defaultPort: 38333,
    genesis: genesisBlock({ time: 1598918400, bits: 0x1e0377ae, nonce: 52613770 }),
    powLimit: 0x00000377ae000000000000000000000000000000000000000000000000000000n,
    powTargetSpacing: 600,
    powTargetTimespan: TWO_WEEKS,
    powAllowMinDifficultyBlocks: false,
    powNoRetargeting: false,
    isMockableChain: false,
    enforceBip94: false,
    subsidyHalvingInterval: 210_000,
    coinbaseMaturity: COINBASE_MATURITY,
    chainTxData: { time: 1_772_055_248, txCount: 28_676_833, txRate: 0.06736623436338929 },
    minimumChainWork: 0x00000000000000000000000000000000000000000000000000000b463ea0a4b8n,
    deployments: {
      ...BURIED_AT_ONE,
      testdummy: testDummy(1815),
      taproot: taprootAlways,
    },
    ...NO_EXCEPTIONS,
    signetChallenge: fromHex(
      '512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae',
    ),
    address: { ...TEST_ADDRESS, bech32Hrp: 'tb' },
    bip32: TEST_BIP32,
    seeds: [],
  }),

  regtest: () => ({
    network: 'regtest',
    marker: 'regtest',
    magic: fromHex('fabfb5da'),
    defaultPort: 18444,
    genesis: genesisBlock({ time: 1296688602, bits: 0x207fffff, nonce: 2 }),
    powLimit: 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    powTargetSpacing: 600,
    powTargetTimespan: 24 * 60 * 60,
    powAllowMinDifficultyBlocks: true,
    powNoRetargeting: true,
    isMockableChain: true,
    enforceBip94: false,
    subsidyHalvingInterval: 150,
    coinbaseMaturity: COINBASE_MATURITY,
    chainTxData: { time: 0, txCount: 0, txRate: 0.001 },
    minimumChainWork: 0n,
    deployments: {
      ...BURIED_AT_ONE,
      segwit: { height: 0 },
      testdummy: { ...COMMON, bit: 28, startTime: 0, period: 144, threshold: 108 },
      taproot: { ...taprootAlways, period: 144, threshold: 108 },
    },
    ...NO_EXCEPTIONS,
    signetChallenge: undefined,
    address: { ...TEST_ADDRESS, bech32Hrp: 'bcrt' },
    bip32: TEST_BIP32,
    seeds: [],
  }),
};

const built = new Map<NetworkName, ChainParams>();

/**
 * Returns the parameters of a network: always the same object, so they can be compared by identity.
 *
 * @example
 * ```ts
 * import { chainParams } from 'pier/consensus';
 *
 * const { defaultPort, genesis } = chainParams('signet');
 * console.log(defaultPort); // 38333
 * console.log(genesis.hashHex); // 00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6
 * ```
 */
export function chainParams(network: NetworkName): ChainParams {
  let params = built.get(network);
  if (!params) {
    params = builders[network]();
    built.set(network, params);
  }
  return params;
}

/** The parameters of regtest, Pier's default network. */
export const regtest: ChainParams = chainParams('regtest');
