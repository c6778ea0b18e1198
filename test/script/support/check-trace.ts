import { expect } from 'vitest';
import { concatBytes } from '../../../src/bytes/compare.ts';
import { toHex } from '../../../src/bytes/hex.ts';
import { sha256d, taggedHash } from '../../../src/crypto/hash.ts';
import { secp256k1 } from '../../../src/crypto/secp256k1.ts';
import type { Transaction, TxOut } from '../../../src/primitives/transaction.ts';
import { ScriptCursor } from '../../../src/script/cursor.ts';
import type { ScriptError } from '../../../src/script/errors.ts';
import { MAX_OPS_PER_SCRIPT } from '../../../src/script/limits.ts';
import { SighashCache, type SighashParts } from '../../../src/script/sighash/index.ts';
import type { SignatureVerifier } from '../../../src/script/signature-cache.ts';
import { type ScriptTrace, type TracedPhase, traceInput } from '../../../src/script/trace.ts';
import { verifyInput } from '../../../src/script/verify.ts';

const tapSighash = taggedHash('TapSighash');
const one = `01${'00'.repeat(31)}`;

/** Returns the hash of a preimage's fields, in hex. */
export function hashOfParts({ rules, fields }: SighashParts): string {
  if (fields.length === 0) return one;
  const preimage = concatBytes(...fields.map(({ bytes }) => bytes));
  return toHex(rules === 'taproot' ? tapSighash(preimage) : sha256d(preimage));
}

/**
 * Traces an input, and requires that the trace is consistent in itself, with `verifyInput`, and with the signatures that
 * were verified meanwhile.
 */
export function checkedTrace(
  tx: Transaction,
  index: number,
  spent: readonly TxOut[],
  flags: number,
): ScriptTrace & { readonly expected: ScriptError | undefined } {
  const verified: string[] = [];
  const record = (kind: 'verifyEcdsa' | 'verifySchnorr') => (sig: Uint8Array, hash: Uint8Array, key: Uint8Array) => {
    const isValid = secp256k1()[kind](sig, hash, key);
    verified.push(`${toHex(hash)} ${toHex(key)} ${isValid}`);
    return isValid;
  };
  const signatures: SignatureVerifier = { verifyEcdsa: record('verifyEcdsa'), verifySchnorr: record('verifySchnorr') };
  const trace = traceInput(tx, index, spent, flags, { signatures });
  const expected = verifyInput(tx, index, new SighashCache(tx, spent), flags);
  expect(trace.error).toBe(expected);
  expect(trace.isTruncated).toBe(false);
  checkPlace(trace);
  for (const phase of trace.phases) checkSteps(phase);
  const traced = trace.phases.flatMap((phase) => phase.signatures);
  for (const { parts } of traced) if (parts) expect(hashOfParts(parts)).toBe(toHex(parts.hash));
  // Signatures that cannot be decoded are not verified, but are traced.
  const claims = traced.map(({ parts, publicKey, isValid }) =>
    parts ? `${toHex(parts.hash)} ${toHex(publicKey)} ${isValid}` : `none ${isValid}`,
  );
  expect(claims).toEqual(expect.arrayContaining(verified));
  const unverified = traced.length - verified.length;
  expect(claims.filter((claim) => claim.endsWith('false')).length).toBeGreaterThanOrEqual(unverified);
  return { ...trace, expected };
}

function checkPlace({ error, place, phases }: ScriptTrace): void {
  if (error === undefined) {
    expect(place).toBeUndefined();
    return;
  }
  // What failed is at the end.
  expect(place!.phase).toBe(phases.length === 0 ? undefined : phases.length - 1);
  if (place!.step !== undefined) expect(place!.step).toBe(phases.at(-1)!.steps.length - 1);
}

function checkSteps({ script, steps, initial, isRun }: TracedPhase): void {
  if (!isRun) expect(steps).toEqual([]);
  const cursor = new ScriptCursor(script);
  let state = initial;
  for (const [i, step] of steps.entries()) {
    const start = cursor.offset;
    expect(cursor.next()).toBe(true);
    const data = step.data && toHex(step.data);
    expect([step.position, step.offset, step.opcode]).toEqual([i, start, cursor.opcode]);
    if (cursor.opcode <= 0x4e) expect(data).toBe(toHex(cursor.data));
    else expect(data).toBeUndefined();
    expect(step.before).toBe(state);
    state = step.after;
    expect(state.falseDepth).toBeLessThanOrEqual(state.conditionalDepth);
    if (!step.isExecuted) {
      expect(state.stack).toBe(step.before.stack);
      expect(step.before.falseDepth).toBeGreaterThan(0);
    }
    const count = state.opCount === undefined ? undefined : state.opCount - step.before.opCount!;
    if (count !== undefined) expect(count >= 1).toBe(step.opcode > 0x60);
    if (i < steps.length - 1 && count !== undefined) expect(state.opCount).toBeLessThanOrEqual(MAX_OPS_PER_SCRIPT);
  }
}
