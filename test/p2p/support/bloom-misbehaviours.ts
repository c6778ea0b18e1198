import { ByteWriter } from '../../../src/bytes/writer.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import type { Misbehaviour } from './misbehaviours.ts';
import { raw, repeated } from './raw-message.ts';

const filterLoad = (size: number, hashFuncs: number) =>
  raw('filterload', new ByteWriter(size + 14).varBytes(new Uint8Array(size)).u32(hashFuncs).u32(0).u8(1).finish());
const filterAdd = (size: number) => raw('filteradd', new ByteWriter(size + 3).varBytes(new Uint8Array(size)).finish());

/** Misbehaviours towards a node that offers Bloom filters. */
export const bloomMisbehaviours: readonly Misbehaviour[] = [
  { name: 'a filter of 36,001 bytes', verdict: 'discouraged', messages: () => [filterLoad(36_001, 1)] },
  { name: 'a filter with 51 hash functions', verdict: 'discouraged', messages: () => [filterLoad(1, 51)] },
  { name: 'filteradd without a filter', verdict: 'discouraged', messages: () => [filterAdd(1)] },
  {
    name: 'filteradd after filterclear',
    verdict: 'discouraged',
    messages: () => [filterLoad(1, 1), filterAdd(1), raw('filterclear'), filterAdd(1)],
  },
  { name: 'filteradd of 521 bytes', verdict: 'discouraged', messages: () => [filterLoad(9, 1), filterAdd(521)] },
  {
    name: 'filters at the limits, empty filters and full filters',
    verdict: 'ignored',
    messages: () => [
      ...[filterLoad(36_000, 50), filterAdd(520), filterAdd(0)],
      ...[filterLoad(0, 50), filterAdd(1), filterLoad(1, 0), filterAdd(1), filterLoad(0, 0), filterAdd(520)],
      ...[raw('filterclear', new Uint8Array(9)), raw('filterclear')],
    ],
  },
  {
    name: 'truncated filterload and filteradd',
    verdict: 'ignored',
    messages: () => [
      raw('filterload'),
      raw('filterload', Uint8Array.of(1, 0, 1)),
      raw('filteradd', Uint8Array.of(3, 1)),
    ],
  },
  {
    name: 'many requests for known and unknown filtered blocks, with and without a filter, and for the mempool',
    verdict: 'ignored',
    messages: ({ tip }) => {
      const entries = (hash: Uint8Array) =>
        raw('getdata', repeated(50, new ByteWriter(36).u32(InvType.FILTERED_BLOCK).bytes(hash).finish()));
      const mempools = Array.from({ length: 100 }, () => raw('mempool'));
      return [
        entries(tip.hash),
        filterLoad(36_000, 50),
        entries(tip.hash),
        entries(new Uint8Array(32).fill(3)),
        ...mempools,
      ];
    },
  },
  {
    name: 'unrequested merkle blocks',
    verdict: 'ignored',
    messages: () => [
      raw('merkleblock'),
      raw('merkleblock', new Uint8Array(90)),
      raw('merkleblock', new Uint8Array(200)),
    ],
  },
];
