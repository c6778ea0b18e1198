import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/store/lmdb/checksum.ts';
import { damaged, damagedRecords, truncated } from '../../src/store/lmdb/damage.ts';
import { checkIdentity, identityRecord } from '../../src/store/lmdb/identity.ts';
import type { StoreKind } from '../../src/store/lmdb/lmdb-options.ts';
import { encode } from './lmdb-files.ts';

describe('The identity of a file', () => {
  const regtest = { path: '/there', kind: 'blockchain', network: 'regtest' } as const;
  const record = (identity: object) => encode(JSON.stringify(identity));
  /** Returns an identity record with the checksum of its content. */
  const sealed = (format: number, kind: string, network: string) => {
    const bytes = encode(JSON.stringify([format, kind, network]));
    return record({ format, kind, network, checksum: crc32(bytes, 0, bytes.length) });
  };

  it('is accepted in both formats', () => {
    expect(checkIdentity(regtest, identityRecord(regtest))).toBe(2);
    expect(checkIdentity(regtest, sealed(2, 'blockchain', 'regtest'))).toBe(2);
    expect(checkIdentity(regtest, record({ format: 1, kind: 'blockchain', network: 'regtest' }))).toBe(1);
  });

  const table: [title: string, record: Uint8Array | undefined, code: string, message: RegExp, hint: RegExp][] = [
    ['none', undefined, 'not-a-database', /LMDB file of another program/, /another data directory/],
    ['no JSON', encode('{'), 'damaged-database', /identity record cannot be read/, /backup/],
    ['null', encode('null'), 'damaged-database', /identity record cannot be read/, /backup/],
    ['a number', encode('5'), 'damaged-database', /identity record cannot be read/, /backup/],
    ['no format', record({ kind: 'blockchain' }), 'not-a-database', /another program/, /another data directory/],
    [
      'a newer format',
      sealed(3, 'blockchain', 'regtest'),
      'newer-format',
      /format 3, this release supports up to 2/,
      /Update Pier/,
    ],
    [
      'no checksum',
      record({ format: 2, kind: 'blockchain', network: 'regtest' }),
      'damaged-database',
      /wrong checksum/,
      /backup/,
    ],
    [
      'a wrong checksum',
      record({ format: 1, kind: 'blockchain', network: 'regtest', checksum: 5 }),
      'damaged-database',
      /wrong checksum/,
      /backup/,
    ],
    [
      'another network',
      sealed(2, 'blockchain', 'main'),
      'other-network',
      /network main, not to regtest/,
      /^Use --network main, or another data directory/,
    ],
    ['no network', record({ format: 1, kind: 'blockchain' }), 'other-network', /network undefined/, /Use --network/],
    [
      'a network of a file',
      sealed(2, 'blockchain', 'mine#1234'),
      'other-network',
      /mine#1234/,
      /^Use --network mine, or/,
    ],
    [
      'a changed network file',
      sealed(2, 'blockchain', 'regtest#1234'),
      'other-network',
      /regtest#1234/,
      /defines network regtest has changed/,
    ],
    [
      'a wallet',
      sealed(2, 'wallet', 'regtest'),
      'other-kind',
      /holds a wallet, not a blockchain/,
      /Check the file names/,
    ],
    [
      'a header chain',
      sealed(2, 'header chain', 'regtest'),
      'other-kind',
      /holds a header chain/,
      /belongs to a light node: start the node with --spv/,
    ],
  ];
  it.each(table)('is refused: %s', (_, bytes, code, message, hint) => {
    let error: unknown;
    try {
      checkIdentity(regtest, bytes);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code,
      path: '/there',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('of another kind names the kind of node that it belongs to', () => {
    const hint = (kind: StoreKind, found: string) => {
      try {
        return checkIdentity({ ...regtest, kind }, sealed(2, found, 'regtest'));
      } catch (error) {
        return (error as { hint: string }).hint;
      }
    };
    expect(hint('header chain', 'blockchain')).toMatch(
      /a full node: start the node without --spv, or use another NODE_ID/,
    );
    expect(hint('wallet', 'blockchain')).toMatch(/Check the file names/);
  });
});

it('A damaged file has the next step of its kind', () => {
  const table: [StoreKind, RegExp, RegExp][] = [
    [
      'blockchain',
      /^Restore the file from a backup, or move it away: the node then downloads/,
      /^Rebuild all but headers and blocks with `pier reindexutxo`. If that fails: Restore/,
    ],
    ['header chain', /^Move the file away: the light node/, /^Move the file away: the light node/],
    ['wallet', /`pier createwallet --restore`/, /`pier createwallet --restore`/],
  ];
  for (const [kind, hint, ofRecords] of table) {
    const file = { path: '/there', kind };
    expect(truncated(file)).toMatchObject({
      code: 'truncated-database',
      path: '/there',
      hint: expect.stringMatching(hint),
    });
    expect(damaged(file, 'x')).toMatchObject({ code: 'damaged-database', hint: expect.stringMatching(hint) });
    expect(damaged(file, 'x', { cause: 5 }).cause).toBe(5);
    expect(damagedRecords(file, 'x')).toMatchObject({
      code: 'damaged-database',
      hint: expect.stringMatching(ofRecords),
    });
  }
});
