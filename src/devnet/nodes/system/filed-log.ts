import { LogFile, logNames, logPath } from '../../processes/log-file.ts';
import { NodeLog } from '../node-log.ts';

/** The log of a node in a process: all lines in files in the node's folder, which are no part of what the node has. */
export class FiledLog extends NodeLog {
  /** Names of the files. */
  readonly names: readonly string[];
  readonly #file: LogFile;

  constructor(dataDir: string, nodeId: number) {
    const path = logPath(dataDir, nodeId);
    super(path);
    this.names = logNames(path);
    this.#file = new LogFile(path);
  }

  override add(line: string): void {
    this.#file.write(line);
    super.add(line);
  }

  /** Resolves once all lines are in the file, or cannot be. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
