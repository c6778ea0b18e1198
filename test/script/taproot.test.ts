import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { ByteReader } from '../../src/bytes/reader.ts';
import { secp256k1, useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { readTxOut, Transaction, type TxIn } from '../../src/primitives/transaction.ts';
import { encodeAddress } from '../../src/script/address.ts';
import type { ScriptError } from '../../src/script/errors.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { SighashCache } from '../../src/script/sighash.ts';
import { tapBranchHash, tapLeafHash, tapTweakHash, verifyTaprootCommitment } from '../../src/script/taproot.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';
import { parseFlags } from './support/assemble.ts';

interface Leaf {
  readonly id: number;
  readonly script: string;
  readonly leafVersion: number;
}
type Tree = Leaf | readonly [Tree, Tree];

interface Bip341Wallet {
  readonly scriptPubKey: readonly {
    readonly given: { readonly internalPubkey: string; readonly scriptTree: Tree | null };
    readonly intermediary: {
      readonly leafHashes?: readonly string[];
      readonly merkleRoot: string | null;
      readonly tweak: string;
      readonly tweakedPubkey: string;
    };
    readonly expected: {
      readonly scriptPubKey: string;
      readonly bip350Address: string;
      readonly scriptPathControlBlocks?: readonly string[];
    };
  }[];
}

const mainnet = { pubKeyHash: 0, scriptHash: 5, secretKey: 128, bech32Hrp: 'bc' };

function isLeaf(tree: Tree): tree is Leaf {
  return 'id' in tree;
}

/** The root's hash; every leaf's own is added to `leaves` by its id. */
function rootOf(tree: Tree, leaves: Uint8Array[]): Uint8Array {
  if (!isLeaf(tree)) return tapBranchHash(rootOf(tree[0], leaves), rootOf(tree[1], leaves));
  const hash = tapLeafHash(tree.leafVersion, fromHex(tree.script));
  leaves[tree.id] = hash;
  return hash;
}

describeVectors("BIP341's script trees", 'bips/bip341-wallet.json', () => {
  const entries = vectorJson<Bip341Wallet>('bips/bip341-wallet.json').scriptPubKey;

  it.each(['native', 'wasm'] as const)('hash to the output keys on the %s engine', (engine) => {
    useSecp256k1Engine(engine);
    for (const { given, intermediary, expected } of entries) {
      const internalKey = fromHex(given.internalPubkey);
      const leaves: Uint8Array[] = [];
      const root = given.scriptTree ? rootOf(given.scriptTree, leaves) : undefined;
      expect(leaves.map(toHex)).toEqual(intermediary.leafHashes ?? []);
      expect(root ? toHex(root) : null).toBe(intermediary.merkleRoot);
      const tweak = tapTweakHash(internalKey, root);
      expect(toHex(tweak)).toBe(intermediary.tweak);
      const outputKey = fromHex(intermediary.tweakedPubkey);
      const parities = ([0, 1] as const).filter((p) =>
        secp256k1().xOnlyTweakAddCheck(internalKey, tweak, outputKey, p),
      );
      expect(parities).toHaveLength(1);
      for (const [id, control] of (expected.scriptPathControlBlocks ?? []).entries()) {
        const block = fromHex(control);
        expect(verifyTaprootCommitment(block, outputKey, leaves[id]!)).toBe(true);
        block[block.length - 1]! ^= 1;
        expect(verifyTaprootCommitment(block, outputKey, leaves[id]!)).toBe(false);
      }
      expect(encodeAddress(fromHex(expected.scriptPubKey), mainnet)).toBe(expected.bip350Address);
    }
    expect(entries).toHaveLength(7);
  });
});

interface Spend {
  readonly scriptSig: string;
  readonly witness: readonly string[];
}

interface Asset {
  readonly tx: string;
  readonly prevouts: readonly string[];
  readonly index: number;
  readonly flags: string;
  readonly comment: string;
  readonly success?: Spend;
  readonly failure?: Spend;
  readonly final?: boolean;
}

const consensusFlags = [
  ScriptFlag.P2SH,
  ScriptFlag.DERSIG,
  ScriptFlag.NULLDUMMY,
  ScriptFlag.CHECKLOCKTIMEVERIFY,
  ScriptFlag.CHECKSEQUENCEVERIFY,
  ScriptFlag.WITNESS,
  ScriptFlag.TAPROOT,
];
const allConsensusFlags = consensusFlags.reduce((all, flag) => all | flag, 0);

/** Leaves out flags whose own requirement is missing. */
function consistent(flags: number): number {
  let out = flags;
  if (!(out & ScriptFlag.P2SH)) out &= ~ScriptFlag.WITNESS;
  if (!(out & ScriptFlag.WITNESS)) out &= ~ScriptFlag.TAPROOT;
  return out;
}

describeVectors("Core's script assets", 'taproot/script_assets.json', () => {
  const assets = vectorJson<Asset[]>('taproot/script_assets.json').map((asset) => {
    const tx = Transaction.decode(fromHex(asset.tx));
    const prevouts = asset.prevouts.map((hex) => readTxOut(new ByteReader(fromHex(hex))));
    return { ...asset, tx, prevouts, flags: parseFlags(asset.flags) };
  });

  function run(asset: (typeof assets)[number], spend: Spend, flags: number): ScriptError | undefined {
    const inputs: TxIn[] = [...asset.tx.inputs];
    const { index } = asset;
    inputs[index] = {
      ...inputs[index]!,
      scriptSig: fromHex(spend.scriptSig),
      witness: spend.witness.map(fromHex),
    };
    const { version, outputs, lockTime } = asset.tx;
    const tx = new Transaction({ version, inputs, outputs, lockTime });
    return verifyInput(tx, index, new SighashCache(tx, asset.prevouts), flags);
  }

  it.each(['native', 'wasm'] as const)('succeed and fail as told on the %s engine', (engine) => {
    useSecp256k1Engine(engine);
    const wrong: string[] = [];
    let successes = 0;
    let failures = 0;
    for (const asset of assets) {
      if (asset.success) {
        successes++;
        const error = run(asset, asset.success, asset.flags);
        if (error) wrong.push(`${asset.comment}: ${error}`);
      }
      if (asset.failure) {
        failures++;
        if (!run(asset, asset.failure, asset.flags)) wrong.push(`${asset.comment}: should fail`);
      }
    }
    expect(wrong).toEqual([]);
    expect(assets).toHaveLength(1729);
    expect({ successes, failures }).toEqual({ successes: 1729, failures: 1554 });
  });

  it('succeed with fewer flags, and fail with more', () => {
    useSecp256k1Engine('native');
    const wrong: string[] = [];
    for (const [i, asset] of assets.entries()) {
      // One flag less for each entry, in turn; and all of them, which final successes and all failures bear.
      const fewer = consistent(asset.flags & ~consensusFlags[i % consensusFlags.length]!);
      if (asset.success && run(asset, asset.success, fewer)) wrong.push(`${asset.comment}: fails with ${fewer}`);
      if (asset.success && run(asset, asset.success, 0)) wrong.push(`${asset.comment}: fails without flags`);
      if (asset.success && asset.final && run(asset, asset.success, allConsensusFlags)) {
        wrong.push(`${asset.comment}: fails with all`);
      }
      if (asset.failure && !run(asset, asset.failure, allConsensusFlags)) {
        wrong.push(`${asset.comment}: passes with all`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
