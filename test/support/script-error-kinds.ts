import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex } from '../../src/bytes/hex.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import type { ScriptError } from '../../src/script/errors.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import {
  type CoinKind,
  p2sh,
  publicKey,
  repeated,
  tapscript,
  unsigned,
  unsignedP2sh,
  unsignedP2wsh,
} from './coin-kinds.ts';

const { OP_0, OP_1, OP_2, OP_NOP, OP_DROP, OP_NOT, OP_CHECKSIG, OP_CHECKMULTISIG } = Op;

const fill = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte);

/** Returns a signature in strict DER with r = 1, valid for no message. */
function der(s: Uint8Array, hashType: number): Uint8Array {
  return Uint8Array.of(0x30, 5 + s.length, 2, 1, 1, 2, s.length, ...s, hashType);
}

const wrongSignature = der(fill(1, 1), 1);
/** The group order minus one. */
const highS = fromHex('00fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140');

/** Returns a Taproot kind whose output key is the test's public key, untweaked. */
function p2tr(name: string, ...witness: readonly Uint8Array[]): CoinKind {
  return unsigned(name, compileScript(OP_1, publicKey.subarray(1)), { witness });
}

function p2wsh(name: string, ...script: readonly (number | bigint | Uint8Array)[]): CoinKind {
  return unsignedP2wsh(name, compileScript(...script));
}

const p2wshTrue = compileScript(OP_0, sha256(compileScript(OP_1)));

/** A kind whose spend fails with each script error. `ofPolicy`: only under the mempool's flags; valid in a block. */
export const scriptErrors: Readonly<Record<ScriptError, { readonly kind: CoinKind; readonly ofPolicy?: true }>> = {
  EVAL_FALSE: { kind: p2wsh('false result', OP_0) },
  OP_RETURN: { kind: p2wsh('OP_RETURN executed', OP_1, Op.OP_RETURN) },

  SCRIPT_SIZE: { kind: p2wsh('10,001 bytes', ...repeated(10_000, OP_NOP), OP_1) },
  PUSH_SIZE: { kind: p2wsh('pushes 521 bytes', new Uint8Array(521), OP_DROP, OP_1) },
  OP_COUNT: { kind: p2wsh('202 operations', ...repeated(202, OP_NOP), OP_1) },
  STACK_SIZE: { kind: p2wsh('1,001 elements', ...repeated(1001, OP_1)) },
  SIG_COUNT: { kind: p2wsh('2 of 1 keys', OP_0, OP_0, OP_0, OP_2, publicKey, OP_1, OP_CHECKMULTISIG) },
  PUBKEY_COUNT: { kind: p2wsh('21 keys', OP_0, OP_0, 21n, OP_CHECKMULTISIG) },

  VERIFY: { kind: p2wsh('VERIFY', OP_0, Op.OP_VERIFY) },
  EQUALVERIFY: { kind: p2wsh('EQUALVERIFY', OP_0, OP_1, Op.OP_EQUALVERIFY) },
  CHECKMULTISIGVERIFY: {
    kind: p2wsh('CHECKMULTISIGVERIFY', OP_0, OP_0, OP_1, publicKey, OP_1, Op.OP_CHECKMULTISIGVERIFY),
  },
  CHECKSIGVERIFY: { kind: p2wsh('CHECKSIGVERIFY', OP_0, publicKey, Op.OP_CHECKSIGVERIFY) },
  NUMEQUALVERIFY: { kind: p2wsh('NUMEQUALVERIFY', OP_0, OP_1, Op.OP_NUMEQUALVERIFY) },

  BAD_OPCODE: { kind: p2wsh('unknown opcode', OP_1, 0xff) },
  DISABLED_OPCODE: { kind: p2wsh('OP_CAT', OP_1, OP_1, Op.OP_CAT) },
  INVALID_STACK_OPERATION: { kind: p2wsh('OP_DUP on an empty stack', Op.OP_DUP) },
  INVALID_ALTSTACK_OPERATION: { kind: p2wsh('OP_FROMALTSTACK on an empty altstack', Op.OP_FROMALTSTACK) },
  UNBALANCED_CONDITIONAL: { kind: p2wsh('OP_ENDIF alone', OP_1, Op.OP_ENDIF) },
  SCRIPTNUM: { kind: p2wsh('a number of 5 bytes', fill(1, 5), Op.OP_1ADD) },

  NEGATIVE_LOCKTIME: { kind: p2wsh('negative lock', Op.OP_1NEGATE, Op.OP_CHECKLOCKTIMEVERIFY) },
  UNSATISFIED_LOCKTIME: { kind: p2wsh('distant lock', 400_000_000n, Op.OP_CHECKLOCKTIMEVERIFY) },

  SIG_HASHTYPE: {
    kind: unsignedP2wsh('unknown hash type', compileScript(publicKey, OP_CHECKSIG, OP_NOT), der(fill(1, 1), 4)),
    ofPolicy: true,
  },
  SIG_DER: { kind: unsignedP2wsh('not DER', compileScript(publicKey, OP_CHECKSIG), fill(0x30, 10)) },
  MINIMALDATA: { kind: unsignedP2sh('non-minimal push', Uint8Array.of(Op.OP_PUSHDATA1, 1, 7)), ofPolicy: true },
  SIG_PUSHONLY: {
    kind: unsigned('P2SH with an opcode', p2sh(compileScript(OP_1)), {
      scriptSig: compileScript(OP_NOP, compileScript(OP_1)),
    }),
  },
  SIG_HIGH_S: {
    kind: unsignedP2wsh('high s', compileScript(publicKey, OP_CHECKSIG, OP_NOT), der(highS, 1)),
    ofPolicy: true,
  },
  SIG_NULLDUMMY: { kind: p2wsh('non-null dummy', OP_1, OP_0, OP_0, OP_CHECKMULTISIG) },
  PUBKEYTYPE: {
    kind: unsignedP2sh('invalid key', compileScript(fill(5, 33), OP_CHECKSIG, OP_NOT), OP_0),
    ofPolicy: true,
  },
  CLEANSTACK: { kind: p2wsh('two elements', OP_1, OP_1) },
  MINIMALIF: {
    kind: unsignedP2wsh('OP_IF with argument 2', compileScript(Op.OP_IF, OP_1, Op.OP_ENDIF), fill(2, 1)),
    ofPolicy: true,
  },
  SIG_NULLFAIL: {
    kind: unsignedP2wsh('wrong signature', compileScript(publicKey, OP_CHECKSIG, OP_NOT), wrongSignature),
    ofPolicy: true,
  },

  DISCOURAGE_UPGRADABLE_NOPS: { kind: p2wsh('OP_NOP10', OP_1, Op.OP_NOP10), ofPolicy: true },
  DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: {
    kind: unsignedP2sh('program of version 2', compileScript(OP_2, fill(7, 20))),
    ofPolicy: true,
  },
  DISCOURAGE_UPGRADABLE_TAPROOT_VERSION: {
    kind: tapscript('leaf of another version', compileScript(OP_1), [], 0xc4),
    ofPolicy: true,
  },
  DISCOURAGE_OP_SUCCESS: { kind: tapscript('OP_SUCCESS187', Uint8Array.of(187), []), ofPolicy: true },
  DISCOURAGE_UPGRADABLE_PUBKEYTYPE: {
    kind: tapscript('key of 33 bytes', compileScript(OP_0, publicKey, OP_CHECKSIG, OP_NOT), []),
    ofPolicy: true,
  },

  WITNESS_PROGRAM_WRONG_LENGTH: { kind: unsignedP2sh('program of 25 bytes', compileScript(OP_0, fill(7, 25))) },
  WITNESS_PROGRAM_WITNESS_EMPTY: { kind: unsigned('P2WSH without witness', p2wshTrue) },
  WITNESS_PROGRAM_MISMATCH: { kind: unsigned('P2WSH of another script', p2wshTrue, { witness: [fill(0x52, 1)] }) },
  WITNESS_MALLEATED: {
    kind: unsigned('P2WSH with a scriptSig', p2wshTrue, { scriptSig: compileScript(OP_1), witness: [fill(0x51, 1)] }),
  },
  WITNESS_MALLEATED_P2SH: {
    kind: unsigned('P2SH-P2WSH with an extra push', p2sh(p2wshTrue), {
      scriptSig: compileScript(OP_1, p2wshTrue),
      witness: [fill(0x51, 1)],
    }),
  },
  WITNESS_UNEXPECTED: {
    kind: unsigned('P2SH with a witness', p2sh(compileScript(OP_1)), {
      scriptSig: compileScript(compileScript(OP_1)),
      witness: [fill(1, 1)],
    }),
  },
  WITNESS_PUBKEYTYPE: {
    kind: p2wsh('uncompressed key', OP_0, concatBytes(Uint8Array.of(4), fill(1, 64)), OP_CHECKSIG, OP_NOT),
    ofPolicy: true,
  },

  SCHNORR_SIG_SIZE: { kind: p2tr('63 bytes', fill(1, 63)) },
  SCHNORR_SIG_HASHTYPE: { kind: p2tr('explicit default type', fill(0, 65)) },
  SCHNORR_SIG: { kind: p2tr('wrong Schnorr signature', fill(1, 64)) },
  TAPROOT_WRONG_CONTROL_SIZE: { kind: p2tr('34 bytes of control', compileScript(OP_1), fill(0xc0, 34)) },
  TAPSCRIPT_VALIDATION_WEIGHT: {
    kind: tapscript(
      'twelve signature checks',
      compileScript(...repeated(12, OP_1, OP_2, OP_CHECKSIG, OP_DROP), OP_1),
      [],
    ),
  },
  TAPSCRIPT_CHECKMULTISIG: {
    kind: tapscript('multisig in tapscript', compileScript(OP_0, OP_0, OP_0, OP_CHECKMULTISIG), []),
  },
  TAPSCRIPT_MINIMALIF: {
    kind: tapscript('OP_IF with argument 2 in tapscript', compileScript(Op.OP_IF, OP_1, Op.OP_ENDIF), [fill(2, 1)]),
  },
  TAPSCRIPT_EMPTY_PUBKEY: { kind: tapscript('empty key', compileScript(OP_0, OP_0, OP_CHECKSIG, OP_NOT), []) },

  OP_CODESEPARATOR: {
    kind: unsignedP2sh('OP_CODESEPARATOR', compileScript(Op.OP_CODESEPARATOR, OP_1)),
    ofPolicy: true,
  },
  SIG_FINDANDDELETE: {
    kind: unsignedP2sh(
      'signature in the script',
      compileScript(wrongSignature, OP_DROP, publicKey, OP_CHECKSIG, OP_NOT),
      wrongSignature,
    ),
    ofPolicy: true,
  },
};

/** The kinds of `scriptErrors`. */
export const scriptErrorKinds: readonly CoinKind[] = Object.values(scriptErrors).map(({ kind }) => kind);
