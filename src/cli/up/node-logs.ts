import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** Writes the logs of the nodes of a network to files, one for each node, which replace those of an earlier run. */
export class NodeLogs {
  readonly #folder: string;
  readonly #files = new Map<number, WriteStream>();

  /** The folder must exist. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns the path of a node's log. */
  path(nodeId: number): string {
    return join(this.#folder, `node_${nodeId}.log`);
  }

  /** Writes a line to a node's log. Lines that cannot be written are dropped. */
  write(nodeId: number, line: string): void {
    let file = this.#files.get(nodeId);
    if (!file) {
      file = createWriteStream(this.path(nodeId), { mode: 0o600 }).on('error', () => {});
      this.#files.set(nodeId, file);
    }
    file.write(`${line}\n`);
  }

  /** Closes the files. Resolves once their lines are written. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#files.values()].map(
        (file) => new Promise<void>((resolve) => (file.destroyed ? resolve() : file.once('close', resolve).end())),
      ),
    );
  }
}
