import { ByteWriter } from '../../bytes/writer.ts';
import { sha256, sha256d } from '../../crypto/hash.ts';
import { writeOutPoint } from '../../primitives/outpoint.ts';
import { type TxOut, writeTxOut } from '../../primitives/transaction.ts';
import type { SighashCache } from './cache.ts';
import { legacySighash, withoutCodeSeparators } from './legacy.ts';
import { segwitV0Sighash } from './segwit-v0.ts';
import { type TaprootContext, taprootSighash } from './taproot.ts';
import { SigHash } from './types.ts';

/** A field of a preimage. `hash…` is a double SHA-256 (BIP143), `sha…` a single one (BIP341). */
export type PreimageFieldName =
  | 'version'
  | 'inputCount'
  | 'inputsBefore'
  | 'outpoint'
  | 'scriptCode'
  | 'amount'
  | 'scriptPubKey'
  | 'sequence'
  | 'inputsAfter'
  | 'outputCount'
  | 'outputs'
  | 'lockTime'
  | 'hashType'
  | 'hashPrevouts'
  | 'hashSequence'
  | 'hashOutputs'
  | 'epoch'
  | 'shaPrevouts'
  | 'shaAmounts'
  | 'shaScriptPubKeys'
  | 'shaSequences'
  | 'shaOutputs'
  | 'spendType'
  | 'inputIndex'
  | 'shaAnnex'
  | 'shaSingleOutput'
  | 'tapleafHash'
  | 'keyVersion'
  | 'codeSeparatorPosition';

/** A field of a preimage, with its bytes. */
export interface PreimageField {
  readonly name: PreimageFieldName;
  readonly bytes: Uint8Array;
}

/** What a signature signs, in its parts. */
export interface SighashParts {
  /** The rules by which the parts are chosen: the original ones, BIP143, or BIP341 with BIP342. */
  readonly rules: 'legacy' | 'segwitV0' | 'taproot';
  /**
   * The preimage in its order. Hashed twice with SHA-256; under Taproot, once with the tag `TapSighash`. Empty if the
   * hash is the constant 1: that of SIGHASH_SINGLE without a matching output in a legacy signature.
   */
  readonly fields: readonly PreimageField[];
  /** The signature hash, 32 bytes in internal order. */
  readonly hash: Uint8Array;
}

class Fields {
  readonly list: PreimageField[] = [];

  /** Adds a field, unless it is empty. */
  add(name: PreimageFieldName, write: (writer: ByteWriter) => unknown): this {
    const writer = new ByteWriter(64);
    write(writer);
    if (writer.length > 0) this.list.push({ name, bytes: writer.finish() });
    return this;
  }
}

/** Returns what a legacy signature signs; `legacySighash` computes the same hash. */
export function legacyParts(
  cache: SighashCache,
  inputIndex: number,
  scriptCode: Uint8Array,
  hashType: number,
): SighashParts {
  const hash = legacySighash(cache, inputIndex, scriptCode, hashType);
  const { version, inputs, outputs, lockTime } = cache.tx;
  const own = inputs[inputIndex]!;
  const output = hashType & 0x1f;
  const isSingle = output === SigHash.SINGLE;
  const isNone = output === SigHash.NONE;
  if (isSingle && inputIndex >= outputs.length) return { rules: 'legacy', fields: [], hash };
  const anyoneCanPay = (hashType & SigHash.ANYONECANPAY) !== 0;

  const others = (from: number, to: number) => (writer: ByteWriter) => {
    for (const { prevout, sequence } of anyoneCanPay ? [] : inputs.slice(from, to)) {
      writeOutPoint(writer, prevout);
      writer.u8(0).u32(isSingle || isNone ? 0 : sequence);
    }
  };
  const fields = new Fields()
    .add('version', (w) => w.u32(version))
    .add('inputCount', (w) => w.compactSize(anyoneCanPay ? 1 : inputs.length))
    .add('inputsBefore', others(0, inputIndex))
    .add('outpoint', (w) => writeOutPoint(w, own.prevout))
    .add('scriptCode', (w) => w.varBytes(withoutCodeSeparators(scriptCode)))
    .add('sequence', (w) => w.u32(own.sequence))
    .add('inputsAfter', others(inputIndex + 1, inputs.length))
    .add('outputCount', (w) => w.compactSize(isNone ? 0 : isSingle ? inputIndex + 1 : outputs.length))
    .add('outputs', (w) => {
      if (isNone) return;
      for (const [i, each] of outputs.entries()) {
        if (isSingle && i > inputIndex) return;
        writeTxOut(w, isSingle && i < inputIndex ? { value: -1n, scriptPubKey: new Uint8Array(0) } : each);
      }
    })
    .add('lockTime', (w) => w.u32(lockTime))
    .add('hashType', (w) => w.u32(hashType));
  return { rules: 'legacy', fields: fields.list, hash };
}

/** Returns what a signature in a version 0 witness program signs; `segwitV0Sighash` computes the same hash. */
export function segwitV0Parts(
  cache: SighashCache,
  inputIndex: number,
  scriptCode: Uint8Array,
  hashType: number,
): SighashParts {
  const hash = segwitV0Sighash(cache, inputIndex, scriptCode, hashType);
  const { version, inputs, outputs, lockTime } = cache.tx;
  const own = inputs[inputIndex]!;
  const output = hashType & 0x1f;
  const isSingle = output === SigHash.SINGLE;
  const signsAll = !isSingle && output !== SigHash.NONE;
  const anyoneCanPay = (hashType & SigHash.ANYONECANPAY) !== 0;
  const zero = new Uint8Array(32);
  const single = isSingle && inputIndex < outputs.length ? sha256d(encodeOutput(outputs[inputIndex]!)) : zero;

  const fields = new Fields()
    .add('version', (w) => w.u32(version))
    .add('hashPrevouts', (w) => w.bytes(anyoneCanPay ? zero : cache.hashPrevouts))
    .add('hashSequence', (w) => w.bytes(anyoneCanPay || !signsAll ? zero : cache.hashSequences))
    .add('outpoint', (w) => writeOutPoint(w, own.prevout))
    .add('scriptCode', (w) => w.varBytes(scriptCode))
    .add('amount', (w) => w.i64(cache.spentOutputs[inputIndex]!.value))
    .add('sequence', (w) => w.u32(own.sequence))
    .add('hashOutputs', (w) => w.bytes(signsAll ? cache.hashOutputs : single))
    .add('lockTime', (w) => w.u32(lockTime))
    .add('hashType', (w) => w.u32(hashType));
  return { rules: 'segwitV0', fields: fields.list, hash };
}

/** Returns what a Taproot signature signs, undefined if there is no such hash; `taprootSighash` computes the same one. */
export function taprootParts(
  cache: SighashCache,
  inputIndex: number,
  hashType: number,
  context: TaprootContext,
  codeSeparatorPosition: number,
): SighashParts | undefined {
  const hash = taprootSighash(cache, inputIndex, hashType, context, codeSeparatorPosition);
  if (!hash) return undefined;
  const { version, inputs, outputs, lockTime } = cache.tx;
  const own = inputs[inputIndex]!;
  const spent = cache.spentOutputs[inputIndex]!;
  const anyoneCanPay = (hashType & SigHash.ANYONECANPAY) !== 0;
  const output = hashType === SigHash.DEFAULT ? SigHash.ALL : hashType & 3;
  const { annexHash, leafHash } = context;

  const fields = new Fields()
    .add('epoch', (w) => w.u8(0))
    .add('hashType', (w) => w.u8(hashType))
    .add('version', (w) => w.u32(version))
    .add('lockTime', (w) => w.u32(lockTime));
  if (!anyoneCanPay) {
    fields
      .add('shaPrevouts', (w) => w.bytes(cache.shaPrevouts))
      .add('shaAmounts', (w) => w.bytes(cache.shaAmounts))
      .add('shaScriptPubKeys', (w) => w.bytes(cache.shaScriptPubKeys))
      .add('shaSequences', (w) => w.bytes(cache.shaSequences));
  }
  if (output === SigHash.ALL) fields.add('shaOutputs', (w) => w.bytes(cache.shaOutputs));
  fields.add('spendType', (w) => w.u8((leafHash ? 2 : 0) + (annexHash ? 1 : 0)));
  if (anyoneCanPay) {
    fields
      .add('outpoint', (w) => writeOutPoint(w, own.prevout))
      .add('amount', (w) => w.i64(spent.value))
      .add('scriptPubKey', (w) => w.varBytes(spent.scriptPubKey))
      .add('sequence', (w) => w.u32(own.sequence));
  } else {
    fields.add('inputIndex', (w) => w.u32(inputIndex));
  }
  if (annexHash) fields.add('shaAnnex', (w) => w.bytes(annexHash));
  if (output === SigHash.SINGLE) {
    fields.add('shaSingleOutput', (w) => w.bytes(sha256(encodeOutput(outputs[inputIndex]!))));
  }
  if (leafHash) {
    fields
      .add('tapleafHash', (w) => w.bytes(leafHash))
      .add('keyVersion', (w) => w.u8(0))
      .add('codeSeparatorPosition', (w) => w.u32(codeSeparatorPosition));
  }
  return { rules: 'taproot', fields: fields.list, hash };
}

function encodeOutput(output: TxOut): Uint8Array {
  const writer = new ByteWriter(64);
  writeTxOut(writer, output);
  return writer.finish();
}
