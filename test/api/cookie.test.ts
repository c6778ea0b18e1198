import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cookie } from '../../src/api/rpc/cookie.ts';
import { RpcUsers } from '../../src/api/rpc/rpc-users.ts';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pier-cookie-'));
  path = join(dir, '.cookie_3000');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const mode = async () => ((await stat(path)).mode & 0o777).toString(8);
const accepts = (cookie: Cookie, authorization: string | undefined) =>
  new RpcUsers(cookie, {}).authenticate(authorization) === '__cookie__';
const header = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

describe('The cookie', () => {
  it('has a new password of 32 bytes for each run, and replaces that of the last one', async () => {
    const [first, second] = [new Cookie(path), new Cookie(path)];
    await first.write();
    const before = await readFile(path, 'utf8');
    expect(before).toMatch(/^__cookie__:[0-9a-f]{64}$/);
    await chmod(path, 0o644);
    await second.write();
    const after = await readFile(path, 'utf8');
    expect(after).toMatch(/^__cookie__:[0-9a-f]{64}$/);
    expect(after).not.toBe(before);
    expect(await mode()).toBe('600');
    expect([accepts(first, header(before)), accepts(first, header(after)), accepts(second, header(after))]).toEqual([
      true,
      false,
      true,
    ]);
    // It is not that of the first any more.
    await first.remove();
    expect(await readFile(path, 'utf8')).toBe(after);
    await second.remove();
    await second.remove();
    expect(await readdir(dir)).toEqual([]);
  });

  it('replaces a draft that a killed process with the same pid has left, and its mode', async () => {
    await writeFile(`${path}.${process.pid}.tmp`, 'old', { mode: 0o644 });
    await new Cookie(path, 'secret').write();
    expect([await readFile(path, 'utf8'), await mode(), await readdir(dir)]).toEqual([
      '__cookie__:secret',
      '600',
      ['.cookie_3000'],
    ]);
  });

  it('that cannot be written is named, and leaves no draft', async () => {
    await mkdir(path);
    await expect(new Cookie(path).write()).rejects.toMatchObject({
      code: 'cookie-not-written',
      message: expect.stringContaining(`writing ${path} failed: `),
      hint: expect.stringContaining('permissions of the data directory'),
      cause: expect.any(Error),
    });
    expect(await readdir(dir)).toEqual(['.cookie_3000']);
  });

  it('is accepted in an Authorization header of the scheme Basic only, as a whole', () => {
    const cookie = new Cookie(path, 'secret');
    const right = header('__cookie__:secret');
    const [scheme, code] = right.split(' ');
    for (const text of [right, `${scheme}   ${code}`]) expect([text, accepts(cookie, text)]).toEqual([text, true]);
    const wrong = [
      undefined,
      '',
      code,
      `Bearer ${code}`,
      `x${right}`,
      `${right} `,
      `${right}x`,
      `${scheme}${code}`,
      `${right}\n`,
    ];
    for (const text of [
      ...wrong,
      header('__cookie__:secre'),
      header('__cookie__:secret '),
      header('cookie:secret'),
      header(':secret'),
    ]) {
      expect([text, accepts(cookie, text)]).toEqual([text, false]);
    }
  });
});
