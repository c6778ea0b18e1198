import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Layer {
  readonly name: string;
  /** Whether it is a layer for pages, or which of its folders are. */
  readonly page?: true | readonly string[];
  /** Paths in a layer for pages that need Node. */
  readonly node?: readonly string[];
  readonly sublayers?: readonly string[];
}

const layers = createRequire(import.meta.url)('../scripts/layers.cjs') as readonly Layer[];
const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .map((path) => join('docs', path));
const documents = [
  ...['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', '.changeset/README.md'],
  ...pages,
];

/** Paths below these folders are files of the repository. */
const FOLDERS = /^(src|test|scripts|docs|bench|networks|bin|examples|\.ci)\//;
const FILE = /^[\w.-]+(\/[\w.-]+)*\/?$/;

/** The paths in backticks that look like files or folders of the repository. */
function pathsIn(text: string): string[] {
  const quoted = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);
  return [...new Set(quoted.filter((path) => FILE.test(path) && FOLDERS.test(path)))];
}

/** The targets of links to files, with their anchors. */
function linksIn(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** GitHub's anchors of a page's headings. */
function anchorsOf(text: string): string[] {
  const headings = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map((match) => match[1]!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(documents)('%s', (document) => {
  const text = read(document);

  it('names files and folders that exist', () => {
    expect(pathsIn(text).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('links to pages and headings that exist', () => {
    const broken = linksIn(text).filter((link) => {
      const [path, anchor] = link.split('#') as [string, string | undefined];
      const target = path === '' ? document : normalize(join(dirname(document), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(decodeURIComponent(anchor));
    });
    expect(broken).toEqual([]);
  });
});

describe('the layers in ARCHITECTURE.md', () => {
  const text = read('ARCHITECTURE.md');
  const section = text.slice(text.indexOf('## Layers'), text.indexOf('## How a node is composed'));
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));

  it('are those of scripts/layers.cjs, in their order', () => {
    const folders = rows.slice(0, layers.length).map((row) => ({
      name: /^\| `(\w+)\/`/.exec(row)![1],
      mark: /\| ([^|]*?) ?\|$/.exec(row)![1],
    }));
    const listed = (name: string, paths: readonly string[]) =>
      paths.map((path) => `\`${name}/${path}${path.endsWith('.ts') ? '' : '/'}\``).join(', ');
    const markOf = ({ name, page, node = [] }: Layer) => {
      if (!page) return '';
      // A layer's entry exports everything, also what needs Node.
      const parts = node.filter((path) => path !== 'index.ts');
      const only = page === true ? '' : `, ${listed(name, page)} only`;
      return `page${only}${parts.length === 0 ? '' : `, except ${listed(name, parts)}`}`;
    };
    expect(folders).toEqual(layers.map((layer) => ({ name: layer.name, mark: markOf(layer) })));
  });

  it('have the sub-layers of scripts/layers.cjs, in their order', () => {
    const sublayers = rows.slice(layers.length).map((row) => [...row.matchAll(/`(\w+)\/`/g)].map((match) => match[1]!));
    const listed = layers.flatMap(({ name, sublayers }) => (sublayers ? [[name, ...sublayers]] : []));
    expect(sublayers).toEqual(listed);
  });

  it('are all folders of src/', () => {
    const folders = readdirSync(join(root, 'src')).filter((name) => statSync(join(root, 'src', name)).isDirectory());
    expect(folders).toEqual(layers.map(({ name }) => name).sort());
  });
});
