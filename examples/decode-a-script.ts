// Takes scripts apart, runs one, and says which address each output type has. Needs no node.
import { fromHex, toHex } from 'pier/bytes';
import { chainParams } from 'pier/consensus';
import { Transaction } from 'pier/primitives';
import {
  compileScript,
  decodeAddress,
  disassemble,
  encodeAddress,
  InputChecker,
  Op,
  ScriptFlag,
  SighashCache,
  scriptErrorString,
  solve,
  verifyScript,
} from 'pier/script';

const { address: prefixes } = chainParams('main');
const scripts = [
  toHex(decodeAddress('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', prefixes)),
  '0014751e76e8199196d454941c45d1b3a323f1433bd6',
  '5120a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c',
  '6a0b68656c6c6f20776f726c64',
];
for (const hex of scripts) {
  const script = fromHex(hex);
  console.log(`${solve(script).type}: ${disassemble(script)}`);
  console.log(`  address: ${encodeAddress(script, prefixes) ?? 'none'}`);
}

// A puzzle: two numbers whose sum is five. No signature is needed, so any transaction will do.
const puzzle = compileScript(Op.OP_ADD, Op.OP_5, Op.OP_EQUAL);
const spender = new Transaction({ version: 2, inputs: [], outputs: [], lockTime: 0 });
const checker = new InputChecker(new SighashCache(spender, []), 0);
for (const solution of [compileScript(Op.OP_2, Op.OP_3), compileScript(Op.OP_2, Op.OP_2)]) {
  const error = verifyScript(solution, puzzle, [], ScriptFlag.P2SH, checker);
  console.log(`${disassemble(solution)} solves it: ${error ? scriptErrorString(error) : 'yes'}`);
}
