import { pubECDSA, pubSchnorr, signECDSA, signSchnorr, taprootTweakPubkey } from '@scure/btc-signer/utils.js';
import { concatBytes } from '../../../src/bytes/compare.ts';
import { hash160, sha256 } from '../../../src/crypto/hash.ts';
import { randomInt, type SeededRandom } from '../../../src/platform/random.ts';
import type { OutPoint } from '../../../src/primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../../src/primitives/transaction.ts';
import { Op } from '../../../src/script/opcodes.ts';
import { compileScript, pushBytes } from '../../../src/script/script.ts';
import {
  annexHash,
  legacySighash,
  SighashCache,
  segwitV0Sighash,
  taprootSighash,
} from '../../../src/script/sighash.ts';
import { tapBranchHash, tapLeafHash } from '../../../src/script/taproot.ts';

type Kind = 'bare' | 'p2sh' | 'p2wsh' | 'p2sh-p2wsh' | 'tapscript' | 'keypath';

/** An output with a random script, and the way to a transaction that spends it more or less rightly. */
export interface RandomSpend {
  readonly kind: Kind;
  readonly script: Uint8Array;
  readonly output: TxOut;
  spend(prevout: OutPoint): Transaction;
}

const none = new Uint8Array(0);
const secrets = [1, 2, 3].map((n) => sha256(Uint8Array.of(n))).map((secret) => Uint8Array.from(secret));
const xOnlyKeys = secrets.map((secret) => pubSchnorr(secret));
const compressedKeys = secrets.map((secret) => pubECDSA(secret));
const uncompressedKeys = secrets.map((secret) => pubECDSA(secret, false));
const hybridKeys = uncompressedKeys.map((key) => Uint8Array.of(6 + (key[64]! & 1), ...key.subarray(1)));

/** Opcodes that can do something; those that end a script at once are drawn more rarely. */
const usefulOpcodes: readonly number[] = Array.from({ length: 256 }, (_, opcode) => opcode).filter(
  (opcode) =>
    opcode >= Op.OP_NOP &&
    opcode <= Op.OP_CHECKSIGADD &&
    (opcode < Op.OP_CAT || opcode > Op.OP_RIGHT) &&
    (opcode < Op.OP_INVERT || opcode > Op.OP_XOR) &&
    (opcode < Op.OP_MUL || opcode > Op.OP_RSHIFT) &&
    ![Op.OP_VER, Op.OP_VERIF, Op.OP_VERNOTIF, Op.OP_RETURN, Op.OP_2MUL, Op.OP_2DIV].includes(opcode as never),
);

export class RandomSpends {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  #below(bound: number): number {
    return randomInt(this.#random, bound);
  }

  #oneIn(n: number): boolean {
    return this.#below(n) === 0;
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  #bytes(max: number): Uint8Array {
    return this.#random.bytes(this.#below(max + 1));
  }

  next(value: bigint): RandomSpend {
    const kind = this.#pick<Kind>([
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
    if (kind === 'tapscript' || kind === 'keypath') return this.#taproot(kind, script, value);

    const witnessProgram = compileScript(Op.OP_0, sha256(script));
    const redeemScript = kind === 'p2sh' ? script : witnessProgram;
    const p2sh = compileScript(Op.OP_HASH160, hash160(redeemScript), Op.OP_EQUAL);
    const scriptPubKey = { bare: script, p2sh, p2wsh: witnessProgram, 'p2sh-p2wsh': p2sh }[kind];
    const output = { value, scriptPubKey };
    const sighash = kind === 'bare' || kind === 'p2sh' ? legacySighash : segwitV0Sighash;
    return {
      kind,
      script,
      output,
      spend: (prevout) =>
        this.#transaction(prevout, output, (cache) => {
          const separator = script.indexOf(Op.OP_CODESEPARATOR);
          const args = this.#arguments(script, compressedKeys, (secret) => {
            const hashType = this.#pick([1, 1, 1, 1, 2, 3, 0x81, 0x82, 0x83, 0, 4, 0x41]);
            const code = separator >= 0 && this.#oneIn(2) ? script.subarray(separator + 1) : script;
            const der = signECDSA(Uint8Array.from(sighash(cache, 0, code, hashType)), secret);
            return concatBytes(this.#damaged(der), Uint8Array.of(hashType));
          });
          const pushes = concatBytes(...args.map((arg) => this.#push(arg)));
          if (kind === 'bare') return { scriptSig: pushes, witness: [] };
          if (kind === 'p2sh') return { scriptSig: concatBytes(pushes, this.#push(script)), witness: [] };
          return { scriptSig: kind === 'p2wsh' ? none : pushBytes(witnessProgram), witness: [...args, script] };
        }),
    };
  }

  #taproot(kind: 'tapscript' | 'keypath', script: Uint8Array, value: bigint): RandomSpend {
    const leafVersion = this.#oneIn(12) ? 0xc2 : 0xc0;
    const leafHash = tapLeafHash(leafVersion, script);
    const path = Array.from({ length: this.#below(3) }, () => this.#random.bytes(32));
    const root = path.reduce(tapBranchHash, leafHash);
    // In a key path spend the output key has no script behind it, and is one that signs.
    const [outputKey, parity] =
      kind === 'keypath' ? [xOnlyKeys[0]!, 0] : taprootTweakPubkey(xOnlyKeys[0]!, Uint8Array.from(root));
    const control = concatBytes(Uint8Array.of(leafVersion | parity), xOnlyKeys[0]!, ...path);
    const output = { value, scriptPubKey: compileScript(Op.OP_1, outputKey) };
    return {
      kind,
      script,
      output,
      spend: (prevout) =>
        this.#transaction(prevout, output, (cache) => {
          const annex = this.#oneIn(8) ? Uint8Array.of(0x50, ...this.#bytes(4)) : undefined;
          const context = { annexHash: annex && annexHash(annex), leafHash: kind === 'keypath' ? undefined : leafHash };
          const sign = (secret: Uint8Array): Uint8Array => {
            const hashType = this.#pick([0, 0, 0, 1, 2, 3, 0x81, 0x82, 0x83, 4]);
            const position = script[0] === Op.OP_CODESEPARATOR && kind === 'tapscript' ? 0 : 0xffff_ffff;
            const hash = taprootSighash(cache, 0, hashType, context, position) ?? this.#random.bytes(32);
            const signature = this.#damaged(signSchnorr(Uint8Array.from(hash), secret, new Uint8Array(32)));
            return hashType === 0 && !this.#oneIn(20) ? signature : concatBytes(signature, Uint8Array.of(hashType));
          };
          const witness =
            kind === 'keypath'
              ? [sign(secrets[this.#oneIn(8) ? 1 : 0]!)]
              : [...this.#arguments(script, xOnlyKeys, sign), script, control];
          if (annex) witness.push(annex);
          return { scriptSig: none, witness };
        }),
    };
  }

  #transaction(
    prevout: OutPoint,
    spent: TxOut,
    unlock: (cache: SighashCache) => { scriptSig: Uint8Array; witness: readonly Uint8Array[] },
  ): Transaction {
    const paid = { value: spent.value - 20_000n, scriptPubKey: compileScript(Op.OP_0, new Uint8Array(20)) };
    const change = { ...paid, value: 1000n };
    const fields = {
      version: this.#pick([1, 2, 2, 2]),
      lockTime: this.#pick([0, 0, 50, 100]),
      outputs: this.#oneIn(2) ? [paid] : [paid, change],
    };
    const sequence = this.#pick([0xffff_ffff, 0xffff_fffe, 0, 1]);
    const unsigned = new Transaction({ ...fields, inputs: [{ prevout, sequence, scriptSig: none, witness: [] }] });
    let { scriptSig, witness } = unlock(new SighashCache(unsigned, [spent]));
    if (this.#oneIn(40)) scriptSig = concatBytes(scriptSig, Uint8Array.of(this.#pick([Op.OP_NOP, Op.OP_1])));
    if (this.#oneIn(60)) witness = [...witness, none];
    return new Transaction({ ...fields, inputs: [{ prevout, sequence, scriptSig, witness }] });
  }

  /** Some templates with signatures, and otherwise anything. */
  #script(keys: readonly Uint8Array[], isTapscript: boolean): Uint8Array {
    const key = (): Uint8Array => this.#pick(keys);
    const small = (): bigint => BigInt(this.#below(4));
    const operations: Uint8Array[] = [];
    const template = this.#below(12);
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
      const length = this.#below(14);
      for (let i = 0; i < length; i++) operations.push(this.#operation(keys));
    }
    if (this.#oneIn(6)) {
      for (let i = 0; i < 3; i++) operations.splice(this.#below(operations.length + 1), 0, this.#operation(keys));
    }
    return concatBytes(...operations);
  }

  #operation(keys: readonly Uint8Array[]): Uint8Array {
    const draw = this.#below(100);
    if (draw < 42) return Uint8Array.of(this.#pick(usefulOpcodes));
    if (draw < 47) return Uint8Array.of(this.#below(256));
    if (draw < 70) return compileScript(BigInt(this.#below(8) - 1));
    if (draw < 74) return compileScript(BigInt(this.#below(70_000) - 30_000));
    if (draw < 90) return this.#push(this.#pick([...keys, ...keys, ...uncompressedKeys, ...hybridKeys]));
    return this.#push(this.#pick([none, Uint8Array.of(0x80), Uint8Array.of(1, 0), this.#bytes(6), this.#bytes(530)]));
  }

  /** A push, at times a longer one than need be. */
  #push(data: Uint8Array): Uint8Array {
    const isLong = data.length < 256 && this.#oneIn(30);
    return isLong ? Uint8Array.of(Op.OP_PUSHDATA1, data.length, ...data) : compileScript(data);
  }

  /** A signature with a bit flipped, or a byte added, now and then. */
  #damaged(signature: Uint8Array): Uint8Array {
    const draw = this.#below(40);
    if (draw === 0) return concatBytes(signature, Uint8Array.of(0));
    if (draw > 2) return signature;
    const bytes = Uint8Array.from(signature);
    bytes[this.#below(bytes.length)]! ^= 1 << this.#below(8);
    return bytes;
  }

  /** What the script is given: half the time what it seems to ask for. */
  #arguments(script: Uint8Array, keys: readonly Uint8Array[], sign: (secret: Uint8Array) => Uint8Array): Uint8Array[] {
    const last = script[script.length - 1];
    if (this.#oneIn(2) && last === Op.OP_CHECKMULTISIG) return [none, sign(secrets[0]!), sign(secrets[1]!)];
    const text = Buffer.from(script);
    const asked = keys.flatMap((key, i) => (text.includes(Buffer.from(key)) ? [secrets[i]!] : []));
    if (this.#oneIn(2) && asked.length > 0) return asked.map(sign).reverse();
    return Array.from({ length: this.#below(6) }, () => {
      const draw = this.#below(10);
      if (draw < 5) return sign(this.#pick(secrets));
      if (draw < 7) return none;
      if (draw < 8) return Uint8Array.of(1 + this.#below(3));
      return draw < 9 ? this.#bytes(5) : this.#pick(keys);
    });
  }
}
