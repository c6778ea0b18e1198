import { expect, it } from 'vitest';
import { binaryKey } from '../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { type Secp256k1Engine, secp256k1, useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { encodeAddress } from '../../src/script/address.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { tapBranchHash, tapLeafHash, tapTweakHash, verifyTaprootCommitment } from '../../src/script/taproot.ts';
import { describeVectors, vectorJson } from '../support/vectors.ts';
import { loadAssets, prepareSpend } from './support/assets.ts';

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

/** Returns the merkle root of a tree, and stores each leaf hash in `leaves` by its id. */
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
      expect(expected.scriptPubKey).toBe(`5120${intermediary.tweakedPubkey}`);
      expect(encodeAddress(fromHex(expected.scriptPubKey), mainnet)).toBe(expected.bip350Address);
    }
    expect(entries).toHaveLength(7);
  });
});

const { P2SH, WITNESS, TAPROOT } = ScriptFlag;
const independentFlags = [
  ScriptFlag.DERSIG,
  ScriptFlag.NULLDUMMY,
  ScriptFlag.CHECKLOCKTIMEVERIFY,
  ScriptFlag.CHECKSEQUENCEVERIFY,
];

/** All valid combinations of consensus flags (Core: ALL_CONSENSUS_FLAGS in its tests). */
const flagSets: readonly number[] = independentFlags.reduce(
  (sets, flag) => sets.flatMap((set) => [set, set | flag]),
  [0, P2SH, P2SH | WITNESS, P2SH | WITNESS | TAPROOT],
);

/** Wraps an engine to cache all results: the same signatures are verified under every combination of flags. */
function remembering(engine: Secp256k1Engine): Secp256k1Engine {
  const answers = new Map<string, boolean>();
  const recall = (question: readonly (string | number | Uint8Array)[], answer: () => boolean): boolean => {
    const key = question.map((part) => (part instanceof Uint8Array ? binaryKey(part) : part)).join('|');
    const known = answers.get(key) ?? answer();
    answers.set(key, known);
    return known;
  };
  return {
    ...engine,
    verifyEcdsa: (...args) => recall(['ecdsa', ...args], () => engine.verifyEcdsa(...args)),
    verifySchnorr: (...args) => recall(['schnorr', ...args], () => engine.verifySchnorr(...args)),
    xOnlyTweakAddCheck: (...args) => recall(['tweak', ...args], () => engine.xOnlyTweakAddCheck(...args)),
  };
}

describeVectors("Core's script assets", 'taproot/script_assets.json', () => {
  const assets = loadAssets();

  // The engines differ in signature checks only, so the slower one does not run every combination of flags.
  it.each([
    { engine: 'native', others: flagSets, expected: 111_579 },
    { engine: 'wasm', others: [], expected: 1729 + 1554 },
  ] as const)('succeed and fail under their own flags and $others.length other sets on the $engine engine', (row) => {
    useSecp256k1Engine(remembering(useSecp256k1Engine(row.engine)));
    const wrong: string[] = [];
    let successes = 0;
    let failures = 0;
    let runs = 0;
    for (const asset of assets) {
      const { flags: own, comment } = asset;
      if (asset.success) {
        successes++;
        const run = prepareSpend(asset, asset.success);
        // A final case passes under all flags, any other under the flags that it lists or fewer.
        for (const flags of new Set([own, ...row.others.filter((set) => asset.final || (set & own) === set)])) {
          const error = run(flags);
          if (error) wrong.push(`${comment}: ${error} with flags ${flags}`);
          runs++;
        }
      }
      if (asset.failure) {
        failures++;
        const run = prepareSpend(asset, asset.failure);
        for (const flags of new Set([own, ...row.others.filter((set) => (set & own) === own)])) {
          if (!run(flags)) wrong.push(`${comment}: passes with flags ${flags}`);
          runs++;
        }
      }
    }
    useSecp256k1Engine('native');
    expect(wrong).toEqual([]);
    expect(flagSets).toHaveLength(64);
    expect(assets).toHaveLength(1729);
    expect({ successes, failures, runs }).toEqual({ successes: 1729, failures: 1554, runs: row.expected });
  });
});
