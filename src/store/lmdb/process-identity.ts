import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** Identifies a process even if its pid is reused. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The start time in a platform-specific format; undefined if unknown. */
  readonly started?: string | undefined;
  /** The boot id and pid namespace that `pid` belongs to; undefined if unknown. */
  readonly scope?: string | undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function currentScope(): string | undefined {
  return attempt(() => {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  });
}

/**
 * Reads the state letter and the start time (clock ticks since boot) in /proc/<pid>/stat (proc(5), fields 3 and 22).
 */
function procStat(pid: number): { state: string; started: string } | undefined {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, which may contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, started: fields[19]! };
  });
}

function startTime(pid: number): string | undefined {
  if (process.platform === 'linux') return procStat(pid)?.started;
  if (process.platform === 'win32') return undefined;
  return attempt(() => {
    const output = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'latin1', timeout: 5_000 });
    return output.trim() || undefined;
  });
}

let own: ProcessIdentity | undefined;

/** Returns the identity of this process. */
export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, started: startTime(process.pid), scope: currentScope() };
  return own;
}

/**
 * Returns whether a process still runs. 'unknown' if its pid belongs to another pid namespace (a container), or if a
 * process with this pid exists and its start time is unknown.
 */
export function isRunning(identity: ProcessIdentity): boolean | 'unknown' {
  const { pid, started, scope } = identity;
  const ours = ownIdentity().scope;
  if (scope !== undefined && ours !== undefined && scope !== ours) {
    const bootOf = (text: string) => text.split(' ')[0];
    return bootOf(scope) === bootOf(ours) ? 'unknown' : false;
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM means that it runs under another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = process.platform === 'linux' ? procStat(pid) : undefined;
  // A zombie: it has exited, but its parent has not waited for it.
  if (stat && (stat.state === 'Z' || stat.state === 'X')) return false;
  const startedNow = stat ? stat.started : startTime(pid);
  if (started === undefined || startedNow === undefined) return 'unknown';
  return started === startedNow;
}
