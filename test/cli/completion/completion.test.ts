import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';
import { requireOracles } from '../../support/oracles.ts';
import { pierInProcess } from '../../support/pier-in-process.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { bash, fish, isInstalled, writeProgram, zsh } from './shells.ts';

const folder = tempDir('completion');
writeFileSync(join(folder, 'network.yaml'), '');
mkdirSync(join(folder, 'nested'));
// Answers as `pier completion SHELL --names KIND` does; of the network `other` there is one node.
writeProgram(
  join(folder, 'pier'),
  `#!/bin/sh
echo "$*" >> calls
case "$4 $6$5" in
  nodes\\ *other*) echo far1 ;;
  nodes*) printf 'node1\\nnode2\\nnext\\n' ;;
  snapshots*) printf 'calm\\ncold start\\n$(touch ran)\\n' ;;
  networks*) printf 'default\\nother\\n' ;;
esac
`,
);

const nodes = ['next', 'node1', 'node2'];

/** Lines, and what is offered for their last words. */
const lines: readonly [line: string, offered: readonly string[]][] = [
  ['pier sta', ['start', 'startnode', 'status']],
  ['pier help comp', ['completion']],
  ['pier completion ', ['bash', 'fish', 'zsh']],
  ['pier snapshot ', ['delete', 'list', 'restore', 'save']],
  ['pier snapshot restore ca', ['calm']],
  ['pier mine --b', ['--by']],
  ['pier mine --by ', nodes],
  ['pier mine 3 --by no', ['node1', 'node2']],
  ['pier mine --by=no', ['node1', 'node2']],
  ['pier status --name ', ['default', 'other']],
  ['pier kill ', nodes],
  ['pier kill --json n', nodes],
  ['pier kill --name other ', ['far1']],
  ['pier kill --name=other ', ['far1']],
  ['pier link node1 no', ['node1', 'node2']],
  ['pier partition node1 node2,n', nodes.map((name) => `node2,${name}`)],
  ['pier partition node1,node2 ne', ['next']],
  ['pier up --shape s', ['small-world', 'star']],
  ['pier up --shape=sm', ['small-world']],
  ['pier startnode --log-level w', ['warn']],
  ['pier up netw', ['network.yaml']],
  ['pier verify --proof netw', ['network.yaml']],
  ['pier up --datadir ne', ['nested']],
  ['pier --lang ', ['en', 'zh']],
  ['pier status --lang z', ['zh']],
  ['pier --lang zh mini', ['mining']],
  ['pier --lang zh kill ne', ['next']],
  ['pier --lang=zh snapshot re', ['restore']],
  ['pier getbalance --network cl', ['classroom']],
  ['pier getbalance --network ne', ['nested', 'network.yaml']],
];

const program = createProgram('0');

describe.each([bash, zsh, fish])('$name', (shell) => {
  beforeAll(async () => {
    const { code, stdout } = await pierInProcess(['completion', shell.name]);
    expect(code).toBe(0);
    writeFileSync(join(folder, `pier.${shell.name}`), stdout);
  });

  it.skipIf(!isInstalled(shell) && !requireOracles)('completes words', { timeout: 60_000 }, async () => {
    const offered = await shell.complete(
      lines.map(([line]) => line),
      folder,
    );
    const plain = offered.map((words) => words.map((word) => word.replace(/^--.*=|\/$/g, '')));
    expect(lines.map(([line], i) => [line, plain[i]])).toEqual(lines);
  });

  it.skipIf(!isInstalled(shell) && !requireOracles)(
    'completes the options of each command',
    { timeout: 60_000 },
    async () => {
      const offered = await shell.complete(
        program.commands.map((command) => `pier ${command.name()} --`),
        folder,
      );
      const names = offered.map((words) => words.map((word) => word.replace(/=$/, '')));
      const expected = program.commands.map((command) =>
        [...command.options.filter(({ hidden }) => !hidden).map(({ long }) => long!), '--lang', '--help'].sort(),
      );
      expect(names).toEqual(expected);
    },
  );
});

it('quotes names in bash, and runs none of them', async () => {
  const [words] = await bash.complete(['pier snapshot delete '], folder);
  expect(words).toEqual(['\\$\\(touch\\ ran\\)', 'calm', 'cold\\ start']);
  expect(() => readFileSync(join(folder, 'ran'))).toThrow('ENOENT');
});

it('refuses other shells', async () => {
  expect(await pierInProcess(['completion', 'csh'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bash'),
  });
});
