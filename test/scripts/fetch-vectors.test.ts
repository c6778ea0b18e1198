import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { atFileEnd } from '../support/file-end.ts';
import { tempDir } from '../support/temp-dir.ts';
import { describeVectors, vectorBytes, vectorJson } from '../support/vectors.ts';

const script = fileURLToPath(new URL('../../scripts/fetch-vectors.mjs', import.meta.url));
const realList = fileURLToPath(new URL('../../scripts/vectors.json', import.meta.url));

type Archive = { readonly archive: string; readonly folder: string; readonly names: string };
type Source = string | Archive | readonly (string | Archive)[] | null;
type Entry = {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly source: Source;
  readonly note?: string;
};

const hash = (algorithm: 'sha1' | 'sha256', content: string | Uint8Array) =>
  createHash(algorithm).update(content).digest('hex');

function entry(path: string, content: string, source: Source = `https://example.org/${path}`): Entry {
  return { path, size: content.length, sha256: hash('sha256', content), source };
}

/** Starts a server on loopback and returns its URL and the requested paths. */
async function serve(handler: RequestListener): Promise<{ base: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url!);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atFileEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function serveFiles(files: Readonly<Record<string, string | Uint8Array>>) {
  return serve(({ url }, response) => {
    const content = files[url!];
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
}

type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

function run(args: readonly string[]): Promise<Result> {
  const { PIER_VECTORS_DIR: _dir, PIER_VECTORS_BASE: _base, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** Writes a list into a new folder and returns a function that fetches its files into `target`. */
function fetcher(base: string, files: readonly Entry[]): { folder: string; target: string; fetch(): Promise<Result> } {
  const folder = tempDir('fetch-vectors');
  const list = join(folder, 'list.json');
  const target = join(folder, 'vectors');
  writeFileSync(list, JSON.stringify({ files }));
  return { folder, target, fetch: () => run([target, '--list', list, '--base', base, '--retry-delay', '1']) };
}

const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => file.name);

/** Returns a gzipped tar archive of regular files. */
function tarball(files: Readonly<Record<string, string>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const header = Buffer.alloc(512);
    header.write(path, 0, 'latin1');
    header.write(content.length.toString(8).padStart(11, '0'), 124, 'latin1');
    header.write('0', 156, 'latin1');
    const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
    body.write(content, 'latin1');
    return [header, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

describe('fetch-vectors', () => {
  it('downloads absent and wrong files, and nothing in a second run', async () => {
    const { base, requests } = await serveFiles({ '/a/one.json': 'one', '/two.raw': 'two', '/three.csv': 'three' });
    const { target, fetch } = fetcher(base, [
      entry('a/one.json', 'one'),
      entry('two.raw', 'two'),
      entry('three.csv', 'three'),
    ]);
    mkdirSync(target);
    writeFileSync(join(target, 'two.raw'), 'damaged');
    writeFileSync(join(target, 'three.csv'), 'three');

    const first = await fetch();
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('1 already right, 2 downloaded, 0 failed');
    expect(requests.sort()).toEqual(['/a/one.json', '/two.raw']);
    expect(readFileSync(join(target, 'a/one.json'), 'utf8')).toBe('one');
    expect(readFileSync(join(target, 'two.raw'), 'utf8')).toBe('two');
    expect(filesBelow(target).sort()).toEqual(['one.json', 'three.csv', 'two.raw']);

    const second = await fetch();
    expect(second.stdout).toContain('3 already right, 0 downloaded, 0 failed');
    expect(requests).toHaveLength(2);
  });

  it('rejects a wrong hash, names the file and both hashes, and fetches the other files', async () => {
    const { base, requests } = await serveFiles({ '/bad.json': 'mad', '/good.json': 'good' });
    const { target, fetch } = fetcher(base, [entry('bad.json', 'bad'), entry('good.json', 'good')]);
    const { code, stdout, stderr } = await fetch();
    expect(code).toBe(1);
    expect(stderr).toContain(join(target, 'bad.json'));
    expect(stderr).toContain(`SHA-256 ${hash('sha256', 'mad')} instead of ${hash('sha256', 'bad')}`);
    expect(stdout).toContain('1 downloaded, 1 failed');
    expect(requests.filter((path) => path === '/bad.json')).toHaveLength(1);
    expect(filesBelow(target)).toEqual(['good.json']);
  });

  it('does not repeat a request answered by 404, and tries the next source', async () => {
    const { base, requests } = await serveFiles({ '/moved.json': 'content' });
    const { target, fetch } = fetcher(base, [
      entry('kept.json', 'content', ['https://example.org/kept.json', 'https://example.org/moved.json']),
      entry('gone.json', 'gone'),
    ]);
    const { code, stderr } = await fetch();
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(target, 'gone.json')}: ${base}/gone.json: HTTP status 404 (attempt 1)`);
    expect(requests.sort()).toEqual(['/gone.json', '/kept.json', '/moved.json']);
    expect(filesBelow(target)).toEqual(['kept.json']);
  });

  it('repeats a request after a truncated body, a broken connection and status 503', async () => {
    const content = 'a body of some length';
    let attempts = 0;
    const { base } = await serve((_request, response) => {
      attempts++;
      if (attempts === 1) {
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.slice(0, 5), () => response.destroy());
      } else if (attempts === 2) response.end(content.slice(0, 5));
      else if (attempts === 3) response.writeHead(503).end();
      else response.end(content);
    });
    const { target, fetch } = fetcher(base, [entry('body.txt', content)]);
    expect(await fetch()).toMatchObject({ code: 0, stderr: '' });
    expect(attempts).toBe(4);
    expect(readFileSync(join(target, 'body.txt'), 'utf8')).toBe(content);
  });

  it('stops after the fourth truncated body and writes nothing', async () => {
    const { base, requests } = await serve((_request, response) => response.end('short'));
    const { folder, fetch } = fetcher(base, [entry('body.txt', 'a longer body')]);
    const { code, stderr } = await fetch();
    expect(code).toBe(1);
    expect(stderr).toContain('body of 5 bytes instead of 13 (attempt 4)');
    expect(requests).toHaveLength(4);
    expect(filesBelow(folder)).toEqual(['list.json']);
  });

  it('reports a file without a source, which must be placed by hand', async () => {
    const { base, requests } = await serveFiles({});
    const { target, fetch } = fetcher(base, [{ ...entry('rare.raw', 'rare', null), note: 'from a private archive' }]);
    const { code, stderr } = await fetch();
    expect(code).toBe(1);
    expect(stderr).toContain('rare.raw: cannot be fetched, place it by hand: from a private archive');
    mkdirSync(target);
    writeFileSync(join(target, 'rare.raw'), 'rare');
    expect(await fetch()).toMatchObject({ code: 0 });
    expect(requests).toEqual([]);
  });

  it('names an archive that lacks a listed file', async () => {
    const element = '{"tx": "00"},\n';
    const { base } = await serveFiles({
      '/archive': tarball({ [`r/data/${hash('sha1', element)}`]: element, 'r/other': '' }),
    });
    const archive = { archive: 'https://example.org/archive', folder: 'data', names: 'names.txt' };
    const { folder, fetch } = fetcher(base, [entry('all.json', '[\n{"tx":"00"}\n]\n', archive)]);
    writeFileSync(join(folder, 'names.txt'), `${hash('sha1', element).slice(0, 8)}\n01234567\n`);
    expect((await fetch()).stderr).toContain('1 of 2 files are absent from data');
    writeFileSync(join(folder, 'names.txt'), `${hash('sha1', element).slice(0, 8)}\n`);
    expect(await fetch()).toMatchObject({ code: 0, stderr: '' });
  });
});

/** Formats JSON with a space after each comma and colon. */
function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `"${key}": ${spacedJson(member)}`)
    .join(', ')}}`;
}

describeVectors('the list of vectors', 'core/script_tests.json', () => {
  it('is fetched completely from servers that have its files', { timeout: 120_000 }, async () => {
    const { files } = JSON.parse(readFileSync(realList, 'utf8')) as { files: readonly Entry[] };
    const served: Record<string, string | Uint8Array> = {};
    for (const { path, source } of files) {
      const first = [source].flat()[0] as string | Archive;
      if (typeof first === 'string') {
        served[new URL(first).pathname] = vectorBytes(path);
        continue;
      }
      const elements = vectorJson<unknown[]>(path).map((element) => `${spacedJson(element)},\n`);
      served[new URL(first.archive).pathname] = tarball(
        Object.fromEntries(elements.map((element) => [`archive/${first.folder}/${hash('sha1', element)}`, element])),
      );
    }
    const { base } = await serveFiles(served);
    const target = join(tempDir('fetch-vectors'), 'vectors');
    const { code, stdout, stderr } = await run([target, '--base', base]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`0 already right, ${files.length} downloaded, 0 failed`);
  });
});
