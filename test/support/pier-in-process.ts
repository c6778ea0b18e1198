import { vi } from 'vitest';
import { runCommand } from '../../src/cli/run.ts';
import { useTexts } from '../../src/cli/text/texts.ts';
import type { ProcessResult } from '../../src/devnet/processes/process-result.ts';
import { pierPath } from './pier.ts';

/**
 * Runs `pier` in this process, which takes a few milliseconds where a process of its own takes some 300. Returns what
 * `pier` of `pier.ts` returns. One command at a time: its output and its environment are those of this process.
 */
export async function pierInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessResult> {
  const printed = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof printed) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      printed[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      return true;
    });
  const spies = [collect('stdout'), collect('stderr')];
  const own = { NODE_ID: undefined, PIER_DATADIR: undefined, PIER_NETWORK: undefined };
  for (const [name, value] of Object.entries({ ...own, ...env })) vi.stubEnv(name, value);
  const { exitCode, argv } = process;
  process.exitCode = 0;
  // The commands that messages name begin as this one was called.
  process.argv = [process.execPath, pierPath, ...args];
  try {
    const code = await runCommand(args, '0.0.0');
    return { code: code ?? Number(process.exitCode), ...printed };
  } finally {
    useTexts();
    process.exitCode = exitCode;
    process.argv = argv;
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** Runs `pier ARGS --json` for a node in this process. Returns what it prints; rejects with its stderr if it fails. */
export async function pierJson<T>(nodeId: number, args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await pierInProcess([...args, '--json'], { NODE_ID: String(nodeId) });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}
