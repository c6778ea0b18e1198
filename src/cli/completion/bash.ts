import type { Candidates, CompletionSpec, OptionSpec } from './completion-spec.ts';

/** Returns candidates as the script reads them: words and `@kind`, separated by commas. */
const expected = ({ words, kind }: Candidates) => [...words, ...(kind ? [`@${kind}`] : [])].join(',');

const flagsOf = (options: readonly OptionSpec[]) => options.map(({ flag }) => flag).join(' ');

/** Returns a completion script for bash 3.2 and newer. */
export function bashCompletion({ options: first, commands }: CompletionSpec): string {
  const cases = commands.map(({ name, options, operands }) => {
    const values = options.flatMap(({ flag, value }) => (value ? [`${flag}=${expected(value)}`] : []));
    const rest = operands.at(-1)?.isVariadic ? ` rest=${operands.length - 1}` : '';
    return `      ${name})
        options='${flagsOf(options)}'
        values=' ${values.join(' ')} '
        operands=(${operands.map((each) => `'${expected(each)}'`).join(' ')})${rest}
        ;;`;
  });
  return `# Completion of pier for bash, written by 'pier completion bash'.

# Prints the names of a kind, of the network that --name gives, one a line.
_pier_names() {
  "\${COMP_WORDS[0]}" completion bash --names "$1" \${network:+--name "$network"} 2>/dev/null
}

# Offers the lines of standard input that begin as the word does, after a prefix that stays.
_pier_offer() {
  local name
  while IFS= read -r name; do
    if [[ $name == "$2"* ]]; then COMPREPLY+=("$1$(printf %q "$name")"); fi
  done
}

_pier() {
  local cur=\${COMP_WORDS[COMP_CWORD]} option='' network='' wanted='' word
  local options='${flagsOf(first)}' values=' ' IFS=$' \\t\\n'
  local -a operands=()
  local -i at=0 rest=-1 first=1 i
  COMPREPLY=()
  while [[ \${COMP_WORDS[first]} == --lang ]] && ((first < COMP_CWORD)); do
    first+=1
    if [[ \${COMP_WORDS[first]} == '=' ]]; then first+=1; fi
    first+=1
  done
  if ((COMP_CWORD < first)); then
    wanted='${first.flatMap(({ value }) => (value ? [expected(value)] : [])).join('')}'
  elif ((COMP_CWORD == first)); then
    wanted='${commands.map(({ name }) => name).join(',')}'
  else
    case \${COMP_WORDS[first]} in
${cases.join('\n')}
      *) return ;;
    esac
    for ((i = first + 1; i < COMP_CWORD; i++)); do
      word=\${COMP_WORDS[i]}
      if [[ -n $option ]]; then
        # bash makes three words of an option and its value with = between them.
        if [[ $word == '=' ]]; then continue; fi
        if [[ $option == --name ]]; then network=$word; fi
        option=''
      elif [[ $word == -* ]]; then
        if [[ $values == *" $word="* ]]; then option=$word; fi
      else
        at+=1
      fi
    done
    if [[ $cur == '=' ]]; then cur=''; fi
    if [[ -n $option ]]; then
      wanted=\${values#* "$option="}
      wanted=\${wanted%% *}
    else
      if ((rest >= 0 && at > rest)); then at=rest; fi
      wanted=\${operands[at]-}
    fi
  fi
  if [[ -z $option && ($cur == -* || -z $wanted) ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
    return
  fi
  IFS=,
  for word in $wanted; do
    IFS=$'\\n'
    case $word in
      @files)
        compopt -o filenames 2>/dev/null
        COMPREPLY+=($(compgen -f -- "$cur"))
        ;;
      @folders)
        compopt -o filenames 2>/dev/null
        COMPREPLY+=($(compgen -d -- "$cur"))
        ;;
      @node-list)
        compopt -o nospace 2>/dev/null
        local list=\${cur%"\${cur##*,}"}
        _pier_offer "$list" "\${cur#"$list"}" < <(_pier_names nodes)
        ;;
      @*) _pier_offer '' "$cur" < <(_pier_names "\${word#@}") ;;
      *) if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi ;;
    esac
  done
}

complete -F _pier pier
`;
}
