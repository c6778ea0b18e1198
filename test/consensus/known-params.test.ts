import { expect, it } from 'vitest';
import { toReversedHex } from '../../src/bytes/hex.ts';
import { blockScriptFlags, isBuried } from '../../src/consensus/deployments.ts';
import { chainParams, difficultyInterval, type NetworkName } from '../../src/consensus/params.ts';
import { ScriptFlag } from '../../src/script/flags.ts';

// From Core's kernel/chainparams.cpp. params.test.ts compares with bitcoind, if installed.

/** Activation heights of BIP34, BIP66, BIP65, BIP112 and BIP141. */
const fromOne = [1, 1, 1, 1, 1];
const testAddresses = { pubKeyHash: 111, scriptHash: 196, secretKey: 239 };
const testKeys = { public: 0x043587cf, private: 0x04358394 };
const fixed = { canBeEasy: false, noRetargeting: false, mockable: false, bip94: false };

const known: Record<NetworkName, object> = {
  main: {
    ...{ heights: [227_931, 363_725, 388_381, 419_328, 481_824], ...fixed },
    bip34Hash: '000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8',
    flagExceptions: [
      ['00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22', 0],
      ['0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad', 0b1000_0000_0001],
    ],
    bip30Exceptions: [
      '00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec',
      '00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721',
    ],
    address: { pubKeyHash: 0, scriptHash: 5, secretKey: 128, bech32Hrp: 'bc' },
    bip32: { public: 0x0488b21e, private: 0x0488ade4 },
  },
  test: {
    ...{ heights: [21_111, 330_776, 581_885, 770_112, 834_624], ...fixed, canBeEasy: true },
    bip34Hash: '0000000023b3a96d3484e5abb3755c413e7d41500f8e2a5c3f0dd01299cd8ef8',
    flagExceptions: [['00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105', 0]],
    address: { ...testAddresses, bech32Hrp: 'tb' },
    bip32: testKeys,
  },
  testnet4: {
    ...{ heights: fromOne, ...fixed, canBeEasy: true, bip94: true },
    address: { ...testAddresses, bech32Hrp: 'tb' },
    bip32: testKeys,
  },
  signet: { heights: fromOne, ...fixed, address: { ...testAddresses, bech32Hrp: 'tb' }, bip32: testKeys },
  regtest: {
    ...{ heights: [1, 1, 1, 1, 0], canBeEasy: true, noRetargeting: true, mockable: true, bip94: false },
    address: { ...testAddresses, bech32Hrp: 'bcrt' },
    bip32: testKeys,
  },
};

it.each(Object.entries(known))("%s has Core's parameters", (network, expected) => {
  const params = chainParams(network as NetworkName);
  const { bip34, bip66, bip65, csv, segwit } = params.deployments;
  expect(params.network).toBe(network);
  expect(params.marker).toBe(network);
  expect(params.seeds).toEqual([]);
  expect({
    heights: [bip34, bip66, bip65, csv, segwit].map((each) => (isBuried(each) ? each.height : undefined)),
    canBeEasy: params.powAllowMinDifficultyBlocks,
    noRetargeting: params.powNoRetargeting,
    mockable: params.isMockableChain,
    bip94: params.enforceBip94,
    bip34Hash: params.bip34Hash && toReversedHex(params.bip34Hash),
    flagExceptions: [...params.scriptFlagExceptions],
    bip30Exceptions: [...params.bip30Exceptions],
    address: params.address,
    bip32: params.bip32,
  }).toEqual({ bip34Hash: undefined, flagExceptions: [], bip30Exceptions: [], ...expected });
  expect(params.powTargetSpacing).toBe(600);
  // Two weeks; a day on regtest since 2024, which does not retarget.
  expect(difficultyInterval(params)).toBe(network === 'regtest' ? 144 : 2016);
});

it.each<NetworkName>(['main', 'test', 'testnet4', 'signet', 'regtest'])(
  '%s has P2SH, segwit and Taproot from genesis on',
  (network) => {
    // Core's GetBlockScriptFlags starts with these at any height.
    const always = ScriptFlag.P2SH | ScriptFlag.WITNESS | ScriptFlag.TAPROOT;
    expect(blockScriptFlags(undefined, chainParams(network)) & always).toBe(always);
  },
);
