import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { help } from '../../../src/cli/text/zh/help.ts';
import { output } from '../../../src/cli/text/zh/output.ts';
import { readSources, taggedTexts } from './source-texts.ts';

const files = readSources((path) => path.startsWith('cli/') && !path.startsWith('cli/text/'));

describe('what the commands print', () => {
  it('has a Chinese text each, and the table no others', () => {
    const texts = new Set(taggedTexts(files, 't').map(({ text }) => text));
    expect(texts.size).toBeGreaterThan(100);
    expect([...texts].sort()).toEqual(Object.keys(output).sort());
  });

  it('is not in the table of the help too', () => {
    expect(Object.keys(output).filter((text) => Object.hasOwn(help, text))).toEqual([]);
  });

  it('is marked as text where it is printed', () => {
    const unmarked: string[] = [];
    for (const file of files) {
      const visit = (node: ts.Node): void => {
        const shown = ts.isCallExpression(node) && prints(node) ? node.arguments : isFormat(node) ? [node] : [];
        for (const each of shown) {
          for (const text of plainTexts(each)) unmarked.push(`${file.fileName}: ${text}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
    }
    expect(unmarked).toEqual([]);
  });
});

/** Functions whose arguments are read by people, and members of `Waiting` and `StatusLine`. */
const printers = ['note', 'print', 'printResult', 'waiting', 'bold', 'dim', 'line'];
const members = ['start', 'show', 'push'];

function prints({ expression }: ts.CallExpression): boolean {
  if (ts.isIdentifier(expression)) return printers.includes(expression.text);
  return ts.isPropertyAccessExpression(expression) && members.includes(expression.name.text);
}

/** Returns whether a node is the `format` of a command for a network. */
function isFormat(node: ts.Node): boolean {
  return ts.isPropertyAssignment(node) && node.name.getText() === 'format';
}

/** Returns the texts with words that are not marked, outside of calls and comparisons. */
function plainTexts(node: ts.Node): string[] {
  if (ts.isTaggedTemplateExpression(node) || ts.isCallExpression(node)) return [];
  if (ts.isBinaryExpression(node) && /^[!=]==$/.test(node.operatorToken.getText())) return [];
  const own = ts.isStringLiteralLike(node)
    ? [node.text]
    : ts.isTemplateExpression(node)
      ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]
      : [];
  const words = own.filter((text) => /\p{L}{2}/u.test(text) && !NAMES.test(text.trim()));
  const inner: string[] = [];
  ts.forEachChild(node, (child) => {
    inner.push(...plainTexts(child));
  });
  return [...words, ...inner];
}

/** Names, not words of a language: programs and their options, units, escape sequences. */
const NAMES =
  /^(BTC|bitcoin-cli|curl|pier:?|-rpc|generatetoaddress|getblockchaininfo|P2P|RPC http|B\/s)\b|^coinbase$|^- \w+ -/;
