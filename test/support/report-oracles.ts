import { existsSync } from 'node:fs';
import { bitcoindDir, chromium, requireOracles, vectorsRoot } from './oracles.ts';
import { canMount } from './small-disk.ts';

/** Reports before the first test which oracles are absent. If they are required, their tests fail with the reason. */
export default function reportOracles(): void {
  if (requireOracles) return;
  const hint = 'its tests are skipped (PIER_REQUIRE_ORACLES=1 makes them fail instead)';
  if (!existsSync(vectorsRoot)) console.log(`../shared/vectors is absent: ${hint}`);
  if (bitcoindDir === undefined) console.log(`bitcoind is absent (set PIER_BITCOIND_DIR to its folder): ${hint}`);
  if (chromium === undefined) console.log(`chromium is absent (set PIER_CHROMIUM to its path): ${hint}`);
  if (!canMount) console.log('this process may not mount disks: tests of full disks are skipped');
}
