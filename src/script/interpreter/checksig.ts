import type { ScriptError } from '../errors.ts';
import { ScriptFlag } from '../flags.ts';
import { VALIDATION_WEIGHT_PER_SIGOP_PASSED } from '../limits.ts';
import { pushBytes } from '../script.ts';
import { SigVersion } from '../sighash/types.ts';
import { findAndDelete } from './find-and-delete.ts';
import type { Machine } from './machine.ts';
import { checkPublicKeyEncoding, checkSignatureEncoding } from './signature-encoding.ts';

/** Returns whether a signature is valid, or the error by which it fails the script (Core: EvalChecksig). */
export function checkSig(vm: Machine, signature: Uint8Array, publicKey: Uint8Array): boolean | ScriptError {
  return vm.sigVersion === SigVersion.TAPSCRIPT
    ? checkSigTapscript(vm, signature, publicKey)
    : checkSigPreTapscript(vm, signature, publicKey);
}

function checkSigPreTapscript(vm: Machine, signature: Uint8Array, publicKey: Uint8Array): boolean | ScriptError {
  let { scriptCode } = vm;
  if (vm.sigVersion === SigVersion.BASE) {
    scriptCode = findAndDelete(vm.scriptCode, pushBytes(signature));
    if (scriptCode !== vm.scriptCode && vm.has(ScriptFlag.CONST_SCRIPTCODE)) return 'SIG_FINDANDDELETE';
  }
  const malformed =
    checkSignatureEncoding(signature, vm.flags) ?? checkPublicKeyEncoding(publicKey, vm.flags, vm.sigVersion);
  if (malformed) return malformed;
  const isValid = vm.checker.checkEcdsa(signature, publicKey, scriptCode, vm.sigVersion);
  if (!isValid && vm.has(ScriptFlag.NULLFAIL) && signature.length > 0) return 'SIG_NULLFAIL';
  return isValid;
}

/** BIP342: an empty signature is false, any other must be valid; keys of unknown type accept any signature. */
function checkSigTapscript(vm: Machine, signature: Uint8Array, publicKey: Uint8Array): boolean | ScriptError {
  const tapscript = vm.tapscript!;
  const isSigned = signature.length > 0;
  if (isSigned) {
    tapscript.validationWeightLeft -= VALIDATION_WEIGHT_PER_SIGOP_PASSED;
    if (tapscript.validationWeightLeft < 0) return 'TAPSCRIPT_VALIDATION_WEIGHT';
  }
  if (publicKey.length === 0) return 'TAPSCRIPT_EMPTY_PUBKEY';
  if (publicKey.length === 32) {
    if (!isSigned) return false;
    return vm.checker.checkSchnorr(signature, publicKey, tapscript, vm.codeSeparatorPosition) ?? true;
  }
  return vm.has(ScriptFlag.DISCOURAGE_UPGRADABLE_PUBKEYTYPE) ? 'DISCOURAGE_UPGRADABLE_PUBKEYTYPE' : isSigned;
}
