/** Characters that wait for a slow reader, about; later lines are dropped until it has read them. */
const MAX_WAITING = 1 << 20;

/** The part of stdout that says how much waits for its reader. */
export interface ReaderState {
  /** What was written and the reader has not taken. */
  readonly writableLength: number;
  once(event: 'drain', listener: () => void): unknown;
}

/** Prints lines for a reader that may be slow, such as `less`: what does not fit is dropped and counted. */
export class LineOutput {
  readonly #reader: ReaderState;
  readonly #print: (line: string) => void;
  readonly #onDropped: (lines: number) => void;
  #dropped = 0;

  /** `onDropped` gets the number of lines that are missing between the last line and the next one. */
  constructor(reader: ReaderState, print: (line: string) => void, onDropped: (lines: number) => void) {
    this.#reader = reader;
    this.#print = print;
    this.#onDropped = onDropped;
  }

  /** Prints a line, or drops it. Once lines are dropped, so are all until the reader has taken what waits. */
  print(line: string): void {
    if (this.#dropped === 0 && this.#reader.writableLength < MAX_WAITING) {
      this.#print(line);
      return;
    }
    if (this.#dropped++ > 0) return;
    // A process does not end before.
    this.#reader.once('drain', () => {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#onDropped(dropped);
    });
  }
}
