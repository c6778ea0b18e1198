import { expect, it } from 'vitest';
import { root, run } from './support/installed-package.ts';

it('a program does not end while it waits for a network', { timeout: 60_000 }, async () => {
  // Only timers, which do not keep a process alive, carry the bytes of a link with latency.
  const script = `
    import { createNetwork } from 'pier';
    const network = await createNetwork({ nodes: 2, accounts: 1, conditions: { latency: 20 } });
    await network.mine();
    setTimeout(() => network.link('node1', 'node2').set({ latency: 0 }), 100).unref();
    for await (const { type } of network.events()) if (type === 'link') break;
    await network.close();
    console.log('done');
  `;
  expect(await run(process.execPath, ['--input-type=module', '--eval', script], root)).toBe('done\n');
});
