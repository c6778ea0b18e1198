import { fromHex } from '../../bytes/hex.ts';
import { hash160 } from '../../crypto/hash.ts';
import { type AddressPrefixes, decodeAddress } from '../../script/address.ts';
import { Op } from '../../script/opcodes.ts';
import { compileScript } from '../../script/script.ts';
import { descriptorChecksum } from '../format/descriptor.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

const payToPublicKey = (key: Uint8Array) => compileScript(key, Op.OP_CHECKSIG);
const payToPublicKeyHash = (key: Uint8Array) =>
  compileScript(Op.OP_DUP, Op.OP_HASH160, hash160(key), Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
const payToWitnessKeyHash = (key: Uint8Array) => compileScript(Op.OP_0, hash160(key));
const payToScriptHash = (script: Uint8Array) => compileScript(Op.OP_HASH160, hash160(script), Op.OP_EQUAL);

/** Output scripts of each descriptor function of a single public key. */
const keyDescriptors: Readonly<Record<string, (key: Uint8Array) => Uint8Array[]>> = {
  pk: (key) => [payToPublicKey(key)],
  pkh: (key) => [payToPublicKeyHash(key)],
  wpkh: (key) => (key.length === 33 ? [payToWitnessKeyHash(key)] : []),
  'sh(wpkh': (key) => (key.length === 33 ? [payToScriptHash(payToWitnessKeyHash(key))] : []),
  combo: (key) =>
    key.length === 33
      ? [
          payToPublicKey(key),
          payToPublicKeyHash(key),
          payToWitnessKeyHash(key),
          payToScriptHash(payToWitnessKeyHash(key)),
        ]
      : [payToPublicKey(key), payToPublicKeyHash(key)],
};

/**
 * Returns the output scripts of a descriptor, with or without checksum: addr(), raw(), and pk(), pkh(), wpkh(),
 * sh(wpkh()) and combo() of one public key in hex. Throws `RpcError` for any other descriptor, and `AddressError`.
 */
export function scriptsOfDescriptor(descriptor: string, prefixes: AddressPrefixes): Uint8Array[] {
  const [text, checksum] = splitChecksum(descriptor);
  if (checksum !== undefined && checksum !== descriptorChecksum(text)) {
    throw refused(`Provided checksum '${checksum}' does not match computed checksum '${descriptorChecksum(text)}'`);
  }
  const match = /^(addr|raw|pk|pkh|wpkh|combo|sh\(wpkh)\(([^()]*)(\){1,2})$/.exec(text);
  if (!match || (match[1] === 'sh(wpkh') !== (match[3] === '))')) {
    throw refused(`'${text}' is not a supported descriptor`);
  }
  const [, kind, content] = match as unknown as [string, string, string];
  if (kind === 'addr') return [decodeAddress(content, prefixes)];
  if (kind === 'raw') {
    if (!/^([0-9a-fA-F]{2})*$/.test(content)) throw refused('Raw script is not hex');
    return [fromHex(content)];
  }
  if (!/^(0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})$/.test(content)) throw refused(`'${content}' is not a public key`);
  const scripts = keyDescriptors[kind]!(fromHex(content));
  if (scripts.length === 0) throw refused('Uncompressed keys are not allowed');
  return scripts;
}

function splitChecksum(descriptor: string): [text: string, checksum: string | undefined] {
  const at = descriptor.indexOf('#');
  return at < 0 ? [descriptor, undefined] : [descriptor.slice(0, at), descriptor.slice(at + 1)];
}

function refused(message: string): RpcError {
  return new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, message);
}
