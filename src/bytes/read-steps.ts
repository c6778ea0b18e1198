import { type ByteReader, MAX_SIZE } from './reader.ts';

/** Bytes read in one step: a fraction of a millisecond of work. */
const STEP_BYTES = 16 * 1024;

/** Divides the reading of long input into steps, between which other work may run. */
export class ReadSteps {
  readonly #reader: ByteReader;
  #end: number;

  /** The first step begins now. */
  constructor(reader: ByteReader) {
    this.#reader = reader;
    this.#end = reader.offset + STEP_BYTES;
  }

  /** Returns whether the step has read enough; the next one begins then. */
  isOver(): boolean {
    const { offset } = this.#reader;
    if (offset < this.#end) return false;
    this.#end = offset + STEP_BYTES;
    return true;
  }
}

/** Does what `ByteReader.list` does in steps. */
export function* listInSteps<T>(
  reader: ByteReader,
  readItem: (reader: ByteReader) => T,
  max = MAX_SIZE,
): Generator<void, T[], void> {
  const count = reader.compactSize(max);
  const items: T[] = [];
  const steps = new ReadSteps(reader);
  for (let i = 0; i < count; i++) {
    items.push(readItem(reader));
    if (steps.isOver()) yield;
  }
  return items;
}
