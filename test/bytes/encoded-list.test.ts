import { describe, expect, it } from 'vitest';
import { EncodedList } from '../../src/bytes/encoded-list.ts';
import { ByteReader } from '../../src/bytes/reader.ts';

const bytes = Uint8Array.of(9, 1, 0, 2, 0, 3, 0, 8);

describe('EncodedList', () => {
  it('decodes each item when it is read, each time anew', () => {
    const reader = new ByteReader(bytes, 1);
    let decoded = 0;
    const list = new EncodedList(reader, 3, 2, (item) => {
      decoded++;
      return item.u16();
    });
    expect([list.length, decoded, reader.offset]).toEqual([3, 0, 7]);
    const [first] = list;
    expect([first, decoded]).toEqual([1, 1]);
    expect([...list]).toEqual([1, 2, 3]);
    expect([...list]).toEqual([1, 2, 3]);
  });

  it('may be empty', () => {
    expect([...new EncodedList(new ByteReader(bytes), 0, 2, (item) => item.u16())]).toEqual([]);
  });

  it('throws if the input is too short for all items', () => {
    expect(() => new EncodedList(new ByteReader(bytes, 1), 4, 2, (item) => item.u16())).toThrow(
      '8 bytes needed, 7 left',
    );
  });
});
