import type { ChildProcess } from 'node:child_process';

/** A child process that is a node: how it is held back and ended. */
export abstract class NodeChild {
  /** Resolves when the process has exited. */
  readonly exited: Promise<void>;
  protected readonly child: ChildProcess;
  readonly #stopTimeoutMs: number;
  /** Whether this process has asked for the end of that one. */
  #isAsked = false;

  /** `stopTimeoutMs`: milliseconds that the process may take to stop after SIGTERM before it is killed. */
  protected constructor(child: ChildProcess, exited: Promise<void>, stopTimeoutMs: number) {
    this.child = child;
    this.exited = exited;
    this.#stopTimeoutMs = stopTimeoutMs;
  }

  /** The process id. */
  get pid(): number {
    return this.child.pid!;
  }

  /** Whether the process has not exited yet. */
  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** How the process has exited, such as `exit code 1` or `SIGKILL`; undefined while it runs. */
  get exit(): string | undefined {
    const { exitCode, signalCode } = this.child;
    return signalCode ?? (exitCode === null ? undefined : `exit code ${exitCode}`);
  }

  /** How the process has exited without `stop` and `kill`; undefined while it runs, and after these. */
  get unexpectedExit(): string | undefined {
    return this.#isAsked ? undefined : this.exit;
  }

  /** Suspends the process (SIGSTOP). */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  /** Continues a suspended process (SIGCONT). */
  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Stops the node with SIGTERM and waits for its exit; kills it after a timeout. */
  async stop(): Promise<void> {
    if (!this.running) return this.exited;
    this.#isAsked = true;
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), this.#stopTimeoutMs);
    await this.exited;
    clearTimeout(timer);
  }

  /** Kills the process with SIGKILL, without a clean shutdown, and waits for its exit. */
  async kill(): Promise<void> {
    if (this.running) this.#isAsked = true;
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
