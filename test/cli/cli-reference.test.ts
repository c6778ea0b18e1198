import { describe, expect, it } from 'vitest';
import { examples } from '../../src/cli/help.ts';
import { createProgram } from '../../src/cli/program.ts';
import { displayWidth } from '../../src/cli/text/width.ts';
import { cliReference } from './cli-reference.ts';
import { printedHelp } from './printed-help.ts';

const program = createProgram('0');

it.each([
  ['docs/cli.md', 'en'],
  ['docs/zh/cli.md', 'zh'],
] as const)('%s equals the reference generated from the definitions', async (path, language) => {
  const reason = `${path} is out of date: run \`npm run docs:cli\``;
  await expect(cliReference(program, language), reason).toMatchFileSnapshot(`../../${path}`);
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

describe.each(['en', 'zh'] as const)('the help in %s', (language) => {
  const helps = () => printedHelp(createProgram('0'), language, 60);

  it.each(helps())('of %s fits into 60 columns', (_name, text) => {
    expect(text.split('\n').filter((line) => displayWidth(line) > 60)).toEqual([]);
  });

  it('of pier lists every command in a group, the environment and the exit codes', () => {
    const [[, text]] = helps() as [readonly [string, string]];
    const groups = text.split(/\n(?=\S[^\n]*[:：]\n)/).map((part) => part.split('\n'));
    const names = groups.flatMap(([heading, ...lines]) =>
      /^(Commands|命令)/.test(heading!) ? [] : lines.flatMap((line) => /^ {2}([a-z]+) /.exec(line)?.[1] ?? []),
    );
    for (const command of program.commands) expect(names).toContain(command.name());
    const parts = { en: ['Exit codes:', '  2    wrong usage'], zh: ['退出码：', '  2    用法错误'] };
    for (const part of ['PIER_DATADIR', '--lang <language>', ...parts[language]]) expect(text).toContain(part);
  });

  it.each(helps().slice(1))('of %s lists the options of all commands', (_name, text) => {
    expect(text).toMatch(/^(Global Options:|通用选项：)\n {2}--lang <language> /m);
  });
});
