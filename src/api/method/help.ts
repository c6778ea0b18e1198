import { type Argument, primaryName } from '../arguments/arguments.ts';
import { categories, type MethodHelp } from './method.ts';

/** Returns the usage line of a method, optional arguments in parentheses. */
export function usageLine(method: MethodHelp): string {
  let out = method.name;
  let open = false;
  for (const argument of shown(method.arguments)) {
    if (argument.required === open) {
      out += open ? ' )' : ' (';
      open = !open;
    }
    out += ` ${argument.usage}`;
  }
  return open ? `${out} )` : out;
}

/** Returns the help text of a method, in the layout of Core's. */
export function methodHelp(method: MethodHelp): string {
  const sections = [usageLine(method), method.description];
  const list = shown(method.arguments);
  if (list.length > 0) sections.push(`Arguments:\n${argumentLines(list).join('\n')}`);
  sections.push(`Result:\n${method.result}`);
  const call = method.example === undefined ? method.name : `${method.name} ${method.example}`;
  sections.push(`Examples:\n> bitcoin-cli ${call}`);
  return `${sections.join('\n\n')}\n`;
}

/** Returns the arguments that help shows. */
export function shown(list: readonly Argument<unknown>[]): readonly Argument<unknown>[] {
  return list.filter(({ hidden }) => !hidden);
}

function argumentLines(list: readonly Argument<unknown>[]): string[] {
  const heads = list.map((argument, i) => `${i + 1}. ${primaryName(argument.name)}`);
  const width = Math.max(...heads.map((head) => head.length)) + 4;
  return list.map((argument, i) => {
    const need = argument.required ? 'required' : 'optional';
    const fallback = argument.defaultText === undefined ? '' : `, default=${argument.defaultText}`;
    return `${heads[i]!.padEnd(width)}(${argument.type}, ${need}${fallback}) ${argument.description}`;
  });
}

/** Returns the usage lines of all methods, grouped by category. */
export function helpIndex(methods: Iterable<MethodHelp>): string {
  const all = [...methods];
  const groups = categories.map((category) => {
    const lines = all.filter((method) => method.category === category).map(usageLine);
    return lines.length === 0 ? '' : `== ${category} ==\n${lines.sort().join('\n')}`;
  });
  return groups.filter((group) => group !== '').join('\n\n');
}
