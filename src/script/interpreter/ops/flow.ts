import type { ScriptError } from '../../errors.ts';
import { ScriptFlag } from '../../flags.ts';
import { castToBool } from '../../number.ts';
import { Op } from '../../opcodes.ts';
import { SigVersion } from '../../sighash/types.ts';
import { isSequenceDisabled } from '../checker.ts';
import type { Machine, OpcodeTable } from '../machine.ts';

const nop = (): undefined => undefined;

/** A no-op that a future soft fork may redefine. */
function upgradableNop(vm: Machine): ScriptError | undefined {
  return vm.has(ScriptFlag.DISCOURAGE_UPGRADABLE_NOPS) ? 'DISCOURAGE_UPGRADABLE_NOPS' : undefined;
}

function beginIf(vm: Machine, expected: boolean): ScriptError | undefined {
  let value = false;
  if (vm.isExecuting) {
    if (vm.stack.length < 1) return 'INVALID_STACK_OPERATION';
    const condition = vm.peek();
    const isMinimal = condition.length === 0 || (condition.length === 1 && condition[0] === 1);
    if (!isMinimal) {
      if (vm.sigVersion === SigVersion.TAPSCRIPT) return 'TAPSCRIPT_MINIMALIF';
      if (vm.sigVersion === SigVersion.WITNESS_V0 && vm.has(ScriptFlag.MINIMALIF)) return 'MINIMALIF';
    }
    value = castToBool(condition) === expected;
    vm.drop(1);
  }
  vm.beginConditional(value);
  return undefined;
}

/** Conditionals, lock times, OP_VERIFY and OP_RETURN. */
export const flowOpcodes: OpcodeTable = {
  [Op.OP_NOP]: nop,
  [Op.OP_NOP1]: upgradableNop,
  [Op.OP_NOP4]: upgradableNop,
  [Op.OP_NOP5]: upgradableNop,
  [Op.OP_NOP6]: upgradableNop,
  [Op.OP_NOP7]: upgradableNop,
  [Op.OP_NOP8]: upgradableNop,
  [Op.OP_NOP9]: upgradableNop,
  [Op.OP_NOP10]: upgradableNop,

  [Op.OP_IF]: (vm) => beginIf(vm, true),
  [Op.OP_NOTIF]: (vm) => beginIf(vm, false),
  [Op.OP_ELSE]: (vm) => {
    if (!vm.isInsideConditional) return 'UNBALANCED_CONDITIONAL';
    vm.toggleConditional();
    return undefined;
  },
  [Op.OP_ENDIF]: (vm) => {
    if (!vm.isInsideConditional) return 'UNBALANCED_CONDITIONAL';
    vm.endConditional();
    return undefined;
  },

  [Op.OP_VERIFY]: (vm) => {
    if (vm.stack.length < 1) return 'INVALID_STACK_OPERATION';
    return vm.verify('VERIFY');
  },
  [Op.OP_RETURN]: () => 'OP_RETURN',

  [Op.OP_CHECKLOCKTIMEVERIFY]: (vm) => {
    if (!vm.has(ScriptFlag.CHECKLOCKTIMEVERIFY)) return undefined;
    if (vm.stack.length < 1) return 'INVALID_STACK_OPERATION';
    // Up to five bytes: four would overflow in 2038 (BIP65).
    const lockTime = vm.peekNumber(0, 5);
    if (lockTime < 0) return 'NEGATIVE_LOCKTIME';
    return vm.checker.checkLockTime(lockTime) ? undefined : 'UNSATISFIED_LOCKTIME';
  },
  [Op.OP_CHECKSEQUENCEVERIFY]: (vm) => {
    if (!vm.has(ScriptFlag.CHECKSEQUENCEVERIFY)) return undefined;
    if (vm.stack.length < 1) return 'INVALID_STACK_OPERATION';
    const sequence = vm.peekNumber(0, 5);
    if (sequence < 0) return 'NEGATIVE_LOCKTIME';
    if (isSequenceDisabled(sequence)) return undefined;
    return vm.checker.checkSequence(sequence) ? undefined : 'UNSATISFIED_LOCKTIME';
  },
};
