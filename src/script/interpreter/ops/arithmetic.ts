import { equalBytes } from '../../../bytes/compare.ts';
import type { ScriptError } from '../../errors.ts';
import { Op } from '../../opcodes.ts';
import type { Machine, OpcodeHandler, OpcodeTable } from '../machine.ts';

function unary(compute: (a: number) => number): OpcodeHandler {
  return (vm) => {
    if (vm.stack.length < 1) return 'INVALID_STACK_OPERATION';
    const result = compute(vm.peekNumber());
    vm.drop(1);
    vm.pushNumber(result);
    return undefined;
  };
}

/** Makes a handler of two numbers, `b` on top of the stack; pushes a boolean result as 0 or 1. */
function binary(compute: (a: number, b: number) => number | boolean): OpcodeHandler {
  return (vm) => {
    if (vm.stack.length < 2) return 'INVALID_STACK_OPERATION';
    const result = compute(vm.peekNumber(1), vm.peekNumber(0));
    vm.drop(2);
    vm.pushNumber(Number(result));
    return undefined;
  };
}

const numEqual = binary((a, b) => a === b);

function equal(vm: Machine): ScriptError | undefined {
  if (vm.stack.length < 2) return 'INVALID_STACK_OPERATION';
  const isEqual = equalBytes(vm.peek(1), vm.peek(0));
  vm.drop(2);
  vm.pushBoolean(isEqual);
  return undefined;
}

/** Comparison and arithmetic. Arguments have up to four bytes, results up to five. */
export const arithmeticOpcodes: OpcodeTable = {
  [Op.OP_EQUAL]: equal,
  [Op.OP_EQUALVERIFY]: (vm) => equal(vm) ?? vm.verify('EQUALVERIFY'),

  [Op.OP_1ADD]: unary((a) => a + 1),
  [Op.OP_1SUB]: unary((a) => a - 1),
  [Op.OP_NEGATE]: unary((a) => -a),
  [Op.OP_ABS]: unary((a) => Math.abs(a)),
  [Op.OP_NOT]: unary((a) => (a === 0 ? 1 : 0)),
  [Op.OP_0NOTEQUAL]: unary((a) => (a === 0 ? 0 : 1)),

  [Op.OP_ADD]: binary((a, b) => a + b),
  [Op.OP_SUB]: binary((a, b) => a - b),
  [Op.OP_BOOLAND]: binary((a, b) => a !== 0 && b !== 0),
  [Op.OP_BOOLOR]: binary((a, b) => a !== 0 || b !== 0),
  [Op.OP_NUMEQUAL]: numEqual,
  [Op.OP_NUMEQUALVERIFY]: (vm) => numEqual(vm) ?? vm.verify('NUMEQUALVERIFY'),
  [Op.OP_NUMNOTEQUAL]: binary((a, b) => a !== b),
  [Op.OP_LESSTHAN]: binary((a, b) => a < b),
  [Op.OP_GREATERTHAN]: binary((a, b) => a > b),
  [Op.OP_LESSTHANOREQUAL]: binary((a, b) => a <= b),
  [Op.OP_GREATERTHANOREQUAL]: binary((a, b) => a >= b),
  [Op.OP_MIN]: binary((a, b) => Math.min(a, b)),
  [Op.OP_MAX]: binary((a, b) => Math.max(a, b)),

  [Op.OP_WITHIN]: (vm) => {
    if (vm.stack.length < 3) return 'INVALID_STACK_OPERATION';
    const value = vm.peekNumber(2);
    const least = vm.peekNumber(1);
    const bound = vm.peekNumber(0);
    vm.drop(3);
    vm.pushBoolean(least <= value && value < bound);
    return undefined;
  },
};
