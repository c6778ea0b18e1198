import { StatusLine, type Terminal } from './status-line.ts';
import { t } from './text/texts.ts';
import { truncate } from './text/width.ts';

/** Milliseconds between updates. What is done sooner is not shown. */
const INTERVAL_MS = 1_000;

/** Returns the terminal on which messages appear; undefined if they go elsewhere. */
export function terminal(): Terminal | undefined {
  return process.stderr.isTTY ? process.stderr : undefined;
}

/** Says on a terminal what a command is doing, and for how many seconds. On a pipe it says nothing. */
export class Waiting {
  readonly #status: StatusLine | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `on`: undefined for none. */
  constructor(on: Terminal | undefined) {
    this.#status = on && new StatusLine(on);
  }

  /** Shows `text`, with the seconds since this call, from the first second on, until the next call or `end`. */
  start(text: string): void {
    this.end();
    if (!this.#status) return;
    let seconds = 0;
    // A command that has nothing else to do may end.
    this.#timer = setInterval(() => {
      seconds += INTERVAL_MS / 1_000;
      this.#show(t`${text} ... ${seconds} s`);
    }, INTERVAL_MS).unref();
  }

  /** Shows how much is done, such as `block 5 of 101`, at once. */
  show(text: string): void {
    clearInterval(this.#timer);
    this.#show(text);
  }

  /** Clears the line. Must be called before anything else is printed. */
  end(): void {
    clearInterval(this.#timer);
    this.#status?.show('');
  }

  #show(text: string): void {
    this.#status?.show(truncate(text, this.#status.width));
  }
}

/** Does something that may take longer than a second, and says meanwhile on a terminal what it is. */
export async function waiting<T>(text: string, work: (progress: Waiting) => Promise<T>): Promise<T> {
  const progress = new Waiting(terminal());
  progress.start(text);
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}
