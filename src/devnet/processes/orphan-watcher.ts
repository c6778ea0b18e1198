import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads process ids, one a line, `-` for none, until the line `done`. If the input ends without it, this program's
 * process is gone: ends the last process, and removes the folder, if one is given, and that of the network when it is
 * empty. A process whose files stay is ended in order.
 */
const SCRIPT = `
pid=-
while read -r line; do
  [ "$line" = done ] && exit
  pid=$line
done
if [ -z "$1" ]; then
  [ "$pid" = - ] || kill -TERM "$pid"
  [ "$pid" = - ] || kill -CONT "$pid"
  exit
fi
[ "$pid" = - ] || kill -KILL "$pid"
tries=0
while [ -e "$1" ] && [ $tries -lt 100 ]; do
  rm -rf -- "$1"
  tries=$((tries + 1))
  sleep 0.1
done
rmdir -- "$(dirname -- "$1")"
`;

/**
 * Ends a process of another program, which does not notice it, when this process ends without doing so, even by SIGKILL:
 * a shell that reads from a pipe, in a session of its own, so that no Ctrl-C reaches it.
 */
export class OrphanWatcher {
  readonly #shell: ChildProcess;

  /** @param folder - removed after the process; undefined to keep its files. */
  constructor(folder: string | undefined) {
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'pier-orphan-watcher', folder ?? ''], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      // Not in a folder that may be removed.
      cwd: '/',
    });
    this.#shell.on('error', () => {});
    this.#shell.stdin!.on('error', () => {});
    this.#shell.unref();
  }

  /** Sets the process to be ended. */
  watch(pid: number): void {
    this.#shell.stdin!.write(`${pid}\n`);
  }

  /** The process has ended. */
  release(): void {
    this.#shell.stdin!.write('-\n');
  }

  /** Ends the watch. */
  close(): void {
    this.#shell.stdin!.end('done\n');
  }
}
