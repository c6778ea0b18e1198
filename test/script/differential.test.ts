import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromReversedHex, toHex } from '../../src/bytes/hex.ts';
import { useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { disassemble } from '../../src/script/asm.ts';
import { scriptErrorString } from '../../src/script/errors.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS, STANDARD_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { isUnspendable } from '../../src/script/script.ts';
import { SighashCache } from '../../src/script/sighash/index.ts';
import { verifyInput } from '../../src/script/verify.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type Bitcoind, BitcoindRpcError, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { Choice } from '../support/choice.ts';
import { RandomSpends, spendRandomly } from '../support/random-spends.ts';

const SPENDS = 250;

/** Texts that changed between Core's releases: the current text, and the texts of older releases. */
const olderTexts: Readonly<Record<string, readonly string[]>> = {
  'Script number overflowed or is non-minimally encoded': ['unknown error'],
  'Operation not valid with the current stack size': ['Invalid OP_IF construction'],
  'Empty public key in tapscript': ['Public key is neither compressed or uncompressed'],
};

/** Errors of policy rules that only Knots has. */
const knotsPolicy = ['Push value size limit exceeded', 'OP_IF/NOTIF argument must be minimal in tapscript'];

describeBitcoind('Random scripts', () => {
  let node: Bitcoind;
  beforeAll(async () => {
    node = await startBitcoind({
      args: ['-acceptnonstdtxn=1', '-corepolicy=1', '-disablewallet', '-checkmempool=0'],
    });
  });
  afterAll(() => node?.stop());

  it('have the same result in bitcoind, by consensus and by policy', async () => {
    useSecp256k1Engine('native');
    const { descriptor } = await node.rpc<{ descriptor: string }>('getdescriptorinfo', 'raw(51)');
    const [first] = await node.rpc<string[]>('generatetodescriptor', 110, descriptor);
    const { tx: coinbase } = await node.rpc<{ tx: string[] }>('getblock', first);

    const choice = new Choice(new SeededRandom(29));
    const generator = new RandomSpends(choice);
    const kinds = Array.from({ length: SPENDS }, () => generator.next()).filter(
      ({ scriptPubKey }) => !isUnspendable(scriptPubKey),
    );
    const value = 1_000_000n;
    const funding = new Transaction({
      version: 2,
      inputs: [
        {
          prevout: { txid: fromReversedHex(coinbase[0]!), vout: 0 },
          scriptSig: new Uint8Array(0),
          sequence: 0xffff_ffff,
          witness: [],
        },
      ],
      outputs: kinds.map(({ scriptPubKey }) => ({ value, scriptPubKey })),
      lockTime: 0,
    });
    await node.rpc('generateblock', descriptor, [toHex(funding.encode())]);

    const disagreements: string[] = [];
    let valid = 0;
    let standard = 0;
    for (const [vout, kind] of kinds.entries()) {
      const tx = Transaction.decode(spendRandomly(kind, { txid: funding.txid, vout }, choice).encode());
      const hex = toHex(tx.encode());
      const cache = new SighashCache(tx, [{ value, scriptPubKey: kind.scriptPubKey }]);
      const about = `${kind.name} ${disassemble(kind.script)}: ${hex}`;

      const byConsensus = verifyInput(tx, 0, cache, MANDATORY_SCRIPT_VERIFY_FLAGS);
      const theirs = await consensusVerdict(node, descriptor, hex);
      if ((byConsensus === undefined) !== (theirs === 'valid')) {
        disagreements.push(`${byConsensus ?? 'valid'} here, ${theirs} there: ${about}`);
      }
      if (!byConsensus) valid++;

      const error = verifyInput(tx, 0, cache, STANDARD_SCRIPT_VERIFY_FLAGS);
      const text = error ? scriptErrorString(error) : 'valid';
      const theirText = await policyVerdict(node, hex);
      if (theirText !== text && !olderTexts[text]?.includes(theirText) && !knotsPolicy.includes(theirText)) {
        disagreements.push(`${text} here, ${theirText} there: ${about}`);
      }
      if (!error) standard++;
    }
    expect(disagreements).toEqual([]);
    // Enough valid scripts for the comparison to be meaningful.
    expect(valid).toBeGreaterThan(SPENDS / 10);
    expect(standard).toBeGreaterThan(SPENDS / 40);
  });
});

/** Returns 'valid', or bitcoind's error for a block with the transaction. */
async function consensusVerdict(node: Bitcoind, descriptor: string, hex: string): Promise<string> {
  try {
    await node.rpc('generateblock', descriptor, [hex], false);
    return 'valid';
  } catch (error) {
    if (error instanceof BitcoindRpcError) return error.message;
    throw error;
  }
}

/** Returns 'valid', or the text of the script error in the reject reason of bitcoind's mempool. */
async function policyVerdict(node: Bitcoind, hex: string): Promise<string> {
  type Result = { allowed: boolean; 'reject-reason'?: string };
  const [result] = await node.rpc<Result[]>('testmempoolaccept', [hex], 0);
  if (result!.allowed) return 'valid';
  const reason = result!['reject-reason'] ?? '';
  return /^mempool-script-verify-flag-failed \((.*)\)$/.exec(reason)?.[1] ?? reason;
}
