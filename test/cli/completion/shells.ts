import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A shell that completes lines. */
export interface Shell {
  readonly name: string;
  /** Returns what the shell offers for each line, sorted. `folder` has the script, and a program `pier`. */
  complete(lines: readonly string[], folder: string): Promise<string[][]>;
}

/** Marks the end of what is offered for a line. */
const END = '-- end --';

/** Runs a script of a shell in a folder whose programs come first; returns what it prints. */
async function run(shell: string, options: readonly string[], script: string, cwd: string): Promise<string> {
  writeFileSync(join(cwd, 'test-script'), script);
  const child = spawn(shell, [...options, 'test-script'], {
    cwd,
    env: { ...process.env, PATH: `${cwd}:${process.env.PATH}`, HOME: cwd, TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stderr !== '') throw new Error(`${shell}: ${stderr}`);
  return stdout;
}

/** Returns the sorted words of each line. */
function offered(printed: string): string[][] {
  const parts = printed.split(`${END}\n`).slice(0, -1);
  return parts.map((part) => [...new Set(part.split('\n').filter((word) => word !== ''))].sort());
}

/** Returns a text in single quotes. */
const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

export const bash: Shell = {
  name: 'bash',
  complete: async (lines, folder) => {
    const calls = lines.map((line) => {
      // As bash divides a line.
      const words = line.split(' ').flatMap((word) => word.split(/(=)/).filter((part, i) => i === 0 || part !== ''));
      return `COMP_WORDS=(${words.map(quoted).join(' ')}); COMP_CWORD=${words.length - 1}
        "$function"; printf '%s\\n' "\${COMPREPLY[@]}"; echo '${END}'`;
    });
    const script = ['. ./pier.bash', 'read -r _ _ function _ <<< "$(complete -p pier)"', ...calls].join('\n');
    return offered(await run('bash', ['--norc'], script, folder));
  },
};

export const fish: Shell = {
  name: 'fish',
  complete: async (lines, folder) => {
    const calls = lines.map((line) => `complete -C ${quoted(line)} | string replace -r '\\t.*' ''; echo '${END}'`);
    return offered(await run('fish', ['--no-config'], ['source pier.fish', ...calls].join('\n'), folder));
  },
};

/** A terminal in which zsh completes each line, and writes what it offers to a file. */
export const zsh: Shell = {
  name: 'zsh',
  complete: async (lines, folder) => {
    const inside = `
PROMPT=
autoload -Uz compinit; compinit -D -u
. ./pier.zsh
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -O hits "$@"
  (( $#hits )) && print -rl -- "$IPREFIX"\${^hits} >> offered
  builtin compadd "$@"
}
finish() { print -r -- '${END}' >> offered; BUFFER= }
zle -N finish
bindkey '^Y' finish
bindkey '^I' complete-word
`;
    writeFileSync(join(folder, 'inside.zsh'), inside);
    writeFileSync(join(folder, 'offered'), '');
    const script = `
zmodload zsh/zpty
zpty inside zsh -f -i
zpty -w inside '. ./inside.zsh'
${lines.map((line) => `zpty -w -n inside ${quoted(line)}$'\\t\\031'`).join('\n')}
zpty -w inside exit
while zpty -r inside line; do :; done
`;
    await run('zsh', ['-f'], script, folder);
    return offered(readFileSync(join(folder, 'offered'), 'utf8'));
  },
};

/** Returns whether a shell is installed. */
export const isInstalled = ({ name }: Shell) => spawnSync(name, ['-c', 'true']).status === 0;

/** Writes an executable program. */
export function writeProgram(path: string, source: string): void {
  writeFileSync(path, source);
  chmodSync(path, 0o755);
}
