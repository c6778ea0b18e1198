import { Op } from './opcodes.ts';

/** Iterates over the operations of a script without allocating (Core: CScript::GetOp). */
export class ScriptCursor {
  readonly script: Uint8Array;
  /** The offset after the operation that `next` has read, in bytes. */
  offset = 0;
  /** The opcode that `next` has read. */
  opcode: number = Op.OP_INVALIDOPCODE;
  /** Set once a push runs past the end of the script. */
  isBroken = false;
  #dataStart = 0;

  constructor(script: Uint8Array) {
    this.script = script;
  }

  /** Reads the next operation; returns false at the end of the script, or if it `isBroken`. */
  next(): boolean {
    const script = this.script;
    const end = script.length;
    let at = this.offset;
    if (at >= end || this.isBroken) return false;
    const opcode = script[at++]!;
    if (opcode <= Op.OP_PUSHDATA4) {
      let length = opcode;
      if (opcode >= Op.OP_PUSHDATA1) {
        const width = opcode === Op.OP_PUSHDATA1 ? 1 : opcode === Op.OP_PUSHDATA2 ? 2 : 4;
        if (end - at < width) return this.#fail();
        length = 0;
        for (let i = width - 1; i >= 0; i--) length = length * 256 + script[at + i]!;
        at += width;
      }
      if (end - at < length) return this.#fail();
      this.#dataStart = at;
      at += length;
    }
    this.opcode = opcode;
    this.offset = at;
    return true;
  }

  /** The pushed bytes, a view of the script. Only valid for opcodes up to OP_PUSHDATA4. */
  get data(): Uint8Array {
    return this.script.subarray(this.#dataStart, this.offset);
  }

  #fail(): false {
    this.isBroken = true;
    this.opcode = Op.OP_INVALIDOPCODE;
    return false;
  }
}
