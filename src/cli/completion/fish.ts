import type { Candidates, CompletionSpec, OptionSpec } from './completion-spec.ts';

/** Returns a text in single quotes. */
const quoted = (text: string) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;

/** Returns the options of `complete` that offer candidates. */
function offered({ words, kind }: Candidates): string {
  const names =
    kind === undefined || kind === 'files'
      ? []
      : kind === 'folders'
        ? ['(__fish_complete_directories)']
        : [kind === 'node-list' ? '(__pier_node_list)' : `(__pier_names ${kind})`];
  const list = [...words, ...names].join(' ');
  return `${kind === 'files' ? '-F' : '-f'}${list === '' ? '' : ` -a ${quoted(list)}`}`;
}

/** Returns the options of `complete` that offer an option. */
function optionOf({ flag, description, value }: OptionSpec): string {
  return `-l ${flag.slice(2)}${value ? ` -r ${offered(value)}` : ''} -d ${quoted(description)}`;
}

/** Returns a completion script for fish. */
export function fishCompletion({ options: first, commands }: CompletionSpec): string {
  const lines = commands.flatMap(({ name, description, options, operands }) => {
    const valued = options.filter(({ value }) => value).map(({ flag }) => ` ${flag}`);
    return [
      `complete -c pier -n __pier_is_first -f -a ${name} -d ${quoted(description)}`,
      ...options.map((option) => `complete -c pier -n '__pier_is ${name}' ${optionOf(option)}`),
      ...operands
        .map((operand, i) => [`${operand.isVariadic ? '+' : ''}${i + 1}`, offered(operand)] as const)
        .filter(([, list]) => list !== '-f')
        .map(([at, list]) => `complete -c pier -n '__pier_at ${name} ${at}${valued.join('')}' ${list}`),
    ];
  });
  return `# Completion of pier for fish, written by 'pier completion fish'.

# Prints the words before the cursor without --lang, which may stand before the command.
function __pier_words
    set -l is_value 0
    for word in (commandline -opc)
        if test $is_value = 1
            set is_value 0
        else if test "$word" = --lang
            set is_value 1
        else if not string match -q -- '--lang=*' $word
            echo $word
        end
    end
end

# Whether the word is the command.
function __pier_is_first
    test (count (__pier_words)) -eq 1
end

# Whether the command is the first argument.
function __pier_is
    set -l words (__pier_words)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

# Whether the command is the first argument, and the word its argument of a number (+: or a later one). Options with a
# value follow.
function __pier_at
    __pier_is $argv[1]; or return 1
    set -l at 1
    set -l is_value 0
    for word in (__pier_words)[3..-1]
        if test $is_value = 1
            set is_value 0
        else if contains -- $word $argv[3..-1]
            set is_value 1
        else if not string match -q -- '-*' $word
            set at (math $at + 1)
        end
    end
    set -l wanted (string replace + '' -- $argv[2])
    test $at -eq $wanted; or test $at -gt $wanted -a $wanted != $argv[2]
end

# Prints the names of a kind, of the network that --name gives.
function __pier_names
    set -l words (commandline -opc)
    set -l network
    for i in (seq (count $words))
        switch $words[$i]
            case '--name=*'
                set network --name (string replace -- --name= '' $words[$i])
            case --name
                set -q words[(math $i + 1)]; and set network --name $words[(math $i + 1)]
        end
    end
    $words[1] completion fish --names $argv[1] $network 2>/dev/null
end

# Prints names of nodes, after those that the word has already.
function __pier_node_list
    set -l list (string match -r '^.*,' -- (commandline -ct))
    for name in (__pier_names nodes)
        echo "$list$name"
    end
end

complete -c pier -f
${first.map((option) => `complete -c pier -n __pier_is_first ${optionOf(option)}`).join('\n')}
${lines.join('\n')}
`;
}
