import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PageFiles } from '../../src/control/server/page-files.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = join(tempDir('page'), 'page');
let server: Server;
let url: string;

async function listen(files: PageFiles): Promise<Server> {
  const listening = createServer((request, response) => void files.serve(request, response, 8300));
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return listening;
}
const urlOf = (of: Server) => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;

beforeAll(async () => {
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<p>the page');
  writeFileSync(join(folder, 'assets', 'main-1.js'), 'run()');
  writeFileSync(join(folder, 'notes.txt'), 'not for browsers');
  writeFileSync(join(folder, '..', 'secret.js'), 'secret');
  server = await listen(new PageFiles(folder));
  url = urlOf(server);
});
afterAll(() => server.close());

it('serves the page at every path of a view, and its assets for ever', async () => {
  for (const path of ['/', '/index.html', '/block/ab?x', '/notes.txt', '/../secret.js', '/%2e%2e/secret.js']) {
    const response = await fetch(url + path);
    expect([path, response.status, await response.text()]).toEqual([path, 200, '<p>the page']);
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  }
  const asset = await fetch(`${url}/assets/main-1.js`);
  expect([asset.status, await asset.text(), asset.headers.get('content-type')]).toEqual([
    ...[200, 'run()', 'text/javascript; charset=utf-8'],
  ]);
  expect(asset.headers.get('cache-control')).toContain('immutable');
  for (const path of ['/assets/other.js', '/assets/../../secret.js', '/assets/..%2f..%2fsecret.js']) {
    expect(await (await fetch(url + path)).text()).not.toContain('secret');
  }
  expect((await fetch(`${url}/assets/other.js`)).status).toBe(404);
});

it('allows nothing but its own files and connections', async () => {
  const { headers } = await fetch(url);
  const policy = headers.get('content-security-policy')!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
  expect(policy).toContain("connect-src 'self' ws://127.0.0.1:8300 ws://localhost:8300;");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy.replace("'wasm-unsafe-eval'", '')).not.toContain('unsafe');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});

it('sends nothing again that the browser has, and no body to HEAD', async () => {
  const etag = (await fetch(url)).headers.get('etag')!;
  const again = await fetch(url, { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  expect((await fetch(url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  const head = await fetch(url, { method: 'HEAD' });
  expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([200, '', '11']);
});

it('says that the page is not built', async () => {
  const empty = await listen(new PageFiles(join(folder, 'none')));
  const response = await fetch(urlOf(empty));
  expect([response.status, await response.text()]).toEqual([
    404,
    "the page is absent: 'npm run build' makes it\n尚未构建页面：请运行 npm run build\n",
  ]);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  empty.close();
});
