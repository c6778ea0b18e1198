import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built command. */
export const pierPath = fileURLToPath(new URL('../../bin/pier.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `pier` as a person would, with this environment on top of a bare one and this input, to its end. */
export function pier(args: readonly string[], env: Record<string, string> = {}, input = ''): Promise<Finished> {
  const { NODE_ID: _id, PIER_DATADIR: _dataDir, PIER_NETWORK: _network, ...rest } = process.env;
  const child = spawn(process.execPath, [pierPath, ...args], {
    env: { ...rest, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
