import type { ScriptError } from '../../errors.ts';
import { castToBool } from '../../number.ts';
import { Op } from '../../opcodes.ts';
import type { Machine, OpcodeHandler, OpcodeTable } from '../machine.ts';

/** Makes a handler that requires at least `depth` elements and gets the stack with its size. */
function withStack(depth: number, run: (stack: Uint8Array[], size: number) => void): OpcodeHandler {
  return ({ stack }) => {
    if (stack.length < depth) return 'INVALID_STACK_OPERATION';
    run(stack, stack.length);
    return undefined;
  };
}

/** Moves (OP_ROLL) or copies (OP_PICK) the element at the depth given on top of the stack. */
function fromDepth(vm: Machine, remove: boolean): ScriptError | undefined {
  const { stack } = vm;
  if (stack.length < 2) return 'INVALID_STACK_OPERATION';
  const depth = vm.peekNumber();
  stack.pop();
  if (depth < 0 || depth >= stack.length) return 'INVALID_STACK_OPERATION';
  const at = stack.length - 1 - depth;
  const element = stack[at]!;
  if (remove) stack.splice(at, 1);
  stack.push(element);
  return undefined;
}

/** Stack manipulation: moves, copies and drops elements. */
export const stackOpcodes: OpcodeTable = {
  [Op.OP_TOALTSTACK]: ({ stack, altStack }) => {
    const element = stack.pop();
    if (!element) return 'INVALID_STACK_OPERATION';
    altStack.push(element);
    return undefined;
  },
  [Op.OP_FROMALTSTACK]: ({ stack, altStack }) => {
    const element = altStack.pop();
    if (!element) return 'INVALID_ALTSTACK_OPERATION';
    stack.push(element);
    return undefined;
  },

  [Op.OP_DROP]: withStack(1, (stack) => stack.pop()),
  [Op.OP_2DROP]: withStack(2, (stack, n) => {
    stack.length = n - 2;
  }),
  [Op.OP_NIP]: withStack(2, (stack, n) => {
    stack[n - 2] = stack[n - 1]!;
    stack.pop();
  }),

  [Op.OP_DUP]: withStack(1, (stack, n) => stack.push(stack[n - 1]!)),
  [Op.OP_2DUP]: withStack(2, (stack, n) => stack.push(stack[n - 2]!, stack[n - 1]!)),
  [Op.OP_3DUP]: withStack(3, (stack, n) => stack.push(stack[n - 3]!, stack[n - 2]!, stack[n - 1]!)),
  [Op.OP_OVER]: withStack(2, (stack, n) => stack.push(stack[n - 2]!)),
  [Op.OP_2OVER]: withStack(4, (stack, n) => stack.push(stack[n - 4]!, stack[n - 3]!)),
  [Op.OP_TUCK]: withStack(2, (stack, n) => stack.splice(n - 2, 0, stack[n - 1]!)),
  [Op.OP_IFDUP]: withStack(1, (stack, n) => {
    if (castToBool(stack[n - 1]!)) stack.push(stack[n - 1]!);
  }),

  [Op.OP_SWAP]: withStack(2, (stack, n) => {
    const element = stack[n - 2]!;
    stack[n - 2] = stack[n - 1]!;
    stack[n - 1] = element;
  }),
  [Op.OP_2SWAP]: withStack(4, (stack, n) => stack.push(...stack.splice(n - 4, 2))),
  [Op.OP_ROT]: withStack(3, (stack, n) => stack.push(...stack.splice(n - 3, 1))),
  [Op.OP_2ROT]: withStack(6, (stack, n) => stack.push(...stack.splice(n - 6, 2))),
  [Op.OP_PICK]: (vm) => fromDepth(vm, false),
  [Op.OP_ROLL]: (vm) => fromDepth(vm, true),

  [Op.OP_DEPTH]: (vm) => {
    vm.pushNumber(vm.stack.length);
    return undefined;
  },
  [Op.OP_SIZE]: (vm) => {
    if (vm.stack.length < 1) return 'INVALID_STACK_OPERATION';
    vm.pushNumber(vm.peek().length);
    return undefined;
  },
};
