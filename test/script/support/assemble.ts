import { concatBytes } from '../../../src/bytes/compare.ts';
import { fromHex } from '../../../src/bytes/hex.ts';
import { ScriptFlag, type ScriptFlagName } from '../../../src/script/flags.ts';
import { Op } from '../../../src/script/opcodes.ts';
import { compileScript, pushBytes } from '../../../src/script/script.ts';

const opcodes = Op as Readonly<Record<string, number>>;

/** Parses a script in the notation of Core's vectors: numbers, 0x raw bytes, 'text', opcodes with or without OP_. */
export function assemble(text: string): Uint8Array {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return concatBytes(
    ...words.map((word) => {
      if (/^-?\d+$/.test(word)) return compileScript(BigInt(word));
      if (/^0x[0-9a-fA-F]+$/.test(word)) return fromHex(word.slice(2));
      if (/^'.*'$/.test(word)) return pushBytes(new TextEncoder().encode(word.slice(1, -1)));
      const opcode = opcodes[word] ?? opcodes[`OP_${word}`];
      if (opcode === undefined) throw new Error(`no opcode ${word}`);
      return Uint8Array.of(opcode);
    }),
  );
}

/** Parses flags in the notation of Core's vectors: comma-separated names. */
export function parseFlags(text: string): number {
  let flags = 0;
  for (const name of text.split(',')) {
    if (name === '') continue;
    const flag = ScriptFlag[name as ScriptFlagName];
    if (flag === undefined) throw new Error(`no flag ${name}`);
    flags |= flag;
  }
  return flags;
}

/** All script flags. */
export const ALL_FLAGS: number = Object.values(ScriptFlag).reduce((all, flag) => all | flag, 0);

/** Removes flags whose required flags are not set (Core: TrimFlags in its tests). */
export function trimFlags(flags: number): number {
  let trimmed = flags;
  if (!(trimmed & ScriptFlag.P2SH)) trimmed &= ~ScriptFlag.WITNESS;
  if (!(trimmed & ScriptFlag.WITNESS)) trimmed &= ~ScriptFlag.CLEANSTACK;
  return trimmed;
}

/** Adds the flags that the given ones require (Core: FillFlags in its tests). */
export function fillFlags(flags: number): number {
  let filled = flags;
  if (filled & ScriptFlag.CLEANSTACK) filled |= ScriptFlag.WITNESS;
  if (filled & ScriptFlag.WITNESS) filled |= ScriptFlag.P2SH;
  return filled;
}
