import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RpcError } from '../../src/api/json/rpc-error.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';
import { randomInt } from '../../src/platform/random.ts';
import { decodeAddress, encodeAddress } from '../../src/script/address.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { hostileCounts } from '../support/hostile.ts';
import { TestNode } from './test-node.ts';

// Any text in an argument yields a result or an error with one of Core's codes, never the code for internal errors.

const INTERNAL_ERROR = -32603;

let node: TestNode;
let texts: Record<'tx' | 'block' | 'header' | 'script' | 'address' | 'hash' | 'proof', string>;

beforeAll(async () => {
  node = await TestNode.start();
  const script = `0014${'11'.repeat(20)}`;
  const address = encodeAddress(Buffer.from(script, 'hex'), regtest.address)!;
  await node.call('generatetoaddress', 3, address);
  const hash = await node.call<string>('getblockhash', 2);
  const block = await node.call<string>('getblock', hash, 0);
  const { chain } = node.node;
  const tx = toHex(chain.getBlock(chain.tip)!.transactions[0]!.encode());
  const proof = await node.call<string>('gettxoutproof', [chain.getBlock(chain.tip)!.transactions[0]!.txidHex]);
  texts = { tx, block, header: block.slice(0, 160), script, address, hash, proof };
});
afterAll(() => node.stop());

/** Returns the text, in most cases damaged. */
function damage(random: SeededRandom, text: string): string {
  const at = randomInt(random, text.length + 1);
  switch (randomInt(random, 9)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at & ~1);
    case 2:
      return `${text}${text.slice(at)}`;
    case 3:
      return `${text.slice(0, at)}${'0g \u0000ß-'[randomInt(random, 6)]}${text.slice(at + 1)}`;
    case 4:
      return `${text.slice(0, at)}${randomInt(random, 16).toString(16)}${text.slice(at + 1)}`;
    case 5:
      return `${text.slice(0, at & ~1)}${toHex(hostileCounts[randomInt(random, hostileCounts.length)]!)}${text.slice(at | 1)}`;
    case 6:
      return text.toUpperCase();
    case 7:
      return '';
    default:
      return text;
  }
}

type Text = keyof typeof texts;

/** Methods that decode a text, with the arguments that pass it. */
const calls: readonly (readonly [method: string, kind: Text, parameters: (text: string) => readonly unknown[]])[] = [
  ['decoderawtransaction', 'tx', (text) => [text]],
  ['decoderawtransaction', 'tx', (text) => [text, false]],
  ['sendrawtransaction', 'tx', (text) => [text]],
  ['testmempoolaccept', 'tx', (text) => [[text]]],
  ['testmempoolaccept', 'tx', (text) => [[text, text]]],
  ['submitblock', 'block', (text) => [text]],
  ['submitheader', 'header', (text) => [text]],
  ['decodescript', 'script', (text) => [text]],
  ['validateaddress', 'address', (text) => [text]],
  ['generatetoaddress', 'address', (text) => [0, text]],
  ['createrawtransaction', 'address', (text) => [[], [{ [text]: 1 }]]],
  ['createrawtransaction', 'script', (text) => [[], [{ data: text }]]],
  ['createrawtransaction', 'hash', (text) => [[{ txid: text, vout: 0 }], []]],
  ['scantxoutset', 'script', (text) => ['start', [`raw(${text})`]]],
  ['scantxoutset', 'address', (text) => ['start', [`addr(${text})`]]],
  ['scantxoutset', 'address', (text) => ['start', [text]]],
  ['getblock', 'hash', (text) => [text]],
  ['getblockheader', 'hash', (text) => [text, false]],
  ['getblockstats', 'hash', (text) => [text]],
  ['getrawtransaction', 'hash', (text) => [text]],
  ['getmempoolentry', 'hash', (text) => [text]],
  ['gettxout', 'hash', (text) => [text, 0]],
  ['gettxoutproof', 'hash', (text) => [[text]]],
  ['verifytxoutproof', 'proof', (text) => [text]],
  ['preciousblock', 'hash', (text) => [text]],
];

describe('a damaged argument', () => {
  it('yields a result or a known error code', async () => {
    const random = new SeededRandom(8332);
    let answers = 0;
    const codes = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      const [method, kind, parameters] = calls[i % calls.length]!;
      const text = damage(random, texts[kind]);
      try {
        await node.call(method, ...parameters(text));
        answers++;
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        expect(error.rpcCode, `${method} ${text}: ${error.message}`).not.toBe(INTERNAL_ERROR);
        codes.add(error.rpcCode);
      }
    }
    expect(answers).toBeGreaterThan(150);
    expect(codes.size).toBeGreaterThan(4);
    expect(await node.call('getblockcount')).toBe(3);
  });

  it('is decoded as an address only with a valid checksum', () => {
    const random = new SeededRandom(173);
    for (let i = 0; i < 3000; i++) {
      const text = damage(random, i % 2 ? texts.address : 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn');
      try {
        const script = decodeAddress(text, regtest.address);
        // As in Core, white space around Base58 does not count.
        expect(encodeAddress(script, regtest.address)).toBe(i % 2 ? text.toLowerCase() : text.trim());
      } catch (error) {
        expect((error as Error).name).toBe('AddressError');
      }
    }
  });
});
