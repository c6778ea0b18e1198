import { fromHex, fromReversedHex } from '../bytes/hex.ts';
import { COIN } from '../primitives/amount.ts';
import { Block } from '../primitives/block.ts';
import { BlockHeader } from '../primitives/header.ts';
import { nullOutPoint } from '../primitives/outpoint.ts';
import { Transaction } from '../primitives/transaction.ts';
import type { AddressPrefixes } from '../script/address.ts';
import { ScriptFlag } from '../script/flags.ts';
import { COINBASE_MATURITY } from './limits.ts';

/** Core's names, as `getblockchaininfo` shows them; `test` is testnet3. */
export type NetworkName = 'main' | 'test' | 'testnet4' | 'signet' | 'regtest';

/** A network's rules and marks; the values are Bitcoin Core's. */
export interface ChainParams {
  readonly network: NetworkName;
  /** The four bytes that begin every message. */
  readonly magic: Uint8Array;
  readonly defaultPort: number;
  readonly rpcPort: number;
  readonly genesis: Block;
  /** The easiest target. */
  readonly powLimit: bigint;
  /** Seconds between blocks that retargeting aims at. */
  readonly powTargetSpacing: number;
  /** Seconds that a difficulty period should last. */
  readonly powTargetTimespan: number;
  /** A block more than two spacings after its parent may have the easiest target. */
  readonly powAllowMinDifficultyBlocks: boolean;
  readonly powNoRetargeting: boolean;
  /** Whether a person may set the time of the network's nodes (Core: IsMockableChain). */
  readonly isMockableChain: boolean;
  /** BIP94: testnet4's protection against time warps and block storms. */
  readonly enforceBip94: boolean;
  readonly subsidyHalvingInterval: number;
  readonly coinbaseMaturity: number;
  /** Below this much work the chain is surely not the network's best. */
  readonly minimumChainWork: bigint;
  readonly bip34Height: number;
  /** The block at `bip34Height`: on a chain that holds it BIP30 needs no look-ups. */
  readonly bip34Hash: Uint8Array | undefined;
  readonly bip65Height: number;
  readonly bip66Height: number;
  readonly csvHeight: number;
  readonly segwitHeight: number;
  /** Where taproot became active; its rules hold for all blocks but those in `scriptFlagExceptions`. */
  readonly taprootHeight: number;
  /** Blocks, by hex of their hash, that were mined before a rule which they break, with the flags for their scripts. */
  readonly scriptFlagExceptions: ReadonlyMap<string, number>;
  /** Blocks, by hex of their hash, that may repeat a transaction whose outputs were unspent (BIP30). */
  readonly bip30Exceptions: ReadonlySet<string>;
  /** BIP325: the script that a block's signature must satisfy; undefined where blocks need none. */
  readonly signetChallenge: Uint8Array | undefined;
  readonly address: AddressPrefixes;
  /** Version bytes of extended keys. */
  readonly bip32: { readonly public: number; readonly private: number };
}

/** Blocks in a difficulty period. */
export function difficultyInterval(params: ChainParams): number {
  return params.powTargetTimespan / params.powTargetSpacing;
}

const TEST_ADDRESS = { pubKeyHash: 111, scriptHash: 196, secretKey: 239 } as const;
const TEST_BIP32 = { public: 0x043587cf, private: 0x04358394 } as const;
const TWO_WEEKS = 14 * 24 * 60 * 60;
const POW_LIMIT = 0x00000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffn;

const TIMES_MESSAGE = 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks';
const SATOSHI_KEY =
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f';

interface GenesisFields {
  readonly message?: string;
  /** Hex. */
  readonly publicKey?: string;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
}

function push(data: Uint8Array): number[] {
  return data.length < 0x4c ? [data.length, ...data] : [0x4c, data.length, ...data];
}

function genesisBlock(fields: GenesisFields): Block {
  const { message = TIMES_MESSAGE, publicKey = SATOSHI_KEY, time, bits, nonce } = fields;
  const coinbase = new Transaction({
    version: 1,
    inputs: [
      {
        prevout: nullOutPoint,
        // The number 0x1d00ffff and the number 4, then the message.
        scriptSig: Uint8Array.from([4, 0xff, 0xff, 0x00, 0x1d, 1, 4, ...push(new TextEncoder().encode(message))]),
        sequence: 0xffff_ffff,
        witness: [],
      },
    ],
    outputs: [{ value: 50n * COIN, scriptPubKey: Uint8Array.from([...push(fromHex(publicKey)), 0xac]) }],
    lockTime: 0,
  });
  const header = { version: 1, prevHash: new Uint8Array(32), merkleRoot: coinbase.txid, time, bits, nonce };
  return new Block(new BlockHeader(header), [coinbase]);
}

type BuildParams = () => ChainParams;

const builders: Readonly<Record<NetworkName, BuildParams>> = {
  main: () => ({
    network: 'main',
    magic: fromHex('f9beb4d9'),
    defaultPort: 8333,
    rpcPort: 8332,
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
    minimumChainWork: 0x0000000000000000000000000000000000000001128750f82f4c366153a3a030n,
    bip34Height: 227_931,
    bip34Hash: fromReversedHex('000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8'),
    bip65Height: 388_381,
    bip66Height: 363_725,
    csvHeight: 419_328,
    segwitHeight: 481_824,
    taprootHeight: 709_632,
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
  }),

  test: () => ({
    network: 'test',
    magic: fromHex('0b110907'),
    defaultPort: 18333,
    rpcPort: 18332,
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
    minimumChainWork: 0x0000000000000000000000000000000000000000000017dde1c649f3708d14b6n,
    bip34Height: 21_111,
    bip34Hash: fromReversedHex('0000000023b3a96d3484e5abb3755c413e7d41500f8e2a5c3f0dd01299cd8ef8'),
    bip65Height: 581_885,
    bip66Height: 330_776,
    csvHeight: 770_112,
    segwitHeight: 834_624,
    taprootHeight: 2_011_968,
    scriptFlagExceptions: new Map([['00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105', 0]]),
    bip30Exceptions: new Set(),
    signetChallenge: undefined,
    address: { ...TEST_ADDRESS, bech32Hrp: 'tb' },
    bip32: TEST_BIP32,
  }),

  testnet4: () => ({
    network: 'testnet4',
    magic: fromHex('1c163f28'),
    defaultPort: 48333,
    rpcPort: 48332,
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
    minimumChainWork: 0x0000000000000000000000000000000000000000000009a0fe15d0177d086304n,
    bip34Height: 1,
    bip34Hash: undefined,
    bip65Height: 1,
    bip66Height: 1,
    csvHeight: 1,
    segwitHeight: 1,
    taprootHeight: 0,
    scriptFlagExceptions: new Map(),
    bip30Exceptions: new Set(),
    signetChallenge: undefined,
    address: { ...TEST_ADDRESS, bech32Hrp: 'tb' },
    bip32: TEST_BIP32,
  }),

  signet: () => ({
    network: 'signet',
    magic: fromHex('0a03cf40'),
    defaultPort: 38333,
    rpcPort: 38332,
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
    minimumChainWork: 0x00000000000000000000000000000000000000000000000000000b463ea0a4b8n,
    bip34Height: 1,
    bip34Hash: undefined,
    bip65Height: 1,
    bip66Height: 1,
    csvHeight: 1,
    segwitHeight: 1,
    taprootHeight: 0,
    scriptFlagExceptions: new Map(),
    bip30Exceptions: new Set(),
    signetChallenge: fromHex(
      '512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae',
    ),
    address: { ...TEST_ADDRESS, bech32Hrp: 'tb' },
    bip32: TEST_BIP32,
  }),

  regtest: () => ({
    network: 'regtest',
    magic: fromHex('fabfb5da'),
    defaultPort: 18444,
    rpcPort: 18443,
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
    minimumChainWork: 0n,
    bip34Height: 1,
    bip34Hash: undefined,
    bip65Height: 1,
    bip66Height: 1,
    csvHeight: 1,
    segwitHeight: 0,
    taprootHeight: 0,
    scriptFlagExceptions: new Map(),
    bip30Exceptions: new Set(),
    signetChallenge: undefined,
    address: { ...TEST_ADDRESS, bech32Hrp: 'bcrt' },
    bip32: TEST_BIP32,
  }),
};

const built = new Map<NetworkName, ChainParams>();

/** The parameters of a network: one object each, so that they may be compared by identity. */
export function chainParams(network: NetworkName): ChainParams {
  let params = built.get(network);
  if (!params) {
    params = builders[network]();
    built.set(network, params);
  }
  return params;
}

/** The network on which Pier runs by default. */
export const regtest: ChainParams = chainParams('regtest');
