import type { ScriptCursor } from '../cursor.ts';
import type { ScriptError } from '../errors.ts';
import type { SigVersion } from '../sighash/types.ts';

/**
 * What runs in the verification of an input: the scripts of every output type, the script that BIP143 makes of a key hash,
 * or, without a script, the signature of a Taproot key path.
 */
export type ScriptPhase =
  | 'scriptSig'
  | 'scriptPubKey'
  | 'redeemScript'
  | 'witnessKeyHash'
  | 'witnessScript'
  | 'tapscript'
  | 'keyPath';

/** What a tracer sees of a `Machine`, which changes it. */
export interface TracedMachine {
  readonly script: Uint8Array;
  readonly stack: readonly Uint8Array[];
  readonly altStack: readonly Uint8Array[];
  readonly sigVersion: SigVersion;
  readonly tapscript: { readonly validationWeightLeft: number } | undefined;
  readonly offset: number;
  readonly position: number;
  readonly opCount: number;
  readonly isExecuting: boolean;
  readonly conditionalDepth: number;
  readonly falseDepth: number;
}

/** Follows a verification: an `InputChecker` may have one, which the interpreter calls. It must change nothing. */
export interface ScriptTracer {
  /** Called before a phase; without a machine for the phase that has no script. */
  begin(phase: ScriptPhase, vm?: TracedMachine): void;
  /**
   * Called before the operation that the cursor has read is executed or skipped. `vm.offset` is where it starts, and
   * `vm.position` is its index.
   */
  step(vm: TracedMachine, cursor: ScriptCursor): void;
  /** Called after the last operation of a script, or the one that has failed. */
  end(vm: TracedMachine, error: ScriptError | undefined): void;
}
