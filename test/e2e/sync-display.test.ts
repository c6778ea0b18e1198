import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { formatEndpoint } from '../../src/p2p/net/endpoint.ts';
import { atFileEnd } from '../support/file-end.ts';
import { pierPath } from '../support/pier.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';
import { startSeed } from './support/seed.ts';

/** Number of blocks to download. */
const HEIGHT = 1_000;
/** Delay per served block, so that the download takes several seconds. */
const MS_PER_BLOCK = 6;
const CLEAR_LINE = '\r\u001b[2K';

/** Python arguments that run a command on a pseudo-terminal and copy its output. */
const ON_TERMINAL = ['-c', 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)'];
const hasPython = spawnSync('python3', ['--version']).status === 0;

interface Run {
  readonly child: ChildProcess;
  /** The output so far, stdout and stderr. */
  text(): string;
  readonly ended: Promise<number | null>;
}

function run(command: string, args: readonly string[], nodeId: number): Run {
  const { PIER_DATADIR: _dataDir, PIER_NETWORK: _network, ...rest } = process.env;
  const child = spawn(command, args, { env: { ...rest, NODE_ID: String(nodeId) }, stdio: 'pipe' });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  atFileEnd(() => child.kill('SIGKILL'));
  return { child, text: () => text, ended };
}

describe('download progress', () => {
  it.skipIf(!hasPython)(
    'is a bar with rate and remaining time on a terminal, and is not written to a pipe',
    { timeout: 60_000 },
    async () => {
      const seed = await startSeed(HEIGHT);
      const pause = new Int32Array(new SharedArrayBuffer(4));
      seed.onServed = () => void Atomics.wait(pause, 0, 0, MS_PER_BLOCK);
      const [watched, piped] = await freeNodeIds(2);
      const seeds = ['--seed', formatEndpoint(seed.endpoint)];
      const args = [pierPath, 'startnode', ...seeds, '--datadir', tempDir('display')];
      const terminal = run('python3', [...ON_TERMINAL, process.execPath, ...args], watched!);
      const pipe = run(process.execPath, args, piped!);

      const options = { timeoutMs: 25_000, describe: () => JSON.stringify(terminal.text()) };
      const bar = /█+░+ \d+% {2}[\d,]+ of 1,000 blocks {2}[1-9]\d* blocks\/s {2}\d+ s left/;
      await waitFor(() => bar.test(terminal.text()), options);
      delete seed.onServed;
      // The line is cleared after the last block.
      await waitFor(() => terminal.text().lastIndexOf(CLEAR_LINE) > terminal.text().lastIndexOf('blocks/s'), options);
      terminal.child.stdin!.write('\u0003');
      pipe.child.kill('SIGINT');
      expect(await terminal.ended).toBe(0);
      expect(await pipe.ended).toBe(0);
      expect(pipe.text()).toContain(`Node ${piped} (regtest) accepts peers`);
      expect(pipe.text()).toContain('"msg":"connected peer"');
      expect([...pipe.text()].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
    },
  );
});
