import { createSignal } from 'solid-js';
import { findProblem, type Problem } from '../model/action-checks.ts';
import type { Action, ActionValues } from '../model/actions.ts';
import { messageOf } from '../model/failure.ts';
import type { Outcome } from '../model/outcome.ts';
import { usePage } from './context.ts';

/** What came of an action: data that any language can say, or what the network answered. */
export type Result = { readonly outcome: Outcome } | { readonly problem: Problem } | { readonly refusal: string };

/** Runs actions, one at a time, and keeps what came of the last one. */
export interface ActionRunner {
  /** Undefined before the first. */
  readonly result: () => Result | undefined;
  readonly isRunning: () => boolean;
  /** Resolves with whether it was done. */
  run(action: Action, values: ActionValues): Promise<boolean>;
  /** Forgets what came of it. */
  clear(): void;
}

/** Returns a runner for a view. */
export function useAction(): ActionRunner {
  const { session } = usePage();
  const [result, setResult] = createSignal<Result>();
  const [isRunning, setRunning] = createSignal(false);
  const run = async (action: Action, given: ActionValues) => {
    const { client } = session;
    if (!client || isRunning()) return false;
    const problem = findProblem(action, given, session.timeline);
    if (problem) {
      setResult({ problem });
      return false;
    }
    const values = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value.trim()]));
    setRunning(true);
    try {
      setResult({ outcome: await action.run(client, values) });
      return true;
    } catch (error) {
      const { problem: known } = error as { problem?: Problem };
      setResult(known ? { problem: known } : { refusal: messageOf(error) });
      return false;
    } finally {
      setRunning(false);
    }
  };
  return { result, isRunning, run, clear: () => void setResult(undefined) };
}
