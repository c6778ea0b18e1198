import { rpcMethods } from '../methods/index.ts';
import type { CallParams } from '../rpc/dispatch.ts';

/**
 * The words of a command line as arguments: text stays text where the method wants text, anything else is read as
 * JSON, or stays text if it is none and lets the method complain.
 */
export function convertArguments(method: string, words: readonly string[]): CallParams {
  const list = rpcMethods.get(method)?.arguments ?? [];
  return words.map((word, i) => (list[i]?.type === 'string' ? word : parseOrKeep(word)));
}

function parseOrKeep(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    return word;
  }
}
