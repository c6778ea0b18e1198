import { describe, expect, it } from 'vitest';
import type { Peer } from '../../src/p2p/peer/peer.ts';
import { type InvEntry, InvType } from '../../src/p2p/wire/messages/inventory.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { TxBroadcast } from '../../src/spv/tx-broadcast.ts';
import { OP_TRUE, spend } from '../chain/support/builder.ts';

const transaction = (tag: number): Transaction =>
  spend({
    inputs: [{ txid: new Uint8Array(32).fill(tag), vout: 0 }],
    outputs: [{ value: 1n, scriptPubKey: OP_TRUE }],
    witness: [OP_TRUE],
  });
const [a, b, c] = [1, 2, 3].map(transaction) as [Transaction, Transaction, Transaction];
const wtx = ({ wtxid }: Transaction): InvEntry => ({ type: InvType.WTX, hash: wtxid });
const byTxid = ({ txid }: Transaction, type: number = InvType.TX): InvEntry => ({ type, hash: txid });

/** Returns a peer, and what it was sent. */
function connect(broadcast: TxBroadcast, wtxidRelay = true) {
  const sent: [command: string, content: unknown][] = [];
  const peer = {
    handshake: { wtxidRelay },
    send: (command: string, message: { entries: unknown }) => sent.push([command, message.entries ?? message]),
  } as unknown as Peer;
  broadcast.peerReady(peer);
  return { peer, sent };
}

describe('TxBroadcast', () => {
  it('announces to all peers, to later ones as well, by the id that the peer uses', () => {
    const broadcast = new TxBroadcast();
    const early = connect(broadcast);
    expect(early.sent).toEqual([]);
    broadcast.announce(a);
    broadcast.announce(b);
    expect(early.sent).toEqual([
      ['inv', [wtx(a)]],
      ['inv', [wtx(b)]],
    ]);
    expect(connect(broadcast, false).sent).toEqual([['inv', [byTxid(a), byTxid(b)]]]);
    broadcast.peerClosed(early.peer);
    broadcast.announce(c);
    expect(early.sent).toHaveLength(2);
  });

  it('serves announced transactions by wtxid and by txid, and no others', () => {
    const broadcast = new TxBroadcast();
    const { peer, sent } = connect(broadcast);
    broadcast.announce(a);
    sent.length = 0;
    const unknown = [wtx(b), { type: InvType.WTX, hash: a.txid }, { type: InvType.TX, hash: a.wtxid }];
    broadcast.serve(peer, [wtx(a), byTxid(a), byTxid(a, InvType.WITNESS_TX), ...unknown]);
    expect(sent).toEqual([
      ['tx', a],
      ['tx', a],
      ['tx', a],
      ['notfound', unknown],
    ]);
  });

  it('drops what is no longer wanted, and announces only what is new', () => {
    const broadcast = new TxBroadcast();
    broadcast.announce(a);
    broadcast.announce(b);
    const { peer, sent } = connect(broadcast);
    sent.length = 0;
    broadcast.replaceAll([b, c]);
    expect([sent, broadcast.size]).toEqual([[['inv', [wtx(c)]]], 2]);
    broadcast.serve(peer, [wtx(a)]);
    expect(sent.at(-1)).toEqual(['notfound', [wtx(a)]]);
    expect(connect(broadcast).sent).toEqual([['inv', [wtx(b), wtx(c)]]]);
  });
});
