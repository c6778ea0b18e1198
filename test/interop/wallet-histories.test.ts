import { base58check } from '@scure/base';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fullTransactionJson } from '../../src/api/format/wallet-json.ts';
import { encodeJson } from '../../src/api/json/encode.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { formatAmount } from '../../src/primitives/amount.ts';
import { formatOutPoint } from '../../src/primitives/outpoint.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { History, names } from '../wallet/support/history.ts';

/** What bitcoind cannot be made to do at the same moment. */
const without = ['evict', 'expire', 'invalidate', 'restart', 'restore', 'abandon'];
/** Keys of each chain that bitcoind watches. */
const RANGE = 300;

const base58 = base58check(sha256);

/** Returns the descriptors of a Pier wallet's keys: BIP44, BIP49, BIP84 and BIP86, external and change. */
function descriptorsOf(xprv: string): string[] {
  // The version bytes of test networks.
  const root = base58.encode(Uint8Array.of(0x04, 0x35, 0x83, 0x94, ...base58.decode(xprv).subarray(4)));
  const kinds = [
    ['pkh(', 44, ')'],
    ['sh(wpkh(', 49, '))'],
    ['wpkh(', 84, ')'],
    ['tr(', 86, ')'],
  ] as const;
  return kinds.flatMap(([open, purpose, close]) =>
    [0, 1].map((change) => `${open}${root}/${purpose}h/1h/0h/${change}/*${close}`),
  );
}

describeBitcoind('random histories, beside wallets of bitcoind with the same keys', () => {
  let bitcoind: Bitcoind;

  beforeAll(async () => {
    bitcoind = await startBitcoind({
      args: ['-minrelaytxfee=0.000001', '-incrementalrelayfee=0.000001', '-acceptnonstdtxn=0'],
    });
  });
  afterAll(() => bitcoind?.stop());

  it.each([1, 2])(
    'show the same balances, coins and transactions: seed %i',
    async (seed) => {
      const rpc = bitcoind.rpc.bind(bitcoind);
      const submitted = new Set<string>();
      const genesis = await rpc<string>('getblockhash', 0);
      if ((await rpc<number>('getblockcount')) > 0) await rpc('invalidateblock', await rpc('getblockhash', 1));
      const walletName = (name: string) => `${name}${seed}`;

      const follow = async (history: History) => {
        const { chain, mempool, clock } = history.chain;
        await rpc('setmocktime', Math.floor(clock.now() / 1000));
        if (submitted.size === 0) {
          for (const name of names) await createTwin(walletName(name), history.wallet(name).record.xprv);
          submitted.add(genesis);
        }
        for (const block of history.chain.blocks(1)) {
          if (submitted.has(block.hashHex)) continue;
          submitted.add(block.hashHex);
          const result = await rpc('submitblock', toHex(block.encode()));
          expect([null, 'inconclusive'], String(result)).toContain(result);
        }
        expect(await rpc('getbestblockhash')).toBe(chain.tip.hashHex);
        const present = new Set(await rpc<string[]>('getrawmempool'));
        for (const { tx } of mempool.entries()) {
          if (!present.has(tx.txidHex)) await rpc('sendrawtransaction', toHex(tx.encode()), 0, 100_000);
        }
        const txids = [...mempool.entries()].map(({ tx }) => tx.txidHex);
        expect((await rpc<string[]>('getrawmempool')).sort()).toEqual(txids.sort());
        await rpc('syncwithvalidationinterfacequeue');
        for (const name of names) await compare(history, name);
      };

      const createTwin = async (name: string, xprv: string) => {
        await rpc('createwallet', name, false, true);
        const requests = [];
        for (const desc of descriptorsOf(xprv)) {
          const { checksum } = await rpc<{ checksum: string }>('getdescriptorinfo', desc);
          requests.push({ desc: `${desc}#${checksum}`, timestamp: 0, range: [0, RANGE] });
        }
        const imported = await bitcoind.call<{ success: boolean }[]>('importdescriptors', [requests], name);
        expect(imported.every(({ success }) => success)).toBe(true);
      };

      const compare = async (history: History, name: string) => {
        const wallet = history.wallet(name);
        const { chain, mempool } = history.chain;
        const { trusted, pending, immature } = wallet.balance();
        type Mine = { trusted: number; untrusted_pending: number; immature: number };
        const { mine } = await bitcoind.call<{ mine: Mine }>('getbalances', [], walletName(name));
        expect([formatAmount(trusted), formatAmount(pending), formatAmount(immature)], `balances of ${name}`).toEqual(
          [mine.trusted, mine.untrusted_pending, mine.immature].map((amount) => amount.toFixed(8)),
        );
        type Coin = { txid: string; vout: number; amount: number; confirmations: number; safe: boolean };
        const coins = await bitcoind.call<Coin[]>('listunspent', [0], walletName(name));
        expect(
          wallet
            .listUnspent()
            .map(({ outpoint, output, confirmations, isSafe }) => {
              return `${formatOutPoint(outpoint)} ${formatAmount(output.value)} ${confirmations} ${isSafe}`;
            })
            .sort(),
          `coins of ${name}`,
        ).toEqual(
          coins
            .map(
              ({ txid, vout, amount, confirmations, safe }) =>
                `${txid}:${vout} ${amount.toFixed(8)} ${confirmations} ${safe}`,
            )
            .sort(),
        );
        for (const transaction of wallet.history()) {
          const { txidHex } = transaction.entry.tx;
          const shown = fullTransactionJson(transaction, { wallet, chain, mempool });
          const ours = JSON.parse(encodeJson(shown)) as Record<string, unknown>;
          const theirs = await bitcoind.call<Record<string, unknown>>('gettransaction', [txidHex], walletName(name));
          for (const field of ['amount', 'fee', 'confirmations', 'generated', 'trusted', 'blockhash', 'blockheight']) {
            expect(ours[field], `${field} of ${txidHex}`).toEqual(theirs[field]);
          }
          for (const field of ['walletconflicts', 'mempoolconflicts']) {
            expect([...(ours[field] as string[])].sort(), `${field} of ${txidHex}`).toEqual(
              (theirs[field] as string[]).sort(),
            );
          }
        }
      };

      await History.run(seed, 20, { maturity: 100, without, afterStep: follow });
    },
    120_000,
  );
});
