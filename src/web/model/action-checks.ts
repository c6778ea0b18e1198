import { nodeRoles } from '../../devnet/topology/network-options.ts';
import { fill, type Texts } from '../text/texts.ts';
import type { Action, ActionField, ActionValues } from './actions.ts';
import type { Timeline } from './timeline.ts';

/** Why an action cannot be run with its values: a text, the field that it names, and what stands in it. */
export interface Problem {
  readonly text: keyof Texts['act']['problems'];
  /** The first value of the text is its title. */
  readonly field?: ActionField['name'];
  readonly values: readonly (string | number)[];
}

const AMOUNT = /^(?!0*\.?0*$)(\d{1,8}(\.\d{1,8})?|\.\d{1,8})$/;

/** Returns the first problem of an action's values; undefined if the network can be asked. */
export function findProblem(action: Action, values: ActionValues, { nodes }: Pick<Timeline, 'nodes'>) {
  for (const field of action.fields) {
    const problem = checkField(field, values[field.name]!.trim(), nodes);
    if (problem) return problem;
  }
  return undefined;
}

function checkField(field: ActionField, value: string, nodes: Timeline['nodes']): Problem | undefined {
  const { name, kind } = field;
  const problem = (text: Problem['text'], ...values: readonly (string | number)[]) => ({ text, field: name, values });
  if (value === '') return field.isOptional ? undefined : problem('missing');
  const checkNode = (node: string) =>
    nodes.has(node) ? undefined : problem('node', node, [...nodes.keys()].join(', '));
  switch (kind) {
    case 'number': {
      const [least, most] = field.range!;
      const number = Number(value);
      const isInside = /^-?\d+$/.test(value) && number >= least && number <= most;
      return isInside ? undefined : problem('number', value, least, most);
    }
    case 'account':
      return /^\d{1,9}$/.test(value) ? undefined : problem('account', value);
    case 'amount':
      return AMOUNT.test(value) ? undefined : problem('amount', value);
    case 'role':
      return nodeRoles.some((role) => role === value) ? undefined : problem('role', value, nodeRoles.join(', '));
    case 'groups':
      return value
        .split(/[\s,]+/)
        .filter((node) => node !== '')
        .map(checkNode)
        .find((found) => found !== undefined);
    case 'node':
      return checkNode(value);
    case 'miner': {
      const node = nodes.get(value);
      if (!node) return checkNode(value);
      if (node.role === 'light') return problem('light', value);
      return node.moments.at(-1)?.status === 'running' ? undefined : problem('stopped', value);
    }
    default:
      return undefined;
  }
}

/** Returns what a problem says, in the language of the texts. */
export function problemText({ text, field, values }: Problem, { act }: Texts): string {
  return fill(act.problems[text], ...(field === undefined ? [] : [act.fields[field]]), ...values);
}
