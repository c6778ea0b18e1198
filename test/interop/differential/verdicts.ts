import { isDeepStrictEqual } from 'node:util';
import { type ScriptError, scriptErrorString } from '../../../src/script/errors.ts';
import { coreReason, isKnotsOnly } from '../../support/core-policy.ts';
import type { Answer, Answers } from './node-pair.ts';

interface TestAccept {
  readonly allowed: boolean;
  readonly vsize?: number;
  readonly fees?: { readonly base: number; readonly 'effective-feerate': number };
  readonly 'reject-reason'?: string;
  readonly 'reject-details'?: string;
}

/** The reason of Core 30, and the one of older releases. */
const SCRIPT_REASON = /^(?:block|mandatory)-script-verify-flag-failed \((.*)\)$/;

/** Script error texts of Core 30, with the texts that older releases of bitcoind use instead. */
export const olderTexts: Readonly<Record<string, readonly string[]>> = {
  'Script number overflowed or is non-minimally encoded': ['unknown error'],
  'Operation not valid with the current stack size': ['Invalid OP_IF construction'],
  'Empty public key in tapscript': ['Public key is neither compressed or uncompressed'],
};

/**
 * Whether both responses are equal. `scriptErrors` returns all script errors of the block: if there are several, each
 * node may report a different one.
 */
export function isSameAnswer({ ours, theirs }: Answers, scriptErrors: () => readonly string[] = () => []): boolean {
  if (isDeepStrictEqual(ours, theirs)) return true;
  const [ourText, theirText] = [scriptText(ours), scriptText(theirs)];
  if (ourText === undefined || theirText === undefined) return false;
  if (ourText === theirText || olderTexts[ourText]?.includes(theirText)) return true;
  const texts = scriptErrors().map((error) => scriptErrorString(error as ScriptError));
  return new Set(texts).size > 1 && texts.some((text) => text === theirText || olderTexts[text]?.includes(theirText));
}

function scriptText(answer: Answer): string | undefined {
  return 'result' in answer ? SCRIPT_REASON.exec(String(answer.result))?.[1] : undefined;
}

/** Whether bitcoind rejects the transaction by a policy that only Knots has. */
export function isKnotsRejection(theirs: Answer): boolean {
  return 'result' in theirs && isKnotsOnly(verdictOf(theirs));
}

/** Whether a testmempoolaccept result accepts its single transaction. */
export function isAllowed(answer: Answer): boolean {
  return 'result' in answer && verdictOf(answer).allowed;
}

/** Whether both testmempoolaccept results agree on a single transaction. */
export function isSameVerdict({ ours, theirs }: Answers): boolean {
  if ('error' in ours || 'error' in theirs) return isDeepStrictEqual(ours, theirs);
  const [a, b] = [verdictOf(ours), verdictOf(theirs)];
  if (a.allowed !== b.allowed) return false;
  if (a.allowed) {
    const { base, 'effective-feerate': rate } = a.fees!;
    return a.vsize === b.vsize && base === b.fees!.base && rate === b.fees!['effective-feerate'];
  }
  const [reason, theirReason] = [a['reject-reason']!, b['reject-reason']!];
  if (reason === theirReason) return a['reject-details'] === b['reject-details'];
  if (reason === coreReason(theirReason)) return true;
  const [text, theirText] = [reason, theirReason].map((it) => /\((.*)\)$/.exec(it)?.[1]);
  return text !== undefined && theirText !== undefined && (olderTexts[text]?.includes(theirText) ?? false);
}

function verdictOf(answer: { readonly result: unknown }): TestAccept {
  return (answer.result as [TestAccept])[0];
}
