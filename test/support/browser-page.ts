import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { chromiumFlags } from './chromium.ts';
import { chromium } from './oracles.ts';
import { tempDir } from './temp-dir.ts';

/** A message of the DevTools protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A page in headless Chromium, which is driven over a pipe, and whose files come from a server of its own. */
export class BrowserPage {
  /** What went wrong in the page: errors on the console, exceptions that nothing caught, files that did not load. */
  readonly errors: string[] = [];
  readonly #commands: Writable;
  readonly #pending = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>();
  readonly #loaded: Promise<void>;
  #lastId = 0;
  #session: string | undefined;
  #onLoad = () => {};
  #close: () => Promise<void>;

  private constructor(commands: Writable, events: Readable, close: () => Promise<void>) {
    this.#commands = commands;
    this.#close = close;
    this.#loaded = new Promise((resolve) => {
      this.#onLoad = resolve;
    });
    let unread = '';
    events.setEncoding('utf8').on('data', (text: string) => {
      const messages = (unread + text).split('\0');
      unread = messages.pop()!;
      for (const message of messages) this.#received(JSON.parse(message));
    });
    events.on('close', () => {
      for (const { reject } of this.#pending.values()) reject(new Error('chromium has ended'));
    });
  }

  /** Opens the page `/index.html` of these files, by their paths. Values are paths of files here, or their content. */
  static async open(files: Readonly<Record<string, { readonly file: string } | string>>): Promise<BrowserPage> {
    const server = createServer((request, response) => {
      const served = files[request.url ?? ''];
      if (served === undefined) {
        response.writeHead(404).end();
        return;
      }
      const type = request.url!.endsWith('.html') ? 'text/html' : 'text/javascript';
      response.setHeader('content-type', `${type}; charset=utf-8`);
      response.end(typeof served === 'string' ? served : readFileSync(served.file));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const profile = tempDir('profile');
    const child = spawn(
      chromium ?? '',
      [...chromiumFlags, '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'],
      // It reads commands from descriptor 3 and writes to 4. It has temporary folders of its own.
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: profile } },
    );
    const exited = once(child, 'exit');
    const page = new BrowserPage(child.stdio[3] as Writable, child.stdio[4] as Readable, async () => {
      child.kill('SIGKILL');
      await exited;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    try {
      await page.#navigate(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`);
      return page;
    } catch (error) {
      await page.close();
      throw error;
    }
  }

  async #navigate(url: string): Promise<void> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#send('Target.attachToTarget', { targetId, flatten: true });
    this.#session = sessionId as string;
    for (const domain of ['Runtime', 'Log', 'Page']) await this.#send(`${domain}.enable`);
    await this.#send('Page.navigate', { url });
    await this.#loaded;
  }

  /** Runs the body of an asynchronous function in the page; returns what it returns, as far as JSON holds it. */
  async run(body: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', {
      expression: `(async () => { ${body} })()`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(describe(exceptionDetails as ExceptionDetails));
    return (result as { readonly value?: unknown }).value;
  }

  #send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const answer = new Promise<Record<string, unknown>>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    const message = { id, method, params, ...(this.#session === undefined ? {} : { sessionId: this.#session }) };
    this.#commands.write(`${JSON.stringify(message)}\0`);
    return answer;
  }

  #received({ id, method, params, result, error }: Message): void {
    if (id !== undefined) {
      const waiting = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result ?? {});
    } else if (method === 'Page.loadEventFired') {
      this.#onLoad();
    } else if (method === 'Runtime.exceptionThrown') {
      this.errors.push(describe(params!.exceptionDetails as ExceptionDetails));
    } else if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(String(params!.type))) {
      this.errors.push(JSON.stringify(params!.args));
    } else if (method === 'Log.entryAdded') {
      const { level, text, url } = params!.entry as { level: string; text: string; url?: string };
      if (level === 'error' && !url?.endsWith('/favicon.ico')) this.errors.push(`${text} ${url ?? ''}`);
    }
  }

  /** Ends Chromium and the server. */
  close(): Promise<void> {
    return this.#close();
  }
}

interface ExceptionDetails {
  readonly text: string;
  readonly exception?: { readonly description?: string };
}

function describe({ text, exception }: ExceptionDetails): string {
  return exception?.description ?? text;
}
