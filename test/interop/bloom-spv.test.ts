import { afterAll, beforeAll, expect, it } from 'vitest';
import { toReversedHex } from '../../src/bytes/hex.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { type NodeConfigInput, nodeConfig } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { verifyTransactionProof } from '../../src/proofs/transaction-proof.ts';
import { decodeAddress } from '../../src/script/address.ts';
import type { Wallet } from '../../src/wallet/wallet.ts';
import { type Bitcoind, type BitcoindWallet, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

describeBitcoind('a light node with Bloom filters, connected to bitcoind', () => {
  let bitcoind: Bitcoind;
  let rich: BitcoindWallet;
  const closers: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    // Without `noban`, transaction announcements are delayed by several seconds.
    bitcoind = await startBitcoind({ args: ['-peerbloomfilters', '-whitelist=noban@127.0.0.1'] });
    rich = await bitcoind.wallet();
    await rich.mine(110);
  }, 60_000);

  afterAll(async () => {
    for (const close of closers.reverse()) await close();
    await bitcoind?.stop();
  });

  async function config(seeds: readonly number[], options: NodeConfigInput) {
    const [nodeId] = await freeNodeIds(1);
    return nodeConfig({
      nodeId: nodeId!,
      dataDir: tempDir('bloom'),
      ...options,
      p2p: { ...options.p2p, seeds: seeds.map(String) },
    });
  }

  async function startLight(...seeds: number[]): Promise<{ light: LightNode; reasons: string[] }> {
    const light = await LightNode.start(await config(seeds, { light: { bloom: true } }), { network: 'full' });
    closers.push(() => light.stop());
    const reasons: string[] = [];
    light.connections.events.on('disconnected', ({ reason }) => reasons.push(reason));
    return { light, reasons };
  }

  /** Waits until the light node has scanned bitcoind's tip. */
  async function follow({
    processor: node,
    chain,
  }: {
    processor: LightNode['processor'];
    chain: LightNode['chain'];
  }): Promise<void> {
    const best = await bitcoind.rpc<string>('getbestblockhash');
    await waitFor(() => chain.tip.hashHex === best && node.scanner.scanned === chain.tip, { timeoutMs: 20_000 });
  }

  function confirmations(wallet: Wallet, txid: string): number | undefined {
    return wallet.transaction(txid)?.confirmations;
  }

  /** Compares the block and position that the light node has proved with bitcoind's, and verifies the proof. */
  async function expectProved({ proofs, chain }: LightNode, wallet: Wallet, txid: string): Promise<void> {
    const { entry } = wallet.transaction(txid)!;
    const { confirmation, tx } = entry;
    const block = await bitcoind.rpc<{ hash: string; height: number; tx: string[] }>(
      'getblock',
      toReversedHex(confirmation!.blockHash),
    );
    expect([block.height, block.tx[confirmation!.position]]).toEqual([confirmation!.height, txid]);
    const proof = await waitFor(() => proofs.get(txid));
    expect(toReversedHex(proof.blockHash)).toBe(block.hash);
    const { header } = chain.atHeight(block.height)!;
    expect(verifyTransactionProof({ header, transaction: tx, ...proof })).toEqual({
      valid: true,
      position: confirmation!.position,
      depthProved: true,
    });
  }

  it('finds payments, spends and unconfirmed transactions, with one peer or two', async () => {
    const { light, reasons } = await startLight(bitcoind.port);
    const wallet = await light.wallets.createWallet('light');

    // Announced, then proved.
    const first = await rich.rpc<string>('sendtoaddress', await wallet.newAddress(), 2);
    await waitFor(() => wallet.transaction(first));
    expect(confirmations(wallet, first)).toBe(0);
    expect(wallet.balance()).toEqual({ trusted: 0n, pending: 2n * COIN, immature: 0n });
    expect(light.proofs.get(first)).toBeUndefined();
    await bitcoind.mine(1);
    await waitFor(() => confirmations(wallet, first) === 1);
    expect(wallet.balance()).toEqual({ trusted: 2n * COIN, pending: 0n, immature: 0n });
    await expectProved(light, wallet, first);

    // A payment from the wallet: bitcoind accepts it, and a block confirms it.
    const scriptPubKey = decodeAddress(await rich.newAddress(), light.params.address);
    const { tx } = await wallet.send([{ value: COIN, scriptPubKey }], { feeRate: 2 }, (made) =>
      light.submitTransaction(made),
    );
    await waitFor(async () => (await bitcoind.rpc<string[]>('getrawmempool')).includes(tx.txidHex));
    await bitcoind.mine(2);
    await waitFor(() => confirmations(wallet, tx.txidHex) === 2);
    await expectProved(light, wallet, tx.txidHex);

    // A coinbase to the wallet, found without a prior announcement.
    await bitcoind.mine(1, await wallet.newAddress());
    await waitFor(() => wallet.balance().immature > 0n);
    await follow(light);
    expect(light.processor.scanner.counts.blocks).toBe(0);
    const [peer] = await bitcoind.rpc<{ bytessent_per_msg: Record<string, number>; services: string }[]>('getpeerinfo');
    expect(Object.keys(peer!.bytessent_per_msg)).toEqual(expect.arrayContaining(['merkleblock', 'tx', 'inv']));
    expect(peer!.bytessent_per_msg).not.toHaveProperty('block');

    // The same wallet, restored on a second light node that scans all blocks with two peers.
    const full = await FullNode.start(await config([bitcoind.port], { p2p: { bloomFilters: true } }), {
      ...{ network: 'full', createChain: true, createWallet: true },
    });
    closers.push(() => full.stop());
    await bitcoind.mine(300);
    const tip = await bitcoind.rpc<string>('getbestblockhash');
    await waitFor(() => full.chain.tip.hashHex === tip, { timeoutMs: 20_000 });
    const twin = await startLight(full.config.nodeId, bitcoind.port);
    const { mnemonic } = wallet.record;
    const restored = await twin.light.wallets.createWallet('restored', { mnemonic: mnemonic! });
    await follow(twin.light);
    await waitFor(() => twin.light.processor.scanner.filterPeers === 2);
    await follow(light);
    expect(restored.balance()).toEqual(wallet.balance());
    expect(restored.history().map(({ entry }) => entry.tx.txidHex)).toEqual(
      wallet.history().map(({ entry }) => entry.tx.txidHex),
    );
    await expectProved(twin.light, restored, first);
    await expectProved(twin.light, restored, tx.txidHex);

    // Both peers announce it, and both light nodes have the key.
    const last = await rich.rpc<string>('sendtoaddress', await restored.newAddress(), 1);
    await waitFor(() => confirmations(restored, last) === 0 && confirmations(wallet, last) === 0);
    await bitcoind.mine(1);
    await waitFor(() => confirmations(restored, last) === 1 && confirmations(wallet, last) === 1);
    await expectProved(twin.light, restored, last);
    expect(twin.light.processor.scanner.counts.blocks).toBe(0);
    expect([...reasons, ...twin.reasons]).toEqual([]);
  }, 90_000);
});
