import { ScriptCursor } from '../cursor.ts';
import type { ScriptError } from '../errors.ts';
import { ScriptFlag } from '../flags.ts';
import { MAX_OPS_PER_SCRIPT, MAX_SCRIPT_ELEMENT_SIZE, MAX_SCRIPT_SIZE, MAX_STACK_SIZE } from '../limits.ts';
import { encodeScriptNumber, scriptNumberError } from '../number.ts';
import { Op } from '../opcodes.ts';
import { isMinimalPush } from '../script.ts';
import { SigVersion } from '../sighash/types.ts';
import type { Machine, OpcodeHandler } from './machine.ts';
import { arithmeticOpcodes } from './ops/arithmetic.ts';
import { cryptoOpcodes } from './ops/crypto.ts';
import { flowOpcodes } from './ops/flow.ts';
import { stackOpcodes } from './ops/stack.ts';

/** Opcodes that fail any script that contains them, executed or not (CVE-2010-5137). */
const disabled = new Uint8Array(256);
for (const opcode of [
  ...[Op.OP_CAT, Op.OP_SUBSTR, Op.OP_LEFT, Op.OP_RIGHT, Op.OP_INVERT, Op.OP_AND, Op.OP_OR, Op.OP_XOR],
  ...[Op.OP_2MUL, Op.OP_2DIV, Op.OP_MUL, Op.OP_DIV, Op.OP_MOD, Op.OP_LSHIFT, Op.OP_RSHIFT],
]) {
  disabled[opcode] = 1;
}

/** The handler of each opcode; executing an opcode without one fails the script. */
const handlers: readonly (OpcodeHandler | undefined)[] = makeHandlers();

function makeHandlers(): (OpcodeHandler | undefined)[] {
  const table: (OpcodeHandler | undefined)[] = new Array(256).fill(undefined);
  for (const group of [flowOpcodes, stackOpcodes, arithmeticOpcodes, cryptoOpcodes]) {
    for (const [opcode, handler] of Object.entries(group)) table[Number(opcode)] = handler;
  }
  for (let opcode: number = Op.OP_1NEGATE; opcode <= Op.OP_16; opcode++) {
    if (opcode === Op.OP_RESERVED) continue;
    const element = encodeScriptNumber(opcode - Op.OP_RESERVED);
    table[opcode] = (vm) => {
      vm.push(element);
      return undefined;
    };
  }
  return table;
}

/** Runs the machine's script on its stack; returns the script error, undefined on success (Core: EvalScript). */
export function runScript(vm: Machine): ScriptError | undefined {
  const error = runToEnd(vm);
  vm.checker.tracer?.end(vm, error);
  return error;
}

function runToEnd(vm: Machine): ScriptError | undefined {
  try {
    return run(vm);
  } catch (error) {
    if (error === scriptNumberError) return 'SCRIPTNUM';
    throw error;
  }
}

function run(vm: Machine): ScriptError | undefined {
  const { script, stack, altStack } = vm;
  const isLimited = vm.sigVersion !== SigVersion.TAPSCRIPT;
  if (isLimited && script.length > MAX_SCRIPT_SIZE) return 'SCRIPT_SIZE';
  const hasConstScriptCode = vm.sigVersion === SigVersion.BASE && vm.has(ScriptFlag.CONST_SCRIPTCODE);

  const { tracer } = vm.checker;
  const cursor = new ScriptCursor(script);
  for (; cursor.next(); vm.position++) {
    const { opcode } = cursor;
    tracer?.step(vm, cursor);
    vm.offset = cursor.offset;
    if (opcode <= Op.OP_PUSHDATA4) {
      const { data } = cursor;
      if (data.length > MAX_SCRIPT_ELEMENT_SIZE) return 'PUSH_SIZE';
      if (vm.isExecuting) {
        if (vm.requireMinimal && !isMinimalPush(opcode, data)) return 'MINIMALDATA';
        stack.push(data);
      }
    } else {
      if (isLimited && opcode > Op.OP_16 && ++vm.opCount > MAX_OPS_PER_SCRIPT) return 'OP_COUNT';
      if (disabled[opcode]) return 'DISABLED_OPCODE';
      if (hasConstScriptCode && opcode === Op.OP_CODESEPARATOR) return 'OP_CODESEPARATOR';
      if (vm.isExecuting || (opcode >= Op.OP_IF && opcode <= Op.OP_ENDIF)) {
        const handler = handlers[opcode];
        if (!handler) return 'BAD_OPCODE';
        const error = handler(vm);
        if (error) return error;
      }
    }
    if (stack.length + altStack.length > MAX_STACK_SIZE) return 'STACK_SIZE';
  }
  if (cursor.isBroken) return 'BAD_OPCODE';
  return vm.isInsideConditional ? 'UNBALANCED_CONDITIONAL' : undefined;
}
