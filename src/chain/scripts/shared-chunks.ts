import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter, compactSizeLength } from '../../bytes/writer.ts';
import { atOnce, ITEMS_PER_STEP } from '../../platform/slices.ts';
import { readTxOut, Transaction, txOutSize, writeTxOut } from '../../primitives/transaction.ts';
import { type ScriptError, scriptErrors } from '../../script/errors.ts';
import type { SignatureVerifier } from '../../script/signature-cache.ts';
import { type InputRange, RangeVerifier, type ScriptCheck, type ScriptChunk } from './script-check.ts';

/**
 * Chunks of inputs in shared memory. Each thread repeatedly takes a chunk and stores its result; the threads exchange no
 * messages meanwhile. Chunks are numbered in the order of the inputs.
 */
export interface SharedChunks {
  /** The words of `Control`, then `CHUNK_WORDS` words for each chunk. */
  readonly control: Int32Array;
  /** The numbers of the chunks, costliest first. */
  readonly order: Uint32Array;
  /** Chunk i is the ranges from `chunkRanges[i]` to `chunkRanges[i + 1]`. */
  readonly chunkRanges: Uint32Array;
  /** For each range: position of the transaction, first input, end. */
  readonly ranges: Uint32Array;
  /** Transaction i is `bytes` from `offsets[i]` to `offsets[i + 1]`, followed by the outputs that it spends. */
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
  /** The `ScriptFlag`s to verify with. */
  readonly flags: number;
  /** Whether the workers return the valid signatures that they have verified. */
  readonly recordsSignatures: boolean;
}

/** The first words of `SharedChunks.control`. */
const Control = {
  /** The next place in `order` for a worker to take. */
  NEXT: 0,
  /** The lowest invalid chunk: later ones need not be verified. The number of chunks if there is none. */
  LIMIT: 1,
  /** Microseconds that workers have spent. */
  SPENT: 2,
} as const;
const CONTROL_WORDS = 3;
/** State, then for an INVALID chunk the failing input: position, input index, index in `scriptErrors`. */
const CHUNK_WORDS = 4;

/** The state of a chunk. A chunk that is still TAKEN at the end was taken by a thread that has exited. */
export const ChunkState = { OPEN: 0, TAKEN: 1, VALID: 2, INVALID: 3 } as const;

/** The first failing input of a chunk. */
export interface ChunkFailure {
  readonly position: number;
  readonly inputIndex: number;
  readonly error: ScriptError;
}

/** Copies chunks and their transactions to shared memory. */
export function shareChunks(
  checks: readonly ScriptCheck[],
  chunks: readonly ScriptChunk[],
  flags: number,
  recordsSignatures = false,
): SharedChunks {
  return atOnce(shareChunksInSteps(checks, chunks, flags, recordsSignatures));
}

/** Does what `shareChunks` does, in steps. */
export function* shareChunksInSteps(
  checks: readonly ScriptCheck[],
  chunks: readonly ScriptChunk[],
  flags: number,
  recordsSignatures = false,
): Generator<void, SharedChunks> {
  const control = new Int32Array(new SharedArrayBuffer(4 * (CONTROL_WORDS + CHUNK_WORDS * chunks.length)));
  control[Control.LIMIT] = chunks.length;
  const order = sharedWords(chunks.length);
  order.set([...chunks.keys()].sort((a, b) => chunks[b]!.cost - chunks[a]!.cost));

  const chunkRanges = sharedWords(chunks.length + 1);
  for (const [chunk, { ranges }] of chunks.entries()) chunkRanges[chunk + 1] = chunkRanges[chunk]! + ranges.length;
  const ranges = sharedWords(3 * chunkRanges[chunks.length]!);
  let at = 0;
  for (const chunk of chunks) {
    for (const { position, first, end } of chunk.ranges) {
      ranges[at++] = position;
      ranges[at++] = first;
      ranges[at++] = end;
    }
  }

  const offsets = sharedWords(checks.length + 1);
  for (const [position, check] of checks.entries()) {
    offsets[position + 1] = offsets[position]! + checkSize(check);
    if (position % ITEMS_PER_STEP === 0) yield;
  }
  const writer = new ByteWriter(offsets[checks.length]!);
  for (const [position, { tx, spentOutputs }] of checks.entries()) {
    writer.bytes(tx.encode()).list(spentOutputs, writeTxOut);
    if (position % ITEMS_PER_STEP === 0) yield;
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(offsets[checks.length]!));
  bytes.set(writer.finish());
  return { control, order, chunkRanges, ranges, offsets, bytes, flags, recordsSignatures };
}

function sharedWords(count: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(4 * count));
}

function checkSize({ tx, spentOutputs }: ScriptCheck): number {
  let size = tx.totalSize + compactSizeLength(spentOutputs.length);
  for (const output of spentOutputs) size += txOutSize(output);
  return size;
}

/** Returns the number of chunks. */
export function chunkCount({ order }: SharedChunks): number {
  return order.length;
}

/** Takes the costliest chunk that is left and returns its number; undefined if none is. For workers. */
export function takeCostliest(shared: SharedChunks): number | undefined {
  const count = chunkCount(shared);
  for (;;) {
    const next = Atomics.add(shared.control, Control.NEXT, 1);
    if (next >= count) return undefined;
    const chunk = shared.order[next]!;
    if (take(shared, chunk)) return chunk;
  }
}

/** Takes a chunk; returns false if it is taken, or comes after an invalid one. */
export function take(shared: SharedChunks, chunk: number): boolean {
  if (chunk > chunkLimit(shared)) return false;
  return Atomics.compareExchange(shared.control, word(chunk), ChunkState.OPEN, ChunkState.TAKEN) === ChunkState.OPEN;
}

/** Returns the lowest invalid chunk; the number of chunks if there is none, -1 after `cancelChunks`. */
export function chunkLimit({ control }: SharedChunks): number {
  return Atomics.load(control, Control.LIMIT);
}

/** Stops the threads after the inputs that they are verifying. */
export function cancelChunks({ control }: SharedChunks): void {
  Atomics.store(control, Control.LIMIT, -1);
}

/** Returns the `ChunkState` of a chunk. */
export function chunkState({ control }: SharedChunks, chunk: number): number {
  return Atomics.load(control, word(chunk));
}

/** Returns whether every chunk that matters has a result. */
export function isComplete(shared: SharedChunks): boolean {
  const end = Math.min(chunkLimit(shared), chunkCount(shared));
  for (let chunk = 0; chunk < end; chunk++) if (chunkState(shared, chunk) !== ChunkState.VALID) return false;
  return true;
}

/** Returns the failing input of an INVALID chunk. */
export function chunkFailure({ control }: SharedChunks, chunk: number): ChunkFailure {
  const at = word(chunk);
  return { position: control[at + 1]!, inputIndex: control[at + 2]!, error: scriptErrors[control[at + 3]!]! };
}

/** Returns the milliseconds that workers have spent. */
export function spentMs({ control }: SharedChunks): number {
  return Atomics.load(control, Control.SPENT) / 1000;
}

/** Verifies a chunk that this thread has taken and stores the result. */
export function verifyChunk(shared: SharedChunks, chunk: number, verifier: RangeVerifier): void {
  const { control } = shared;
  const at = word(chunk);
  for (const { position, first, end } of rangesOf(shared, chunk)) {
    for (let inputIndex = first; inputIndex < end; inputIndex++) {
      if (chunk > chunkLimit(shared)) return;
      const error = verifier.verifyInput(position, inputIndex);
      if (!error) continue;
      control[at + 1] = position;
      control[at + 2] = inputIndex;
      control[at + 3] = scriptErrors.indexOf(error);
      Atomics.store(control, at, ChunkState.INVALID);
      lowerLimit(control, chunk);
      return;
    }
  }
  Atomics.store(control, at, ChunkState.VALID);
}

function lowerLimit(control: Int32Array, chunk: number): void {
  let limit = Atomics.load(control, Control.LIMIT);
  while (chunk < limit) {
    const before = Atomics.compareExchange(control, Control.LIMIT, limit, chunk);
    if (before === limit) return;
    limit = before;
  }
}

/** Takes and verifies chunks until none is left; runs in each worker. */
export function verifySharedChunks(shared: SharedChunks, signatures?: SignatureVerifier): void {
  let verifier: RangeVerifier | undefined;
  let since = cpuMicroseconds();
  for (let chunk = takeCostliest(shared); chunk !== undefined; chunk = takeCostliest(shared)) {
    verifier ??= sharedVerifier(shared, signatures);
    verifyChunk(shared, chunk, verifier);
    const now = cpuMicroseconds();
    Atomics.add(shared.control, Control.SPENT, Math.round(now - since));
    since = now;
  }
}

/** Returns a verifier for the transactions in shared memory. */
export function sharedVerifier(shared: SharedChunks, signatures?: SignatureVerifier): RangeVerifier {
  // A private copy, since native code may not support shared memory.
  const bytes = shared.bytes.slice();
  return new RangeVerifier((position) => readCheck(shared, bytes, position), shared.flags, signatures);
}

/** Decodes a transaction from a copy of the shared bytes. */
export function readCheck({ offsets }: SharedChunks, bytes: Uint8Array, position: number): ScriptCheck {
  const reader = new ByteReader(bytes, offsets[position]!);
  return { tx: Transaction.read(reader), spentOutputs: reader.list(readTxOut) };
}

/** Iterates over the ranges of a chunk. */
export function* rangesOf({ chunkRanges, ranges }: SharedChunks, chunk: number): Generator<InputRange> {
  for (let i = chunkRanges[chunk]!; i < chunkRanges[chunk + 1]!; i++) {
    yield { position: ranges[3 * i]!, first: ranges[3 * i + 1]!, end: ranges[3 * i + 2]! };
  }
}

function word(chunk: number): number {
  return CONTROL_WORDS + CHUNK_WORDS * chunk;
}

/** What this file uses of Node; undefined in a browser. */
const { process } = globalThis as { process?: { threadCpuUsage?: () => { user: number; system: number } } };
const threadCpuUsage = process?.threadCpuUsage;

/** The CPU time of this thread; before Node.js 23.9, the time that has passed. */
function cpuMicroseconds(): number {
  if (!threadCpuUsage) return performance.now() * 1000;
  const { user, system } = threadCpuUsage();
  return user + system;
}
