import { parseJsonNow } from '../json/parse.ts';
import type { CallParams } from '../methods/dispatch.ts';
import { rpcMethods } from '../methods/index.ts';

/**
 * Converts command-line words to the arguments of a method: string arguments are kept, others are parsed as JSON (Core:
 * RPCConvertValues). A word that is not JSON is kept too, for the method to report.
 */
export function convertArguments(method: string, words: readonly string[]): CallParams {
  const list = rpcMethods.get(method)?.arguments ?? [];
  return words.map((word, i) => (list[i]?.type === 'string' ? word : parseOrKeep(word)));
}

function parseOrKeep(word: string): unknown {
  try {
    return parseJsonNow(word);
  } catch {
    return word;
  }
}
