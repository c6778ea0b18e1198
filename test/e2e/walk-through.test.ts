import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { controlCommands } from '../../src/cli/help.ts';
import { pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { waitFor } from '../support/wait.ts';
import { normalise, parts, start, walkThrough } from './support/walk-through.ts';

/** Starts the network; resolves when it runs. */
async function startNetwork() {
  const child = spawn(process.execPath, [pierPath, ...start.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = text(child.stdout);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let messages = '';
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      messages += `${line}\n`;
      if (line.includes('Press Ctrl-C')) resolve();
    });
    void exited.then(() => reject(new Error(messages)));
  });
  return { child, exited, printed };
}

/** Resolves when the nodes that run have as many unconfirmed transactions: they relay payments after the command. */
async function relayed(): Promise<void> {
  await waitFor(
    async () => {
      const { stdout } = await pierInProcess(['status', '--json']);
      const { nodes } = JSON.parse(stdout) as { nodes: { mempool: number | null }[] };
      return new Set(nodes.map(({ mempool }) => mempool).filter((size) => size !== null)).size === 1;
    },
    { timeoutMs: 60_000 },
  );
}

it('has each command for a running network', () => {
  const commands = parts.flatMap((part) => part.commands.map((command) => command.split(' ')[0]!));
  expect(controlCommands.filter((name) => !commands.includes(name))).toEqual([]);
});

it('docs/walk-through.md and its translation are what the commands print', { timeout: 300_000 }, async () => {
  const up = await startNetwork();
  const outputs = new Map<string, string[]>();
  /** The last one that a command has printed. */
  let lastHash = '';
  try {
    for (const command of parts.flatMap(({ commands }) => commands)) {
      if (command === 'status') await relayed();
      const words = command.split(' ').map((word) => (word === 'HASH' ? lastHash : word));
      const { code, stdout, stderr } = await pierInProcess(words);
      expect([command, code, stderr]).toEqual([command, 0, '']);
      lastHash = /[0-9a-f]{64}/.exec(stdout)?.[0] ?? lastHash;
      outputs.set(command, [...(outputs.get(command) ?? []), normalise(stdout)]);
    }
    expect(await up.exited).toBe(0);
  } finally {
    up.child.kill('SIGTERM');
  }
  const report = normalise(await up.printed);
  outputs.set(start, [report.slice(0, report.indexOf('\n\nMine a block'))]);
  const reason = 'the page is out of date: run `npm run docs:walk`';
  await expect(walkThrough(0, outputs), reason).toMatchFileSnapshot('../../docs/walk-through.md');
  await expect(walkThrough(1, outputs), reason).toMatchFileSnapshot('../../docs/zh/walk-through.md');
});
