import { Op } from './opcodes.ts';

/**
 * Walks over a script's operations without allocating. `next` says whether there is another one; where it says no,
 * `isBroken` tells a push that runs past the end from the regular end.
 */
export class ScriptCursor {
  readonly script: Uint8Array;
  /** Behind the operation that `next` has read last. */
  offset = 0;
  opcode: number = Op.OP_INVALIDOPCODE;
  isBroken = false;
  #dataStart = 0;

  constructor(script: Uint8Array) {
    this.script = script;
  }

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

  /** What the operation pushes, for opcodes up to OP_PUSHDATA4: a view of the script. */
  get data(): Uint8Array {
    return this.script.subarray(this.#dataStart, this.offset);
  }

  #fail(): false {
    this.isBroken = true;
    this.opcode = Op.OP_INVALIDOPCODE;
    return false;
  }
}
