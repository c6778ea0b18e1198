import { describe, expect, it } from 'vitest';
import { Transaction } from '../../src/primitives/transaction.ts';
import { satisfyAll, standardKinds } from '../support/coin-kinds.ts';
import { countVerifications } from '../support/count-verifications.ts';
import { RegtestChain, spend, utxo } from '../support/regtest-chain.ts';

const signed = ['p2wpkh', 'p2pkh', 'p2tr'].map((name) => standardKinds.find((kind) => kind.name === name)!);

/** Creates a chain with an output of each kind, and a transaction that spends these with three signatures. */
async function start(): Promise<{ chain: RegtestChain; tx: Transaction }> {
  const chain = await RegtestChain.create({ blocks: 4, coinbaseMaturity: 2 });
  const outputs = signed.map(({ scriptPubKey }) => ({ value: 1_000_000n, scriptPubKey }));
  const funding = spend([chain.coinbase(1)], outputs);
  await chain.mine(1, { transactions: [funding] });
  const inputs = signed.map((kind, vout) => {
    const { outpoint, output } = utxo(funding, vout);
    return { coin: { outpoint, value: output.value, kind }, sequence: 0xffff_fffd };
  });
  const paid = { value: 2_900_000n, scriptPubKey: signed[0]!.scriptPubKey };
  return { chain, tx: satisfyAll({ inputs, outputs: [paid], version: 2, lockTime: 0 }) };
}

describe('the signatures of a transaction are verified once', () => {
  it('when it is tested, accepted, mined and re-added from a disconnected block', async () => {
    const { chain, tx } = await start();
    const { mempool } = chain;
    expect(await countVerifications(() => mempool.accept(tx, { testOnly: true }))).toBe(3);
    const acceptAndMine = async () => {
      mempool.accept(tx);
      await chain.mine();
      expect(mempool.size).toBe(0);
      await chain.chain.invalidateBlock(chain.chain.tip);
      expect(mempool.size).toBe(1);
      await chain.mine();
    };
    expect(await countVerifications(acceptAndMine)).toBe(0);
  });

  it('and only the changed one when the same transaction arrives with an invalid signature', async () => {
    const { chain, tx } = await start();
    chain.mempool.accept(tx, { testOnly: true });
    const { version, inputs, outputs, lockTime } = tx;
    const witness = inputs[2]!.witness.map((item) => Uint8Array.from(item));
    witness[0]![5]! ^= 1;
    const changed = new Transaction({
      version,
      inputs: [...inputs.slice(0, 2), { ...inputs[2]!, witness }],
      outputs,
      lockTime,
    });
    const acceptInvalid = () =>
      expect(chain.mempool.accept(changed)).toMatchObject({
        reject: { reason: 'mempool-script-verify-flag-failed (Invalid Schnorr signature)' },
      });
    expect(await countVerifications(acceptInvalid)).toBe(1);
  });
});
