import type { MethodName } from '../../../control/protocol/methods.ts';

type Given = Readonly<Record<string, unknown>>;

/** The command of each method that a lesson uses to change the network. */
const COMMANDS: { readonly [M in MethodName]?: (params: Given) => string | undefined } = {
  start: ({ node }) => `pier start ${node}`,
  stop: ({ node }) => `pier stop ${node}`,
  mine: ({ blocks = 1, by }) => `pier mine ${blocks}${by === undefined ? '' : ` --by ${by}`}`,
  mining: ({ mode }) =>
    mode === 'manual'
      ? 'pier mining manual'
      : `pier mining transactions ${(mode as { transactions: number }).transactions}`,
  faucet: ({ to, amount }) => `pier faucet ${to} ${amount}`,
  pay: ({ from, to, amount }) => `pier pay ${from} ${to} ${amount}`,
  doublespend: ({ txid }) => `pier doublespend ${txid}`,
  partition: ({ groups }) => `pier partition ${(groups as string[][]).map((group) => group.join(',')).join(' ')}`,
  heal: () => 'pier heal',
  // The command drops nothing.
  reorg: ({ depth = 1, by, drop }) =>
    drop === undefined ? `pier reorg ${depth}${by === undefined ? '' : ` --by ${by}`}` : undefined,
};

/** Returns the command in a terminal that does what a method does; undefined if a lesson shows none. */
export function commandOf(method: MethodName, params: Given): string | undefined {
  return COMMANDS[method]?.(params);
}
