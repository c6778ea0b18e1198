import { RpcCode, RpcError } from '../api/json/rpc-error.ts';
import { rpcMethods } from '../api/methods/index.ts';
import { lightMethods } from '../api/methods/light/index.ts';
import { nearestWords } from './nearest-words.ts';

/** Returns a question with the methods that may be meant by a name that is none; undefined if there are none. */
export function similarMethods(name: string): string | undefined {
  const known = [...new Set([...rpcMethods.keys(), ...lightMethods.keys()])];
  const similar = known.includes(name) ? [] : nearestWords(name, known);
  return similar.length === 0 ? undefined : `Did you mean ${similar.join(', ')}?`;
}

/**
 * Returns the error to report for one of a call of `method`. A node answers to an unknown method as Core does, without
 * its name: the name and similar ones are added.
 */
export function explainRpcError(error: unknown, method: string): unknown {
  if (!(error instanceof RpcError) || error.rpcCode !== RpcCode.METHOD_NOT_FOUND) return error;
  const [, reason] = /^Method not found: (.*)$/.exec(error.message) ?? [];
  const similar = similarMethods(method);
  const question = similar === undefined ? '' : `${similar} `;
  return new RpcError(error.rpcCode, `Method not found: '${method}'${reason === undefined ? '' : ` is ${reason}`}`, {
    hint: `${question}'pier rpc help' lists the methods of the node.`,
    cause: error,
  });
}
