import { toHex } from '../../bytes/hex.ts';
import { asmWords, disassemble } from '../../script/asm.ts';
import { type Json, JsonList, JsonText } from '../json/json.ts';

/** Items, or bytes, up to which a value is computed at once: some microseconds of work. */
const SMALL_LIST = 32;
const SMALL_BYTES = 4_096;
const BYTES_PER_PIECE = 16_384;
const WORDS_PER_PIECE = 256;

/** Returns the array of `describe(item)`; of a long list, the items are described as they are encoded. */
export function listJson<T>(items: readonly T[], describe: (item: T, i: number) => Json): Json {
  return items.length <= SMALL_LIST ? items.map(describe) : new JsonList(describeEach(items, describe));
}

function* describeEach<T>(items: readonly T[], describe: (item: T, i: number) => Json): Generator<Json> {
  for (let i = 0; i < items.length; i++) yield describe(items[i]!, i);
}

/** Returns bytes as hex; many bytes are converted as they are encoded. */
export function hexJson(bytes: Uint8Array): Json {
  return bytes.length <= SMALL_BYTES ? toHex(bytes) : new JsonText(hexPieces(bytes));
}

/** Iterates over the hex of bytes in pieces. */
export function* hexPieces(bytes: Uint8Array): Generator<string> {
  for (let at = 0; at < bytes.length; at += BYTES_PER_PIECE) yield toHex(bytes.subarray(at, at + BYTES_PER_PIECE));
}

/** Returns a script as `disassemble` does; a long one is disassembled as it is encoded. */
export function asmJson(script: Uint8Array, showSigHash = false): Json {
  if (script.length <= SMALL_BYTES) return disassemble(script, showSigHash);
  return new JsonText(asmPieces(script, showSigHash));
}

function* asmPieces(script: Uint8Array, showSigHash: boolean): Generator<string> {
  let words: string[] = [];
  let separator = '';
  for (const word of asmWords(script, showSigHash)) {
    words.push(word);
    if (words.length < WORDS_PER_PIECE) continue;
    yield separator + words.join(' ');
    separator = ' ';
    words = [];
  }
  if (words.length > 0) yield separator + words.join(' ');
}
