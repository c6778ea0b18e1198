import { Argument, type Command, Option } from 'commander';
import { type CompletionSpec, completionSpec, type NameKind, nameKinds } from '../completion/completion-spec.ts';
import { print } from '../output.ts';
import { say } from '../text/texts.ts';

/** The scripts, by shell. */
const scripts: Readonly<Record<string, () => Promise<(spec: CompletionSpec) => string>>> = {
  bash: async () => (await import('../completion/bash.ts')).bashCompletion,
  zsh: async () => (await import('../completion/zsh.ts')).zshCompletion,
  fish: async () => (await import('../completion/fish.ts')).fishCompletion,
};

interface CompletionOptions {
  readonly names?: NameKind;
  readonly name?: string;
}

/** Adds the command `completion`. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that lets a shell complete commands, options and names')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    // Called by the scripts.
    .addOption(new Option('--names <kind>', 'print names of the network').choices(nameKinds).hideHelp())
    .addOption(new Option('--name <network>', 'the network, if several run').hideHelp())
    .addHelpText('after', () =>
      [
        '',
        say('Installation:'),
        ...[`  bash: echo 'eval "$(pier completion bash)"' >> ~/.bashrc`],
        ...[
          `  zsh:  echo 'eval "$(pier completion zsh)"' >> ~/.zshrc`,
          `        ${say('(after the line with compinit)')}`,
        ],
        '  fish: pier completion fish > \\\n          ~/.config/fish/completions/pier.fish',
      ].join('\n'),
    )
    .action(async (shell: string, { names, name }: CompletionOptions) => {
      if (names === undefined) {
        print((await scripts[shell]!())(completionSpec(program)).trimEnd());
        return;
      }
      const { completionNames } = await import('../completion/names.ts');
      // The shell offers nothing, without a word.
      const list = await completionNames(names, name).catch(() => []);
      if (list.length > 0) print(list.join('\n'));
    });
}
