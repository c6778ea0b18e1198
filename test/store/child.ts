import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Compiles the store and its dependencies to JavaScript in `folder`, so that scripts there can import it. */
export function compileStore(folder: string): void {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const layer of ['platform', 'bytes', 'store']) {
    for (const file of readdirSync(join(root, 'src', layer), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const { outputText } = ts.transpileModule(readFileSync(join(root, 'src', layer, file), 'utf8'), {
        compilerOptions: {
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
          rewriteRelativeImportExtensions: true,
        },
      });
      const target = join(folder, layer, file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, outputText);
    }
  }
}

/** A child process that runs a script. */
export class Child {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** The complete lines of its standard output. */
  readonly lines: string[] = [];
  errors = '';
  #rest = '';
  #waiting: (() => void)[] = [];
  #ended = false;
  readonly ended: Promise<void>;

  constructor(script: string, args: readonly string[]) {
    this.process = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout.setEncoding('latin1').on('data', (text: string) => {
      const parts = (this.#rest + text).split('\n');
      this.#rest = parts.pop()!;
      this.lines.push(...parts);
      this.#wake();
    });
    this.process.stderr.setEncoding('latin1').on('data', (text: string) => {
      this.errors += text;
    });
    this.ended = new Promise((resolve) => {
      this.process.once('close', () => {
        this.#ended = true;
        this.#wake();
        resolve();
      });
    });
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves once it has printed `count` lines; rejects if it exits before. */
  async printed(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.#ended) throw new Error(`the child exited after ${this.lines.length} lines: ${this.errors}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Kills it with SIGKILL; resolves once it has exited and all of its output is in `lines`. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
