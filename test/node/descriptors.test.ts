import { describe, expect, it } from 'vitest';
import { descriptorLimit, shareDescriptors } from '../../src/node/descriptors.ts';
import { PierError } from '../../src/platform/errors.ts';

describe('shareDescriptors', () => {
  const share = (limit: number, wanted?: number) => shareDescriptors(limit, wanted, 2);

  it('gives the default number of connections if there are enough', () => {
    expect(share(Number.POSITIVE_INFINITY)).toEqual({ p2p: 125, rpc: 512 });
    expect(share(20_000)).toEqual({ p2p: 125, rpc: 512 });
    expect(share(20_000, 1_000)).toEqual({ p2p: 1_000, rpc: 512 });
  });

  it('leaves descriptors for files, threads and RPC, which may need two for a connection', () => {
    for (let limit = 80; limit < 3_000; limit++) {
      for (const wanted of [1, 4, 125, 2_000]) {
        const { p2p, rpc } = share(limit, wanted);
        expect(p2p + 2 * rpc + 60).toBeLessThanOrEqual(limit);
        expect(p2p).toBeGreaterThanOrEqual(Math.min(wanted, 4));
        expect(rpc).toBeGreaterThanOrEqual(8);
      }
    }
    expect(share(256)).toEqual({ p2p: 125, rpc: 35 });
    expect(share(150)).toEqual({ p2p: 74, rpc: 8 });
    expect(shareDescriptors(1_024, 125, 64)).toEqual({ p2p: 125, rpc: 109 });
  });

  it('refuses to start with too few, with the command that raises the limit', () => {
    const error = (limit: number, wanted?: number): unknown => {
      try {
        return share(limit, wanted);
      } catch (thrown) {
        return thrown;
      }
    };
    expect(error(80)).toEqual({ p2p: 4, rpc: 8 });
    expect(error(79)).toBeInstanceOf(PierError);
    expect(error(79)).toMatchObject({
      code: 'too-few-descriptors',
      message: 'this process may open only 79 files and connections',
      hint: 'Raise the limit: ulimit -n 1209',
    });
    expect(error(77, 1)).toEqual({ p2p: 1, rpc: 8 });
    expect(error(76, 1)).toBeInstanceOf(PierError);
  });
});

it('the limit of this process is known on Linux', () => {
  const limit = descriptorLimit();
  expect(limit).toBeGreaterThan(100);
  if (process.platform === 'linux') expect(limit).toBeLessThan(1e9);
});
