import { ECMULT_TABLES_SIZE, ecmultTables } from '../crypto/engines/ecmult-tables.ts';

/** A WebAssembly file of libsecp256k1 without the tables that can be computed. */
export interface WasmPieces {
  /** Bytes before the tables, as base64. */
  readonly before: string;
  /** Bytes after them, as base64. */
  readonly after: string;
}

/** Returns the instance of a WebAssembly file that is complete again. */
export function instantiate({ before, after }: WasmPieces, imports: WebAssembly.Imports): WebAssembly.Exports {
  const [head, tail] = [fromBase64(before), fromBase64(after)];
  const binary = new Uint8Array(head.length + ECMULT_TABLES_SIZE + tail.length);
  binary.set(head);
  binary.set(ecmultTables(), head.length);
  binary.set(tail, head.length + ECMULT_TABLES_SIZE);
  return new WebAssembly.Instance(new WebAssembly.Module(binary), imports).exports;
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
