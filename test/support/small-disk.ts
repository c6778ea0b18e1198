import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atFileEnd } from './file-end.ts';
import { tempDir } from './temp-dir.ts';

function mount(path: string, kib: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', path], { stdio: 'pipe' });
}

function unmount(path: string): void {
  execFileSync('umount', ['-l', path], { stdio: 'pipe' });
}

/** Whether this process may mount disks, which takes root on Linux. */
export const canMount: boolean = tryMount();

function tryMount(): boolean {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false;
  const path = mkdtempSync(join(tmpdir(), 'pier-mount-'));
  try {
    mount(path, 16);
    unmount(path);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** Mounts a disk in memory of `kib` kibibytes until the end of the test file. Returns its path. */
export function smallDisk(name: string, kib: number): string {
  const path = tempDir(name);
  mount(path, kib);
  atFileEnd(() => unmount(path));
  return path;
}

/** Changes the size of a small disk. */
export function resizeDisk(path: string, kib: number): void {
  execFileSync('mount', ['-o', `remount,size=${kib}k`, path], { stdio: 'pipe' });
}
