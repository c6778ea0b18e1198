/** The terminal that a status line is drawn on. */
export interface Terminal {
  readonly columns?: number;
  write(text: string): unknown;
}

const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/** A line at the bottom of a terminal that is redrawn while other lines scroll above it. */
export class StatusLine {
  readonly #terminal: Terminal;
  #text = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Columns that fit without wrapping. A terminal without a size reports 0 columns. */
  get width(): number {
    return (this.#terminal.columns || DEFAULT_COLUMNS) - 1;
  }

  /** Replaces the line by `text`; an empty text clears it. */
  show(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#terminal.write(CLEAR_LINE + text);
  }

  /** Prints whole lines above the status line. */
  print(lines: string): void {
    this.#terminal.write(this.#text === '' ? lines : CLEAR_LINE + lines + this.#text);
  }
}
