import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { readSnippets } from './support/snippets.ts';

const folder = fileURLToPath(new URL('../build/snippets', import.meta.url));
const tsc = fileURLToPath(new URL('../node_modules/@typescript/native/bin/tsc', import.meta.url));
const snippets = readSnippets().map((snippet) => ({
  ...snippet,
  file: `${folder}/${snippet.origin.replace(/[^\w.-]+/g, '-')}.ts`,
}));

/** The entries whose snippets neither start a node nor touch a file, so that they run here as well. */
const PURE = [
  ...['bytes', 'chain', 'consensus', 'crypto', 'mempool', 'mining', 'p2p', 'platform'],
  ...['primitives', 'proofs', 'script', 'spv', 'store', 'testing', 'wallet'],
];

function isPure(code: string): boolean {
  const modules = [...code.matchAll(/ from '(.*?)';$/gm)].map((match) => match[1]!);
  return modules.every((name) => name.startsWith('pier/') && PURE.includes(basename(name)));
}

/** Returns what the comments behind calls of `console.log` promise; undefined for a call without a comment. */
function promisedLines(code: string): (string | undefined)[] {
  const calls = code.split('\n').filter((line) => line.includes('console.log('));
  return calls.map((line) => / \/\/ (.*)$/.exec(line)?.[1]);
}

describe('the code in docstrings and documents', () => {
  it('compiles', { timeout: 120_000 }, async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // Several snippets of one file may declare the same names: `export {}` makes each a module.
    for (const { file, code } of snippets) writeFileSync(file, `${code}\nexport {};\n`);
    const config = {
      extends: '../../tsconfig.json',
      // Without paths, `pier` is what was built: a third of the time that the sources take.
      compilerOptions: { noUnusedLocals: false, paths: {} },
      include: ['.'],
    };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false']);
    const errors = await run.then(
      () => '',
      (error: { readonly stdout: string }) => error.stdout,
    );
    expect(errors).toBe('');
  });

  it.for(snippets.filter(({ code }) => isPure(code)))(
    '$origin prints what its comments say',
    async ({ file, code }) => {
      const log = vi.spyOn(console, 'log').mockImplementation(() => {});
      try {
        await import(/* @vite-ignore */ file);
        expect(log.mock.calls.map((values) => values.map(String).join(' '))).toEqual(promisedLines(code));
      } finally {
        log.mockRestore();
      }
    },
  );
});
