import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../../bytes/writer.ts';
import { readTxOut, Transaction, txOutSize, writeTxOut } from '../../primitives/transaction.ts';
import { type InputRange, verifyRanges } from './script-check.ts';

/**
 * Chunks of inputs in shared memory. Each thread repeatedly takes the next chunk and stores its result; the threads
 * exchange no messages meanwhile.
 */
export interface SharedChunks {
  /** Word 0: the next chunk to take. Word 1 + i: the `ChunkState` of chunk i. */
  readonly control: Int32Array;
  /** Chunk i is `bytes` from `offsets[i]` to `offsets[i + 1]`. */
  readonly offsets: Uint32Array;
  /** The encoded ranges of all chunks. */
  readonly bytes: Uint8Array;
  /** The `ScriptFlag`s to verify with. */
  readonly flags: number;
}

/** The state of a chunk. A chunk that is still OPEN at the end was taken by a thread that has exited. */
export const ChunkState = { OPEN: 0, VALID: 1, INVALID: 2 } as const;

/** Copies chunks to shared memory. */
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

/** Takes the next chunk and returns its number; undefined if none is left. */
export function takeChunk({ control }: SharedChunks): number | undefined {
  const chunk = Atomics.add(control, 0, 1);
  return chunk < control.length - 1 ? chunk : undefined;
}

/** Marks all chunks as taken, so that the threads stop. */
export function closeChunks({ control }: SharedChunks): void {
  Atomics.store(control, 0, control.length - 1);
}

/** Stores the result of a chunk. An invalid chunk ends the work: only earlier chunks matter, and all are taken. */
export function markChunk(shared: SharedChunks, chunk: number, isValid: boolean): void {
  Atomics.store(shared.control, 1 + chunk, isValid ? ChunkState.VALID : ChunkState.INVALID);
  if (!isValid) closeChunks(shared);
}

/** Returns the `ChunkState` of a chunk. */
export function chunkState({ control }: SharedChunks, chunk: number): number {
  return Atomics.load(control, 1 + chunk);
}

/** Takes and verifies chunks until none is left; runs in each worker. */
export function verifySharedChunks(shared: SharedChunks): void {
  let bytes: Uint8Array | undefined;
  for (let chunk = takeChunk(shared); chunk !== undefined; chunk = takeChunk(shared)) {
    // A private copy, since native code may not support shared memory.
    bytes ??= shared.bytes.slice();
    markChunk(shared, chunk, verifyRanges(readChunk(shared, bytes, chunk), shared.flags) === undefined);
  }
}

/** Decodes the ranges of a chunk from a copy of the shared bytes. */
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
