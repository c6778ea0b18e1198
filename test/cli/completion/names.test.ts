import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { NetworkName } from '../../../src/control/control-record.ts';
import { pierInProcess } from '../../support/pier-in-process.ts';

let server: Server | undefined;
let ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  server?.closeAllConnections();
  server?.close();
});

/** Runs a network that answers each request with `body`; none if it is undefined. */
async function networkOf(body: unknown): Promise<void> {
  server = createServer((_, response) => {
    if (body !== undefined) response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const record = { name: 'named', pid: process.pid, url: `ws://127.0.0.1:${port}/`, token: 'abc' };
  const name = await NetworkName.claim(record);
  ends = [() => name.release()];
}

const names = (kind: string) => pierInProcess(['completion', 'fish', '--names', kind, '--name', 'named']);

it('names of one line are offered', async () => {
  await networkOf({ result: { snapshots: [{ name: 'calm' }, { name: 'two\nlines' }, { name: 'cold start' }] } });
  expect(await names('snapshots')).toEqual({ code: 0, stdout: 'calm\ncold start\n', stderr: '' });
});

it('networks that answer are offered', async () => {
  await networkOf({ result: { time: 1 } });
  expect((await names('networks')).stdout).toBe('named\n');
  server!.closeAllConnections();
  await new Promise((resolve) => server!.close(resolve));
  expect(await names('networks')).toEqual({ code: 0, stdout: '', stderr: '' });
});

it.each([
  ['does not run', null],
  ['does not answer', undefined],
  ['answers with an error', { error: { code: -32000, message: 'no' } }],
])('nothing is offered of a network that %s', async (_, body) => {
  if (body !== null) await networkOf(body);
  expect(await names('nodes')).toEqual({ code: 0, stdout: '', stderr: '' });
});
