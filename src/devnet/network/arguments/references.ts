import { PierError } from '../../../platform/errors.ts';
import type { AccountKeys } from '../../accounts/account-keys.ts';
import { listed, quote } from '../../topology/topology-error.ts';
import { badArgument } from './check-arguments.ts';

/** Returns the node that an argument is or names. Throws `PierError` 'unknown-node'; `where` names the argument. */
export function findNode<N extends { readonly name: string }>(
  nodes: readonly N[],
  given: N | string,
  where: string,
): N {
  const found = nodes.find((node) => node === given || node.name === given);
  if (found) return found;
  const names = listed(nodes.map(({ name }) => name));
  const reason =
    typeof given === 'string' ? `no node is called ${quote(given)}` : `the node ${given.name} is of another network`;
  throw new PierError('unknown-node', `${where}: ${reason}; there are ${names}`, {
    hint: 'Names are those of the option nodes; without it, node1, node2 and so on.',
  });
}

/** Returns the group of each node, by name, that `partition` is given. Throws `PierError`. */
export function findGroups<N extends { readonly name: string }>(
  nodes: readonly N[],
  groups: readonly (readonly (N | string)[])[],
): Map<string, number> {
  const groupOf = new Map<string, number>();
  for (const [i, group] of groups.entries()) {
    for (const [k, member] of group.entries()) {
      const where = `partition: groups[${i}][${k}]`;
      const { name } = findNode(nodes, member, where);
      if (groupOf.has(name)) throw badArgument(where, `${name} is in a group already`);
      groupOf.set(name, i);
    }
  }
  return groupOf;
}

/** Returns the address that an argument is, or is the account of. Throws `PierError` 'bad-argument'. */
export function findAddress(keys: AccountKeys, given: string | { readonly address: string }, where: string): string {
  const address = typeof given === 'string' ? given : given.address;
  try {
    keys.scriptOf(address);
    return address;
  } catch (cause) {
    const { message, hint } = cause as PierError;
    throw badArgument(where, `${quote(address)}: ${message}`, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Returns the txid that an argument is or has. */
export const txidOf = (given: string | { readonly txid: string }) => (typeof given === 'string' ? given : given.txid);

/** Returns the transaction, as hex, that an argument is or has. */
export const hexOf = (given: string | { readonly hex: string }) => (typeof given === 'string' ? given : given.hex);
