import { findRecord, runningNetworks } from '../../control/control-record.ts';
import type { MethodName, ResultOf } from '../../control/protocol/methods.ts';
import type { NameKind } from './completion-spec.ts';

/** Milliseconds within which a network must answer: a user waits for the word. */
const DEADLINE_MS = 1_000;

/**
 * Returns names to complete a word with, of a network if several run. Rejects if the network does not answer soon. Names
 * that are not one line are left out.
 */
export async function completionNames(kind: NameKind, network: string | undefined): Promise<string[]> {
  const names = await listNames(kind, network);
  return names.filter((name) => !/\p{Cc}/u.test(name));
}

async function listNames(kind: NameKind, network: string | undefined): Promise<string[]> {
  if (kind === 'networks') return runningNetworks();
  if (kind === 'nodes') return (await call('status', network)).nodes.map(({ name }) => name);
  return (await call('snapshot.list', network)).snapshots.map(({ name }) => name);
}

/** Calls a method over HTTP, which takes less code to load than a WebSocket, and ends with the deadline. */
async function call<M extends MethodName>(method: M, network: string | undefined): Promise<ResultOf<M>> {
  const { url, token } = findRecord(network);
  const response = await fetch(url.replace(/^ws/, 'http'), {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, Connection: 'close' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  return ((await response.json()) as { result: ResultOf<M> }).result;
}
