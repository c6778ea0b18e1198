import { describe, expect, it } from 'vitest';
import { examples } from '../../src/cli/help.ts';
import { createProgram } from '../../src/cli/program.ts';
import { cliReference } from './cli-reference.ts';

const program = createProgram('0');

it('docs/cli.md equals the reference generated from the definitions', async () => {
  const reason = 'docs/cli.md is out of date: run `npm run docs:cli`';
  await expect(cliReference(program), reason).toMatchFileSnapshot('../../docs/cli.md');
});

describe('the examples', () => {
  it.each(program.commands.map((command) => [command.name(), command] as const))(
    'of %s are calls of the command',
    (name, command) => {
      expect(examples[name]?.length).toBeGreaterThan(0);
      for (const example of examples[name]!) {
        const [called, ...words] = example
          .replace(/^NODE_ID=\d+ /, '')
          .split(' ')
          .slice(1);
        expect([example.includes('pier '), called]).toEqual([true, name]);
        const { unknown, operands } = command.parseOptions(words);
        expect([example, unknown]).toEqual([example, []]);
        const { registeredArguments: list } = command;
        expect(operands.length).toBeGreaterThanOrEqual(list.filter(({ required }) => required).length);
        if (!list.some(({ variadic }) => variadic)) expect(operands.length).toBeLessThanOrEqual(list.length);
      }
    },
  );
});

describe('the help', () => {
  const helps = () => {
    const narrow = createProgram('0').configureOutput({ getOutHelpWidth: () => 60 });
    let text = '';
    const writeOut = (part: string) => {
      text += part;
    };
    return [narrow, ...narrow.commands].map((command) => {
      text = '';
      command.configureOutput({ writeOut, getOutHelpWidth: () => 60 }).outputHelp();
      return [command.name(), text] as const;
    });
  };

  it.each(helps())('of %s fits into 60 columns', (_name, text) => {
    expect(text.split('\n').filter((line) => line.length > 60)).toEqual([]);
  });

  it('of pier lists every command in a group, the environment and the exit codes', () => {
    const [[, text]] = helps() as [readonly [string, string]];
    const groups = text.split(/\n(?=\S[^\n]*:\n)/).map((part) => part.split('\n'));
    const names = groups.flatMap(([heading, ...lines]) =>
      heading!.startsWith('Commands') ? [] : lines.flatMap((line) => /^ {2}([a-z]+) /.exec(line)?.[1] ?? []),
    );
    for (const command of program.commands) expect(names).toContain(command.name());
    for (const part of ['PIER_DATADIR', 'Exit codes:', '  2    wrong usage']) expect(text).toContain(part);
  });
});
