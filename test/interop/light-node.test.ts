import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { callMethod } from '../../src/api/methods/dispatch.ts';
import { lightMethods } from '../../src/api/methods/light/index.ts';
import { fromReversedHex, toReversedHex } from '../../src/bytes/hex.ts';
import { nodeConfig } from '../../src/node/config.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { merkleProofRoot } from '../../src/proofs/merkle-proof.ts';
import { type Bitcoind, type BitcoindWallet, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const HEIGHT = 500;
const MNEMONIC = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';

interface BlockInfo {
  readonly hash: string;
  readonly height: number;
  readonly size: number;
  readonly merkleroot: string;
}

interface PeerInfo {
  readonly transport_protocol_type: string;
  readonly bytessent_per_msg: Readonly<Record<string, number>>;
}

describeBitcoind('a light node whose only peer is a bitcoind', () => {
  let bitcoind: Bitcoind;
  let theirs: BitcoindWallet;
  /** Block hash of each payment to the light node, by txid. */
  const paid = new Map<string, string>();
  let node: LightNode | undefined;

  async function start(dataDir: string, v2Transport = true): Promise<LightNode> {
    const seeds = [`127.0.0.1:${bitcoind.port}`];
    node = await LightNode.start(nodeConfig({ nodeId: 3000, dataDir, p2p: { seeds, v2Transport } }, {}), {
      network: 'full',
    });
    return node;
  }

  const rpc = <T>(method: string, ...params: unknown[]) =>
    callMethod(node!, lightMethods, method, params) as Promise<T>;

  const balance = async () => (await rpc<{ mine: { trusted: number } }>('getbalances')).mine.trusted;

  async function synced(): Promise<void> {
    const tip = await bitcoind.rpc<string>('getbestblockhash');
    const describe = () => `block ${tip}: ${node!.chain.tip.height}, ${node!.processor.scanner.scanned.height}`;
    await waitFor(() => node!.processor.scanner.scanned.hashHex === tip, { timeoutMs: 30_000, describe });
  }

  async function expectProved(txid: string, hash: string): Promise<void> {
    const { proof, blockHash } = await waitFor(() => node!.proofs.get(txid));
    expect(toReversedHex(blockHash)).toBe(hash);
    const { merkleroot } = await bitcoind.rpc<BlockInfo>('getblock', hash, 1);
    expect(toReversedHex(merkleProofRoot(fromReversedHex(txid), proof))).toBe(merkleroot);
  }

  const wait = async (method: string, ...params: unknown[]) =>
    await waitFor(() => bitcoind.rpc(method, ...params).catch(() => undefined));

  beforeAll(async () => {
    // Regtest's self-checks get slower as the chain grows.
    const quick = ['-checkblockindex=0', '-checkmempool=0'];
    bitcoind = await startBitcoind({ args: ['-blockfilterindex=1', '-peerblockfilters=1', ...quick] });
    theirs = await bitcoind.wallet();
    const dataDir = tempDir('light-address');
    node = await LightNode.start(nodeConfig({ nodeId: 3000, dataDir, p2p: { seeds: [] } }, {}), { network: 'none' });
    const wallet = await node.wallets.createWallet('w', { mnemonic: MNEMONIC });
    const addresses = await Promise.all(Array.from({ length: 5 }, () => wallet.newAddress()));
    await node.stop();
    node = undefined;
    await theirs.mine(120);
    const own = await theirs.newAddress();
    for (const [i, address] of addresses.entries()) {
      // Unrelated payments, and one to the light node.
      for (let j = 0; j < 5; j++) await theirs.rpc('sendtoaddress', own, 0.1);
      const txid = await theirs.rpc<string>('sendtoaddress', address, i + 1);
      const [hash] = await theirs.mine(1);
      paid.set(txid, hash!);
      await theirs.rpc('sendtoaddress', own, 0.2);
      await theirs.mine(20);
    }
    await bitcoind.mine(HEIGHT - (await bitcoind.rpc<number>('getblockcount')));
  }, 60_000);

  afterEach(async () => {
    await node?.stop();
    node = undefined;
  });
  afterAll(() => bitcoind?.stop());

  it.each([
    ['v2', true],
    ['v1', false],
  ])('finds and proves all payments over %s, and downloads only their blocks', async (transport, v2) => {
    await start(tempDir('light-sync'), v2);
    await node!.wallets.createWallet('w', { mnemonic: MNEMONIC });
    await synced();
    expect(await balance()).toBe(15);
    for (const [txid, hash] of paid) await expectProved(txid, hash);
    const { counts } = node!.processor.scanner;
    // Payments add keys, which may be paid by earlier blocks too: their filters are matched once more.
    expect(counts.filters).toBeLessThanOrEqual(2 * HEIGHT);
    expect(counts.blocks - counts.falsePositives).toBe(paid.size);

    const [info] = await bitcoind.rpc<PeerInfo[]>('getpeerinfo');
    expect(info!.transport_protocol_type).toBe(transport);
    const blocks = await Promise.all([...paid.values()].map((hash) => bitcoind.rpc<BlockInfo>('getblock', hash, 1)));
    // Overhead per message: v1 a header of 24 bytes; v2 length (3), header, short id and tag (16).
    const sent = blocks.reduce((sum, { size }) => sum + size + (v2 ? 21 : 24), 0);
    if (counts.falsePositives === 0) expect(info!.bytessent_per_msg.block).toBe(sent);
  });

  it('sends payments that bitcoind confirms, and withdraws a proof after a reorganisation', async () => {
    const dataDir = tempDir('light-reorganised');
    await start(dataDir);
    await node!.wallets.createWallet('w', { mnemonic: MNEMONIC });
    await synced();

    const sent = await rpc<string>('sendtoaddress', await theirs.newAddress(), 2.5);
    await wait('getmempoolentry', sent);
    const [hash] = await bitcoind.mine(1);
    await synced();
    await expectProved(sent, hash!);
    const after = await balance();
    expect(after).toBeGreaterThan(12.4);
    expect(after).toBeLessThan(12.5);
    expect(await rpc('gettransaction', sent)).toMatchObject({ confirmations: 1 });

    // Two blocks without the payment replace the block that confirmed it.
    const to = await theirs.newAddress();
    await bitcoind.rpc('invalidateblock', hash);
    for (let i = 0; i < 2; i++) await bitcoind.rpc('generateblock', to, []);
    await synced();
    await waitFor(() => node!.proofs.withdrawn().length === 1);
    expect(await rpc('getlightinfo')).toMatchObject({ withdrawn: [{ txid: sent, blockhash: hash }] });
    expect(await rpc('gettransaction', sent)).toMatchObject({ confirmations: 0 });

    // The payment confirms again while the light node is stopped.
    await node!.stop();
    const [again] = await bitcoind.mine(1);
    await start(dataDir);
    await synced();
    await expectProved(sent, again!);
    expect(await rpc('getlightinfo')).toMatchObject({ withdrawn: [] });
    expect(await balance()).toBe(after);
  });
});
