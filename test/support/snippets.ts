import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A piece of TypeScript in a docstring or a document. */
export interface Snippet {
  /** Path of the file that holds it, relative to the package, and its line there. */
  readonly origin: string;
  readonly code: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const FENCE = /^```ts\n(.*?)^```$/gms;
const DOCSTRING = /^[ \t]*\/\*\*.*?\*\//gms;
const LINE_START = /^[ \t]*(?:\/\*\*| \*\/| \*) ?/gm;

/** Returns the snippets in the docstrings of src/ and in the documents. */
export function readSnippets(): Snippet[] {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join('src', path));
  const documents = ['README.md', 'README.zh-CN.md'];
  if (existsSync(join(root, 'docs'))) {
    const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
    documents.push(...below.filter((path) => path.endsWith('.md')).map((path) => join('docs', path)));
  }
  return [...sources, ...documents].sort().flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    if (path.endsWith('.md')) return fences(path, text, 1);
    return [...text.matchAll(DOCSTRING)].flatMap((match) =>
      fences(path, match[0].replace(LINE_START, ''), lineOf(text, match.index)),
    );
  });
}

function fences(path: string, text: string, firstLine: number): Snippet[] {
  return [...text.matchAll(FENCE)].map((match) => ({
    origin: `${path}:${firstLine + lineOf(text, match.index) - 1}`,
    code: match[1]!,
  }));
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
