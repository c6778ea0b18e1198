import { writeFileSync } from 'node:fs';
import { NetworkFixture } from '../../../src/devnet/network/network-fixture.ts';
import { networkTest } from '../../../src/vitest/network-test.ts';

const test = networkTest({ nodes: 1, accounts: 1 });

// Writes how the network has ended. No hook of this file runs late enough to look.
const close = NetworkFixture.prototype.close;
NetworkFixture.prototype.close = async function (this: NetworkFixture): Promise<void> {
  const [node] = this.network.nodes;
  await close.call(this);
  const call = await node!.call('getblockcount').then(
    () => 'open',
    () => 'closed',
  );
  writeFileSync(process.env.PIER_CLOSED_FILE!, call, { flag: 'a' });
};

for (const name of ['one', 'another']) {
  test(`${name} test uses the network`, async ({ network }) => {
    await network.mine();
  });
}
