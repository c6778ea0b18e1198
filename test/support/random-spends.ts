import { pubECDSA, pubSchnorr, taprootTweakPubkey } from '@scure/btc-signer/utils.js';
import { concatBytes } from '../../src/bytes/compare.ts';
import { hash160, sha256 } from '../../src/crypto/hash.ts';
import type { OutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript, pushBytes } from '../../src/script/script.ts';
import {
  annexHash,
  legacySighash,
  type SighashCache,
  segwitV0Sighash,
  taprootSighash,
} from '../../src/script/sighash/index.ts';
import { tapBranchHash, tapLeafHash } from '../../src/script/taproot.ts';
import type { Choice } from './choice.ts';
import { type CoinKind, type Satisfaction, satisfyAll } from './coin-kinds.ts';
import { signEcdsa, signSchnorr } from './signing.ts';

type Kind = 'bare' | 'p2sh' | 'p2wsh' | 'p2sh-p2wsh' | 'tapscript' | 'keypath';

/** A kind with a random script. Each spend differs and is often invalid. */
export interface RandomKind extends CoinKind {
  /** The script before hashing: bare, redeem, witness or leaf script. */
  readonly script: Uint8Array;
}

const none = new Uint8Array(0);
const secrets = [1, 2, 3].map((n) => sha256(Uint8Array.of(n))).map((secret) => Uint8Array.from(secret));
const xOnlyKeys = secrets.map((secret) => pubSchnorr(secret));
const compressedKeys = secrets.map((secret) => pubECDSA(secret));
const uncompressedKeys = secrets.map((secret) => pubECDSA(secret, false));
const hybridKeys = uncompressedKeys.map((key) => Uint8Array.of(6 + (key[64]! & 1), ...key.subarray(1)));

/** Opcodes with an effect. The others end a script at once, so they are drawn less often. */
const usefulOpcodes: readonly number[] = Array.from({ length: 256 }, (_, opcode) => opcode).filter(
  (opcode) =>
    opcode >= Op.OP_NOP &&
    opcode <= Op.OP_CHECKSIGADD &&
    (opcode < Op.OP_CAT || opcode > Op.OP_RIGHT) &&
    (opcode < Op.OP_INVERT || opcode > Op.OP_XOR) &&
    (opcode < Op.OP_MUL || opcode > Op.OP_RSHIFT) &&
    ![Op.OP_VER, Op.OP_VERIF, Op.OP_VERNOTIF, Op.OP_RETURN, Op.OP_2MUL, Op.OP_2DIV].includes(opcode as never),
);

const paid = { value: 980_000n, scriptPubKey: compileScript(Op.OP_0, new Uint8Array(20)) };
const change = { ...paid, value: 1000n };

/** Spends an output of the kind, worth 1,000,000 satoshis, in a transaction with random locks and outputs. */
export function spendRandomly(kind: CoinKind, outpoint: OutPoint, choice: Choice): Transaction {
  return satisfyAll({
    inputs: [{ coin: { outpoint, value: 1_000_000n, kind }, sequence: choice.pick([0xffff_ffff, 0xffff_fffe, 0, 1]) }],
    outputs: choice.chance(2) ? [paid] : [paid, change],
    version: choice.pick([1, 2, 2, 2]),
    lockTime: choice.pick([0, 0, 50, 100]),
  });
}

/** Generates kinds with random scripts. */
export class RandomSpends {
  readonly #choice: Choice;

  constructor(choice: Choice) {
    this.#choice = choice;
  }

  #bytes(max: number): Uint8Array {
    return this.#choice.bytes(this.#choice.int(max + 1));
  }

  /** Generates a kind. */
  next(): RandomKind {
    const kind = this.#choice.pick<Kind>([
      'bare',
      'p2sh',
      'p2wsh',
      'p2wsh',
      'p2sh-p2wsh',
      'tapscript',
      'tapscript',
      'keypath',
    ]);
    const isTapscript = kind === 'tapscript';
    const script = this.#script(isTapscript ? xOnlyKeys : compressedKeys, isTapscript);
    const coinKind =
      kind === 'tapscript' || kind === 'keypath' ? this.#taproot(kind, script) : this.#hashed(kind, script);
    return {
      ...coinKind,
      satisfy: (cache, index) => {
        const { scriptSig, witness } = coinKind.satisfy(cache, index);
        return {
          scriptSig: this.#choice.chance(40)
            ? concatBytes(scriptSig, Uint8Array.of(this.#choice.pick([Op.OP_NOP, Op.OP_1])))
            : scriptSig,
          witness: this.#choice.chance(60) ? [...witness, none] : witness,
        };
      },
    };
  }

  #hashed(kind: Exclude<Kind, 'tapscript' | 'keypath'>, script: Uint8Array): RandomKind {
    const choice = this.#choice;
    const witnessProgram = compileScript(Op.OP_0, sha256(script));
    const redeemScript = kind === 'p2sh' ? script : witnessProgram;
    const p2sh = compileScript(Op.OP_HASH160, hash160(redeemScript), Op.OP_EQUAL);
    const scriptPubKey = { bare: script, p2sh, p2wsh: witnessProgram, 'p2sh-p2wsh': p2sh }[kind];
    const sighash = kind === 'bare' || kind === 'p2sh' ? legacySighash : segwitV0Sighash;
    const satisfy = (cache: SighashCache, index: number): Satisfaction => {
      const separator = script.indexOf(Op.OP_CODESEPARATOR);
      const args = this.#arguments(script, compressedKeys, (secret) => {
        const hashType = choice.pick([1, 1, 1, 1, 2, 3, 0x81, 0x82, 0x83, 0, 4, 0x41]);
        const code = separator >= 0 && choice.chance(2) ? script.subarray(separator + 1) : script;
        const der = signEcdsa(sighash(cache, index, code, hashType), secret);
        return concatBytes(this.#damaged(der), Uint8Array.of(hashType));
      });
      const pushes = concatBytes(...args.map((arg) => this.#push(arg)));
      if (kind === 'bare') return { scriptSig: pushes, witness: [] };
      if (kind === 'p2sh') return { scriptSig: concatBytes(pushes, this.#push(script)), witness: [] };
      return { scriptSig: kind === 'p2wsh' ? none : pushBytes(witnessProgram), witness: [...args, script] };
    };
    return { name: kind, script, scriptPubKey, satisfy };
  }

  #taproot(kind: 'tapscript' | 'keypath', script: Uint8Array): RandomKind {
    const choice = this.#choice;
    const leafVersion = choice.chance(12) ? 0xc2 : 0xc0;
    const leafHash = tapLeafHash(leafVersion, script);
    const path = Array.from({ length: choice.int(3) }, () => choice.bytes(32));
    const root = path.reduce(tapBranchHash, leafHash);
    // For a key path spend the output key is a signing key without a tweak.
    const [outputKey, parity] =
      kind === 'keypath' ? [xOnlyKeys[0]!, 0] : taprootTweakPubkey(xOnlyKeys[0]!, Uint8Array.from(root));
    const control = concatBytes(Uint8Array.of(leafVersion | parity), xOnlyKeys[0]!, ...path);
    const satisfy = (cache: SighashCache, index: number): Satisfaction => {
      const annex = choice.chance(8) ? Uint8Array.of(0x50, ...this.#bytes(4)) : undefined;
      const context = { annexHash: annex && annexHash(annex), leafHash: kind === 'keypath' ? undefined : leafHash };
      const sign = (secret: Uint8Array): Uint8Array => {
        const hashType = choice.pick([0, 0, 0, 1, 2, 3, 0x81, 0x82, 0x83, 4]);
        const position = script[0] === Op.OP_CODESEPARATOR && kind === 'tapscript' ? 0 : 0xffff_ffff;
        const hash = taprootSighash(cache, index, hashType, context, position) ?? choice.bytes(32);
        const signature = this.#damaged(signSchnorr(hash, secret));
        return hashType === 0 && !choice.chance(20) ? signature : concatBytes(signature, Uint8Array.of(hashType));
      };
      const witness =
        kind === 'keypath'
          ? [sign(secrets[choice.chance(8) ? 1 : 0]!)]
          : [...this.#arguments(script, xOnlyKeys, sign), script, control];
      if (annex) witness.push(annex);
      return { scriptSig: none, witness };
    };
    return { name: kind, script, scriptPubKey: compileScript(Op.OP_1, outputKey), satisfy };
  }

  /** Returns a script from a template with signature checks, or a random sequence of operations. */
  #script(keys: readonly Uint8Array[], isTapscript: boolean): Uint8Array {
    const key = (): Uint8Array => this.#choice.pick(keys);
    const small = (): bigint => BigInt(this.#choice.int(4));
    const operations: Uint8Array[] = [];
    const template = this.#choice.int(12);
    if (template === 0) operations.push(compileScript(key(), Op.OP_CHECKSIG));
    else if (template === 1) operations.push(compileScript(key(), Op.OP_CHECKSIGVERIFY, 1n));
    else if (template === 2) operations.push(compileScript(Op.OP_CODESEPARATOR, key(), Op.OP_CHECKSIG));
    else if (template === 3) {
      const add = isTapscript ? Op.OP_CHECKSIGADD : Op.OP_CHECKSIG;
      operations.push(compileScript(key(), Op.OP_CHECKSIG, Op.OP_SWAP, key(), add));
    } else if (template === 4) {
      operations.push(compileScript(2n, ...keys, 3n, Op.OP_CHECKMULTISIG));
    } else if (template === 5) {
      operations.push(compileScript(small(), key(), key(), small(), Op.OP_CHECKMULTISIG));
    } else {
      const length = this.#choice.int(14);
      for (let i = 0; i < length; i++) operations.push(this.#operation(keys));
    }
    if (this.#choice.chance(6)) {
      for (let i = 0; i < 3; i++) operations.splice(this.#choice.int(operations.length + 1), 0, this.#operation(keys));
    }
    return concatBytes(...operations);
  }

  #operation(keys: readonly Uint8Array[]): Uint8Array {
    const draw = this.#choice.int(100);
    if (draw < 42) return Uint8Array.of(this.#choice.pick(usefulOpcodes));
    if (draw < 47) return Uint8Array.of(this.#choice.int(256));
    if (draw < 70) return compileScript(BigInt(this.#choice.int(8) - 1));
    if (draw < 74) return compileScript(BigInt(this.#choice.int(70_000) - 30_000));
    if (draw < 90) return this.#push(this.#choice.pick([...keys, ...keys, ...uncompressedKeys, ...hybridKeys]));
    return this.#push(
      this.#choice.pick([none, Uint8Array.of(0x80), Uint8Array.of(1, 0), this.#bytes(6), this.#bytes(530)]),
    );
  }

  /** Returns a push, sometimes a non-minimal one. */
  #push(data: Uint8Array): Uint8Array {
    const isLong = data.length < 256 && this.#choice.chance(30);
    return isLong ? Uint8Array.of(Op.OP_PUSHDATA1, data.length, ...data) : compileScript(data);
  }

  /** Returns the signature, sometimes with a flipped bit or an extra byte. */
  #damaged(signature: Uint8Array): Uint8Array {
    const draw = this.#choice.int(40);
    if (draw === 0) return concatBytes(signature, Uint8Array.of(0));
    if (draw > 2) return signature;
    const bytes = Uint8Array.from(signature);
    bytes[this.#choice.int(bytes.length)]! ^= 1 << this.#choice.int(8);
    return bytes;
  }

  /** Returns the arguments for a script: in half of the draws those that its template needs. */
  #arguments(script: Uint8Array, keys: readonly Uint8Array[], sign: (secret: Uint8Array) => Uint8Array): Uint8Array[] {
    const last = script[script.length - 1];
    if (this.#choice.chance(2) && last === Op.OP_CHECKMULTISIG) return [none, sign(secrets[0]!), sign(secrets[1]!)];
    const text = Buffer.from(script);
    const needed = keys.flatMap((key, i) => (text.includes(Buffer.from(key)) ? [secrets[i]!] : []));
    if (this.#choice.chance(2) && needed.length > 0) return needed.map(sign).reverse();
    return Array.from({ length: this.#choice.int(6) }, () => {
      const draw = this.#choice.int(10);
      if (draw < 5) return sign(this.#choice.pick(secrets));
      if (draw < 7) return none;
      if (draw < 8) return Uint8Array.of(1 + this.#choice.int(3));
      return draw < 9 ? this.#bytes(5) : this.#choice.pick(keys);
    });
  }
}
