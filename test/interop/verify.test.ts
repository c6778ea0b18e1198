import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromHex, toReversedHex } from '../../src/bytes/hex.ts';
import { verifyConfig, verifyTransaction } from '../../src/commands/verify.ts';
import { MerkleBlock } from '../../src/proofs/merkle-block.ts';
import { type Bitcoind, type BitcoindWallet, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';

describeBitcoind('verification of a payment, with bitcoind as the only node', () => {
  let bitcoind: Bitcoind;
  let wallet: BitcoindWallet;
  let address: string;
  let txids: string[];

  beforeAll(async () => {
    const args = ['-peerbloomfilters', '-blockfilterindex=1', '-peerblockfilters=1', '-txindex'];
    bitcoind = await startBitcoind({ args });
    wallet = await bitcoind.wallet();
    await wallet.mine(101);
    address = await wallet.newAddress();
    txids = [];
    for (let i = 0; i < 6; i++) txids.push(await wallet.rpc<string>('sendtoaddress', address, (i + 1) / 10));
    // More blocks than a single request covers.
    await bitcoind.mine(150);
  });

  afterAll(() => bitcoind.stop());

  const verify = (txid: string, options = {}) =>
    verifyTransaction(verifyConfig({ network: 'regtest', nodes: [`127.0.0.1:${bitcoind.port}`] }, {}), txid, options);

  it('finds it by Bloom filter, block filters or block height, with the proof of gettxoutproof', async () => {
    for (const [i, options] of [{}, { address }, { block: '102' }].entries()) {
      const txid = txids[i]!;
      const { verdict } = await verify(txid, options);
      if (!verdict.verified) throw new Error(verdict.reason);
      const known = await bitcoind.rpc<{ confirmations: number; blockhash: string }>('getrawtransaction', txid, true);
      const header = await bitcoind.rpc<{ merkleroot: string; height: number }>('getblockheader', known.blockhash);
      expect(verdict.confirmations).toBe(known.confirmations);
      expect(verdict.block.height).toBe(header.height);
      expect(toReversedHex(verdict.block.hash)).toBe(known.blockhash);
      expect(toReversedHex(verdict.path.at(-1)!.parent)).toBe(header.merkleroot);
      const theirs = MerkleBlock.decode(fromHex(await bitcoind.rpc<string>('gettxoutproof', [txid]))).extract();
      const { position } = theirs.matches[0]!;
      expect(verdict.position).toBe(position);
      expect(verdict.path.map(({ sibling }) => sibling)).toEqual(theirs.proofOf(position)!.branch);
      expect(verdict.proved).toContain('tree-depth');
      const { chainwork } = await bitcoind.rpc<{ chainwork: string }>('getblockchaininfo');
      expect(verdict.tip.chainwork).toBe(BigInt(`0x${chainwork}`));
    }
  });

  it('fails while the payment is unconfirmed', async () => {
    const txid = await wallet.rpc<string>('sendtoaddress', address, 1);
    await expect(verify(txid)).rejects.toMatchObject({ code: 'not-found' });
    await expect(verify(txid, { address })).rejects.toMatchObject({ code: 'not-found' });
  });
});
