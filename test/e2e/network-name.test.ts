import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';
import type { ControlRecord } from '../../src/control/control-record.ts';
import { pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }
});

/** Starts `pier up` with a name; resolves when its network runs, or with what it prints if it ends before. */
async function up(): Promise<{ child: ChildProcess; error?: string }> {
  const args = [pierPath, 'up', '--nodes', '1', '--accounts', '0', '--name', 'named', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  return new Promise((resolve) => {
    let text = '';
    createInterface({ input: child.stderr! }).on('line', (line) => {
      text += `${line}\n`;
      if (line.includes('running and in sync')) resolve({ child });
    });
    child.once('close', () => resolve({ child, error: text }));
  });
}

it('a name is of one of two that `pier up` starts at once, and free again after SIGKILL', {
  timeout: 120_000,
}, async () => {
  const started = await Promise.all([up(), up()]);
  const [winner, ...others] = started.filter(({ error }) => error === undefined);
  expect(others).toEqual([]);
  const { error } = started.find((each) => each !== winner)!;
  expect(JSON.parse(error!)).toMatchObject({
    error: {
      code: 'network-running',
      message: `a network called 'named' runs already (process ${winner!.child.pid})`,
      hint: expect.stringMatching(/pier down --name named.*--name/),
    },
  });
  expect((await pierInProcess(['status', '--name', 'named'])).code).toBe(0);

  const killed = new Promise((resolve) => winner!.child.once('exit', resolve));
  winner!.child.kill('SIGKILL');
  await killed;
  const path = join(process.env.PIER_RUN_DIR!, 'named.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as ControlRecord;
  expect(record.pid).toBe(winner!.child.pid);
  const status = await pierInProcess(['status', '--json']);
  expect([status.code, JSON.parse(status.stderr)]).toMatchObject([1, { error: { code: 'no-network' } }]);

  const next = await up();
  expect(next.error).toBeUndefined();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: next.child.pid });
  const { code, stdout } = await pierInProcess(['down']);
  // It has ended when `down` does.
  expect([code, stdout]).toEqual([0, 'the network is stopped\n']);
  expect(() => readFileSync(path)).toThrow('ENOENT');
});
