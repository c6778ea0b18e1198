import { createSignal } from 'solid-js';
import type { Action, ActionValues } from '../model/actions.ts';
import { usePage } from './context.ts';

/** Runs actions, one at a time, and says what came of the last one. */
export interface ActionRunner {
  /** What came of it; empty before the first. */
  readonly result: () => string;
  readonly isFailed: () => boolean;
  readonly isRunning: () => boolean;
  run(action: Action, values: ActionValues): Promise<void>;
  /** Forgets what came of it. */
  clear(): void;
}

/** Returns a runner for a view. */
export function useAction(): ActionRunner {
  const { session, texts } = usePage();
  const [result, setResult] = createSignal('');
  const [isFailed, setFailed] = createSignal(false);
  const [isRunning, setRunning] = createSignal(false);
  const run = async (action: Action, values: ActionValues) => {
    const { client } = session;
    if (!client || isRunning()) return;
    setRunning(true);
    try {
      const said = await action.run(client, values);
      setFailed(false);
      setResult(`${texts().act.done} ${said}`);
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string };
      setFailed(true);
      setResult(hint === undefined ? message : `${message} ${hint}`);
    } finally {
      setRunning(false);
    }
  };
  return { result, isFailed, isRunning, run, clear: () => void setResult('') };
}
