import { DecodeError } from '../../bytes/errors.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../../bytes/writer.ts';
import type { Coin } from '../../consensus/coins.ts';
import { atOnce, ITEMS_PER_STEP } from '../../platform/slices.ts';

// A stored coin is code (2 * height + isCoinbase), amount, script. Numbers below 2^53 are little-endian base 128; the
// high bit marks a following byte.

function numberLength(value: number): number {
  let length = 1;
  for (; value >= 0x80; length++) value = Math.floor(value / 0x80);
  return length;
}

function writeNumber(out: Uint8Array, at: number, value: number): number {
  for (; value >= 0x80; value = Math.floor(value / 0x80)) out[at++] = (value % 0x80) | 0x80;
  out[at++] = value;
  return at;
}

function readNumber(reader: ByteReader): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 53; scale *= 0x80) {
    const byte = reader.u8();
    value += (byte & 0x7f) * scale;
    if (byte >= 0x80) continue;
    if (value > Number.MAX_SAFE_INTEGER) break;
    if (byte === 0 && scale > 1) throw new DecodeError('non-canonical', reader.offset, 'number not minimally encoded');
    return value;
  }
  throw new DecodeError('oversized', reader.offset, 'number of more than 53 bits');
}

const codeOf = (coin: Coin) => coin.height * 2 + (coin.isCoinbase ? 1 : 0);

/** Encodes a coin for the store. */
export function encodeCoin(coin: Coin): Uint8Array {
  const { value, scriptPubKey } = coin.output;
  const code = codeOf(coin);
  const amount = Number(value);
  const out = new Uint8Array(numberLength(code) + numberLength(amount) + scriptPubKey.length);
  const at = writeNumber(out, writeNumber(out, 0, code), amount);
  out.set(scriptPubKey, at);
  return out;
}

/** Decodes a stored coin; its script is a view of `bytes`. Throws `DecodeError`. */
export function decodeCoin(bytes: Uint8Array): Coin {
  const reader = new ByteReader(bytes);
  return readCoin(reader, () => reader.bytes(reader.remaining));
}

function readCoin(reader: ByteReader, readScript: () => Uint8Array): Coin {
  const code = readNumber(reader);
  const value = BigInt(readNumber(reader));
  const output = { value, scriptPubKey: readScript() };
  return { output, height: Math.floor(code / 2), isCoinbase: code % 2 === 1 };
}

/** Encodes a block's undo data: for each transaction except the coinbase, the coins that its inputs spend. */
export function encodeUndo(undo: readonly (readonly Coin[])[]): Uint8Array {
  return atOnce(encodeUndoInSteps(undo));
}

/** Does what `encodeUndo` does, in steps. */
export function* encodeUndoInSteps(undo: readonly (readonly Coin[])[]): Generator<void, Uint8Array> {
  const scratch = new Uint8Array(18);
  let size = compactSizeLength(undo.length);
  let i = 0;
  for (const coins of undo) {
    size += compactSizeLength(coins.length);
    for (const coin of coins) {
      const { value, scriptPubKey } = coin.output;
      size += numberLength(codeOf(coin)) + numberLength(Number(value));
      size += compactSizeLength(scriptPubKey.length) + scriptPubKey.length;
    }
    if (i++ % ITEMS_PER_STEP === 0) yield;
  }
  const writer = new ByteWriter(size).compactSize(undo.length);
  for (const coins of undo) {
    writer.list(coins, (w, coin) => {
      const at = writeNumber(scratch, writeNumber(scratch, 0, codeOf(coin)), Number(coin.output.value));
      w.bytes(scratch.subarray(0, at)).varBytes(coin.output.scriptPubKey);
    });
    if (i++ % ITEMS_PER_STEP === 0) yield;
  }
  return writer.finish();
}

/** Decodes stored undo data; scripts are views of `bytes`. Throws `DecodeError`. */
export function decodeUndo(bytes: Uint8Array): Coin[][] {
  return atOnce(decodeUndoInSteps(bytes));
}

/** Does what `decodeUndo` does, in steps. */
export function* decodeUndoInSteps(bytes: Uint8Array): Generator<void, Coin[][]> {
  const reader = new ByteReader(bytes);
  const undo: Coin[][] = [];
  for (let left = reader.compactSize(); left > 0; left--) {
    undo.push(reader.list((coin) => readCoin(coin, () => coin.varBytes())));
    if (left % ITEMS_PER_STEP === 0) yield;
  }
  reader.end();
  return undo;
}
