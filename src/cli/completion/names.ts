import { type ControlRecord, writtenRecords } from '../../control/control-record.ts';
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
  if (kind === 'networks') return (await callAll('time', undefined)).map(({ name }) => name);
  if (kind === 'nodes') return (await call('status', network)).nodes.map(({ name }) => name);
  return (await call('snapshot.list', network)).snapshots.map(({ name }) => name);
}

/** Calls a method of a network that runs; without a name, of the only one. */
async function call<M extends MethodName>(method: M, network: string | undefined): Promise<ResultOf<M>> {
  const [answer, ...others] = await callAll(method, network);
  if (!answer || others.length > 0) throw new Error(`${others.length + 1} networks`);
  return answer.result;
}

/** Calls a method of all networks that answer; with a name, of that one. */
async function callAll<M extends MethodName>(method: M, network: string | undefined) {
  const records = writtenRecords().filter(({ name }) => network === undefined || name === network);
  const answers = await Promise.allSettled(
    records.map(async (record) => ({ name: record.name, result: await post(record, method) })),
  );
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** Calls a method over HTTP, which takes less code to load than a WebSocket, and ends with the deadline. */
async function post<M extends MethodName>({ url, token }: ControlRecord, method: M): Promise<ResultOf<M>> {
  const response = await fetch(url.replace(/^ws/, 'http'), {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, Connection: 'close' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const { result } = (await response.json()) as { result?: ResultOf<M> };
  if (result === undefined) throw new Error(`${url} has refused ${method}`);
  return result;
}
