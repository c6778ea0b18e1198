/** What a status line is drawn on. */
export interface Terminal {
  readonly columns?: number;
  write(text: string): unknown;
}

const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/** A line at the bottom of a terminal that changes, while other lines go past above it. */
export class StatusLine {
  readonly #terminal: Terminal;
  #text = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Characters that fit without wrapping. A terminal that nobody has given a size says that it has no columns. */
  get width(): number {
    return (this.#terminal.columns || DEFAULT_COLUMNS) - 1;
  }

  /** Shows `text` in place of what was there; nothing at all if it is empty. */
  show(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#terminal.write(CLEAR_LINE + text);
  }

  /** Writes whole lines above. */
  print(lines: string): void {
    this.#terminal.write(this.#text === '' ? lines : CLEAR_LINE + lines + this.#text);
  }
}
