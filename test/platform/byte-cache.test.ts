import { expect, it } from 'vitest';
import { ByteCache } from '../../src/platform/byte-cache.ts';

it('a byte cache evicts the least recently used values, and keeps the newest whatever its size', () => {
  const cache = new ByteCache<string, string>(10, ({ length }) => length);
  const made: string[] = [];
  const get = (key: string, size = 4) =>
    cache.get(key, () => {
      made.push(key);
      return key.repeat(size);
    });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) get(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
  expect(cache.bytes).toBe(8);
  expect(get('d', 99)).toHaveLength(99);
  expect(cache.bytes).toBe(99);
  expect(cache.get('e', () => undefined)).toBeUndefined();
  expect(get('d')).toHaveLength(99);
});
