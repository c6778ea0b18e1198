import { describe, expect, it } from 'vitest';
import { toHex, toReversedHex } from '../../src/bytes/hex.ts';
import { blockScriptFlags, isActiveAfter, isBuried, isDeployed } from '../../src/consensus/deployments.ts';
import { chainParams, deploymentNames, type NetworkName, regtest } from '../../src/consensus/params.ts';
import { blockWork, checkProofOfWork, difficulty } from '../../src/consensus/pow.ts';
import { blockSubsidy } from '../../src/consensus/subsidy.ts';
import { NO_TIMEOUT } from '../../src/consensus/versionbits.ts';
import { sha256d } from '../../src/crypto/hash.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS, ScriptFlag } from '../../src/script/flags.ts';
import { Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { TestHeader } from './support/headers.ts';

// The values of bitcoind's getblockchaininfo and getblock.
const genesis: Record<NetworkName, { hash: string; work: string; difficulty: number; magic: string; port: number }> = {
  main: {
    hash: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
    work: '100010001',
    difficulty: 1,
    magic: 'f9beb4d9',
    port: 8333,
  },
  test: {
    hash: '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
    work: '100010001',
    difficulty: 1,
    magic: '0b110907',
    port: 18333,
  },
  testnet4: {
    hash: '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043',
    work: '100010001',
    difficulty: 1,
    magic: '1c163f28',
    port: 48333,
  },
  signet: {
    hash: '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6',
    work: '49d414',
    difficulty: 0.001126515290698186,
    magic: '0a03cf40',
    port: 38333,
  },
  regtest: {
    hash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
    work: '2',
    difficulty: 4.656542373906925e-10,
    magic: 'fabfb5da',
    port: 18444,
  },
};

describe('Parameters', () => {
  it.each(Object.entries(genesis))('of %s match bitcoind', (network, expected) => {
    const params = chainParams(network as NetworkName);
    const { header, hash, hashHex, transactions } = params.genesis;
    expect(hashHex).toBe(expected.hash);
    expect(checkProofOfWork(hash, header.bits, params)).toBe(true);
    expect(toHex(header.merkleRoot)).toBe(toHex(transactions[0]!.txid));
    expect(blockWork(header.bits).toString(16)).toBe(expected.work);
    expect(Number(difficulty(header.bits).toPrecision(16))).toBe(expected.difficulty);
    expect(toHex(params.magic)).toBe(expected.magic);
    expect(params.defaultPort).toBe(expected.port);
    expect(chainParams(network as NetworkName)).toBe(params);
  });

  it('of mainnet have the known genesis merkle root', () => {
    const root = '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b';
    expect(toReversedHex(chainParams('main').genesis.header.merkleRoot)).toBe(root);
  });

  it('of signet have the hash of the challenge as magic', () => {
    const { signetChallenge, magic } = chainParams('signet');
    const serialised = Uint8Array.from([signetChallenge!.length, ...signetChallenge!]);
    expect(toHex(sha256d(serialised).subarray(0, 4))).toBe(toHex(magic));
  });
});

describe('blockScriptFlags', () => {
  const main = chainParams('main');
  /** Returns the parent of a block at `height`. */
  const parentAt = (height: number) => new TestHeader({ height: height - 1, time: 0, bits: 0 });
  const early = ScriptFlag.P2SH | ScriptFlag.WITNESS | ScriptFlag.TAPROOT;

  it('adds flags at the activation heights', () => {
    expect(blockScriptFlags(parentAt(1), main)).toBe(early);
    expect(blockScriptFlags(parentAt(363_724), main)).toBe(early);
    expect(blockScriptFlags(parentAt(363_725), main)).toBe(early | ScriptFlag.DERSIG);
    expect(blockScriptFlags(parentAt(388_381), main) & ScriptFlag.CHECKLOCKTIMEVERIFY).not.toBe(0);
    expect(blockScriptFlags(parentAt(388_380), main) & ScriptFlag.CHECKLOCKTIMEVERIFY).toBe(0);
    expect(blockScriptFlags(parentAt(419_328), main) & ScriptFlag.CHECKSEQUENCEVERIFY).not.toBe(0);
    expect(blockScriptFlags(parentAt(419_327), main) & ScriptFlag.CHECKSEQUENCEVERIFY).toBe(0);
    expect(blockScriptFlags(parentAt(481_823), main) & ScriptFlag.NULLDUMMY).toBe(0);
    expect(blockScriptFlags(parentAt(481_824), main)).toBe(MANDATORY_SCRIPT_VERIFY_FLAGS);
    expect(blockScriptFlags(parentAt(1), regtest)).toBe(MANDATORY_SCRIPT_VERIFY_FLAGS);
  });

  it('returns the flags of the two exceptions of mainnet', () => {
    const flags = [...main.scriptFlagExceptions].map(([hex, expected]) => {
      const hash = Uint8Array.from(Buffer.from(hex, 'hex')).reverse();
      return blockScriptFlags(parentAt(170_060), main, hash) === expected;
    });
    expect(flags).toEqual([true, true]);
  });
});

describe('blockSubsidy', () => {
  it('halves every 210,000 blocks, and sums up to 20,999,999.9769 bitcoins', () => {
    const main = chainParams('main');
    let total = 0n;
    for (let height = 0; height < 7_000_000; height += 1000) total += blockSubsidy(height, main) * 1000n;
    expect(total).toBe(2_099_999_997_690_000n);
    expect(blockSubsidy(209_999, main)).toBe(5_000_000_000n);
    expect(blockSubsidy(210_000, main)).toBe(2_500_000_000n);
    expect(blockSubsidy(64 * 210_000, main)).toBe(0n);
    expect(blockSubsidy(149, regtest)).toBe(5_000_000_000n);
    expect(blockSubsidy(150, regtest)).toBe(2_500_000_000n);
  });
});

describeBitcoind('Parameters compared with bitcoind', () => {
  it.each(Object.keys(genesis))('%s has the same genesis block and deployments', async (network) => {
    const params = chainParams(network as NetworkName);
    const node = await Bitcoind.start({ network, args: ['-connect=0'] });
    try {
      const hash = await node.rpc<string>('getblockhash', 0);
      expect(await node.rpc('getblock', hash, 0)).toBe(toHex(params.genesis.encode()));
      const { deployments } = await node.rpc<{ deployments: Record<string, TheirDeployment> }>('getdeploymentinfo');
      const known = deploymentNames.filter((name) => isDeployed(params.deployments[name]));
      expect(Object.keys(deployments).filter((name) => !knotsOnly.has(name))).toEqual(known);
      for (const name of known) {
        const ours = params.deployments[name];
        const { height, active, bip9 } = deployments[name]!;
        if (isBuried(ours)) {
          expect([name, ours.height]).toEqual([name, height]);
        } else {
          const { start_time, timeout, min_activation_height } = bip9!;
          expect([ours.startTime, ours.minActivationHeight]).toEqual([start_time, min_activation_height]);
          // bitcoind reports no timeout as the largest int64.
          expect(ours.timeout).toBe(timeout > Number.MAX_SAFE_INTEGER ? NO_TIMEOUT : timeout);
        }
        expect([name, isActiveAfter(name, new TestHeader({ height: 0, time: 0, bits: 0 }), params)]).toEqual([
          name,
          active,
        ]);
      }
    } finally {
      await node.stop();
    }
  });
});

/** Soft forks that only Knots has. */
const knotsOnly = new Set(['reduced_data', 'long_coinbase_maturity']);

interface TheirDeployment {
  readonly height?: number;
  readonly active: boolean;
  readonly bip9?: { readonly start_time: number; readonly timeout: number; readonly min_activation_height: number };
}
