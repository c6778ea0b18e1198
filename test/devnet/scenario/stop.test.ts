import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isPortFree } from '../../../src/devnet/processes/ports.ts';
import { Scenario } from '../../../src/devnet/scenario/scenario.ts';
import { freeBasePort } from '../../support/pier.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait.ts';

const servers = () => process.getActiveResourcesInfo().filter((name) => /tcp.*server/i.test(name)).length;

// The commands that make the files of the nodes run one after the other: the scenario is stopped in each of them.
it.each([
  ['at once', undefined],
  ['when the wallets are created', (base: number) => `wallet_${base}.db`],
  ['when the chain is created', (base: number) => `blockchain_${base}.db`],
  ['when a node starts', (base: number) => `.cookie_${base}`],
])('a scenario that is stopped %s leaves nothing behind', { timeout: 120_000 }, async (_, file) => {
  const dataDir = tempDir('stopped');
  const base = await freeBasePort();
  const before = servers();
  const scenario = new Scenario({ ...{ central: base, wallet: base + 1, miner: base + 2, light: base + 3 }, dataDir });
  const played = expect(scenario.play()).rejects.toMatchObject({ code: 'step-failed' });
  if (file) await waitFor(() => existsSync(join(dataDir, file(base))), { timeoutMs: 60_000 });
  await scenario.stop();
  await played;
  await scenario.stop();
  expect(scenario.network?.nodes.map(({ status }) => status) ?? []).not.toContain('running');
  expect(servers()).toBeLessThanOrEqual(before);
  for (let port = base; port < base + 4; port++) expect(await isPortFree(port)).toBe(true);
});
