import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** What tells a process from every other one, also from a later one that got the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the platform's own terms; undefined where that cannot be told. */
  readonly started?: string | undefined;
  /** The boot and the pid namespace in which `pid` means something; undefined where that cannot be told. */
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

/** The state letter and the start time (clock ticks since boot) from /proc/<pid>/stat (proc(5), fields 3 and 22). */
function procStat(pid: number): { state: string; started: string } | undefined {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
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

/** This process. */
export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, started: startTime(process.pid), scope: currentScope() };
  return own;
}

/**
 * Whether the process still runs. 'unknown': its id belongs to a pid namespace (a container) into which we cannot see, or
 * a process has that id and the platform does not tell when it started.
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
    // EPERM: it runs, as somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = process.platform === 'linux' ? procStat(pid) : undefined;
  // Dead, but not yet waited for by its parent.
  if (stat && (stat.state === 'Z' || stat.state === 'X')) return false;
  const startedNow = stat ? stat.started : startTime(pid);
  if (started === undefined || startedNow === undefined) return 'unknown';
  return started === startedNow;
}
