import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addChainCommands } from '../../src/cli/commands/chain-commands.ts';
import { addCompletion } from '../../src/cli/commands/completion.ts';
import { addRpc } from '../../src/cli/commands/rpc.ts';
import { addScenario } from '../../src/cli/commands/scenario.ts';
import { addStartNode } from '../../src/cli/commands/startnode.ts';
import { addUp } from '../../src/cli/commands/up.ts';
import { addVerify } from '../../src/cli/commands/verify.ts';
import { addWalletCommands } from '../../src/cli/commands/wallet-commands.ts';
import { controlCommands } from '../../src/cli/help.ts';

const program = new Command().enablePositionalOptions();
for (const add of [
  addUp,
  addScenario,
  addStartNode,
  addChainCommands,
  addWalletCommands,
  addVerify,
  addRpc,
  addCompletion,
])
  add(program);

/** Options that are described once for all commands. */
const shared = ['--node-id', '--rpc-host', '--datadir', '--network', '--json'];
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Returns the options in the tables of a page, by the command in the heading above. */
function documented(page: string): Map<string, string[]> {
  const sections = page.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => [
      section.split('\n', 1)[0]!.trim(),
      [...section.matchAll(/^\| `(--[a-z0-9-]+)/gm)].map(([, option]) => option!),
    ]),
  );
}

describe.each(['docs/control.md', 'docs/zh/control.md'])('%s', (path) => {
  it.each(controlCommands)('shows %s', (name) => {
    expect(read(path)).toMatch(new RegExp(`^pier ${name}\\b`, 'm'));
  });
});

describe('docs/commands.md', () => {
  const sections = read('docs/commands.md').split(/^## /m).slice(1);

  it.each(program.commands.map((command) => command.name()))('describes %s, and links its options', (name) => {
    const section = sections.find((each) => each.startsWith(`${name}\n`));
    expect(section).toContain(`(cli.md#${name})`);
  });
});

// It has no generated reference.
describe('docs/zh/commands.md', () => {
  const sections = documented(read('docs/zh/commands.md'));

  it.each(program.commands.map((command) => [command.name(), command] as const))(
    'lists the options of %s',
    (name, command) => {
      const options = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long!);
      const listed = sections.get(name);
      expect(listed, `a section '## ${name}'`).toBeDefined();
      expect(listed!.filter((option) => !options.includes(option))).toEqual([]);
      expect(options.filter((option) => !shared.includes(option) && !listed!.includes(option))).toEqual([]);
    },
  );

  it('only documented commands lack a shared option', () => {
    const lacking = program.commands
      .filter((command) => !shared.every((option) => command.options.some(({ long }) => long === option)))
      .map((command) => command.name());
    expect(lacking.sort()).toEqual(['completion', 'minegenesis', 'scenario', 'up']);
  });
});
