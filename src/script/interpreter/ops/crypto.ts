import { hash160, ripemd160, sha1, sha256, sha256d } from '../../../crypto/hash.ts';
import type { ScriptError } from '../../errors.ts';
import { Op } from '../../opcodes.ts';
import { SigVersion } from '../../sighash/types.ts';
import { checkMultisig } from '../check-multisig.ts';
import { checkSig } from '../checksig.ts';
import type { Machine, OpcodeHandler, OpcodeTable } from '../machine.ts';

function hashing(hash: (data: Uint8Array) => Uint8Array): OpcodeHandler {
  return ({ stack }) => {
    const top = stack.length - 1;
    if (top < 0) return 'INVALID_STACK_OPERATION';
    stack[top] = hash(stack[top]!);
    return undefined;
  };
}

function checkSigOperation(vm: Machine): ScriptError | undefined {
  if (vm.stack.length < 2) return 'INVALID_STACK_OPERATION';
  const result = checkSig(vm, vm.peek(1), vm.peek(0));
  if (typeof result === 'string') return result;
  vm.drop(2);
  vm.pushBoolean(result);
  return undefined;
}

/** Hashes and signature checks. */
export const cryptoOpcodes: OpcodeTable = {
  [Op.OP_RIPEMD160]: hashing(ripemd160),
  [Op.OP_SHA1]: hashing(sha1),
  [Op.OP_SHA256]: hashing(sha256),
  [Op.OP_HASH160]: hashing(hash160),
  [Op.OP_HASH256]: hashing(sha256d),

  [Op.OP_CODESEPARATOR]: (vm) => {
    // Tapscript signs the position; earlier versions sign the script after it.
    vm.scriptCode = vm.script.subarray(vm.offset);
    vm.codeSeparatorPosition = vm.position;
    return undefined;
  },

  [Op.OP_CHECKSIG]: checkSigOperation,
  [Op.OP_CHECKSIGVERIFY]: (vm) => checkSigOperation(vm) ?? vm.verify('CHECKSIGVERIFY'),
  [Op.OP_CHECKSIGADD]: (vm) => {
    if (vm.sigVersion !== SigVersion.TAPSCRIPT) return 'BAD_OPCODE';
    if (vm.stack.length < 3) return 'INVALID_STACK_OPERATION';
    const sum = vm.peekNumber(1);
    const result = checkSig(vm, vm.peek(2), vm.peek(0));
    if (typeof result === 'string') return result;
    vm.drop(3);
    vm.pushNumber(sum + Number(result));
    return undefined;
  },

  [Op.OP_CHECKMULTISIG]: checkMultisig,
  [Op.OP_CHECKMULTISIGVERIFY]: (vm) => checkMultisig(vm) ?? vm.verify('CHECKMULTISIGVERIFY'),
};
