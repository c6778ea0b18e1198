import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** A server of a folder's files on 127.0.0.1, as any web server would be. */
export class StaticFiles {
  readonly #server: Server;
  /** Address of the folder, below a path. */
  readonly url: string;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async serve(folder: string, path = '/lesson/'): Promise<StaticFiles> {
    const server = createServer((request, response) => {
      const name = normalize((request.url ?? '').slice(path.length) || 'index.html');
      try {
        const content = readFileSync(join(folder, name));
        response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' }).end(content);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StaticFiles(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
