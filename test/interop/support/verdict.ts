import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionManager } from '../../../src/p2p/connections/connection-manager.ts';
import type { Verdict } from '../../p2p/support/misbehaviours.ts';
import { RawPeer } from '../../p2p/support/raw-peer.ts';
import type { Bitcoind } from '../../support/bitcoind.ts';
import { waitFor } from '../../support/wait.ts';

/** Plays a misbehaviour to the node at `port`; the connection is open afterwards if the node still answers a ping. */
async function play(port: number, messages: readonly Uint8Array[], early: boolean): Promise<RawPeer> {
  const peer = new RawPeer(port);
  if (early) peer.send(messages);
  await peer.shakeHands();
  await peer.ask(early ? [] : messages);
  return peer;
}

/** What bitcoind, which must log by -debug=net, makes of messages. */
export async function verdictOfBitcoind(
  bitcoind: Bitcoind,
  messages: readonly Uint8Array[],
  early = false,
): Promise<Verdict> {
  const log = join(bitcoind.dataDir, 'regtest', 'debug.log');
  const before = (await readFile(log)).length;
  const peer = await play(bitcoind.port, messages, early);
  const { closed } = peer;
  peer.close();
  // Whom it would discourage shows in the log: those on its own machine it only disconnects, and where invalid blocks are
  // the reason, Knots on regtest says so and tolerates them.
  const lines = (await readFile(log)).subarray(before).toString();
  if (/Misbehaving: peer=|got DoS score 100 /.test(lines)) return 'discouraged';
  return closed ? 'disconnected' : 'ignored';
}

/** What Pier makes of them. Waits for the expected verdict, as blocks are judged after what follows them has been answered. */
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
  const peer = await play(peers.endpoint!.port, messages, early);
  if (expected !== 'ignored') await waitFor(() => peer.closed, { timeoutMs: 2_000 }).catch(() => {});
  const verdict = reason;
  peer.close();
  await waitFor(() => peers.peers().length === 0);
  unsubscribe();
  if (verdict === undefined) return 'ignored';
  return verdict.startsWith('misbehaving') ? 'discouraged' : 'disconnected';
}
