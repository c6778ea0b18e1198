import type { ScriptError } from '../errors.ts';
import { ScriptFlag } from '../flags.ts';
import { MAX_OPS_PER_SCRIPT, MAX_PUBKEYS_PER_MULTISIG } from '../limits.ts';
import { pushBytes } from '../script.ts';
import { SigVersion } from '../sighash/types.ts';
import { findAndDelete } from './find-and-delete.ts';
import type { Machine } from './machine.ts';
import { checkPublicKeyEncoding, checkSignatureEncoding } from './signature-encoding.ts';

/**
 * Executes OP_CHECKMULTISIG. The stack holds, from the bottom: the dummy element (which an original bug consumes), the
 * signatures, their number, the public keys, their number. Signatures must be in the order of their keys.
 */
export function checkMultisig(vm: Machine): ScriptError | undefined {
  if (vm.sigVersion === SigVersion.TAPSCRIPT) return 'TAPSCRIPT_CHECKMULTISIG';
  const { stack } = vm;

  if (stack.length < 1) return 'INVALID_STACK_OPERATION';
  const keyCount = vm.peekNumber();
  if (keyCount < 0 || keyCount > MAX_PUBKEYS_PER_MULTISIG) return 'PUBKEY_COUNT';
  vm.opCount += keyCount;
  if (vm.opCount > MAX_OPS_PER_SCRIPT) return 'OP_COUNT';

  const sigCountDepth = 1 + keyCount;
  if (stack.length < sigCountDepth + 1) return 'INVALID_STACK_OPERATION';
  const sigCount = vm.peekNumber(sigCountDepth);
  if (sigCount < 0 || sigCount > keyCount) return 'SIG_COUNT';
  const firstSigDepth = sigCountDepth + 1;
  const dummyDepth = firstSigDepth + sigCount;
  if (stack.length < dummyDepth + 1) return 'INVALID_STACK_OPERATION';

  let { scriptCode } = vm;
  if (vm.sigVersion === SigVersion.BASE) {
    for (let i = 0; i < sigCount; i++) {
      const found = findAndDelete(scriptCode, pushBytes(vm.peek(firstSigDepth + i)));
      if (found !== scriptCode && vm.has(ScriptFlag.CONST_SCRIPTCODE)) return 'SIG_FINDANDDELETE';
      scriptCode = found;
    }
  }

  // From the top of the stack down: from the last signature and key to the first.
  let isValid = true;
  let sig = 0;
  for (let key = 0; isValid && sig < sigCount; key++) {
    const signature = vm.peek(firstSigDepth + sig);
    const publicKey = vm.peek(1 + key);
    const malformed =
      checkSignatureEncoding(signature, vm.flags) ?? checkPublicKeyEncoding(publicKey, vm.flags, vm.sigVersion);
    if (malformed) return malformed;
    if (vm.checker.checkEcdsa(signature, publicKey, scriptCode, vm.sigVersion)) sig++;
    // More signatures than keys are left.
    if (sigCount - sig > keyCount - key - 1) isValid = false;
  }

  if (!isValid && vm.has(ScriptFlag.NULLFAIL)) {
    for (let i = 0; i < sigCount; i++) if (vm.peek(firstSigDepth + i).length > 0) return 'SIG_NULLFAIL';
  }
  if (vm.has(ScriptFlag.NULLDUMMY) && vm.peek(dummyDepth).length > 0) return 'SIG_NULLDUMMY';
  vm.drop(dummyDepth + 1);
  vm.pushBoolean(isValid);
  return undefined;
}
