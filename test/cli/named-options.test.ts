import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { coreOptions } from '../../src/cli/core-options.ts';
import { createProgram } from '../../src/cli/program.ts';

// Options and commands that messages name exist.

const src = new URL('../../src/', import.meta.url);
const program = createProgram('0');
const commands = program.commands.map((command) => command.name());
const options = new Set([program, ...program.commands].flatMap((command) => command.options.map(({ long }) => long!)));

/** Options of other programs, in the commands for them that Pier prints. */
const others: Readonly<Record<string, readonly string[]>> = {
  'bitcoin-cli': ['-rpcport', '-rpccookiefile', '-rpcwallet'],
  curl: ['--user', '--data'],
};
/** Files, besides those of `pierd`, whose texts are arguments of bitcoind, of Node, in scripts of shells, and names in style sheets, not messages. */
const notMessages = [
  ...['bash', 'fish', 'zsh'].map((shell) => `cli/completion/${shell}.ts`),
  'devnet/processes/bitcoind-process.ts',
  'node/idle-memory.ts',
  'web/draw/theme.ts',
];

/** Returns the texts of string literals and templates, an `…` for each expression. */
function texts(path: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    else if (ts.isTemplateExpression(node))
      found.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…'));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(new URL(path, src), 'utf8'), ts.ScriptTarget.Latest));
  return found;
}

/** What may be an option or a command of Pier in a text: most files have none, and need no parsing. */
const MENTION = /(?<![\w…)\]}/.-])--?[a-z][a-z0-9-]{2,}|\bpier [a-z]+/;
const mentions = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !notMessages.includes(path) && !path.startsWith('daemon/'))
  .filter((path) => MENTION.test(readFileSync(new URL(path, src), 'utf8')))
  .flatMap((path) => texts(path).map((text) => ({ path, text })));

/** Returns the options in a text that are none of Pier's, nor of the program whose command the text is. */
function unknownOptions(text: string): string[] {
  const named = [...text.matchAll(/(?<![\w…)\]}/.-])--?[a-z][a-z0-9-]{2,}/gi)].map(([option]) => option);
  const usable = Object.entries(others).flatMap(([name, theirs]) => (text.includes(name) ? theirs : []));
  return named.filter((option) => !options.has(option) && !usable.includes(option) && !(option in coreOptions));
}

describe('the messages', () => {
  it('are found', () => {
    const all = mentions.map(({ text }) => text).join('\n');
    for (const text of ['--datadir', '-txindex', 'pier startnode', "pier showmnemonic' still prints"])
      expect(all).toContain(text);
  });

  it('name no option that Pier does not have', () => {
    const unknown = mentions.flatMap(({ path, text }) => unknownOptions(text).map((option) => `${path}: ${option}`));
    expect(unknown).toEqual([]);
    expect(unknownOptions('Use -foo or --nodatadir, not --datadir; bitcoin-cli -rpcport=1 --rpcport')).toEqual([
      '-foo',
      '--nodatadir',
      '--rpcport',
    ]);
  });

  it('name no command that Pier does not have', () => {
    const named = mentions.flatMap(({ path, text }) =>
      [...text.matchAll(/(?:^|['`] ?|NODE_ID=\S+ (?:npx )?|by |npx )pier ([a-z]+)/g)].map(([, name]) => ({
        path,
        name,
      })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ name }) => !commands.includes(name!) && name !== 'help')).toEqual([]);
  });
});
