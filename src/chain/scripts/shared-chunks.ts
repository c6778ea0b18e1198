import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../../bytes/writer.ts';
import { readTxOut, Transaction, txOutSize, writeTxOut } from '../../primitives/transaction.ts';
import { type InputRange, verifyRanges } from './script-check.ts';

/**
 * Chunks of inputs in memory that threads share. Each thread takes the next chunk that nobody has taken, and notes how it
 * ended: nothing else needs to be told while the work goes on.
 */
export interface SharedChunks {
  /** Word 0: the next chunk to take; then the state of each chunk. */
  readonly control: Int32Array;
  /** For each chunk where its ranges begin in `bytes`, and at the end where the last one ends. */
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
  /** The `ScriptFlag`s to verify with. */
  readonly flags: number;
}

/** What is known of a chunk. One that is still OPEN at the end was taken by a thread that has ended since. */
export const ChunkState = { OPEN: 0, VALID: 1, INVALID: 2 } as const;

/** Puts chunks, none of which has been taken, into shared memory. */
export function shareChunks(chunks: readonly (readonly InputRange[])[], flags: number): SharedChunks {
  const control = new Int32Array(new SharedArrayBuffer(4 * (1 + chunks.length)));
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (1 + chunks.length)));
  let size = 0;
  for (const [chunk, ranges] of chunks.entries()) {
    for (const range of ranges) size += rangeSize(range);
    offsets[chunk + 1] = size;
  }
  const writer = new ByteWriter(size);
  for (const ranges of chunks) {
    for (const { tx, spentOutputs, first, end } of ranges) {
      writer.bytes(tx.encode()).list(spentOutputs, writeTxOut).u32(first).u32(end);
    }
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  bytes.set(writer.finish());
  return { control, offsets, bytes, flags };
}

function rangeSize({ tx, spentOutputs }: InputRange): number {
  let size = tx.totalSize + compactSizeLength(spentOutputs.length) + 8;
  for (const output of spentOutputs) size += txOutSize(output);
  return size;
}

/** The next chunk that nobody has taken, taken; undefined if there is none. */
export function takeChunk({ control }: SharedChunks): number | undefined {
  const chunk = Atomics.add(control, 0, 1);
  return chunk < control.length - 1 ? chunk : undefined;
}

/** Leaves nothing more to take. */
export function closeChunks({ control }: SharedChunks): void {
  Atomics.store(control, 0, control.length - 1);
}

/** Notes how a chunk has ended. After one that is invalid only those before it matter, and they have been taken. */
export function noteChunk(shared: SharedChunks, chunk: number, isValid: boolean): void {
  Atomics.store(shared.control, 1 + chunk, isValid ? ChunkState.VALID : ChunkState.INVALID);
  if (!isValid) closeChunks(shared);
}

export function chunkState({ control }: SharedChunks, chunk: number): number {
  return Atomics.load(control, 1 + chunk);
}

/** Takes and verifies chunks until there are none left: what a thread does. */
export function verifySharedChunks(shared: SharedChunks): void {
  let bytes: Uint8Array | undefined;
  for (let chunk = takeChunk(shared); chunk !== undefined; chunk = takeChunk(shared)) {
    // A copy of one's own: native code need not expect shared memory.
    bytes ??= shared.bytes.slice();
    noteChunk(shared, chunk, verifyRanges(readChunk(shared, bytes, chunk), shared.flags) === undefined);
  }
}

/** A chunk's ranges, from a copy of the shared bytes. */
export function readChunk({ offsets }: SharedChunks, bytes: Uint8Array, chunk: number): InputRange[] {
  const end = offsets[chunk + 1]!;
  const reader = new ByteReader(bytes, offsets[chunk]!);
  const ranges: InputRange[] = [];
  while (reader.offset < end) {
    ranges.push({
      tx: Transaction.read(reader),
      spentOutputs: reader.list(readTxOut),
      first: reader.u32(),
      end: reader.u32(),
    });
  }
  return ranges;
}
