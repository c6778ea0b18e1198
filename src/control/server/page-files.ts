import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { PAGE_FOLDER } from '../../node/page-folder.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** In both languages of the page, which is not there to choose one. */
const ABSENT = "the page is absent: 'npm run build' makes it\n尚未构建页面：请运行 npm run build\n";

/** A file of the page. */
interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** The files of the live page, which `npm run build` makes. They have no secrets: they are served without the token. */
export class PageFiles {
  readonly #folder: string;
  /** By path, such as `/index.html`. */
  #files: Promise<ReadonlyMap<string, PageFile>> | undefined;

  constructor(folder: string = PAGE_FOLDER) {
    this.#folder = folder;
  }

  /**
   * Answers a request of the method GET or HEAD; all paths that name no file are views of the page. `port`: where the page's
   * connections lead.
   */
  async serve({ method, url = '/', headers }: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
    this.#files ??= readFiles(this.#folder);
    const files = await this.#files;
    const path = url.replace(/[?#].*$/, '');
    const file = files.get(path) ?? (path.startsWith('/assets/') ? undefined : files.get('/index.html'));
    if (!file) {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(files.size === 0 ? ABSENT : 'there is no such file\n没有这个文件\n');
      return;
    }
    const { type, bytes, etag } = file;
    // Names of assets change with their content.
    const caching = path.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache';
    const common = { ...securityHeaders(port), 'Cache-Control': caching, ETag: etag };
    if (headers['if-none-match'] === etag) {
      response.writeHead(304, common).end();
      return;
    }
    response.writeHead(200, { ...common, 'Content-Type': type, 'Content-Length': bytes.length });
    response.end(method === 'HEAD' ? undefined : bytes);
  }
}

/** Nothing but the page's own files runs, and the WebAssembly in them; nothing leaves for another host. */
function securityHeaders(port: number): Record<string, string> {
  const sockets = ['127.0.0.1', 'localhost'].map((host) => `ws://${host}:${port}`).join(' ');
  return {
    'Content-Security-Policy':
      `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self' ${sockets}; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
}

/** Reads all files of a folder; none if it is absent. */
async function readFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = await readFile(join(folder, name));
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
    files.set(`/${name.split(sep).join('/')}`, { type, bytes, etag });
  }
  return files;
}
