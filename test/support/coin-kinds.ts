import { p2tr } from '@scure/btc-signer';
import { pubECDSA, taprootTweakPrivKey, taprootTweakPubkey } from '@scure/btc-signer/utils.js';
import { concatBytes } from '../../src/bytes/compare.ts';
import { hash160, sha256 } from '../../src/crypto/hash.ts';
import type { OutPoint } from '../../src/primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript, pushBytes } from '../../src/script/script.ts';
import { SighashCache } from '../../src/script/sighash/cache.ts';
import { legacySighash } from '../../src/script/sighash/legacy.ts';
import { segwitV0Sighash } from '../../src/script/sighash/segwit-v0.ts';
import { annexHash, NO_CODE_SEPARATOR, taprootSighash } from '../../src/script/sighash/taproot.ts';
import { SigHash } from '../../src/script/sighash/types.ts';
import { tapLeafHash } from '../../src/script/taproot.ts';
import { signEcdsa, signSchnorr } from './signing.ts';

/** The scriptSig and witness that spend an output. */
export interface Satisfaction {
  readonly scriptSig: Uint8Array;
  readonly witness: readonly Uint8Array[];
}

/** A type of output, and how to spend it with the test's key. */
export interface CoinKind {
  readonly name: string;
  readonly scriptPubKey: Uint8Array;
  /** Returns the scriptSig and witness for input `index` of the transaction in `cache`. */
  satisfy(cache: SighashCache, index: number): Satisfaction;
}

/** The test's private key. */
const key: Uint8Array = new Uint8Array(32).fill(1);
/** The test's public key, compressed (33 bytes). */
export const publicKey: Uint8Array = pubECDSA(key);

const empty = new Uint8Array(0);
const { ALL } = SigHash;

function ecdsa(hash: Uint8Array): Uint8Array {
  return concatBytes(signEcdsa(hash, key), Uint8Array.of(ALL));
}

/** Signs for a bare script or a redeem script. */
function legacySignature(script: Uint8Array, cache: SighashCache, index: number): Uint8Array {
  return ecdsa(legacySighash(cache, index, script, ALL));
}

/** Signs for a witness script of version 0 (BIP143). */
function segwitSignature(script: Uint8Array, cache: SighashCache, index: number): Uint8Array {
  return ecdsa(segwitV0Sighash(cache, index, script, ALL));
}

const keyHash = hash160(publicKey);
const p2pkhScript = compileScript(Op.OP_DUP, Op.OP_HASH160, keyHash, Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
const p2wpkhScript = compileScript(Op.OP_0, keyHash);
const multisigScript = compileScript(Op.OP_1, publicKey, publicKey, Op.OP_2, Op.OP_CHECKMULTISIG);
const taproot = p2tr(publicKey.subarray(1));
const taprootKey = taprootTweakPrivKey(key);

/** Returns the P2SH output script of a redeem script. */
export function p2sh(redeemScript: Uint8Array): Uint8Array {
  return compileScript(Op.OP_HASH160, hash160(redeemScript), Op.OP_EQUAL);
}

function p2wsh(witnessScript: Uint8Array): Uint8Array {
  return compileScript(Op.OP_0, sha256(witnessScript));
}

/** Returns a kind that is spent without a signature, by a fixed scriptSig and witness (default: both empty). */
export function unsigned(name: string, scriptPubKey: Uint8Array, satisfaction: Partial<Satisfaction> = {}): CoinKind {
  const result = { scriptSig: empty, witness: [], ...satisfaction };
  return { name, scriptPubKey, satisfy: () => result };
}

/** Returns a P2SH kind that is spent by `pushes` and the redeem script, without a signature. */
export function unsignedP2sh(
  name: string,
  redeemScript: Uint8Array,
  ...pushes: readonly (Uint8Array | number)[]
): CoinKind {
  return unsigned(name, p2sh(redeemScript), { scriptSig: compileScript(...pushes, redeemScript) });
}

/** Returns a P2WSH kind that is spent by `items` and the witness script, without a signature. */
export function unsignedP2wsh(name: string, witnessScript: Uint8Array, ...items: readonly Uint8Array[]): CoinKind {
  return unsigned(name, p2wsh(witnessScript), { witness: [...items, witnessScript] });
}

/** Returns `script` repeated `count` times. */
export function repeated(count: number, ...script: readonly number[]): number[] {
  return Array.from({ length: count }, () => script).flat();
}

/** Returns a Taproot kind with a single leaf, which is spent by a script path without a signature. */
export function tapscript(name: string, leaf: Uint8Array, items: readonly Uint8Array[], leafVersion = 0xc0): CoinKind {
  const internalKey = publicKey.subarray(1);
  const [outputKey, parity] = taprootTweakPubkey(internalKey, tapLeafHash(leafVersion, leaf));
  const control = concatBytes(Uint8Array.of(leafVersion | parity), internalKey);
  return unsigned(name, compileScript(Op.OP_1, outputKey), { witness: [...items, leaf, control] });
}

/** Kinds whose outputs and spends are standard. */
export const standardKinds: readonly CoinKind[] = [
  unsignedP2wsh('p2wsh true', compileScript(Op.OP_1)),
  {
    name: 'p2wpkh',
    scriptPubKey: p2wpkhScript,
    satisfy: (cache, i) => ({ scriptSig: empty, witness: [segwitSignature(p2pkhScript, cache, i), publicKey] }),
  },
  {
    name: 'p2pkh',
    scriptPubKey: p2pkhScript,
    satisfy: (cache, i) => ({
      scriptSig: compileScript(legacySignature(p2pkhScript, cache, i), publicKey),
      witness: [],
    }),
  },
  {
    name: 'p2sh-p2wpkh',
    scriptPubKey: p2sh(p2wpkhScript),
    satisfy: (cache, i) => ({
      scriptSig: pushBytes(p2wpkhScript),
      witness: [segwitSignature(p2pkhScript, cache, i), publicKey],
    }),
  },
  {
    name: 'p2tr',
    scriptPubKey: taproot.script,
    satisfy: (cache, i) => {
      const context = { annexHash: undefined, leafHash: undefined };
      const hash = taprootSighash(cache, i, SigHash.DEFAULT, context, NO_CODE_SEPARATOR);
      return { scriptSig: empty, witness: [signSchnorr(hash!, taprootKey)] };
    },
  },
  {
    name: 'p2wsh multisig',
    scriptPubKey: p2wsh(multisigScript),
    satisfy: (cache, i) => ({
      scriptSig: empty,
      witness: [empty, segwitSignature(multisigScript, cache, i), multisigScript],
    }),
  },
  {
    name: 'p2sh multisig',
    scriptPubKey: p2sh(multisigScript),
    satisfy: (cache, i) => ({
      scriptSig: compileScript(Op.OP_0, legacySignature(multisigScript, cache, i), multisigScript),
      witness: [],
    }),
  },
];

const bigItem = new Uint8Array(81);
const { OP_1, OP_DROP, OP_CHECKSIG, OP_CHECKMULTISIG, OP_NOT, OP_0, OP_2DROP } = Op;

/** Kinds whose outputs or spends are unusual, nonstandard or invalid. */
export const oddKinds: readonly CoinKind[] = [
  {
    name: 'p2pk',
    scriptPubKey: compileScript(publicKey, OP_CHECKSIG),
    satisfy(cache, i) {
      return { scriptSig: compileScript(legacySignature(this.scriptPubKey, cache, i)), witness: [] };
    },
  },
  {
    name: 'bare multisig',
    scriptPubKey: multisigScript,
    satisfy: (cache, i) => ({ scriptSig: compileScript(OP_0, legacySignature(multisigScript, cache, i)), witness: [] }),
  },
  unsigned('bare multisig of 4 keys', compileScript(OP_1, ...repeatKeys(4), Op.OP_4, OP_CHECKMULTISIG)),
  unsigned('anchor', compileScript(OP_1, Uint8Array.of(0x4e, 0x73))),
  unsigned('anchor with a witness', compileScript(OP_1, Uint8Array.of(0x4e, 0x73)), { witness: [Uint8Array.of(1)] }),
  unsigned('nonstandard', compileScript(OP_1)),
  unsigned('unknown witness version', compileScript(Op.OP_2, new Uint8Array(20).fill(7))),
  unsigned('witness v0 program of wrong length', compileScript(OP_0, new Uint8Array(21).fill(7))),
  unsigned('op_return', compileScript(Op.OP_RETURN, new Uint8Array(20))),
  unsigned('op_return without pushes', Uint8Array.of(Op.OP_RETURN, OP_CHECKSIG)),
  unsignedP2sh('p2sh true', compileScript(OP_1)),
  unsignedP2sh('p2sh false', compileScript(OP_0)),
  unsignedP2sh('p2sh unclean', compileScript(OP_1), OP_1),
  unsignedP2sh('p2sh 15 sigops', compileScript(...repeated(15, OP_0, OP_0, OP_CHECKSIG, OP_DROP), OP_1)),
  unsignedP2sh('p2sh 16 sigops', compileScript(...repeated(16, OP_0, OP_0, OP_CHECKSIG, OP_DROP), OP_1)),
  unsigned('p2sh with OP_RESERVED', p2sh(compileScript(OP_1)), {
    scriptSig: compileScript(Op.OP_RESERVED, compileScript(OP_1)),
  }),
  unsignedP2sh('p2sh with an upgradable NOP', compileScript(Op.OP_NOP10, OP_1)),
  unsignedP2sh('p2sh with a non-minimal push', Uint8Array.of(Op.OP_PUSHDATA1, 1, 1)),
  unsignedP2wsh('p2wsh false', compileScript(OP_0)),
  unsignedP2wsh('p2wsh unclean', compileScript(OP_1), Uint8Array.of(1)),
  unsignedP2wsh('p2wsh big item', compileScript(OP_DROP, OP_1), bigItem),
  unsignedP2wsh('p2wsh item of 80', compileScript(OP_DROP, OP_1), bigItem.subarray(1)),
  unsignedP2wsh('p2wsh 101 items', compileScript(...repeated(50, OP_2DROP)), ...repeatItems(101)),
  unsignedP2wsh('p2wsh 100 items', compileScript(...repeated(49, OP_2DROP), OP_DROP), ...repeatItems(100)),
  unsignedP2wsh('p2wsh 3600 bytes', compileScript(...repeated(3599, Op.OP_NOP), OP_1).subarray(0, 3600)),
  unsignedP2wsh('p2wsh many sigops', compileScript(...repeated(60, OP_0, OP_0, OP_CHECKSIG, OP_DROP), OP_1)),
  unsignedP2wsh('p2wsh non-minimal if', compileScript(Op.OP_IF, OP_1, Op.OP_ENDIF), Uint8Array.of(2)),
  unsigned('p2wpkh with a hybrid key', p2wpkhScript, { witness: [empty, Uint8Array.of(6)] }),
  unsigned('p2wpkh with a scriptSig', p2wpkhScript, { scriptSig: compileScript(OP_1), witness: [empty, publicKey] }),
  unsigned('scriptSig with an opcode', compileScript(OP_1), { scriptSig: compileScript(Op.OP_NOP) }),
  unsigned('scriptSig too large', compileScript(OP_1), { scriptSig: compileScript(new Uint8Array(1650)) }),
  tapscript('tapscript true', compileScript(OP_1), []),
  tapscript('tapscript big item', compileScript(OP_DROP, OP_1), [bigItem]),
  tapscript('tapscript success', compileScript(0x50), []),
  tapscript('tapscript unknown leaf', compileScript(OP_1), [], 0xc2),
  tapscript('tapscript unknown leaf, big item', compileScript(OP_1), [bigItem], 0xc2),
  tapscript('tapscript unknown key', compileScript(OP_0, Uint8Array.of(9), OP_CHECKSIG, OP_NOT), []),
  {
    name: 'p2tr with an annex',
    scriptPubKey: taproot.script,
    satisfy: (cache, i) => {
      const annex = Uint8Array.of(0x50, 1);
      const context = { annexHash: annexHash(annex), leafHash: undefined };
      const hash = taprootSighash(cache, i, SigHash.DEFAULT, context, NO_CODE_SEPARATOR);
      return { scriptSig: empty, witness: [signSchnorr(hash!, taprootKey), annex] };
    },
  },
];

function repeatKeys(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => publicKey);
}

function repeatItems(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => Uint8Array.of(1));
}

/** An unspent output of a kind. */
export interface Coin {
  readonly outpoint: OutPoint;
  readonly value: bigint;
  readonly kind: CoinKind;
}

/** A transaction before it is signed. */
export interface TransactionDraft {
  readonly inputs: readonly { readonly coin: Coin; readonly sequence: number }[];
  readonly outputs: readonly TxOut[];
  readonly version: number;
  readonly lockTime: number;
}

/** Builds and signs a transaction; each input is satisfied as the kind of its coin requires. */
export function satisfyAll(draft: TransactionDraft): Transaction {
  const { outputs, version, lockTime } = draft;
  const inputs = draft.inputs.map(({ coin, sequence }) => {
    return { prevout: coin.outpoint, scriptSig: empty, sequence, witness: [] };
  });
  const unsignedTx = new Transaction({ version, inputs, outputs, lockTime });
  const spent = draft.inputs.map(({ coin }) => ({ value: coin.value, scriptPubKey: coin.kind.scriptPubKey }));
  const cache = new SighashCache(unsignedTx, spent);
  const satisfied = inputs.map((input, i) => ({ ...input, ...draft.inputs[i]!.coin.kind.satisfy(cache, i) }));
  return new Transaction({ version, inputs: satisfied, outputs, lockTime });
}
