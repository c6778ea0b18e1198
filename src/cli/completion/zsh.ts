import type { Candidates, CompletionSpec, OperandSpec, OptionSpec } from './completion-spec.ts';

/** Returns a text in single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Returns what `_arguments` does for a value. */
function action({ words, kind }: Candidates): string {
  const list = `(${words.join(' ')})`;
  if (kind === undefined) return words.length > 0 ? list : ' ';
  if (kind === 'node-list') return '{_pier_node_list}';
  const named = kind === 'files' ? '_files' : kind === 'folders' ? '_files -/' : `{_pier_names ${kind}}`;
  return words.length > 0 ? `{compadd - ${words.join(' ')}; ${named}}` : named;
}

function optionText({ flag, description, value, isRepeatable }: OptionSpec): string {
  const text = description.replaceAll(/[\\[\]]/g, '\\$&');
  return `${isRepeatable ? '*' : ''}${flag}${value ? '=' : ''}[${text}]${value ? `:value:${action(value)}` : ''}`;
}

const operandText = (operand: OperandSpec, i: number) =>
  `${operand.isVariadic ? '*' : i + 1}:${operand.name.replaceAll(':', '\\:')}:${action(operand)}`;

/** Returns a completion script for zsh, to be evaluated, or to be a file `_pier` in the folders of functions. */
export function zshCompletion({ options: first, commands }: CompletionSpec): string {
  const described = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`);
  const cases = commands.map(({ name, options, operands }) => {
    const parts = [...options.map(optionText), ...operands.map(operandText)].map(
      (part) => ` \\\n        ${quoted(part)}`,
    );
    return `    ${name})\n      _arguments${parts.join('')}\n      ;;`;
  });
  return `#compdef pier
# Completion of pier for zsh, written by 'pier completion zsh'.

# Offers the names of a kind, of the network that --name gives.
_pier_names() {
  local -a names
  local network=\${(Q)opt_args[--name]}
  names=(\${(f)"$("$pier" completion zsh --names $1 \${network:+--name=$network} 2>/dev/null)"})
  compadd -a names
}

# Offers names of nodes, separated by commas.
_pier_node_list() {
  compset -P '*,'
  _pier_names nodes
}

_pier() {
  local pier=\${(Q)words[1]} context state line
  local -a commands
  local -A opt_args
  commands=(
${described.join('\n')}
  )
  _arguments -C ${first.map((option) => quoted(`${option.value ? '' : '(- *)'}${optionText(option)}`)).join(' ')} \\
    '1:command:->command' '*::arguments:->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
      case $words[1] in
${cases.map((text) => text.replaceAll(/^/gm, '    ')).join('\n')}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _pier ]]; then _pier "$@"; else compdef _pier pier; fi
`;
}
