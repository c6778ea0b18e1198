import { expect, it } from 'vitest';
import { concatBytes } from '../../../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../../../src/bytes/hex.ts';
import { chainParams } from '../../../../src/consensus/params.ts';
import { decodeEllswift, ellswiftSharedSecret } from '../../../../src/crypto/ellswift.ts';
import { secp256k1 } from '../../../../src/crypto/secp256k1.ts';
import { IGNORE_FLAG, LENGTH_SIZE, V2Session } from '../../../../src/p2p/transport/v2/session.ts';
import { csvRows, describeVectors } from '../../../support/vectors.ts';

const vectors = 'bips/bip324-packet_encoding_test_vectors.csv';
const nothing = new Uint8Array(0);

describeVectors('BIP324 packet encoding', vectors, () => {
  const rows = csvRows(vectors);

  it('has seven vectors', () => {
    expect(rows).toHaveLength(7);
  });

  it.each(rows)('encrypts packet $in_idx, which the other end decrypts', (row) => {
    const secretKey = fromHex(row.in_priv_ours!);
    const [ours, theirs] = [fromHex(row.in_ellswift_ours!), fromHex(row.in_ellswift_theirs!)];
    expect(toHex(secp256k1().xOnlyPublicKey(secretKey)!)).toBe(row.mid_x_ours);
    expect(toHex(decodeEllswift(ours))).toBe(row.mid_x_ours);
    expect(toHex(decodeEllswift(theirs))).toBe(row.mid_x_theirs);
    expect(toHex(secp256k1().xOnlyMultiply(decodeEllswift(theirs), secretKey)!)).toBe(row.mid_x_shared);

    const initiating = row.in_initiating === '1';
    const sharedSecret = ellswiftSharedSecret({ secretKey, encoded: ours }, theirs, initiating);
    expect(toHex(sharedSecret)).toBe(row.mid_shared_secret);
    const { magic } = chainParams('main');
    const session = new V2Session({ sharedSecret, magic, initiating });
    const other = new V2Session({ sharedSecret, magic, initiating: !initiating });
    expect(toHex(session.id)).toBe(row.out_session_id);
    expect(toHex(session.sendTerminator)).toBe(row.mid_send_garbage_terminator);
    expect(toHex(session.receiveTerminator)).toBe(row.mid_recv_garbage_terminator);

    const dummy = Uint8Array.of(0);
    for (let i = 0; i < Number(row.in_idx); i++) {
      const packet = concatBytes(...session.seal(dummy, nothing));
      expect(other.openLength(packet)).toBe(0);
      expect(other.open(packet.subarray(LENGTH_SIZE))).toEqual(dummy);
    }
    const contents = fromHex(row.in_contents!.repeat(Number(row.in_multiply)));
    const aad = fromHex(row.in_aad!);
    const head = Uint8Array.of(row.in_ignore === '1' ? IGNORE_FLAG : 0);
    const packet = concatBytes(...session.seal(head, contents, aad));
    if (row.out_ciphertext !== '') expect(toHex(packet)).toBe(row.out_ciphertext);
    else expect(toHex(packet).endsWith(row.out_ciphertext_endswith!)).toBe(true);

    expect(other.openLength(packet)).toBe(contents.length);
    const opened = other.open(packet.subarray(LENGTH_SIZE), aad);
    expect(Buffer.compare(opened!, concatBytes(head, contents))).toBe(0);
  });
});
