import { createECDH } from 'node:crypto';
import { fromHex, toHex } from '../../../src/bytes/hex.ts';
import { NULL_VOUT } from '../../../src/primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../../src/primitives/transaction.ts';
import type { ScriptError } from '../../../src/script/errors.ts';
import { InputChecker } from '../../../src/script/interpreter/checker.ts';
import { SighashCache } from '../../../src/script/sighash/index.ts';
import { tapLeafHash, tapTweakHash } from '../../../src/script/taproot.ts';
import { verifyScript } from '../../../src/script/verify.ts';
import { assemble, parseFlags } from './assemble.ts';

/** A row of script_tests.json. */
export type Row = readonly (string | readonly (string | number)[])[];

/** A parsed test case of script_tests.json. */
export interface Case {
  readonly name: string;
  readonly scriptSig: Uint8Array;
  readonly scriptPubKey: Uint8Array;
  readonly witness: readonly Uint8Array[];
  /** Satoshis. */
  readonly amount: bigint;
  readonly flags: number;
  readonly expected: ScriptError | undefined;
}

const groupOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Returns the Taproot output key for the generator as internal key (public key of 1 + tweak), compressed. */
function tweakedGenerator(tweak: Uint8Array): Uint8Array {
  const secret = (1n + BigInt(`0x${toHex(tweak)}`)) % groupOrder;
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(secret.toString(16).padStart(64, '0'), 'hex');
  return ecdh.getPublicKey(null, 'compressed');
}

const generatorX = fromHex('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');

/** Parses a row, including its #SCRIPT#, #CONTROLBLOCK# and #TAPROOTOUTPUT# placeholders. */
export function parseCase(row: Row): Case {
  const hasWitness = typeof row[0] !== 'string';
  const [scriptSig, scriptPubKey, flags, expected] = (hasWitness ? row.slice(1) : row) as string[];
  const elements = hasWitness ? (row[0] as readonly (string | number)[]) : [];
  const amount = BigInt(Math.round(Number(elements.at(-1) ?? 0) * 1e8));

  let outputKey = '';
  let control: Uint8Array | undefined;
  const witness = (elements.slice(0, -1) as string[]).map((element) => {
    if (element === '#CONTROLBLOCK#') return control!;
    if (!element.startsWith('#SCRIPT#')) return fromHex(element);
    const script = assemble(element.slice('#SCRIPT#'.length));
    const point = tweakedGenerator(tapTweakHash(generatorX, tapLeafHash(0xc0, script)));
    outputKey = `0x${toHex(point.subarray(1))}`;
    control = Uint8Array.of(0xc0 | (point[0]! & 1), ...generatorX);
    return script;
  });

  return {
    name: JSON.stringify(row),
    scriptSig: assemble(scriptSig!),
    scriptPubKey: assemble(scriptPubKey!.replace('#TAPROOTOUTPUT#', outputKey)),
    witness,
    amount,
    flags: parseFlags(flags!),
    expected: expected === 'OK' ? undefined : expected === 'NULLFAIL' ? 'SIG_NULLFAIL' : (expected as ScriptError),
  };
}

/** Returns the transaction that Core's test builds of a case, and the output that it spends. */
export function buildCase({ scriptSig, scriptPubKey, witness, amount }: Case): { tx: Transaction; spent: TxOut } {
  const spent: TxOut = { value: amount, scriptPubKey };
  const final = 0xffff_ffff;
  const prevout = { txid: new Uint8Array(32), vout: NULL_VOUT };
  const crediting = new Transaction({
    version: 1,
    inputs: [{ prevout, scriptSig: Uint8Array.of(0, 0), sequence: final, witness: [] }],
    outputs: [spent],
    lockTime: 0,
  });
  const spending = new Transaction({
    version: 1,
    inputs: [{ prevout: { txid: crediting.txid, vout: 0 }, scriptSig, sequence: final, witness }],
    outputs: [{ value: amount, scriptPubKey: new Uint8Array(0) }],
    lockTime: 0,
  });
  return { tx: spending, spent };
}

/** Runs a case under the given flags. */
export function runCase(entry: Case, flags: number): ScriptError | undefined {
  const { scriptSig, scriptPubKey, witness } = entry;
  const { tx, spent } = buildCase(entry);
  const checker = new InputChecker(new SighashCache(tx, [spent]), 0);
  return verifyScript(scriptSig, scriptPubKey, witness, flags, checker);
}
