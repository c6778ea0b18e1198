import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionManager } from '../../../src/p2p/connections/connection-manager.ts';
import type { Verdict } from '../../p2p/support/misbehaviours.ts';
import { RawPeer } from '../../p2p/support/raw-peer.ts';
import type { Bitcoind } from '../../support/bitcoind.ts';
import { waitFor } from '../../support/wait.ts';

/** Sends messages to the node at `port`, before the handshake if `early`. Resolves after a pong or a disconnect. */
async function sendMessages(port: number, messages: readonly Uint8Array[], early: boolean): Promise<RawPeer> {
  const peer = new RawPeer(port);
  if (early) peer.send(messages);
  await peer.shakeHands();
  await peer.request(early ? [] : messages);
  return peer;
}

/** Returns bitcoind's reaction to the messages. Requires `-debug=net`. */
export async function verdictOfBitcoind(
  bitcoind: Bitcoind,
  messages: readonly Uint8Array[],
  early = false,
): Promise<Verdict> {
  const log = join(bitcoind.dataDir, 'regtest', 'debug.log');
  const before = (await readFile(log)).length;
  const peer = await sendMessages(bitcoind.port, messages, early);
  const { closed } = peer;
  peer.close();
  // Only the log tells whether bitcoind would discourage the peer: it merely disconnects local peers, and after an
  // invalid block Knots on regtest keeps the connection.
  const lines = (await readFile(log)).subarray(before).toString();
  if (/Misbehaving: peer=|got DoS score 100 /.test(lines)) return 'discouraged';
  return closed ? 'disconnected' : 'ignored';
}

/** Returns Pier's reaction. Waits for the expected one: a block is validated after the next messages are answered. */
export async function verdictOfPier(
  peers: ConnectionManager,
  messages: readonly Uint8Array[],
  expected: Verdict,
  early = false,
): Promise<Verdict> {
  let reason: string | undefined;
  const unsubscribe = peers.events.on('disconnected', (event) => {
    reason ??= event.reason;
  });
  const peer = await sendMessages(peers.endpoint!.port, messages, early);
  if (expected !== 'ignored') await waitFor(() => peer.closed, { timeoutMs: 2_000 }).catch(() => {});
  const verdict = reason;
  peer.close();
  await waitFor(() => peers.peers().length === 0);
  unsubscribe();
  if (verdict === undefined) return 'ignored';
  return verdict.startsWith('misbehaving') ? 'discouraged' : 'disconnected';
}
