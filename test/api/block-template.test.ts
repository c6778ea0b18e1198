import { afterEach, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import { createBlockTemplate } from '../../src/mining/block-template.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { mineBlock, OP_TRUE, sealBlock } from '../chain/support/builder.ts';
import { ownScript, pay, utxo } from '../support/regtest-chain.ts';
import { waitFor } from '../support/wait.ts';
import { TestNode, type TestNodeOptions } from './test-node.ts';

const SEGWIT = { rules: ['segwit'] };

interface Template {
  readonly longpollid: string;
  readonly height: number;
  readonly rules: string[];
  readonly transactions: unknown[];
}

let node: TestNode;
let clock: VirtualClock;
const newClock = () => new VirtualClock((regtest.genesis.header.time + 3600) * 1000);

async function start(options: TestNodeOptions = {}): Promise<void> {
  clock = newClock();
  node = await TestNode.start({ clock, ...options });
}

afterEach(() => node.stop());

async function mine(): Promise<void> {
  const { chain } = node.node;
  const { block } = createBlockTemplate(chain, undefined, ownScript, { clock });
  expect((await chain.acceptBlock(sealBlock(block.transactions, block.header))).reject).toBeUndefined();
}

const get = (more: object = {}) => node.call<Template>('getblocktemplate', { ...SEGWIT, ...more });

/** Returns whether a call has ended. */
async function isDone(call: Promise<unknown>): Promise<boolean> {
  let done = false;
  void call.then(() => {
    done = true;
  });
  // The server replies in the order in which calls end: a reply that is due arrives before these.
  for (let i = 0; i < 3; i++) await node.call('getblockcount');
  return done;
}

describe('a long poll', () => {
  it('returns at once for a tip other than the current one', async () => {
    await start();
    const { longpollid } = await get();
    await mine();
    expect((await get({ longpollid })).height).toBe(2);
    expect((await get({ longpollid: `${'00'.repeat(32)}0` })).height).toBe(2);
  });

  it('waits for a new tip', async () => {
    await start();
    const { longpollid } = await get();
    const polls = [get({ longpollid }), get({ longpollid: true })];
    for (const poll of polls) expect(await isDone(poll)).toBe(false);
    await mine();
    for (const poll of polls) expect((await poll).height).toBe(2);
  });

  it('checks the mempool after a minute, then every ten seconds', async () => {
    await start({ params: { ...regtest, coinbaseMaturity: 1 } });
    await mine();
    await mine();
    const coinbase = (height: number) => node.node.chain.getBlock(node.node.chain.atHeight(height)!)!.transactions[0]!;
    const accept = (height: number) => 'entry' in node.node.mempool.accept(pay([utxo(coinbase(height), 0)], 10_000n));
    const { longpollid } = await get();
    expect(accept(1)).toBe(true);
    const poll = get({ longpollid });
    expect(await isDone(poll)).toBe(false);
    clock.advance(59_999);
    expect(await isDone(poll)).toBe(false);
    clock.advance(1);
    const second = await poll;
    expect(second.transactions).toHaveLength(1);

    const later = get({ longpollid: second.longpollid });
    expect(await isDone(later)).toBe(false);
    clock.advance(60_000);
    expect(accept(2)).toBe(true);
    clock.advance(9_999);
    expect(await isDone(later)).toBe(false);
    clock.advance(1);
    expect((await later).transactions).toHaveLength(2);
  });

  it('ends when the server closes', async () => {
    await start();
    const { longpollid } = await get();
    const poll = get({ longpollid });
    const outcome = poll.catch((error: { rpcCode?: number; message: string }) => [error.rpcCode, error.message]);
    const isWaiting = async () => {
      const info = await node.call<{ active_commands: { method: string }[] }>('getrpcinfo');
      return info.active_commands.some(({ method }) => method === 'getblocktemplate');
    };
    await waitFor(isWaiting);
    await node.server.close();
    expect(await outcome).toEqual([-9, 'Shutting down']);
  });
});

describe('getblocktemplate', () => {
  it('requires the signet rule on signet', async () => {
    const signet = chainParams('signet');
    await start({ params: signet });
    await expect(get()).rejects.toMatchObject({
      rpcCode: -8,
      message: 'getblocktemplate must be called with the signet rule set (call with {"rules": ["segwit", "signet"]})',
    });
    const template = await get({ rules: ['segwit', 'signet'] });
    expect(await node.call('getmininginfo')).toMatchObject({ signet_challenge: toHex(signet.signetChallenge!) });
    expect(template).toMatchObject({
      rules: ['csv', '!segwit', '!signet', 'taproot'],
      signet_challenge: toHex(signet.signetChallenge!),
      bits: '1e0377ae',
    });
  });

  it('fails on mainnet without a peer', async () => {
    await start({ network: 'main' });
    await expect(get()).rejects.toMatchObject({ rpcCode: -9, message: 'Pier is not connected!' });
    // Proposals are validated all the same.
    const { hash, height, time } = node.node.chain.tip;
    const block = toHex(mineBlock({ hash, height, time, bits: 0x207f_ffff }).encode());
    expect(await node.call('getblocktemplate', { mode: 'proposal', data: block })).toBe('bad-diffbits');
  });

  it('has the limits and rules without segwit before its activation', async () => {
    const { deployments } = regtest;
    await start({ params: { ...regtest, deployments: { ...deployments, segwit: { height: 2 } } } });
    const before = await get();
    expect(before).toMatchObject({ rules: ['csv', 'taproot'], sigoplimit: 20_000, sizelimit: 1_000_000 });
    expect(before).not.toHaveProperty('weightlimit');
    expect(before).not.toHaveProperty('default_witness_commitment');
    const block = mineBlock(node.node.chain.tip, {
      noCommitment: true,
      coinbaseOutputs: [{ value: 1n, scriptPubKey: OP_TRUE }],
    });
    expect(await node.call('submitblock', toHex(block.encode()))).toBe(null);
    expect(await get()).toMatchObject({
      rules: ['csv', '!segwit', 'taproot'],
      sigoplimit: 80_000,
      weightlimit: 4_000_000,
    });
  });
});
