import { beforeAll, describe, expect, it } from 'vitest';
import { withChecksum } from '../../src/api/format/descriptor.ts';
import { encodeJson } from '../../src/api/json/encode.ts';
import { RpcError } from '../../src/api/json/rpc-error.ts';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import { Dispatcher } from '../../src/api/methods/dispatch.ts';
import { rpcMethods } from '../../src/api/methods/index.ts';
import type { Call } from '../../src/api/work/call.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import type { Block } from '../../src/primitives/block.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { encodeAddress } from '../../src/script/address.ts';
import { disassemble } from '../../src/script/asm.ts';
import { compileScript } from '../../src/script/script.ts';
import { pay, RegtestChain, utxo } from '../support/regtest-chain.ts';

// Results that are longer than what is computed at once, and the steps between which the main thread is free.

/** Transactions of the block and of the mempool. */
const MANY = 100;

let node: RpcNode;
let block: Block;
/** The hash of `block`, and the txid of its last transaction. */
let hash: string;
let last: Transaction;
let unconfirmed: readonly Transaction[];

beforeAll(async () => {
  const regtest = await RegtestChain.create({ blocks: 3, coinbaseMaturity: 2 });
  const { chain, mempool, clock } = regtest;
  const fan = pay([regtest.coinbase(1)], 10_000n, 2 * MANY);
  await regtest.mine(1, { transactions: [fan] });
  const spends = Array.from({ length: 2 * MANY }, (_, i) => pay([utxo(fan, i)], 1_000n + BigInt(i)));
  [block] = (await regtest.mine(1, { transactions: spends.slice(0, MANY) })) as [Block];
  hash = block.hashHex;
  last = spends[MANY - 1]!;
  unconfirmed = spends.slice(MANY);
  for (const tx of unconfirmed) expect(mempool.accept(tx)).not.toHaveProperty('reject');
  node = {
    config: { nodeId: 3000, dataDir: '/nonexistent' },
    params: chain.params,
    logger: silentLogger,
    clock,
    chain,
    mempool,
  } as unknown as RpcNode;
  return () => {
    mempool.close();
    return chain.close();
  };
});

/** Calls a method; returns its result and the number of steps until it was computed. */
async function call<T>(method: string, ...params: unknown[]): Promise<{ result: T; steps: number }> {
  let steps = 0;
  const step = () => {
    steps++;
    return undefined;
  };
  const request = { step, signal: new AbortController().signal } as unknown as Call;
  const result = await new Dispatcher(node, rpcMethods).call(method, params, undefined, request);
  return { result: JSON.parse(encodeJson(result)) as T, steps };
}

const result = async <T>(method: string, ...params: unknown[]): Promise<T> => (await call<T>(method, ...params)).result;

describe('a long result', () => {
  it('of getblock has every transaction', async () => {
    type Shown = { hex: string; fee?: number; vin: { prevout: { value: number } }[]; vout: { value: number }[] };
    expect(await result('getblock', hash, 0)).toBe(toHex(block.encode()));
    const { tx: txids } = await result<{ tx: string[] }>('getblock', hash, 1);
    expect(txids).toEqual(block.transactions.map(({ txidHex }) => txidHex));
    const { tx: shown } = await result<{ tx: Shown[] }>('getblock', hash, 2);
    expect(shown).toHaveLength(MANY + 1);
    for (const { hex, fee, ...fields } of shown) expect(await result('decoderawtransaction', hex)).toEqual(fields);
    expect(shown.map(({ fee }) => fee)).toEqual([
      undefined,
      ...block.transactions.slice(1).map((_, i) => (1000 + i) / 1e8),
    ]);
    const { tx: full } = await result<{ tx: Shown[] }>('getblock', hash, 3);
    for (const { vin, vout, fee } of full.slice(1)) {
      expect(Math.round((vin[0]!.prevout.value - vout[0]!.value) * 1e8)).toBe(Math.round(fee! * 1e8));
    }
  });

  it('of getrawmempool has every entry', async () => {
    const txids = await result<string[]>('getrawmempool');
    expect([...txids].sort()).toEqual(unconfirmed.map(({ txidHex }) => txidHex).sort());
    const entries = await result<Record<string, unknown>>('getrawmempool', true);
    expect(Object.keys(entries)).toEqual(txids);
    for (const txid of txids.slice(0, 10)) expect(entries[txid]).toEqual(await result('getmempoolentry', txid));
  });

  it('of decoderawtransaction has every input, output and witness element', async () => {
    const tx = pay([utxo(last, 0)], 0n, 200);
    const { vout } = await result<{ vout: { n: number }[] }>('decoderawtransaction', toHex(tx.encode()));
    expect(vout.map(({ n }) => n)).toEqual(tx.outputs.map((_, n) => n));
  });

  it('of decodescript is that of a short one', async () => {
    for (const length of [9_999, 10_000, 10_001, 50_000]) {
      // Pushes of twenty bytes, and opcodes.
      const script = Uint8Array.from({ length }, (_, i) => (i % 22 === 0 ? 20 : i % 22 === 21 ? 0x75 : i % 251));
      const decoded = await result<Record<string, string>>('decodescript', toHex(script));
      expect(decoded.asm).toBe(disassemble(script));
      expect(decoded.desc).toBe(withChecksum(`raw(${toHex(script)})`));
    }
  });
});

describe('a long computation', () => {
  const txid = 'ab'.repeat(32);
  const raw = 'addr(bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202)';
  const many = <T>(item: T) => Array.from({ length: MANY }, () => item);
  const outputs = Array.from({ length: MANY }, (_, i) => {
    const script = compileScript(0, new Uint8Array(20).fill(i));
    return { [encodeAddress(script, regtest.address)!]: 0.1 };
  });
  const calls: Readonly<Record<string, () => readonly unknown[]>> = {
    getblock: () => [hash, 1],
    getblockstats: () => [hash],
    getrawtransaction: () => [last.txidHex, 1, hash],
    gettxoutproof: () => [[last.txidHex], hash],
    gettxoutsetinfo: () => ['muhash'],
    scantxoutset: () => ['start', many(raw)],
    createrawtransaction: () => [many({ txid, vout: 0 }), {}],
    'createrawtransaction for many outputs': () => [[], outputs],
    generateblock: () => ['bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202', many(txid)],
  };

  for (const [method, parameters] of Object.entries(calls)) {
    it(`of ${method} has a step for each item`, async () => {
      let steps = 0;
      const request = {
        signal: new AbortController().signal,
        step: () => {
          steps++;
          return undefined;
        },
      } as unknown as Call;
      const run = new Dispatcher(node, rpcMethods).call(method.split(' ')[0]!, parameters(), undefined, request);
      // The txids of generateblock are not in the mempool: an error at the first, after all have been validated.
      await run.catch((error: unknown) => expect(error).toBeInstanceOf(RpcError));
      expect(steps).toBeGreaterThanOrEqual(MANY);
    });
  }

  it('ends when a step fails', async () => {
    let steps = 0;
    const request = {
      signal: new AbortController().signal,
      step: () => (++steps > 10 ? Promise.reject(new RpcError(-9, 'Shutting down')) : undefined),
    } as unknown as Call;
    for (const [method, parameters] of Object.entries(calls)) {
      steps = 0;
      const run = new Dispatcher(node, rpcMethods).call(method.split(' ')[0]!, parameters(), undefined, request);
      await expect(run, method).rejects.toMatchObject({ rpcCode: -9 });
      expect(steps).toBe(11);
    }
  });
});

describe('an array of transactions', () => {
  it('is refused by its length before any is decoded', async () => {
    for (const method of ['testmempoolaccept', 'submitpackage']) {
      for (const count of [0, 26]) {
        await expect(
          call(
            method,
            Array.from({ length: count }, () => 'zz'),
          ),
        ).rejects.toMatchObject({
          rpcCode: -8,
          message: 'Array must contain between 1 and 25 transactions.',
        });
      }
      await expect(
        call(
          method,
          Array.from({ length: 25 }, () => 'zz'),
        ),
      ).rejects.toMatchObject({ rpcCode: -22 });
    }
  });
});

describe('a proof with more hashes than a block has transactions', () => {
  const header = '00'.repeat(80);
  const count = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes.toString('hex');
  };
  const proof = (hashes: number, given = hashes) =>
    `${header}${count(1)}fe${count(hashes)}${'11'.repeat(32 * given)}0101`;

  it('proves nothing, and is truncated if it is', async () => {
    expect(await result('verifytxoutproof', proof(66_667))).toEqual([]);
    expect(await result('verifytxoutproof', proof(66_666))).toEqual([]);
    await expect(call('verifytxoutproof', proof(66_667, 100))).rejects.toMatchObject({
      rpcCode: -1,
      message: 'DataStream::read(): end of data: iostream error',
    });
  });
});
